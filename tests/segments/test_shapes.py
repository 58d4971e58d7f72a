"""Shapes: what they bound, which one a segment takes, and that absent or short tables can make a segment unprovable and nothing else."""
from __future__ import annotations

import contextlib
from bisect import bisect_right
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bundles.keys import shapes_of
from continuation.kinds import kinds
from continuation.lowering import Lowered
from continuation.published import published
from continuation.setup import record
from segments import choosing
from segments.catalogue import CATALOGUE, MORE, SIZES, read
from segments.choosing import Bill, cut_well, recorded, size_within
from segments.fill import Segment, fill, fill_cheapest
from segments.guest.outside import OUT_OF_BOUNDS
from segments.heights import LEAF, MOST_PERMUTATIONS, WIDE_LEAF, permutations_of
from segments.history import LOG_TIME
from segments.host.tables import CELLS, with_rows_of_calls
from segments.machine import machine
from segments.memory import boundary
from segments.memory_tree import MemoryTree
from segments.planning import Block, Plan, TooDear
from segments.prove import prove_segment
from segments.setup import leaf_key, program_words, setup, shape_key
from segments.shape import HOSTS, PROGRAMS, TOY, NoShape, Shape, rows_of_memory
from segments.verify import verify_segment
from stark.check import check
from stark.chip import Chip
from stark.errors import Malformed, Rejected
from stark.kernels import load as kernels
from stark.poseidon2 import permute
from stark.profiles import PROFILES
from stark.soundness import bits, shape_of
from tests.segments.small import Line, const, program
from tests.segments.soundness.subjects import BEHIND
from tests.segments.soundness.subjects import HOSTS as HOST_CHIPS
from wasm_exec.cutting import ROWS_LIMIT, START_HASHES, Blocks, Budget, Cuts, Limits, Meter, hashes_of
from wasm_exec.errors import BudgetTooSmall
from wasm_exec.execute import make_engine, replay, run
from wasm_exec.image import MemoryImage
from wasm_exec.instructions import Family
from wasm_exec.program import Program
from wasm_exec.recording import Recording, SegmentEnd, SegmentStart
from wasm_exec.spaces import Space
from wasm_exec.text import from_text
from wasm_exec.translate import load

SAMPLES = Path(__file__).parents[2] / "samples"
HALT: Line = ("HALT", 0, 0, 0, 0, 0)
KERNELS = kernels("best")
MEMORY = {"page", "node", "hash"}


def sample(name: str) -> Program:
    return load(from_text(SAMPLES / f"{name}.wat"), 64, 8)


def filled(made: Program, shape: Shape, cheapest: bool = False, content: bytes = b"") -> Segment:
    """The first segment of a run under the budget of the size."""
    image = MemoryImage.initial(made, content)
    start = run(made, content, Shape.of(shape.size, len(made.instructions)).budget).segments[0]
    trace = replay(made, start, image, Shape.of(shape.size, len(made.instructions)).budget)
    return (fill_cheapest if cheapest else fill)(made, shape, trace, image, MemoryTree(image, permute))


def test_the_catalogue_names_chips_and_nothing_else() -> None:
    known = {family.name.lower() for family in Family} | MEMORY | {"outside"} | set(BEHIND)
    assert all({name.removesuffix(MORE) for name in heights} <= known for heights in CATALOGUE.values())
    assert read("a | x 1 y 2\n  z 3+1\nb | x 4\n") == {"a": {"x": 1, "y": 2, "z": 3, "z more": 1}, "b": {"x": 4}}


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_shape_may_be_taken_and_is_well_formed(name: str) -> None:
    shape = Shape(name, 10)
    assert shape in Shape.of(shape.size, 1).allowed
    assert set(CATALOGUE[name]) >= MEMORY | {"halt"} and min(CATALOGUE[name].values()) >= 3
    assert all(shape.log_heights[one + MORE] < shape.log_heights[one] for one in shape.room if one + MORE in shape.log_heights)


@pytest.mark.parametrize("name", CATALOGUE)
def test_times_of_a_segment_fit_their_width(name: str) -> None:
    """With every row of every table used, the time is below 2^24, as gaps between accesses have to be."""
    ticks = {family.name: family.ticks for family in machine().families}
    assert boundary.START + sum(ticks[one] * count for one, count in Shape(name, 10).room.items() if one in ticks) < 1 << LOG_TIME


@pytest.mark.parametrize("name", [name for name in CATALOGUE if TOY not in name])
def test_a_segment_of_every_shape_has_a_hundred_provable_bits(name: str) -> None:
    parameters = PROFILES["p100"].segment
    assert bits(parameters, shape_of(shape_key(Shape(name, PROGRAMS[-1]), parameters))) >= 100


@pytest.mark.parametrize("name", [size + more for size in SIZES for more in ("", HOSTS)])
def test_what_a_budget_allows_fits_its_general_shape(name: str) -> None:
    shape = Shape(name, 10)
    budget = shape.budget
    rows = {family.name.lower(): count for family, count in budget.rows.items() if family.name.lower() in shape.log_heights}
    assert shape.holds(with_rows_of_calls(rows))
    for log_distance in (0, 6, 12):
        pages = np.arange(budget.hashes) << log_distance
        most = bisect_right(range(len(pages)), 2 * budget.hashes, key=lambda k: rows_of_memory(pages[:k])["hash"]) - 1
        assert most > 8 and shape.holds(rows_of_memory(pages[:most]))
        assert name not in SIZES or not shape.holds(rows_of_memory(pages[:most + 1]))


def whole(shape: Shape) -> list[Chip]:
    """Its chips, those with two tables once."""
    return [chip for chip in shape.chips if not chip.name.endswith(MORE)]


def test_a_general_shape_has_every_chip() -> None:
    for size in SIZES:
        apart = {*HOST_CHIPS, *BEHIND}
        assert whole(Shape.of(size, 1)) == [chip for chip in machine().chips if chip.name not in apart]
        assert whole(Shape(size + HOSTS, 10)) == machine().chips


def test_program_heights() -> None:
    assert [Shape.of("toy", count).log_program for count in (1, 1023, 1024, (1 << 19) - 1)] == [10, 10, 13, 19]
    with pytest.raises(LookupError, match="no shape is for"):
        Shape.of("toy", 1 << PROGRAMS[-1])
    for wrong in (lambda: Shape.of("2^20 text", 1), lambda: Shape("2^20 nothing", 10)):
        with pytest.raises(LookupError, match="named"):
            wrong()


def test_the_cheapest_shape_holds_the_rows_and_costs_least() -> None:
    shape = Shape.of("2^20", 1)
    for rows in ({"add": 5}, {"add": 1 << 14}, {"add": 3 << 17, "load": 1 << 18}, {"outside": 1}, {"page": 1 << 16}):
        found = shape.cheapest(rows)
        assert found.price == min(one.price for one in shape.alike if one.holds(rows))
    assert shape.cheapest({"add": 5}).size == "2^14" and shape.cheapest({"outside": 1}).name in SIZES
    assert shape.cheapest({"add": 5}) == shape.cheapest({"add": 5, "outside": 0})
    with pytest.raises(NoShape, match="no shape holds"):
        shape.cheapest({"add": (1 << 20) + 1})
    assert Shape.of("toy", 1).cheapest({"add": 5}).name == "toy"


@pytest.mark.parametrize("profile", ["p100", "p128"])
def test_a_leaf_takes_as_many_permutations_as_a_shape_expects(profile: str) -> None:
    parameters = PROFILES[profile].segment
    width = parameters.hash_width
    shape = Shape("2^14 integers", 10, width)
    counted = Lowered(record(kinds([shape.name], ())[f"leaf of {shape.name}"], {}, leaf_key(shape, parameters, KERNELS))).counts["permute"]
    assert abs(counted - permutations_of(shape.log_heights, width)) < 160 and counted < MOST_PERMUTATIONS[width]
    assert shape.price == shape.committed + LEAF[width]


def test_which_leaves_are_wide_depends_on_the_hash() -> None:
    """As the keys that ship say: under width 24 only those of segments that call host functions. Some leaves for programs of 2^20
    instructions are wide because of their gates, which a price does not count."""
    for profile in (PROFILES["p100"], PROFILES["p128"]):
        width, trusted = profile.hash.width, published(profile.name)
        assert trusted is not None
        for name, shape in shapes_of(profile).items():
            margin = permutations_of(shape.log_heights, width) - MOST_PERMUTATIONS[width]
            wide = CELLS in shape.log_heights or margin > 0
            assert (name in trusted.wide) == wide or abs(margin) < 160 or (shape.log_program == 20 and name in trusted.wide)
            assert shape.price == shape.committed + (WIDE_LEAF if wide else LEAF)[width]
    assert {name for name in trusted.wide if " hosts" not in name} == set()


# -- two tables for one kind of rows

TWO = """2^14 two | add 8+13 mul 8+9 div 3+3 bitwise 9+9 shift 8+9 compare 8+13 branch 9+12 move 6+12 select 3+3 load 7+11
    store 3+10 call 5+3 halt 3+3 page 4+9 node 5+9 hash 6+12"""


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Shape:
    """A shape in which every kind of rows has two tables, and both are needed."""
    with_two = dict(CATALOGUE) | dict(read(TWO))
    for module in ("segments.shape", "segments.catalogue"):
        monkeypatch.setattr(f"{module}.CATALOGUE", with_two)
    return Shape("2^14 two", 10)


def test_a_kind_of_rows_can_have_two_tables(two: Shape) -> None:
    made, parameters = sample("sort"), PROFILES["toy"].segment
    segment = filled(made, two, content=bytes(range(60)))
    assert check(segment.filled, segment.public) == []
    split = {name for name in segment.rows if name.endswith(MORE) and segment.rows[name]}
    assert split == {one + MORE for one in ("move", "load", "store", "page", "node", "hash")}
    assert all(segment.rows[one.removesuffix(MORE)] == 1 << two.log_heights[one.removesuffix(MORE)] for one in split)
    whole = filled(made, Shape("2^14", 10), content=bytes(range(60)))
    assert (segment.before, segment.after) == (whole.before, whole.after)
    for name, count in whole.rows.items():
        assert count == segment.rows.get(name, 0) + segment.rows.get(name + MORE, 0)
    key = setup(made, two, parameters, KERNELS)
    proof = prove_segment(key, segment, KERNELS)
    verify_segment(key.key, proof.claim, proof.words, KERNELS.permute)


def test_neither_of_two_tables_can_be_left_out(two: Shape) -> None:
    segment = filled(sample("sort"), two, content=bytes(range(60)))
    for name in ("load", "load more", "page more", "hash more"):
        assert segment.rows[name] and check([one for one in segment.filled if one.chip.name != name], segment.public)


def test_the_last_step_may_lie_in_the_second_table(two: Shape) -> None:
    lines = [const(k, k) for k in range(70)]            # a table of 64 rows for them, and more
    made = program([*lines, ("TRAP", 0, 0, 0, 1, 0)])
    for cut in (63, 64, 65):
        image = MemoryImage.initial(made, b"")
        budget = Budget({family: cut if family is Family.MOVE else 99 for family in Family}, 500)
        short = program(lines[:cut], next_of={cut - 1: 0})
        trace = replay(short, run(short, b"", budget, Limits(cut)).segments[0], image, budget)
        segment = fill(short, two, trace, image, MemoryTree(image, permute))
        assert check(segment.filled, segment.public) == [] and segment.after.status == 0


def test_a_small_segment_takes_a_small_shape_without_the_chips_it_does_not_need() -> None:
    segment = filled(sample("collatz"), Shape.of("2^20", 95), cheapest=True, content=b"\x09\0")
    assert segment.shape.name == "2^14 integers" and "outside" not in segment.mains
    assert len(segment.filled) == len(segment.shape.chips) < len(machine().chips)
    assert check(segment.filled, segment.public) == []
    assert all(count <= segment.mains[name].shape[1] for name, count in segment.rows.items() if count)


def test_what_does_not_fit_is_not_filled() -> None:
    outside = program([const(0, 0x54321), ("STORE16", 3, 0, 0, 0xFFFE, 0), HALT])
    with pytest.raises(ValueError, match="does not fit the shape 2\\^14 integers"):
        filled(outside, Shape("2^14 integers", 10))
    assert filled(outside, Shape("2^14 integers", 10), cheapest=True).shape.name == "2^14"


def test_a_proof_of_one_shape_is_refused_under_the_key_of_another() -> None:
    made, parameters = sample("collatz"), PROFILES["toy"].segment
    shapes = [Shape("2^14 integers", 10), Shape("2^14", 10)]
    proved = []
    for shape in shapes:
        segment = filled(made, shape, content=b"\x09\0")
        key = setup(made, shape, parameters, KERNELS)
        proof = prove_segment(key, segment, KERNELS)
        verify_segment(key.key, proof.claim, proof.words, KERNELS.permute)
        proved.append((key.key, proof))
    assert len({shape_key(shape, parameters).digest.tobytes() for shape in shapes}) == 2
    for (key, _), (_, proof) in zip(proved, reversed(proved), strict=True):
        with pytest.raises((Rejected, Malformed)):
            verify_segment(key, replace(proof.claim, program=program_words(key)), proof.words, KERNELS.permute)


def test_a_step_without_a_chip_cannot_be_left_out() -> None:
    """In the tables of another shape the messages of the missing rows have no counterpart."""
    segment = filled(sample("collatz"), Shape("2^14 integers", 10), content=b"\x09\0")
    for name in ("add", "mul", "branch", "page", "node", "hash"):
        assert segment.rows[name]
        assert check([one for one in segment.filled if one.chip.name != name], segment.public)


# -- what the cutter counts


@pytest.mark.parametrize("name, content", [("sieve", b"\xa0\x0f\0\0"), ("fib_recursive", b"\x0c"), ("sort", bytes(range(200)))])
def test_the_engines_count_the_same_hashes_and_no_fewer_than_are_used(name: str, content: bytes) -> None:
    made = load(from_text(SAMPLES / f"{name}.wat"), 12, 8)
    budget = Budget({family: 1 << 19 for family in Family}, 500)
    ends: list[SegmentEnd] = []
    recording = run(made, content, budget, observe=ends.append)
    slow: list[SegmentEnd] = []
    other = run(made, content, budget, engine="interpreter", observe=slow.append)
    assert len(ends) == len(slow) > (10 if name == "sieve" else 0)
    for one, two in zip(ends, slow, strict=True):
        assert {k: v for k, v in one.rows.items() if v} == {k: v for k, v in two.rows.items() if v} and one.steps == two.steps
    for start, end, image in zip(other.segments, slow, other.images(), strict=False):
        index = np.concatenate([(space << 24) + pages for space, (pages, _) in end.touched.items()])
        read = rows_of_memory(index)
        assert read["hash"] <= 2 * budget.hashes
        trace = make_engine(made, "interpreter")
        trace.restore(image)
        assert trace.segment(start.pc, start.fp, budget, traced=False).steps == end.steps
    assert recording.final.same_as(other.final)


def test_the_meter_counts_pages_and_the_nodes_above_them() -> None:
    """Exactly, but for the fifteen nodes above the spaces, which are counted at the beginning."""
    meter = Meter(Blocks(program([HALT])), Budget({family: 9 for family in Family}, 1 << 20))
    rng = np.random.default_rng(1)
    meter.enter(40, 70)
    meter.enter(4000, 100)
    for address in [0, 255, 256, 1 << 20, *rng.integers(0, 1 << 30, 200).tolist()]:
        meter.touch(Space.LINEAR, address, 8)
        meter.touch(Space.OUTPUT, address % (1 << 20), 1)
    index = np.array([(space << 24) + page for space, pages in meter.touched_pages().items() for page in pages])
    exact = rows_of_memory(index)["hash"] // 2
    top = sum(len(np.unique(index >> height)) for height in range(25, 29))
    used = (1 << 20) - meter.hashes
    assert used == exact - top + 15 and hashes_of(range(0)) == 0 and hashes_of(range(1)) + 15 == START_HASHES


# -- choosing


def test_a_run_is_cut_where_it_costs_little() -> None:
    made, content = sample("collatz"), (20_000).to_bytes(4, "little")
    general = Shape.of("2^20", len(made.instructions))
    best, plain, planned = recorded(made, content, "2^20"), Bill(general), Bill(general)
    assert best is not None
    whole = run(made, content, general.budget, observe=plain.add)
    again = run(made, content, best.cuts, observe=planned.add)
    assert planned.cells < 0.8 * plain.cells and planned.steps == plain.steps
    assert len(again.segments) == len(best.segments) > 1 and all(map(SegmentStart.same_as, again.segments, best.segments))
    assert (best.outcome, best.output, best.final.steps) == (whole.outcome, whole.output, whole.final.steps)
    heard: list[int] = []
    twice = recorded(made, content, "2^20", on_steps=heard.append)
    assert twice is not None and twice.cuts == best.cuts and best.final.steps in heard
    found = recorded(made, content, "2^14")
    assert found is not None and (many := len(found.segments)) > 1
    assert recorded(made, content, "2^14", few=many - 1) is None and recorded(made, content, "2^14", few=many) is not None


def test_both_engines_end_a_segment_where_its_own_budget_says() -> None:
    made, content = sample("fib_recursive"), b"\x0e"
    best = recorded(made, content, "toy")
    assert best is not None and len(best.segments) > 3
    slow = run(made, content, best.cuts, engine="interpreter")
    assert all(map(SegmentStart.same_as, slow.segments, best.segments)) and slow.final.same_as(best.final)
    ends: list[SegmentEnd] = []
    run(made, content, best.cuts, observe=ends.append)
    for index, end in enumerate(ends[:-1]):
        assert {family: count for family, count in end.rows.items() if count} == {
            family: count for family, count in best.budget(index).rows.items() if count}
        assert len(replay(made, best.segments[index], best.image(index), best.budget(index))) == end.steps
    short = run(made, content, [best.budget(0), best.budget(1)])
    assert short.outcome.running and short.final.same_as(best.segments[2])


def ending(rows: dict[Family, int], pages: list[int], status: int = 0) -> SegmentEnd:
    touched = {int(Space.LINEAR): (np.array(pages, np.int64), np.zeros((len(pages), 32), np.uint64))}
    return SegmentEnd(0, 0, status, sum(rows.values()), rows, touched)


def test_a_plan_takes_what_costs_least_a_step() -> None:
    """Filling many additions costs less a step than ending at the few divisions that a cheap shape holds; what lies behind a cut counts
    for the next segment, pages anew."""
    shapes = [Shape(name, 10) for name in ("2^14 integers", "2^16 integers", "2^16")]
    plan = Plan(shapes[:2])
    for _ in range(100):
        plan.add(ending({Family.ADD: 300}, [5]))
    cuts = plan.finished(16)
    assert [budget.rows[Family.ADD] for budget in cuts[:-1]] == [300 * (shapes[1].room["add"] // 300)] and len(cuts) == 2
    assert cuts[-1] == Budget.unlimited() and cuts[0].rows[Family.MUL] == 0
    plan = Plan(shapes)
    for number in range(100):
        plan.add(ending({Family.ADD: 300}, [5]) if number % 2 else ending({Family.DIV: 60}, list(range(9))))
    cuts = plan.finished(0)
    room = shapes[2].room["div"]
    assert max(budget.rows[Family.DIV] for budget in cuts) <= room and sum(budget.rows[Family.DIV] for budget in cuts) == 3000
    assert sum(budget.rows[Family.ADD] for budget in cuts) == 15000 and cuts[-1] != Budget.unlimited()
    with pytest.raises(TooDear):
        few = Plan(shapes[:2], 1)
        for _ in range(100):
            few.add(ending({Family.ADD: 300}, [5]))
    with pytest.raises(NoShape, match="no shape holds"):
        Plan(shapes).add(ending({Family.DIV: room + 1}, [5]))


def test_a_segment_has_no_more_rows_than_a_budget_can_say() -> None:
    shape = Shape("2^20 mix 13", 10)
    assert shape.room["add"] == ROWS_LIMIT + 1
    plan = Plan([shape])
    for _ in range(1 << 8):
        plan.add(ending({Family.ADD: 1 << 12}, [5]))
    assert [budget.rows[Family.ADD] for budget in plan.finished(0)] == [255 << 12, 1 << 12]


@pytest.mark.parametrize("error, again", [(NoShape("none"), True), (BudgetTooSmall(5), True), (ValueError("another"), False),
                                          (KeyError("name"), False)])
def test_a_run_is_cut_by_the_general_budget_only_if_no_shape_holds_it(error: Exception, again: bool) -> None:
    made, budgets = program([HALT]), []

    def attempt(cuts: Cuts, *_: object) -> Recording:
        budgets.append(cuts)
        if len(budgets) == 1:
            raise error
        return run(made, b"", Budget.unlimited())
    with contextlib.nullcontext() if again else pytest.raises(type(error)):
        assert cut_well(made, "toy", attempt, Limits()).outcome.exited
    assert budgets[1:] == [Shape.of("toy", len(made.instructions)).budget] * again


def test_the_pages_of_a_plan_are_those_of_its_segments() -> None:
    rng, plan = np.random.default_rng(3), Plan([Shape("2^20", 10)])
    pages: list[int] = []
    for _ in range(20):
        block = rng.integers(0, 1 << 12, 9).tolist()
        plan.add(ending({Family.ADD: 1}, block))
        pages += block
        expected = rows_of_memory(np.array(pages) + (int(Space.LINEAR) << 24))
        assert {name: plan.used[plan.names[name]] for name in MEMORY} == expected


def test_what_reads_out_of_bounds_ends_in_a_shape_that_has_the_chip() -> None:
    made = program([*(const(k, k) for k in range(70)), const(0, 0x54321), ("STORE16", 3, 0, 0, 0xFFFE, 0), HALT])
    found = recorded(made, b"", "2^14")
    assert found is not None and found.outcome.trapped
    image = found.image(0)
    segment = fill_cheapest(made, Shape.of("2^14", 10), replay(made, found.segments[0], image, found.budget(0)), image,
                            MemoryTree(image, permute))
    assert segment.rows["outside"] == 1
    block = Block.of(ending({Family.STORE: 1}, [0], OUT_OF_BOUNDS))
    assert block.rows == {"store": 1, "outside": 1} and Block.of(ending({Family.STORE: 1}, [0], 17)).rows == {"store": 1}


def test_what_no_plan_is_made_for_is_cut_by_the_general_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    made, content = sample("fib_recursive"), b"\x0e"
    shape = Shape.of("toy", len(made.instructions))
    monkeypatch.setattr(choosing, "block_budget", lambda general: Budget({family: 1 for family in Family}, 1))
    found = recorded(made, content, "toy")
    assert found is not None and found.cuts == shape.budget and found.outcome.exited


def test_less_memory_means_smaller_segments() -> None:
    sizes = ["2^20", "2^14", "2^18", "2^16"]
    most = {size: sum(Shape.of(size, 5).cells.values()) for size in sizes}
    assert [size_within(most[size], sizes, 5) for size in sizes] == sizes
    assert size_within(most["2^20"] - 1, sizes, 5) == "2^18" and size_within(0, sizes, 5) == "2^14"
    for size in sizes:
        with_hosts = sum(Shape(size + HOSTS, 10).cells.values())
        for shape in Shape.of(size, 5).alike:
            assert shape.size != size or sum(shape.cells.values()) <= max(most[size], with_hosts if HOSTS in shape.name else 0)
    assert with_hosts > most[size] and size_within(most[size], sizes, 5, calls_hosts=True) == "2^14"
    assert size_within(most["2^20"], sizes, 5, calls_hosts=True) == "2^20"


def test_what_the_bill_expects_is_what_filling_takes() -> None:
    made, content = sample("sort"), bytes(range(100))
    shape, ends = Shape.of("2^16", len(made.instructions)), list[SegmentEnd]()
    recording = run(made, content, shape.budget, observe=ends.append)
    image = recording.image(0)
    segment = fill_cheapest(made, shape, replay(made, recording.segments[0], image, shape.budget), image, MemoryTree(image, permute))
    for family in Family:
        if family is not Family.HALT:
            assert segment.rows.get(family.name.lower(), 0) == ends[0].rows.get(family, 0)
    index = np.concatenate([(space << 24) + pages for space, (pages, _) in ends[0].touched.items()])
    assert all(segment.rows[name] <= count for name, count in rows_of_memory(index).items())

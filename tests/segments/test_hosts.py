"""Calls of host functions: what they leave is the function's, whoever calls, and nothing else passes."""
from __future__ import annotations

import numpy as np
import pytest

from segments.buses import RANGE16
from segments.catalogue import CATALOGUE
from segments.choosing import Bill
from segments.fill import Segment, fill_cheapest
from segments.host import poseidon2, sha256_fill
from segments.host.poseidon2 import HIGHEST
from segments.host.tables import PERMUTED, WORKS, most_calls, rows_of_calls
from segments.memory_tree import MemoryTree
from segments.prove import prove_segment
from segments.setup import setup
from segments.shape import HOSTS, Shape
from segments.verify import verify_segment
from stark.check import Filled, check, values_of
from stark.expression import P
from stark.kernels import load as kernels
from stark.poseidon2 import permute
from stark.profiles import PROFILES
from tests.segments.small import Line, const64, of_hosts, one_segment, program
from tests.segments.soundness.compressions import Fault, follows
from tests.wasm_exec.test_host_functions import guest
from wasm_exec.execute import replay, run
from wasm_exec.hosts import HOSTS as FUNCTIONS
from wasm_exec.instructions import BY_NAME
from wasm_exec.recording import SegmentEnd

HALT: Line = ("HALT", 0, 0, 0, 0, 0)
NAMES = sorted(FUNCTIONS)
KERNELS = kernels("best")
NEW = {*WORKS, *(table for table, _ in WORKS.values()), "cells"}


def calls(name: str, count: int, seed: int = 0) -> list[Line]:
    """On random slots; every second call on what the one before has left."""
    rng, cells = np.random.default_rng(seed), FUNCTIONS[name].cells
    lines = list[Line]()
    for k in range(count):
        if k % 2 == 0:
            lines += [const64(3 + j, int(rng.integers(1 << 64, dtype=np.uint64))) for j in range(cells)]
        lines.append((name, 3, 0, 0, 0, 0))
    return lines


def test_calls_of_all_functions_pass_and_are_proved() -> None:
    segment = of_hosts()
    assert check(segment.filled, segment.public) == []
    made = program([*[line for name in NAMES for line in calls(name, 3)], HALT])
    segment, parameters = one_segment(made), PROFILES["toy"].segment
    key = setup(made, segment.shape, parameters, KERNELS)
    proof = prove_segment(key, segment, KERNELS)
    verify_segment(key.key, proof.claim, proof.words, KERNELS.permute)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_left_is_what_the_function_says(name: str) -> None:
    """The last page of frames holds it: the filler computes with arrays, the interpreter as the definition says."""
    segment = one_segment(program([*calls(name, 1, 5), HALT]))
    rng = np.random.default_rng(5)
    before = [int(rng.integers(1 << 64, dtype=np.uint64)) for _ in range(FUNCTIONS[name].cells)]
    cells = next(f for f in segment.filled if f.chip.name == "cells")
    limbs = cells.main[[cells.chip.main_names.index(f"after.{k}") for k in range(4)], :len(before)].astype(object)
    assert [sum(int(limb) << 16 * k for k, limb in enumerate(column)) for column in limbs.T] == FUNCTIONS[name].meaning(before)


@pytest.mark.parametrize("name", NAMES)
def test_a_table_can_be_full(name: str) -> None:
    most = most_calls(name.lower(), Shape("toy" + HOSTS, 10).room)
    segment = one_segment(program([*calls(name, 1), *[(name, 3, 0, 0, 0, 0)] * (most - 1), HALT]))
    assert check(segment.filled, segment.public) == []
    assert segment.rows[name.lower()] == most
    assert segment.rows[WORKS[name.lower()][0]] == most * WORKS[name.lower()][1]


@pytest.mark.parametrize("fault", [("w", 20, 3), ("e", 0, 31), ("a", 63, 16), ("e", 40, 15), ("sum", 0, 0), ("sum", 7, 31)])
def test_who_computes_wrongly_and_goes_on_with_it_is_refused(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sha256_fill, "Compressed", follows(fault))
    segment = one_segment(program([*calls("SHA256", 2), HALT]))
    broken = check(segment.filled, segment.public)
    assert broken and {one.chip for one in broken} == {"compression"} and len({one.sentence for one in broken}) == 1


def without(segment: Segment, name: str) -> list[str]:
    return [str(one) for one in check([f for f in segment.filled if f.chip.name != name], segment.public)]


def test_no_table_can_be_left_out() -> None:
    for name in sorted(NEW):
        assert without(of_hosts(), name)


def test_a_block_that_nobody_asked_for_is_refused() -> None:
    """A presence that is set without a call, and a call whose block is not there."""
    segment = one_segment(program([*calls("SHA256", 1), HALT]))
    for rows, value in ((slice(18, 36), 1), (slice(0, 18), 0)):
        changed = []
        for f in segment.filled:
            main = f.main.copy()
            if f.chip.name == "compression":
                main[f.chip.main_names.index("real"), rows] = value
            changed.append(type(f)(f.chip, f.fixed, main))
        assert any("bus host" in one.sentence for one in check(changed, segment.public))


# -- words below p


@pytest.mark.parametrize("high, low", [(HIGHEST, 1), (HIGHEST, 0xFFFF), (HIGHEST + 1, 0), (0x7FFF, 0), (0x8000, 5), (0xFFFF, 0)])
def test_a_word_that_is_not_below_p_is_refused(high: int, low: int) -> None:
    """Whatever the inverse is: a look-up fails, or the sentence about the low limb."""
    made = poseidon2.chip()
    main = np.zeros((len(made.main_names), 1), np.uint32)
    inverted = pow(high - HIGHEST, -1, P) if high != HIGHEST else 9
    for name, value in (("real", 1), ("after.0", low), ("after.1", high), ("inverse 0", inverted)):
        main[made.main_names.index(name)] = value
    f = Filled(made, np.zeros((0, 1), np.uint32), main)
    asked = [message.parts[0].number for message in made.messages if message.bus == RANGE16]
    roots = [requirement.expression.number for requirement in made.requirements]
    values = values_of(f, (), [*asked, *roots])
    assert any(values[number][0] >= 1 << 16 for number in asked[:3]) or any(values[root][0] for root in roots)


@pytest.mark.parametrize("high, low", [(HIGHEST, 0), (HIGHEST - 1, 0xFFFF), (0, 0)])
def test_a_word_below_p_passes(high: int, low: int) -> None:
    cells = np.zeros((1, 8), np.uint64)
    columns = poseidon2.fill(cells, np.array([2]), np.array([1]), 8)
    inverse, after = np.asarray(columns["inverse 0"]), np.asarray(columns["after.1"])
    assert inverse[0] * (after[0] - HIGHEST) % P == 1
    assert low * (1 - (high - HIGHEST) * (pow(high - HIGHEST, -1, P) if high != HIGHEST else 0)) % P == 0
    assert 2 * (high + (1 << 15) - 1 - HIGHEST) < 1 << 16


# -- shapes


def test_what_calls_nothing_does_not_know_of_hosts() -> None:
    for name in CATALOGUE:
        assert bool(NEW & set(CATALOGUE[name])) == (HOSTS in name)
        assert Shape(name, 10).cheapest({"add": 5}).name.find(HOSTS) < 0
    for size in ("toy", "2^14", "2^20"):
        general = Shape.of(size, 1)
        for budget in (general.budget, general.with_hosts.budget):
            assert all(budget.rows[BY_NAME[name].family] == most_calls(name.lower(), Shape(size + HOSTS, 10).room) for name in NAMES)
        room, budget = general.with_hosts.room, general.with_hosts.budget
        calls = {name.lower(): budget.rows[BY_NAME[name].family] for name in NAMES}
        assert rows_of_calls(calls)["cells"] <= room["cells"] and 2 * budget.hashes + calls[PERMUTED] <= room["hash"]
    assert rows_of_calls({"add": 7}) == {} and rows_of_calls({"sha256": 0}) == {}


def test_a_run_is_cut_between_calls_and_every_segment_has_a_shape() -> None:
    made, content = guest("sha256_compress"), bytes(range(256)) * 8
    shape, ends = Shape.of("toy", len(made.instructions)), list[SegmentEnd]()
    bill = Bill(shape)

    def see(end: SegmentEnd) -> None:
        ends.append(end)
        bill.add(end)
    recording = run(made, content, shape.budget, observe=see)
    assert len(ends) > 1 and recording.outcome.exited
    tree, shapes = MemoryTree(recording.image(0), permute), set[str]()
    for index, start in enumerate(recording.segments[:2]):
        image = recording.image(index)
        segment = fill_cheapest(made, shape, replay(made, start, image, shape.budget), image, tree)
        assert check(segment.filled, segment.public) == []
        assert segment.rows.get("sha256", 0) == ends[index].rows[BY_NAME["SHA256"].family]
        shapes.add(segment.shape.name)
    assert shapes <= {"toy", "toy hosts"} and "toy hosts" in shapes

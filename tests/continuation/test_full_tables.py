"""Tables of the recursion without an empty row, wherever they are cut, and a segment whose columns share others: honest ones hold, and what
is changed at their ends is noticed."""
from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from continuation import circuits
from continuation.claims import SpanClaim
from continuation.layout import Layout
from continuation.lowering import Circuit, Lowered
from continuation.permutations import Permutations
from continuation.recorder import Recorder
from continuation.replay import Replayed, replay
from continuation.shape import RecursionShape, fitting, key_of, larger, least
from segments.claim import FORMS, Boundary, digest_of
from stark import key as keys
from stark.check import Filled, check
from stark.expression import P
from stark.gadgets.poseidon2 import column_names
from stark.key import Key
from stark.numbers import Numbers
from stark.prover import prove
from stark.setup import commit_fixed
from stark.transcript import sponge
from stark.verifier import check_proof
from tests.continuation import small
from tests.continuation.test_chips import unnoticed
from tests.continuation.world import World

U32 = npt.NDArray[np.uint32]
KERNELS = World.KERNELS
LAYOUT = Layout(1, (4,), (0,), ())


class Leaf:
    """Of a small segment that is proved with eight queries, so that its foldings fill their table."""

    def __init__(self, width: int) -> None:
        self.world = World(width)
        self.key: Key = self.world.segments()["2^7"]
        one = self.world.segment(0)
        form, words = FORMS[one.cap.shape[1]], one.statement.tolist()
        span = SpanClaim(digest_of(one.cap, one.level), (0,) * self.world.form.digest, Boundary.of(words[form.before]),
                         Boundary.of(words[form.after]), words[form.steps])
        self.claim = np.array(span.words, np.uint32)
        self.tape = np.concatenate([part.reshape(-1).astype(np.uint32) for part in self.world.leaf_parts()])

    def lowered(self, before: int = 0, behind: int = 0, gates: int = 0) -> Lowered:
        """With a sponge of so many blocks before the text, another one behind it, and more gates."""
        recorder, form = Recorder(), self.world.form
        claim = recorder.statement(form.claim)

        def hashed(blocks: int) -> None:
            if blocks:
                sponge(recorder, recorder.constant(np.arange(blocks * form.hash.rate).reshape(1, -1)), form.digest)
        hashed(before)
        circuits.leaf(recorder, self.key, claim)
        hashed(behind)
        value = recorder.constant_extension([3, 1, 4, 1, 5])
        for _ in range(gates):
            value = value * value
        return Lowered(recorder.program)

    def circuit(self, lowered: Lowered, **heights: int) -> Circuit:
        own = {name: least(count) for name, count in lowered.counts.items()}
        own |= {name.replace("_", " "): log for name, log in heights.items()}
        return Circuit(lowered, RecursionShape(lowered.layout, tuple(own.items()), replace(self.world.LAYERS["leaf"], queries=4)))

    def filled(self, circuit: Circuit, tape: U32) -> tuple[Replayed, list[Filled], U32]:
        done = replay(circuit.program, tape, self.claim, KERNELS.permute)
        statement = circuit.statement(done.memory, self.claim)
        mains = circuit.fill(done.memory, statement, KERNELS.trace_permutations)
        return done, [Filled(chip, circuit.fixed[name], mains[name]) for name, chip in circuit.chips.items()], statement


@pytest.fixture(scope="module")
def leaf() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small, "TOY", replace(small.TOY, queries=8))
        yield Leaf(16)


CUTS = {"one table": (0, {"permute": 9, "arithmetic": 9}),
        "among opened rows": (11, {"permute": 8, "permute_more": 8, "arithmetic": 9}),
        "among rows of foldings": (200, {"permute": 9, "permute_more": 7, "arithmetic": 8, "arithmetic_more": 7}),
        "behind all opened rows": (168, {"permute": 9, "permute_more": 7, "arithmetic": 8, "arithmetic_more": 7}),
        "behind the first sponge": (512, {"permute": 9, "permute_more": 9, "arithmetic": 9})}


@pytest.mark.parametrize("where", CUTS)
def test_tables_may_be_full_to_the_last_row(where: str, leaf: Leaf) -> None:
    before, heights = CUTS[where]
    room = {name: sum(1 << log for table, log in heights.items() if table.startswith(name)) for name in ("permute", "arithmetic")}
    first = leaf.lowered(before)
    circuit = leaf.circuit(leaf.lowered(before, room["permute"] - first.counts["permute"],
                                        2 * room["arithmetic"] - len(first.gates.rows["d"])), **heights)
    full = {name for name, rows in circuit.rows.items() if rows == 1 << circuit.log_heights[name]}
    assert full == {"fold", *(name.replace("_", " ") for name in heights)}
    done, machine, statement = leaf.filled(circuit, leaf.tape)
    assert not done.failed and check(machine, statement) == []
    if where != "among rows of foldings":
        return
    rng, ends, inner = np.random.default_rng(1), np.array([0, 1, -2, -1]), column_names("", leaf.world.width)
    assert [(filled.chip.name, name) for filled in machine if filled.chip.name in ("permute", "permute more", "fold")
            for column, name in enumerate(filled.chip.main_names)
            if name not in inner and unnoticed(filled, statement, column, ends % filled.height, rng)] == []
    proving = commit_fixed(key_of(circuit.shape), circuit.fixed, KERNELS)
    proof = prove(proving, {filled.chip.name: filled.main for filled in machine}, statement, KERNELS)
    check_proof(proving.key, statement, proof, KERNELS.permute)


def test_a_row_goes_missing_nowhere_wherever_tables_are_cut() -> None:
    """Heights that are chosen for any numbers of rows, and shapes that two circuits share: every row stands in one table, in its order,
    opened rows stay whole, and the second table begins with a text."""
    rng, halves = np.random.default_rng(1), 0
    for _ in range(3000):
        parts = [rows_of(rng), rows_of(rng)]
        shapes = [fitting(LAYOUT, {"permute": rows.count, "arithmetic": rows.gates, "fold": int(rng.integers(1, 300))},
                          {"permute": rows.first, "arithmetic": partial(min, rows.gates)}, small.TOY) for rows in parts]
        together = larger(*shapes)
        for rows, shape in zip((*parts, *parts), (*shapes, together, together), strict=True):
            heights = dict(shape.log_heights)
            assert rows.gates <= sum(1 << heights[name] for name in ("arithmetic", "arithmetic more") if name in heights)
            first, *rest = rows.cut(1 << heights["permute"])
            behind = [row for part in rest for row in range(part.start, part.stop)]
            assert first.start == 0 and sorted([*range(first.stop), *behind]) == list(range(rows.count))
            room = [1 << heights[name] if name in heights else 0 for name in ("permute", "permute more")]
            assert first.stop <= room[0] and len(behind) <= room[1]
            if behind:
                opened = rows.head + sum(rows.sizes)
                assert first.stop in np.cumsum([rows.head, *rows.sizes]) and behind[0] == opened < rows.count
                assert behind == [*range(opened, rows.count), *range(first.stop, opened)]
                halves += 1
    assert halves > 500


def rows_of(rng: np.random.Generator) -> Any:
    """Any numbers of rows, among them those that fill tables."""
    sizes = [int(size) for length in rng.integers(0, 8, 2) for size in [int(rng.integers(1, 40))] * length]
    head, behind = int(rng.choice([1, 8, 23, 64, 100, 300])), int(rng.choice([0, 1, 8, 60, 128]))
    count = head + sum(sizes) + behind
    if rng.random() < 0.5:
        head += (1 << least(count)) - count
    elif rng.random() < 0.5 and behind:
        count, behind = 0, behind + (1 << least(count)) - count
    rows = SimpleNamespace(head=head, sizes=sizes, count=head + sum(sizes) + behind, gates=int(rng.integers(1, 600)))
    rows.first = lambda most: Permutations.first(rows, most)        # type: ignore[arg-type]
    rows.cut = lambda most: Permutations.cut(rows, most)            # type: ignore[arg-type]
    return rows


def test_a_circuit_reads_columns_that_share_others_as_the_verifier_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every opened word of a segment of which three chips share columns; the tables break where the foldings do."""
    monkeypatch.setattr(keys, "LOG_ROOM", 3)
    monkeypatch.setattr(small, "TOY", replace(small.TOY, queries=1))
    leaf = Leaf(16)
    key, circuit, rng = leaf.key, leaf.circuit(leaf.lowered()), np.random.default_rng(2)
    assert [group.pack for _, group in key.placed] == [0, 0, 3, 2, 0, 3, 2, 0, 0]
    at = len(leaf.tape) - key.words - len(leaf.world.leaf_parts()[-1]) + key.head_words
    done, machine, statement = leaf.filled(circuit, leaf.tape)
    assert not done.failed and check(machine, statement) == []
    for log_leaves, words, log_cap in key.openings[:len(key.trees)]:
        for place in range(at, at + sum(words)):
            changed = leaf.tape.copy()
            changed[place] = (int(changed[place]) + int(rng.integers(1, P))) % P
            m = Numbers(changed, KERNELS.permute)
            circuits.leaf(m, key, m.constant(leaf.claim))
            done, machine, statement = leaf.filled(circuit, changed)
            assert done.failed == m.failed and "fri fold" in {phase for _, phase, _ in done.failed}
            assert "fold" in {broken.chip for broken in check(machine, statement)}
        at += sum(words) + key.hash.digest * (log_leaves - log_cap)

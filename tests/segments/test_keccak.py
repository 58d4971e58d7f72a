"""Keccak-f[1600]: the rows say what the definition says, and a permutation that is wrong in one bit is refused where it is wrong."""
from __future__ import annotations

import hashlib

import numpy as np
import pytest

from segments.host import keccak, keccak_fill
from segments.host.keccak_fill import Permuted
from segments.steps import U64
from stark.check import Filled, broken_requirements, check
from stark.forge import Forger, Forgery
from tests.segments.small import Line, const64, one_segment, program
from tests.segments.soundness.short_lanes import as_a_step
from wasm_exec.hosts import HOSTS

CELLS = np.random.default_rng(8).integers(0, 1 << 64, (3, 25), dtype=np.uint64)
MEANING = HOSTS["KECCAK"].meaning


def test_the_definition_is_that_of_sha3() -> None:
    """One block of SHA3-256."""
    block = bytearray(b"abc\x06".ljust(200, b"\0"))
    block[135] |= 0x80
    lanes = MEANING(np.frombuffer(bytes(block), np.uint64).tolist())
    assert b"".join(lane.to_bytes(8, "little") for lane in lanes[:4]) == hashlib.sha3_256(b"abc").digest()


def test_the_arrays_say_what_the_definition_says() -> None:
    edges = np.array([[0] * 25, [(1 << 64) - 1] * 25], np.uint64)
    cells = np.concatenate([CELLS, edges])
    assert keccak_fill.results(cells).tolist() == [MEANING(row) for row in cells.tolist()]
    assert keccak_fill.results(cells[:0]).shape == (0, 25)


@pytest.mark.parametrize("calls", [0, 1, 5])
def test_every_row_passes(calls: int) -> None:
    """Calls, blocks that none needs, and rows that belong to no block."""
    chip, cells, log_height = keccak.chip(), np.resize(CELLS, (calls, 25)), 7
    time = np.arange(calls)
    main = chip.table(keccak_fill.fill(cells, time, time, 1 << log_height), log_height)
    assert not broken_requirements(Filled(chip, chip.fixed_table(keccak.fixed(log_height), log_height), main), ())
    names = chip.main_names
    last = np.stack([main[names.index(f"after {lane}.{k}"), 23:24 * calls:24] for lane in range(25) for k in range(4)], axis=-1)
    spelled = last.astype(np.uint64).reshape(calls, 25, 4) << np.arange(0, 64, 16, dtype=np.uint64)
    assert spelled.sum(axis=2, dtype=np.uint64).tolist() == [MEANING(row) for row in cells.tolist()]


def test_calls_that_do_not_fit_are_not_filled() -> None:
    time = np.arange(3)
    with pytest.raises(ValueError, match="do not fit"):
        keccak_fill.fill(CELLS, time, time, 64)


@pytest.mark.parametrize("number, lane, bit", [(0, 0, 0), (12, 7, 31), (23, 24, 63)])
def test_who_computes_wrongly_and_goes_on_with_it_is_refused(number: int, lane: int, bit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong(Permuted):
        def new(self, at: int, state: U64) -> U64:
            flip = np.zeros_like(state)
            flip[:, lane] = np.uint64(int(at == number) << bit)
            changed: U64 = state ^ flip
            return changed
    monkeypatch.setattr(keccak_fill, "Permuted", Wrong)
    lines: list[Line] = [const64(3 + k, int(value)) for k, value in enumerate(CELLS[0])]
    segment = one_segment(program([*lines, ("KECCAK", 3, 0, 0, 0, 0), ("HALT", 0, 0, 0, 0, 0)]))
    broken = check(segment.filled, segment.public)
    where = "the first row begins with" if number == 0 else "a round goes on with"
    assert broken and {(one.chip, one.sentence) for one in broken} == {("rounds", f"{where} lane {lane}, limb {bit // 16}")}


@pytest.mark.parametrize("rows, value", [(slice(24, 48), 1), (slice(0, 24), 0)])
def test_a_permutation_that_nobody_asked_for_is_refused(rows: slice, value: int) -> None:
    """A presence that is set without a call, and a call whose block is not there."""
    lines: list[Line] = [const64(3 + k, int(cell)) for k, cell in enumerate(CELLS[0])]
    segment = one_segment(program([*lines, ("KECCAK", 3, 0, 0, 0, 0), ("HALT", 0, 0, 0, 0, 0)]))
    changed = []
    for f in segment.filled:
        main = f.main.copy()
        if f.chip.name == "rounds":
            main[f.chip.main_names.index("real"), rows] = value
        changed.append(Filled(f.chip, f.fixed, main))
    assert any("bus host" in one.sentence for one in check(changed, segment.public))


# -- code U, pairs: on short lanes no row leaves something else than follows from the state that it takes


def round_on(bits: int, without: str = "") -> Filled:
    """The first round of states whose lanes are one short lane again and again: so are all lanes of its row, but for the constant."""
    chip, rng = as_a_step(bits, 1, without), np.random.default_rng(bits)
    short = np.array([[0] * 25, *rng.integers(0, 1 << bits, (3, 25))], np.uint64)
    cells = sum((short << np.uint64(at) for at in range(bits, 64, bits)), start=short)
    columns = {name: np.asarray(values)[:, 0] for name, values in Permuted(cells).columns}
    limbs = {name: values.astype(np.int64) & (1 << bits) - 1 for name, values in columns.items() if name.endswith(".0")}
    made = {name: (columns | limbs | dict.fromkeys(("real", "time", "address"), 1))[name] for name in chip.main_names}
    return Filled(chip, np.zeros((0, 4), np.uint32), chip.table(made, 2))


def forged(f: Filled, depth: int) -> Forgery | None:
    return Forger(f, range(f.height), {}).forge(depth=depth)


@pytest.mark.parametrize("bits", [1, 2])
def test_no_round_leaves_something_else(bits: int) -> None:
    f = round_on(bits)
    assert not broken_requirements(f, ()) and forged(f, 2) is None


@pytest.mark.parametrize("without", ["limb 0 of after 7", "bit 0 before"])
def test_without_a_sentence_some_round_does(without: str) -> None:
    assert forged(round_on(1, without), 3) is not None

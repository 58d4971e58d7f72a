"""Tables are filled by recipes and kernels: they are what the families fill on arrays, with every kernel set."""
from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from segments.dealing import BEHIND
from segments.fill import Read, fill, read
from segments.machine import machine
from segments.memory_tree import MemoryTree
from segments.recipes import accesses_of, arrays_of, columns_of
from stark.kernels import has_native, load
from stark.poseidon2 import permute
from tests.segments.small import OFFERED, const, lines_of_everything, program, shape_of
from wasm_exec.image import MemoryImage
from wasm_exec.instructions import BY_NAME, TABLE
from wasm_exec.interpreter import Interpreter
from wasm_exec.program import Program
from wasm_exec.trace import Trace

KERNELS = load("reference")
FAMILIES = {family.name: family for family in machine().families}


def everything() -> Program:
    lines = lines_of_everything()
    end = len(lines) + 5
    return program([*lines, ("CALL", 8, 0, 0, end, 0), ("CALL", 8, 0, 0, end, 0), const(0, end), ("CALL_SLOT", 8, 0, 0, 0, 0),
                    ("HALT", 0, 0, 0, 0, 0), ("RETURN", 0, 0, 0, 0, 0)])


def traced(made: Program) -> tuple[Trace, MemoryImage]:
    image, engine = MemoryImage.initial(made, OFFERED), Interpreter(made)
    engine.restore(image)
    trace = engine.segment(0, 0, shape_of(made, "2^14").budget, traced=True).trace
    assert trace is not None
    return trace, image


@cache
def done() -> Read:
    made = everything()
    return read(made, *traced(made))


@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.straight])
def test_a_recipe_fills_what_its_family_fills(name: str) -> None:
    family, share, past = FAMILIES[name], done().deal.shares[name], done().past.finds
    assert len(share)
    log_height = len(share).bit_length()
    expected, found = family.chip.table(family.columns(share.steps(), past), log_height), family.chip.table(
        dict.fromkeys(family.chip.main_names, 0), log_height)
    KERNELS.columns(columns_of(name).of(arrays_of(share.source, past)), share.rows, found)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.straight])
def test_a_recipe_notes_the_accesses_of_its_family(name: str) -> None:
    family, deal = FAMILIES[name], done().deal
    address, left = np.full(deal.end, -1, np.int64), np.zeros(deal.end, np.uint64)
    KERNELS.accesses(accesses_of(name).of(arrays_of(deal.source)), deal.shares[name].rows, address, left)
    expected = {}
    for time, cell, word, takes_place in family.accesses(deal.shares[name].steps()):
        some = np.flatnonzero(np.broadcast_to(takes_place, time.shape))
        expected |= dict(zip(time[some].tolist(), zip(cell[some].tolist(), word[some].tolist(), strict=True), strict=True))
    assert {time: (int(address[time]), int(left[time])) for time in np.flatnonzero(address >= 0).tolist()} == expected


def test_all_operations_of_a_family_have_as_much_behind_them() -> None:
    """What the first step of a chip has in the trace, all of its steps have; but for those beyond memory, of which there is one at most."""
    for family in {operation.family for operation in TABLE}:
        for counts in BEHIND.values():
            assert len({int(counts[operation.number]) for operation in TABLE if operation.family is family}) == 1


@pytest.mark.skipif(not has_native(), reason="longrun-native is not installed")
@pytest.mark.parametrize("lines", [
    lines_of_everything(), [const(0, 0x54321), ("STORE16", 3, 0, 0, 0xFFFE, 0)], [const(0, 0x54321), ("LOAD64", 5, 0, 3, 0xFFFE, 0)],
    [("CONST64", 3 + k, 0, 7, k, 9) for k in range(25)] + [(name, 3, 0, 0, 0, 0) for name, one in BY_NAME.items() if one.cells] * 2],
    ids=["everything", "a store outside", "a load outside", "hosts"])
def test_kernels_fill_the_same_tables(lines: list[tuple[str, int, int, int, int, int]]) -> None:
    made = program([*lines, ("HALT", 0, 0, 0, 0, 0)])
    trace, image = traced(made)
    shape = shape_of(made, "2^14")
    ours, theirs = (fill(made, shape, trace, image, MemoryTree(image, permute), load(name, 2)) for name in ("native", "reference"))
    assert ours.public.tolist() == theirs.public.tolist() and ours.mains.keys() == theirs.mains.keys()
    for name, main in theirs.mains.items():
        assert np.array_equal(ours.mains[name], main), name

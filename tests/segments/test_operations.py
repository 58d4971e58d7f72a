"""Every operation, on edges and at random, with every way in which the slots of operands can coincide."""
from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segments.catalogue import CATALOGUE, SIZES
from segments.fill import Segment
from stark.check import check
from tests.segments.small import (
    ARITHMETIC,
    ARITHMETIC64,
    EDGES,
    EDGES64,
    UNARY,
    Line,
    const,
    const64,
    is_wide,
    of_everything,
    one_segment,
    operation_alone,
    operation_lines,
    program,
)
from wasm_exec.instructions import BY_NAME, Family

HALT: Line = ("HALT", 0, 0, 0, 0, 0)
COMPUTING = [name for name, operation in BY_NAME.items() if operation.family in ARITHMETIC]
COMPUTING64 = [name for name, operation in BY_NAME.items() if operation.family in ARITHMETIC64]
COUNTING = [name for name, operation in BY_NAME.items() if operation.family in UNARY]
DIVIDING = [name for name, operation in BY_NAME.items() if operation.family in (Family.DIV, Family.DIV64)]


def holds(segment: Segment) -> bool:
    broken = check(segment.filled, segment.public)
    assert not broken, "\n".join(map(str, broken))
    return True


def run(lines: list[Line]) -> Segment:
    used = Counter(BY_NAME[line[0]].family for line in lines)
    sizes = (size for size in SIZES if all(count <= 1 << CATALOGUE[size][family.name.lower()] for family, count in used.items()))
    segment = one_segment(program([*lines, HALT]), size=next(sizes))
    assert segment.after.status != 0        # it is one segment, to the end
    return segment


@pytest.mark.parametrize("name", COMPUTING)
def test_an_operation_on_edges(name: str) -> None:
    lines: list[Line] = []
    for k, a in enumerate(EDGES):
        for b in (EDGES if BY_NAME[name].family is not Family.DIV else EDGES[k:] + EDGES[:k]):
            if BY_NAME[name].family is Family.DIV and (b == 0 or (a, b) == (0x80000000, 0xFFFFFFFF) or len(lines) > 320):
                continue
            lines += operation_lines(name, a, b)
    assert holds(run(lines))


@pytest.mark.parametrize("where", [(0, 0, 0), (0, 0, 1), (1, 0, 1), (2, 1, 1), (2, 0, 1)])
def test_slots_may_coincide(where: tuple[int, int, int]) -> None:
    lines: list[Line] = []
    for name in COMPUTING:
        if where[1] != where[2] or BY_NAME[name].has_immediate:
            lines += operation_lines(name, 0x80012345, 0xFEDCBA98, where)
        else:
            lines += [const(where[1], 0x89ABCDEF), *operation_alone(name, 0, where)]
    lines += [const(0, 5), const(1, 6), ("SELECT", *where, 0, 0), ("SELECT", where[0], where[1], where[2], where[0], 0),
              ("COPY", where[0], where[1], 0, 0, 0)]
    lines += [const(0, 64), ("LOAD32", 0, 0, 3, 2, 0), const(0, 71), ("STORE32", 3, 0, 0, 0, 0), ("LOAD8_S", 0, 0, 3, 0, 0)]
    assert holds(run(lines))


@pytest.mark.parametrize("name", COMPUTING64)
def test_an_operation_of_64_bits_on_edges(name: str) -> None:
    """All pairs of edges; a slot is set once for all pairs that begin with it."""
    lines: list[Line] = [const64(8 + k, b) for k, b in enumerate(EDGES64)]
    for a in EDGES64:
        lines += [const64(0, a)]
        for k, b in enumerate(EDGES64):
            if BY_NAME[name].family is Family.DIV64 and (b == 0 or (a, b) == (1 << 63, (1 << 64) - 1)):
                continue
            lines += operation_alone(name, b, (2, 0, 8 + k))
    assert holds(run(lines))


@pytest.mark.parametrize("name", COUNTING)
def test_counting_and_converting(name: str) -> None:
    """On edges, on every single bit, and on everything but a single bit."""
    size = 64 if is_wide(name) else 32
    values = [*(EDGES64 if is_wide(name) else EDGES), *(1 << k for k in range(size))]
    values += [*((1 << size) - 1 - (1 << k) for k in range(0, size, 5))]
    assert holds(run([line for value in values for line in operation_lines(name, value, 0)]))


@pytest.mark.parametrize("where", [(0, 0, 0), (0, 0, 1), (1, 0, 1), (2, 1, 1), (2, 0, 1)])
def test_slots_of_64_bits_may_coincide(where: tuple[int, int, int]) -> None:
    lines: list[Line] = []
    for name in COMPUTING64:
        if where[1] != where[2] or BY_NAME[name].has_immediate:
            lines += operation_lines(name, 0x8001234500000001, 0xFEDCBA9876543210, where)
        else:
            lines += [const64(where[1], 0x89ABCDEF01234567), *operation_alone(name, 0, where)]
    lines += [const64(0, 5), const64(1, 6), ("SELECT64", *where, 0, 0), ("COPY64", where[0], where[1], 0, 0, 0)]
    for name in COUNTING:
        lines += [const(where[1], 0x80000000), const64(where[1], 1 << 50), (name, where[0], where[1], 0, 0, 0)]
    assert holds(run(lines))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(COMPUTING64 + COUNTING), st.integers(0, 2**64 - 1), st.integers(1, 2**64 - 1)), min_size=1,
                max_size=60))
def test_operations_of_64_bits_at_random(chosen: list[tuple[str, int, int]]) -> None:
    assert holds(run([line for name, a, b in chosen for line in operation_lines(name, a % 2**(64 if is_wide(name) else 32), b)]))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(COMPUTING), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)), min_size=1, max_size=60))
def test_operations_at_random(chosen: list[tuple[str, int, int]]) -> None:
    assert holds(run([line for name, a, b in chosen for line in operation_lines(name, a, b)]))


def test_everything_at_once() -> None:
    assert holds(of_everything())


@pytest.mark.parametrize("name, width", [("STORE32", 4), ("STORE16", 2), ("STORE8", 1)])
def test_memory_at_every_place(name: str, width: int) -> None:
    """Stores and loads of all widths at all places of a cell and across two, and at both ends of memory."""
    lines: list[Line] = []
    for address in [*range(17), 250, 253, 255, (1 << 16) - width]:
        lines += [const(0, address), const(1, 0x8192A3B4 + address), (name, 3, 0, 1, 0, 0)]
        for load, size in (("LOAD32", 4), ("LOAD16_U", 2), ("LOAD16_S", 2), ("LOAD8_U", 1), ("LOAD8_S", 1)):
            if address + size <= 1 << 16:
                lines += [(load, 2, 0, 3, 0, 0)]
    lines += [const(0, 0xFFF0), const(1, 7), (name, 3, 0, 1, 9, 0), ("LOAD8_U", 2, 0, 3, 9, 0)]
    assert holds(run(lines))


def test_eight_bytes_at_every_place() -> None:
    lines: list[Line] = []
    for address in [*range(17), 249, 253, 255, (1 << 16) - 8]:
        lines += [const(0, address), const64(1, 0x8192A3B4C5D6E7F0 + address), ("STORE64", 3, 0, 1, 0, 0), ("LOAD64", 2, 0, 3, 0, 0)]
        lines += [("LOAD64", 2, 0, 3, 3, 0)] if address < 256 else []
    lines += [const(0, 0xFFF0), ("STORE64", 3, 0, 1, 8, 0), ("LOAD64", 2, 0, 3, 8, 0), ("LOAD64", 1, 0, 3, 1, 0)]
    assert holds(run(lines))


@pytest.mark.parametrize("a, b, status", [(5, 0, 19), ("smallest", 0, 19), ("smallest", -1, 20)])
@pytest.mark.parametrize("name", DIVIDING)
def test_division_traps_provably(name: str, a: int | str, b: int, status: int) -> None:
    bits = 64 if is_wide(name) else 32
    segment = run([*operation_lines(name, a if isinstance(a, int) else 1 << bits - 1, b % (1 << bits)), const(9, 1)])
    assert holds(segment)
    traps = b == 0 or name.startswith("DIV_S")
    assert (segment.after.status, segment.after.pc) == ((status, 2) if traps else (1, 4))


@pytest.mark.parametrize("name, base, offset, outside", [
    ("LOAD32", 0xFFFC, 0, False), ("LOAD32", 0xFFFC, 1, True), ("LOAD32", 0xFFFF, 0, True), ("LOAD8_S", 0xFFFF, 0, False),
    ("LOAD8_S", 0xFFFF, 1, True), ("LOAD16_U", 0xFFFF, 0, True), ("STORE32", 0xFFFFFFFF, 0xFFFFFFFF, True), ("STORE8", 0x10000, 0, True),
    ("STORE16", 0xFFFE, 0, False), ("STORE16", 0, 0xFFFF, True), ("STORE32", 0x12345678, 0, True),
    ("LOAD64", 0xFFF8, 0, False), ("LOAD64", 0xFFF8, 1, True), ("STORE64", 0xFFF0, 8, False), ("STORE64", 0xFFF0, 9, True),
    ("LOAD64", 0xFFFFFFFF, 0xFFFFFFFF, True), ("STORE64", 0xFFFE, 0, True)])
def test_accesses_beyond_memory_trap_provably(name: str, base: int, offset: int, outside: bool) -> None:
    access = (name, 3, 0, 1, offset & 0xFFFF, offset >> 16) if name.startswith("STORE") else (name, 2, 0, 3, offset & 0xFFFF, offset >> 16)
    segment = run([const(0, base), access])
    assert holds(segment)
    assert (segment.after.status, segment.after.pc) == ((18, 1) if outside else (1, 2))


def test_no_access_is_in_memory_and_outside() -> None:
    """An access that is in memory cannot be shown to trap."""
    made = program([const(0, 0xFFFC), ("LOAD32", 2, 0, 3, 0, 0), HALT])
    smaller = program([const(0, 0xFFFC), ("LOAD32", 2, 0, 3, 0, 0), HALT], memory_pages=0)
    lying, honest = one_segment(smaller), one_segment(made)
    assert lying.after.status == 18
    mixed = [replace(f, fixed=g.fixed) for f, g in zip(lying.filled, honest.filled, strict=True)]
    assert any("bus program" in broken.sentence for broken in check(mixed, lying.public))
    for filled in mixed:
        if filled.chip.name == "outside":
            filled.main[filled.chip.main_names.index("memory size"), 0] = made.memory_pages
    assert any("page of the last byte" in broken.sentence for broken in check(mixed, lying.public))


def test_unreachable_pause_and_exhaustion_are_provable() -> None:
    trap = one_segment(program([const(0, 1), ("TRAP", 0, 0, 0, 1, 0)]))
    assert holds(trap) and (trap.after.status, trap.after.pc) == (17, 1)
    pause = one_segment(program([const(0, 1), ("PAUSE", 0, 0, 0, 0, 0)]))
    assert holds(pause) and (pause.after.status, pause.after.pc) == (2, 1)
    for fp, status in ((2**20 - 9, 1), (2**20 - 8, 21)):
        for name in ("CALL", "CALL_SLOT"):
            deep = one_segment(program([const(0, 2), (name, 8, 0, 0, 2 if name == "CALL" else 0, 0), HALT]), fp=fp)
            assert holds(deep) and (deep.after.status, deep.after.pc) == (status, 2 if status == 1 else 1)


def test_a_filler_does_not_need_all_families() -> None:
    segment = one_segment(program([HALT]))
    assert holds(segment) and segment.after.status == 1
    assert np.count_nonzero(segment.mains["add"]) == 0

"""Small programs by hand, and their segments filled for the toy size."""
from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from segments.fill import Segment, fill
from segments.memory.wide import Permute
from segments.memory_tree import MemoryTree, wide
from segments.shape import HOSTS, Shape
from stark.kernels import load
from stark.poseidon2 import of_width, permute
from wasm_exec.assembler import TERMINATORS
from wasm_exec.image import MemoryImage
from wasm_exec.instructions import BY_NAME, BY_NUMBER, JUMPING, Family, Use
from wasm_exec.interpreter import Interpreter
from wasm_exec.link import find_block_starts
from wasm_exec.program import Function, Program
from wasm_exec.spaces import Space

EDGES = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFF0000, 0xFFFFFFFE, 0xFFFFFFFF]
EDGES64 = [*EDGES[:2], 63, 64, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 32, (1 << 48) - 1, 0x8000_0000_0001, 1 << 62,
           (1 << 63) - 1, 1 << 63, (1 << 63) + 1, (1 << 64) - 0x10000, (1 << 64) - 2, (1 << 64) - 1]
Line = tuple[str, int, int, int, int, int]      # name, d, a, b, i, j


def program(lines: Sequence[Line], memory_pages: int = 1, next_of: dict[int, int] | None = None) -> Program:
    """One function; every instruction is followed by the next line unless `next_of` says otherwise."""
    next_of = next_of or {}
    rows = [[pc, BY_NAME[name].number, pc + 2 if d == OVER else d, a, b, i, j, next_of.get(pc, pc + 1 if name not in TERMINATORS else 0)]
            for pc, (name, d, a, b, i, j) in enumerate(lines)]
    instructions = np.array(rows, np.uint32)
    return Program(instructions, memory_pages, {}, (), (Function("main", 0, len(rows), 32),), find_block_starts(instructions, 64, 4),
                   memory_limit=memory_pages + 1)


OVER = -1       # as d of a jump: over the next line


def const(slot: int, value: int) -> Line:
    return ("CONST", slot, 0, 0, value & 0xFFFF, value >> 16)


def const64(slot: int, value: int) -> Line:
    return ("CONST64", slot, value >> 32 & 0xFFFF, value >> 48, value & 0xFFFF, value >> 16 & 0xFFFF)


def shape_of(made: Program, size: str, width: int = 16) -> Shape:
    """The general shape of this size; that with the chips of host functions if the program has any."""
    general = Shape.of(size, len(made.instructions), width)
    calls = any(BY_NUMBER[number].cells for number in made.column("op").tolist())
    return Shape(size + HOSTS, general.log_program, width) if calls else general


def hashing(width: int) -> Permute:
    """What a tree of this hash is made with."""
    return permute if width == 16 else wide(load("reference"), of_width(width))


OFFERED = bytes((37 * k + 11) % 256 for k in range(1 << 11))


def one_segment(made: Program, interpreter: Interpreter | None = None, content: bytes = OFFERED, size: str = "toy", fp: int = 0,
                width: int = 16) -> Segment:
    """The first segment, as this interpreter tells it."""
    shape, image = shape_of(made, size, width), MemoryImage.initial(made, content)
    engine = interpreter or Interpreter(made)
    image.put({(0, 0): np.array([fp, *[0] * 31], np.uint64)})
    engine.restore(image)
    trace = engine.segment(0, fp, shape.budget, traced=True).trace
    assert trace is not None
    return fill(made, shape, trace, image, MemoryTree(image, hashing(width)))


ARITHMETIC = (Family.ADD, Family.MUL, Family.DIV, Family.BITWISE, Family.SHIFT, Family.COMPARE)
ARITHMETIC64 = (Family.ADD64, Family.MUL64, Family.DIV64, Family.BITWISE64, Family.SHIFT64, Family.COMPARE64)
UNARY = (Family.COUNT, Family.COUNT64, Family.CONVERT)


def is_wide(name: str) -> bool:
    """Whether the operation reads slots of 64 bits."""
    return BY_NAME[name].operands["a"] is Use.READ64


def operation_lines(name: str, a: int, b: int, where: tuple[int, int, int] = (2, 0, 1)) -> list[Line]:
    """Slots for the operands are set, then the operation. With 64 bits an immediate is that of the low half of b, with its sign."""
    _, x, y = where
    put, alone = const64 if is_wide(name) else const, operation_alone(name, b, where)
    if BY_NAME[name].has_immediate or BY_NAME[name].family in UNARY:
        return [put(x, a), *alone]
    return [put(x, a), put(y, b), *alone]


def operation_alone(name: str, b: int, where: tuple[int, int, int]) -> list[Line]:
    """The slots are set already; b is for an immediate. A jump goes over a line behind it."""
    d, x, y = where
    if BY_NAME[name].target:
        (_, _, *fields), = operation_alone(name.removeprefix(JUMPING), b, where)
        return [(name, OVER, fields[0], fields[1], fields[2], fields[3]), ("COPY", d, x, 0, 0, 0)]
    if BY_NAME[name].has_immediate:
        return [(name, d, x, 0xFFFF * (b >> 31 & 1) if is_wide(name) else 0, b & 0xFFFF, b >> 16 & 0xFFFF)]
    return [(name, d, x, 0 if BY_NAME[name].family in UNARY else y, 0, 0)]


def lines_of_everything() -> list[Line]:
    rng = np.random.default_rng(7)
    lines: list[Line] = []
    for a, b in ((int(rng.integers(1 << 32)), int(rng.integers(1, 1 << 32))), (0x80000005, 3), (5, 5), (0xFFFFFFF0, 0xFFFFFFF1)):
        lines += [const64(7, a << 32 | b), const64(8, b << 31 | a)]
        for name, operation in BY_NAME.items():
            if operation.family in (*ARITHMETIC, *ARITHMETIC64, *UNARY):
                lines += operation_alone(name, b, (2, 7, 8)) if is_wide(name) else operation_lines(name, a, b)
    for condition in (0, 1, 0x10000):
        lines += [const(0, 11), const(1, 22), const(3, condition), ("SELECT", 2, 0, 1, 3, 0), ("COPY", 4, 2, 0, 0, 0)]
        lines += [const64(0, 11 << 40), const64(1, 22 << 20), ("SELECT64", 2, 0, 1, 3, 0), ("COPY64", 4, 2, 0, 0, 0)]
        here = len(lines)
        lines += [("BRNZ", 0, 3, 0, here + 2, 0), ("COPY", 5, 3, 0, 0, 0), ("BRZ", 0, 3, 0, here + 4, 0), ("COPY", 5, 3, 0, 0, 0)]
    for name, operation in BY_NAME.items():
        for address in (0, 1, 2, 3, 4, 5, 6, 7, 0x1FF):
            if name == "TAKE32":
                lines += [const(0, 6 * address & ~1), (name, Space.INPUT, 0, 0, 8, 0)]
            elif operation.family in (Family.STORE, Family.STORE64):
                put = const64(1, 0x0123456789ABCDEF) if operation.family is Family.STORE64 else const(1, 0x89ABCDEF)
                lines += [const(0, address), put, (name, 3, 0, 1, 4, 0)]
            if operation.family in (Family.LOAD, Family.LOAD64):
                lines += [const(0, address), (name, 2, 0, 3, 3, 0)]
    lines += [const64(0, 7 << 40), const64(1, 5 << 32), ("DIV_U64", 2, 0, 1, 0, 0)]      # the low bytes of a divisor are zeros
    lines += [const(0, 0x500), ("LOAD32", 2, 0, 3, 0, 0)]                              # the only page below its node, on the right
    return [*lines, const(0, 0x10000 - 0x100), *[("GROW", 0, 0, 0, 0, 0)] * 3, ("LOAD64", 2, 0, 3, 0x2F8, 0)]


@cache
def of_everything() -> Segment:
    """A segment in which every operation occurs, with different operands."""
    lines = lines_of_everything()
    end = len(lines) + 5
    lines += [("CALL", 8, 0, 0, end, 0), ("CALL", 8, 0, 0, end, 0), const(0, end), ("CALL_SLOT", 8, 0, 0, 0, 0), ("HALT", 0, 0, 0, 0, 0),
              ("RETURN", 0, 0, 0, 0, 0)]
    return one_segment(program(lines), size="2^14")


@cache
def of_a_trap() -> Segment:
    """A segment that ends beyond memory."""
    return one_segment(program([const(0, 0x54321), ("STORE16", 3, 0, 0, 0xFFFE, 0), ("HALT", 0, 0, 0, 0, 0)]))


@cache
def of_hosts() -> Segment:
    """Calls of every host function: on zeros, on ones, at random, and again on what it has left."""
    rng, lines = np.random.default_rng(11), list[Line]()
    for name, operation in BY_NAME.items():
        for first in (0, (1 << 64) - 1, None, 0x6A09E667) if operation.cells else ():
            values = rng.integers(1 << 64, size=operation.cells, dtype=np.uint64).tolist() if first is None else [first] * operation.cells
            lines += [const64(3 + k, value) for k, value in enumerate(values)]
            lines += [(name, 3, 0, 0, 0, 0)] * (1 if first is None else 2)
    return one_segment(program([*lines, ("HALT", 0, 0, 0, 0, 0)]))

"""Small programs by hand, and their segments filled for the toy size."""
from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from segments.fill import Segment, fill
from segments.memory_tree import MemoryTree
from segments.shape import Shape
from stark.poseidon2 import permute
from wasm_exec.assembler import TERMINATORS
from wasm_exec.execute import replay, run
from wasm_exec.image import MemoryImage
from wasm_exec.instructions import BY_NAME, Family
from wasm_exec.interpreter import Interpreter
from wasm_exec.link import find_block_starts
from wasm_exec.program import Function, Program

EDGES = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFF0000, 0xFFFFFFFE, 0xFFFFFFFF]
Line = tuple[str, int, int, int, int, int]      # name, d, a, b, i, j


def program(lines: Sequence[Line], memory_pages: int = 1, next_of: dict[int, int] | None = None) -> Program:
    """One function; every instruction is followed by the next line unless `next_of` says otherwise."""
    rows = [[pc, BY_NAME[name].number, d, a, b, i, j, (next_of or {}).get(pc, pc + 1 if name not in TERMINATORS else 0)]
            for pc, (name, d, a, b, i, j) in enumerate(lines)]
    instructions = np.array(rows, np.uint32)
    return Program(instructions, memory_pages, {}, (), (Function("main", 0, len(rows), 32),), find_block_starts(instructions, 64, 4))


def const(slot: int, value: int) -> Line:
    return ("CONST", slot, 0, 0, value & 0xFFFF, value >> 16)


def segments_of(made: Program, content: bytes = b"", size: str = "toy", most: int = 3) -> list[Segment]:
    """The first segments of a run, filled."""
    shape = Shape.of(size, len(made.instructions))
    recording = run(made, content, shape.budget, engine="interpreter")
    tree = MemoryTree(MemoryImage.initial(made, content), permute)
    out = []
    for index, start in enumerate(recording.segments[:most]):
        image = recording.image(index)
        out.append(fill(made, shape, replay(made, start, image, shape.budget, "interpreter"), image, tree))
    return out


def one_segment(made: Program, interpreter: Interpreter | None = None, content: bytes = b"", size: str = "toy", fp: int = 0) -> Segment:
    """The first segment, as this interpreter tells it."""
    shape, image = Shape.of(size, len(made.instructions)), MemoryImage.initial(made, content)
    engine = interpreter or Interpreter(made)
    image.apply({(0, 0): np.array([fp, *[0] * 31], np.uint64)})
    engine.restore(image)
    trace = engine.segment(0, fp, shape.budget, traced=True).trace
    assert trace is not None
    return fill(made, shape, trace, image, MemoryTree(image, permute))


ARITHMETIC = (Family.ADD, Family.MUL, Family.DIV, Family.BITWISE, Family.SHIFT, Family.COMPARE)


def operation_lines(name: str, a: int, b: int, where: tuple[int, int, int] = (2, 0, 1)) -> list[Line]:
    """Slots for the operands are set, then the operation."""
    d, x, y = where
    if BY_NAME[name].has_immediate:
        return [const(x, a), (name, d, x, 0, b & 0xFFFF, b >> 16)]
    return [const(x, a), const(y, b), (name, d, x, y, 0, 0)]


@cache
def of_everything() -> Segment:
    """A segment in which every operation occurs, with different operands."""
    rng = np.random.default_rng(7)
    lines: list[Line] = []
    for name, operation in BY_NAME.items():
        if operation.family in ARITHMETIC:
            for a, b in ((int(rng.integers(1 << 32)), int(rng.integers(1, 1 << 32))), (0x80000005, 3), (5, 5), (0xFFFFFFF0, 0xFFFFFFF1)):
                lines += operation_lines(name, a, b)
    for condition in (0, 1, 0x10000):
        lines += [const(0, 11), const(1, 22), const(3, condition), ("SELECT", 2, 0, 1, 3, 0), ("COPY", 4, 2, 0, 0, 0)]
        here = len(lines)
        lines += [("BRNZ", 0, 3, 0, here + 2, 0), ("COPY", 5, 3, 0, 0, 0), ("BRZ", 0, 3, 0, here + 4, 0), ("COPY", 5, 3, 0, 0, 0)]
    for name, operation in BY_NAME.items():
        for address in (0, 1, 2, 3, 4, 5, 6, 7, 0x1FF):
            if operation.family is Family.STORE:
                lines += [const(0, address), const(1, 0x89ABCDEF), (name, 3, 0, 1, 4, 0)]
            if operation.family is Family.LOAD:
                lines += [const(0, address), (name, 2, 0, 3, 3, 0)]
    call = len(lines)
    lines += [("CALL", 8, 0, 0, call + 3, 0), ("CALL", 8, 0, 0, call + 3, 0), ("HALT", 0, 0, 0, 0, 0), ("RETURN", 0, 0, 0, 0, 0)]
    return one_segment(program(lines), size="2^14")


@cache
def of_a_trap() -> Segment:
    """A segment that ends beyond memory."""
    return one_segment(program([const(0, 0x54321), ("STORE16", 3, 0, 0, 0xFFFE, 0), ("HALT", 0, 0, 0, 0, 0)]))

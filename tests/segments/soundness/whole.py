"""Codes MM and SEG: programs that must do the same do it provably, and so does one program however it is cut."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from segments.fill import fill
from segments.memory_tree import MemoryTree
from segments.shape import Shape
from stark.check import check
from stark.poseidon2 import permute
from tests.segments.small import Line, const, const64, program
from wasm_exec.image import MemoryImage
from wasm_exec.instructions import BY_NAME, Use
from wasm_exec.interpreter import Interpreter
from wasm_exec.spaces import Space
from wasm_exec.trace import COLUMNS, Trace

HALT: Line = ("HALT", 0, 0, 0, 0, 0)
ADDRESS, SPILLED = 9, 0x900
LINES: list[Line] = [
    const(ADDRESS, 0x100), const64(30, 0x0123_4567_89AB_CDEF), const(0, 1234567), const(1, 89),
    ("ADD", 2, 0, 1, 0, 0), ("MUL", 3, 2, 0, 0, 0), ("XOR", 4, 3, 2, 0, 0),
    ("SUB", 5, 4, 1, 0, 0), ("AND", 6, 5, 3, 0, 0), ("DIV_U", 7, 5, 1, 0, 0), ("ROTL", 8, 7, 1, 0, 0), ("LT_S", 2, 8, 3, 0, 0),
    ("SELECT", 3, 4, 5, 2, 0), ("OR", 4, 3, 8, 0, 0), ("EQ", 5, 4, 8, 0, 0), ("STORE32", 3, ADDRESS, 4, 0, 0),
    ("STORE32", 3, ADDRESS, 5, 5, 0), ("LOAD16_S", 6, ADDRESS, 3, 3, 0), ("STORE64", 3, ADDRESS, 30, 16, 0),
    ("STORE32", 3, ADDRESS, 6, 28, 0)]
COMMUTATIVE = ("ADD", "MUL", "XOR", "AND", "OR", "EQ")


def variants() -> Iterator[tuple[str, list[Line]]]:
    yield "as it is", LINES
    yield "with idle steps", [line for k, own in enumerate(LINES) for line in (own, ("COPY", 20, k % 9, 0, 0, 0))]
    yield "with operands exchanged", [(n, d, b, a, i, j) if n in COMMUTATIVE else (n, d, a, b, i, j) for n, d, a, b, i, j in LINES]
    yield "with constants made in two steps", [
        line for own in LINES for line in (
            [const(own[1], (own[4] | own[5] << 16) - 5), ("ADDI", own[1], own[1], 0, 5, 0)] if own[0] == "CONST" else [own])]
    yield "in other slots", [renamed(line) for line in LINES]
    yield "with results kept in memory", [
        line for own in LINES for line in ([own, ("STORE32", 3, ADDRESS, own[1], SPILLED, 0), const(own[1], 0xDEAD),
                                            ("LOAD32", own[1], ADDRESS, 3, SPILLED, 0)] if spillable(own) else [own])]
    yield "with a function around a part", around(6, 13)


def spillable(line: Line) -> bool:
    return BY_NAME[line[0]].writes and line[1] != ADDRESS


def renamed(line: Line) -> Line:
    name, *fields = line
    new = [31 - value if BY_NAME[name].operands.get(field) in (Use.READ, Use.WRITE, Use.READ64, Use.WRITE64) else value
           for field, value in zip("dabij", fields, strict=True)]
    return (name, new[0], new[1], new[2], new[3], new[4])


def around(first: int, last: int) -> list[Line]:
    """The steps between are done by a function with the same frame pointer: d = 0."""
    body, end = LINES[first:last], len(LINES) - (last - first) + 2
    return [*LINES[:first], ("CALL", 0, 0, 0, end, 0), *LINES[last:], HALT, *body, ("RETURN", 0, 0, 0, 0, 0)]


@dataclass(frozen=True)
class Done:
    """The page of linear memory with the results, the root, and the sentences that are broken."""

    results: bytes
    root: tuple[int, ...]
    broken: int


def done(lines: list[Line], cuts: list[int] | None = None) -> Done:
    """The whole run, in segments that begin at these steps."""
    made = program(lines if HALT in lines else [*lines, HALT])
    shape, image = Shape.of("toy", len(made.instructions)), MemoryImage.initial(made, b"")
    tree, engine, broken, root = MemoryTree(image, permute), Interpreter(made), 0, ()
    engine.restore(image.copy())
    whole = engine.segment(0, 0, shape.budget, traced=True).trace
    assert whole is not None
    edges = [0, *(cuts or []), len(whole)]
    for begin, end in zip(edges, edges[1:], strict=False):
        segment = fill(made, shape, part(whole, engine, begin, end), image, tree)
        broken += len(check(segment.filled, segment.public))
        broken += bool(root) and segment.before.root != root
        root = segment.after.root
        pages = segment.update.pages
        image.put({(int(index) >> 24, int(index) % (1 << 24)): cells for index, cells in zip(pages.index, pages.after, strict=True)})
    return Done(image.page(Space.LINEAR, 1).tobytes(), root, broken)


def part(whole: Trace, engine: Interpreter, begin: int, end: int) -> Trace:
    """These steps of a trace."""
    operations = [engine.decoded[pc].operation for pc in whole.pc.tolist()]
    extra, memory = (np.cumsum([0, *flags]) for flags in ([o.has_extra for o in operations], [o.has_memory for o in operations]))
    cells = np.cumsum([0, *(operation.cells for operation in operations)])
    columns = {name: getattr(whole, name)[begin:end] for name in COLUMNS}
    return Trace(**columns, extra=whole.extra[extra[begin]:extra[end]], memory=whole.memory[memory[begin]:memory[end]],
                 cells=whole.cells[cells[begin]:cells[end]])


def metamorphic() -> list[str]:
    """The variants that do something else, or not provably."""
    honest = done(LINES)
    return [name for name, lines in variants() if (done(lines).results, done(lines).broken) != (honest.results, 0)]


def cut_everywhere(step: int = 1) -> list[int]:
    """The cuts with which the run does not hold or leaves another root."""
    honest = done(LINES)
    return [cut for cut in range(1, len(LINES) + 1, step) if done(LINES, [cut]) != honest]

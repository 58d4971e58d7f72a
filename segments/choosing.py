"""Where to cut a run: by the budget of the shape with which all its segments together cost least."""
from __future__ import annotations

import numpy as np

from segments.memory.pages import LOG_PAGES
from segments.shape import Shape, rows_of_memory
from wasm_exec.cutting import Limits
from wasm_exec.execute import run
from wasm_exec.program import Program
from wasm_exec.recording import Recording, SegmentEnd

LEAF = 20_000_000       # the leaf of a segment takes as long as so many committed cells


class TooDear(Exception):
    """The segments so far cost more than those of another budget."""


class Bill:
    """What the segments of a run cost, each in its cheapest shape."""

    def __init__(self, shape: Shape, limit: float = float("inf")) -> None:
        self.shape, self.limit, self.cells = shape, limit, 0

    def add(self, end: SegmentEnd) -> None:
        index = np.concatenate([(space << LOG_PAGES) + pages for space, (pages, _) in end.touched.items()])
        rows = {family.name.lower(): count for family, count in end.rows.items()}
        self.cells += LEAF + sum(self.shape.cheapest(rows | {"halt": 1} | rows_of_memory(index)).cells.values())
        if self.cells > self.limit:
            raise TooDear


def recorded(program: Program, content: bytes, size: str, limits: Limits | None = None) -> Recording:
    """The run of the program, cut into segments of this size. Whoever runs it again finds the same cuts."""
    general = Shape.of(size, len(program.instructions))
    bill = Bill(general)
    best = run(program, content, general.budget, limits, observe=bill.add)
    for shape in general.alike:
        if shape.size == size and shape.budget != general.budget:
            other = Bill(shape, bill.cells)
            try:
                found = run(program, content, shape.budget, limits, observe=other.add)
            except TooDear:
                continue
            if other.cells < bill.cells:
                best, bill = found, other
    return best

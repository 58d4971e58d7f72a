"""Where to cut a run: by the budget of the shape with which all its segments together cost least."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from segments.memory.pages import LOG_PAGES
from segments.shape import Shape, rows_of_memory
from wasm_exec.cutting import Limits
from wasm_exec.execute import run
from wasm_exec.program import Program
from wasm_exec.recorder import Recorder
from wasm_exec.recording import Recording, SegmentEnd
from wasm_exec.state import EMPTY, StateMap

Steps = Callable[[int], None]
LEAF = 20_000_000       # the leaf of a segment takes as long as so many committed cells


class TooDear(Exception):
    """The segments so far cost more than those of another budget, or are more than were wanted."""


class Bill:
    """What the segments of a run cost, each in its cheapest shape."""

    def __init__(self, shape: Shape, limit: float = float("inf"), few: float = float("inf"), on_steps: Steps | None = None) -> None:
        self.shape, self.on_steps, self.limit, self.few = shape, on_steps, limit, few
        self.cells = self.segments = self.steps = 0

    def add(self, end: SegmentEnd) -> None:
        self.segments, self.steps = self.segments + 1, self.steps + end.steps
        if self.on_steps is not None:
            self.on_steps(self.steps)
        index = np.concatenate([(space << LOG_PAGES) + pages for space, (pages, _) in end.touched.items()])
        rows = {family.name.lower(): count for family, count in end.rows.items()}
        self.cells += LEAF + sum(self.shape.cheapest(rows | {"halt": 1} | rows_of_memory(index)).cells.values())
        if self.cells > self.limit or self.segments > self.few:
            raise TooDear


def recorded(program: Program, content: bytes, size: str, limits: Limits | None = None, few: float = float("inf"),
             on_steps: Steps | None = None, state: StateMap = EMPTY) -> Recording | None:
    """The run of the program, cut into segments of this size; None if it has more than `few` under the general budget. Whoever runs it
    again finds the same cuts. `on_steps` hears after every segment how many steps an attempt has made."""
    general, engine = Shape.of(size, len(program.instructions)), Recorder(program)
    bill = Bill(general, few=few, on_steps=on_steps)
    try:
        best = run(program, content, general.budget, limits, engine, bill.add, state)
    except TooDear:
        return None
    for shape in general.alike:
        if shape.size == size and shape.budget != general.budget:
            other = Bill(shape, bill.cells, on_steps=on_steps)
            try:
                found = run(program, content, shape.budget, limits, engine, other.add, state)
            except TooDear:
                continue
            if other.cells < bill.cells:
                best, bill = found, other
    return best

"""Where to cut a run: by the budget with which all its segments together cost least."""
from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from segments.heights import cells_in_a_row
from segments.host.tables import with_rows_of_calls
from segments.memory.pages import LOG_PAGES
from segments.shape import Shape, rows_of_memory
from wasm_exec.cutting import Limits
from wasm_exec.execute import run
from wasm_exec.program import Program
from wasm_exec.recorder import Recorder
from wasm_exec.recording import Recording, SegmentEnd
from wasm_exec.state import EMPTY, StateMap

Steps = Callable[[int], None]


class TooDear(Exception):
    """The segments so far cost more than those of another budget, or are more than were wanted."""


class Bill:
    """What the segments of a run cost, each in its cheapest shape: the cells of their tables (`committed`), those of rows that are used,
    and the price with the leaves."""

    def __init__(self, shape: Shape, limit: float = float("inf"), few: float = float("inf"), on_steps: Steps | None = None) -> None:
        self.shape, self.on_steps, self.limit, self.few = shape, on_steps, limit, few
        self.committed = self.used = self.cells = self.segments = self.steps = 0

    def add(self, end: SegmentEnd) -> None:
        self.segments, self.steps = self.segments + 1, self.steps + end.steps
        if self.on_steps is not None:
            self.on_steps(self.steps)
        index = np.concatenate([(space << LOG_PAGES) + pages for space, (pages, _) in end.touched.items()])
        rows = {family.name.lower(): count for family, count in end.rows.items()}
        rows = with_rows_of_calls(rows | {"halt": 1} | rows_of_memory(index))
        found = self.shape.cheapest(rows)
        self.used += sum(cells_in_a_row(name) * count for name, count in rows.items())
        self.committed, self.cells = self.committed + found.committed, self.cells + found.price
        if self.cells > self.limit or self.segments > self.few:
            raise TooDear


class Pieces:
    """What the whole segments of a run cost for each step: all but the last one."""

    def __init__(self, shape: Shape) -> None:
        self.bill = Bill(shape)
        self.last: SegmentEnd | None = None

    def add(self, end: SegmentEnd) -> None:
        if self.last is not None:
            self.bill.add(self.last)
        self.last = end

    @property
    def price(self) -> float:
        return self.bill.cells / self.bill.steps if self.bill.segments else float("inf")


def begun(program: Program, content: bytes, size: str, state: StateMap = EMPTY, least: int = 2) -> Recording | None:
    """What there is of the run of a session, by the budget under which its whole segments cost least for each step; None as long as there
    are fewer than `least` of them under the general budget. Whoever goes on keeps to this budget."""
    general, engine = Shape.of(size, len(program.instructions)), Recorder(program)
    found: list[tuple[float, int, Recording]] = []
    for number, budget in enumerate(general.budgets):
        pieces = Pieces(general)
        recording = run(program, content, budget, None, engine, pieces.add, state)
        if not number and pieces.bill.segments < least:
            return None
        found.append((pieces.price, number, recording))
    return min(found)[2]


def size_within(cells: int, sizes: Sequence[str], instructions: int, calls_hosts: bool = False) -> str:
    """The largest of these sizes of which no segment has more committed cells, or else the smallest: `cells` is the memory that there is
    over what a cell takes, `calls_hosts` whether the program calls host functions."""
    shapes = [Shape.of(size, instructions) for size in sizes]
    if calls_hosts:
        shapes = [shape.with_hosts for shape in shapes]
    found = sorted((shape.committed, shape.size) for shape in shapes)
    return next((size for most, size in reversed(found) if most <= cells), found[0][1])


def recorded(program: Program, content: bytes, size: str, limits: Limits | None = None, few: float = float("inf"),
             on_steps: Steps | None = None, state: StateMap = EMPTY, folder: Path | None = None) -> Recording | None:
    """The run of the program, cut into segments of this size; None if it has more than `few` under the general budget. Whoever runs it
    again finds the same cuts, unless time was short: then a budget with which less is known may be taken. If it reaches a limit it has not
    ended. `on_steps` hears after every segment how many steps an attempt has made. `folder`: for changed pages (wasm_exec/spool.py)."""
    limits, started = limits or Limits(), time.monotonic()
    general, engine = Shape.of(size, len(program.instructions)), Recorder(program)
    first, *others = general.budgets
    bill = Bill(general, few=few, on_steps=on_steps)
    try:
        best = run(program, content, first, limits, engine, bill.add, state, folder)
    except TooDear:
        return None
    if best.given_up:
        return best
    for budget in others:
        other = Bill(general, bill.cells, on_steps=on_steps)
        try:
            left = replace(limits, seconds=limits.seconds - (time.monotonic() - started))
            found = run(program, content, budget, left, engine, other.add, state, folder)
        except TooDear:
            continue
        if other.cells < bill.cells and not found.given_up:
            best, bill = found, other
    return best

"""The recording of a run, cut where all its segments together cost little."""
from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from segments.heights import cells_in_a_row
from segments.planning import Block, Plan, TooDear, block_budget, leaves
from segments.shape import NoShape, Shape, rows_of_memory
from wasm_exec.cutting import Cuts, Limits
from wasm_exec.errors import BudgetTooSmall
from wasm_exec.execute import Observer, resume, run
from wasm_exec.hosts import HOSTS
from wasm_exec.image import MemoryImage
from wasm_exec.instructions import BY_NAME
from wasm_exec.program import Program
from wasm_exec.recorder import Recorder
from wasm_exec.recording import Recording, SegmentEnd, Status
from wasm_exec.state import EMPTY, StateMap

Steps = Callable[[int], None]
Billed = Callable[["Bill"], None]
Attempt = Callable[[Cuts, Limits, Observer, bool], Recording]


class Bill:
    """What the segments of a run cost, each in its cheapest shape: the cells of their tables (`committed`), those of rows that are used,
    and the price with the leaves. NoShape if none holds one."""

    def __init__(self, shape: Shape, on_steps: Steps | None = None) -> None:
        self.shape, self.on_steps = shape, on_steps
        self.committed = self.used = self.cells = self.segments = self.steps = 0
        self.full = Counter[str]()                  # by the kind of rows that comes nearest to filling its table, how many segments

    def add(self, end: SegmentEnd) -> None:
        self.segments, self.steps = self.segments + 1, self.steps + end.steps
        if self.on_steps is not None:
            self.on_steps(self.steps)
        rows, memory = Block.of(end).rows, rows_of_memory(leaves(end))
        rows |= {"halt": 1} | {name: count + rows.get(name, 0) for name, count in memory.items()}
        found = self.shape.cheapest(rows)
        self.used += sum(cells_in_a_row(name, self.shape.width) * count for name, count in rows.items())
        self.committed, self.cells = self.committed + found.committed, self.cells + found.price
        self.full[max(rows, key=lambda name: rows[name] / found.room[name])] += 1


def calls_hosts(program: Program) -> bool:
    """Whether a segment may need the chips of host functions."""
    return bool(np.isin(program.column("op"), [BY_NAME[name].number for name in HOSTS]).any())


def size_within(cells: int, sizes: Sequence[str], instructions: int, calls_hosts: bool = False, width: int = 16) -> str:
    """The largest of these sizes of which no segment has more committed cells, or else the smallest: `cells` is the memory that there is
    over what a cell takes, `calls_hosts` whether the program calls host functions."""
    shapes = [Shape.of(size, instructions, width) for size in sizes]
    most = [max(shape.committed, shape.with_hosts.committed if calls_hosts else 0) for shape in shapes]
    found = sorted(zip(most, sizes, strict=True))
    return next((size for most, size in reversed(found) if most <= cells), found[0][1])


def cut_well(program: Program, size: str, attempt: Attempt, limits: Limits, few: float = float("inf"),
             on_steps: Steps | None = None, width: int = 16, on_bill: Billed | None = None) -> Recording:
    """A run is attempted in blocks, and again under the budgets that follow; under that of the general shape, if these do not do. `width`:
    of the hash that will tie memory, on which depends what a segment costs. `on_bill` is given the bill."""
    started = time.monotonic()
    general = Shape.of(size, len(program.instructions), width)
    plan, bill = Plan(general.allowed, few), Bill(general, on_steps)
    steps = 0

    def see(end: SegmentEnd) -> None:
        nonlocal steps
        steps += end.steps
        if on_steps is not None:
            on_steps(steps)
        plan.add(end)
    try:
        blocks = attempt(block_budget(general), limits, see, False)
        found = replace(attempt(plan.finished(blocks.final.status), Limits(), bill.add, True), given_up=blocks.given_up)
    except (BudgetTooSmall, NoShape):               # a frame that no block has room for, or too many pages at a cut
        fallback = general.with_hosts if calls_hosts(program) else general
        left = replace(limits, seconds=limits.seconds - (time.monotonic() - started))
        bill = Bill(general, on_steps)
        found = attempt(fallback.budget, left, bill.add, True)
    if on_bill is not None:
        on_bill(bill)
    return found


def recorded(program: Program, content: bytes, size: str, limits: Limits | None = None, few: float = float("inf"),
             on_steps: Steps | None = None, state: StateMap = EMPTY, folder: Path | None = None,
             width: int = 16, on_bill: Billed | None = None) -> Recording | None:
    """The run of the program, cut into segments of this size; None if it has more than `few`. Whoever runs it again finds the same cuts.
    If it reaches a limit it has not ended. `on_steps` hears again and again how many steps an attempt has made. `folder`: for
    changed pages (wasm_exec/spool.py)."""
    engine = Recorder(program)

    def attempt(cuts: Cuts, within: Limits, observe: Observer, kept: bool) -> Recording:
        return run(program, content, cuts, within, engine, observe, state, kept, folder)
    try:
        return cut_well(program, size, attempt, limits or Limits(), few, on_steps, width, on_bill)
    except TooDear:
        return None


def begun(program: Program, content: bytes, size: str, state: StateMap = EMPTY, folder: Path | None = None,
          width: int = 16) -> Recording | None:
    """What there is of the run of a session; None as long as there are fewer than two whole segments."""
    found = recorded(program, content, size, state=state, folder=folder, width=width)
    return found if found is not None and len(found.segments) > 2 else None


def resumed(recording: Recording, more: bytes, size: str, folder: Path | None = None, image: MemoryImage | None = None,
            width: int = 16) -> Recording:
    """The run of a session goes on after more events; its whole segments stay as they are. `image`: all cells where it goes on, if they
    are known."""
    engine = Recorder(recording.program)
    here = image or recording.image(len(recording.segments) - (recording.final.status == Status.PAUSED))

    def attempt(cuts: Cuts, within: Limits, observe: Observer, kept: bool) -> Recording:
        return resume(recording, more, within, engine, cuts, observe, kept, folder, here)
    return cut_well(recording.program, size, attempt, Limits(), width=width)

"""Running a program from beginning to end, and replaying one of its segments."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Literal

import wasmtime

from wasm_exec.changes import NO_CHANGES, Changes
from wasm_exec.cutting import Budget, Cuts, Limits, budget_of
from wasm_exec.errors import BudgetTooSmall
from wasm_exec.image import MemoryImage
from wasm_exec.interpreter import Interpreter
from wasm_exec.limits import Watch
from wasm_exec.program import Program
from wasm_exec.recorder import Recorder
from wasm_exec.recording import Engine, Recording, SegmentEnd, SegmentStart, Status, Touched, outcome_at
from wasm_exec.spool import Spool
from wasm_exec.standard_error import KEPT_BYTES, joined
from wasm_exec.state import EMPTY, StateMap
from wasm_exec.trace import Trace

EngineName = Literal["interpreter", "recorder"]
Observer = Callable[[SegmentEnd], None]
# What an engine ends in that goes on from cells which no run has left, or with a budget that no run was cut by.
NOWHERE = (wasmtime.Trap, wasmtime.WasmtimeError, BudgetTooSmall, LookupError, ArithmeticError, ValueError, AssertionError)


def make_engine(program: Program, engine: EngineName | Engine) -> Engine:
    if isinstance(engine, str):
        return Interpreter(program) if engine == "interpreter" else Recorder(program)
    return engine


def run(
    program: Program, input_bytes: bytes, cuts: Cuts, limits: Limits | None = None, engine: EngineName | Engine = "recorder",
    observe: Observer | None = None, state: StateMap = EMPTY, kept: bool = True, folder: Path | None = None,
) -> Recording:
    """Runs until the program ends, the limits say that it is enough, or there is no budget for another segment, from this state of the
    application on. `observe` is told of the end of every segment; the recording has no snapshots if they are not `kept`.
    Where a `folder` is given, changed pages that are too many for the memory lie there as long as the recording is in use."""
    first = SegmentStart(program.entry, 0, int(Status.RUNNING), NO_CHANGES, 0)
    image = MemoryImage.initial(program, input_bytes, state)
    return run_on(program, input_bytes, cuts, [], first, image, limits, engine, observe, state, kept, folder)


def resume(recording: Recording, more: bytes = b"", limits: Limits | None = None, engine: EngineName | Engine = "recorder",
           cuts: Cuts | None = None, observe: Observer | None = None, kept: bool = True, folder: Path | None = None,
           image: MemoryImage | None = None) -> Recording:
    """Goes on with a session that is paused, after more events, or with a run that was given up: the recording that there would be if
    all of the input had been there from the beginning. The driver of a session pauses in the segment in which it found that there was
    nothing to take, so that every boundary but the last is one of the longer run as well. `cuts` are those of the segments that follow,
    if each of those before has its own. `image`: all cells where it goes on, if they are known; they stay as they are.
    """
    boundaries = [*recording.segments, recording.final]
    if recording.final.status not in (Status.RUNNING, Status.PAUSED):
        raise ValueError(f"this run has ended, {recording.outcome}")
    if more and not recording.program.events:
        raise ValueError("only a session takes more input")
    if recording.final.status == Status.PAUSED:
        boundaries.pop()
    *segments, last = boundaries
    if cuts is None:
        if not isinstance(recording.cuts, Budget):
            raise ValueError("the segments of this run have budgets of their own: those that follow need some as well")
        cuts = recording.cuts
    elif segments and not isinstance(cuts, Budget):
        cuts = [*(recording.budget(index) for index in range(len(segments))), *cuts]
    image = recording.image(len(segments)) if image is None else image.copy()
    image.offer(recording.program, recording.input + more)
    return run_on(recording.program, recording.input + more, cuts, segments, last, image, limits, engine, observe, recording.state, kept,
                  folder)


def run_on(
    program: Program, input_bytes: bytes, cuts: Cuts, segments: list[SegmentStart], boundary: SegmentStart, image: MemoryImage,
    limits: Limits | None, engine: EngineName | Engine, observe: Observer | None, state: StateMap, kept: bool, folder: Path | None,
) -> Recording:
    """Runs from a boundary, before which these segments were, as `run` does. `image` has all cells there, and is taken along."""
    watch = Watch(limits or Limits(), program.memory_pages)
    machine, spool = make_engine(program, engine), None if folder is None else Spool(folder)
    machine.restore(image)
    most, errors = inf if isinstance(cuts, Budget) else len(cuts), b""
    while boundary.status == Status.RUNNING and len(segments) < most and not watch.reached(boundary.steps, image):
        segments.append(boundary)
        end = machine.segment(boundary.pc, boundary.fp, budget_of(cuts, len(segments) - 1), traced=False)
        watch.see(end.touched)
        errors = (errors + joined(end.errors))[-KEPT_BYTES:] if end.errors else errors
        if observe is not None:
            observe(end)
        changed = take_changes(image, end.touched)
        if spool is not None and kept:
            changed = spool.kept(changed)
        boundary = SegmentStart(end.pc, end.fp, end.status, changed if kept else NO_CHANGES, boundary.steps + end.steps)
    given_up = watch.reached(boundary.steps, image) if boundary.status == Status.RUNNING else ""
    return Recording(program, input_bytes, cuts, segments, boundary, outcome_at(boundary, image), image.output(), image.input(), state,
                     given_up, errors)


def take_changes(image: MemoryImage, touched: Touched) -> Changes:
    """Writes the pages into the image and returns those that differ from what was there."""
    changed: Touched = {}
    for space, (pages, cells) in sorted(touched.items()):
        if not len(pages):
            continue
        different = (cells != image.rows(space, pages)).any(axis=1)
        pages, cells = pages[different], cells[different]
        image.set_rows(space, pages, cells)
        changed[int(space)] = pages, cells
    return Changes(changed)


def replay(
    program: Program, start: SegmentStart, image: MemoryImage, budget: Budget, engine: EngineName | Engine = "recorder"
) -> Trace:
    """The trace of the segment that begins at this boundary, where all cells are `image`, under its budget."""
    machine = make_engine(program, engine)
    machine.restore(image)
    trace = machine.segment(start.pc, start.fp, budget, traced=True).trace
    assert trace is not None
    return trace


def replay_segment(recording: Recording, index: int, engine: EngineName | Engine = "recorder") -> Trace:
    """The trace of segment `index` of a recording."""
    return replay(recording.program, recording.segments[index], recording.image(index), recording.budget(index), engine)

"""Running a program from beginning to end, and replaying one of its segments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from wasm_exec.cutting import Budget, Limits
from wasm_exec.image import MemoryImage, Pages
from wasm_exec.interpreter import Interpreter
from wasm_exec.program import Program
from wasm_exec.recorder import Recorder
from wasm_exec.recording import Engine, Recording, SegmentEnd, SegmentStart, Status, Touched, outcome_at
from wasm_exec.trace import Trace

EngineName = Literal["interpreter", "recorder"]


def make_engine(program: Program, engine: EngineName | Engine) -> Engine:
    if isinstance(engine, str):
        return Interpreter(program) if engine == "interpreter" else Recorder(program)
    return engine


def run(
    program: Program, input_bytes: bytes, budget: Budget, limits: Limits | None = None, engine: EngineName | Engine = "recorder",
    observe: Callable[[SegmentEnd], None] | None = None,
) -> Recording:
    """Runs until the program ends or the limits say that it is enough. `observe` is told of the end of every segment."""
    limits = limits or Limits()
    machine = make_engine(program, engine)
    image = MemoryImage.initial(program, input_bytes)
    machine.restore(image)
    boundary = SegmentStart(program.entry, 0, int(Status.RUNNING), {}, 0)
    segments: list[SegmentStart] = []
    while boundary.status == Status.RUNNING and boundary.steps < limits.steps:
        segments.append(boundary)
        end = machine.segment(boundary.pc, boundary.fp, budget, traced=False)
        if observe is not None:
            observe(end)
        changed = take_changes(image, end.touched)
        boundary = SegmentStart(end.pc, end.fp, end.status, changed, boundary.steps + end.steps)
    return Recording(program, input_bytes, budget, segments, boundary, outcome_at(boundary, image), image.output())


def take_changes(image: MemoryImage, touched: Touched) -> Pages:
    """Writes the pages into the image and returns those that differ from what was there."""
    changed: Pages = {}
    for space, (pages, cells) in sorted(touched.items()):
        if not len(pages):
            continue
        different = (cells != image.rows(space, pages)).any(axis=1)
        pages, cells = pages[different], cells[different]
        image.set_rows(space, pages, cells)
        changed.update(zip([(int(space), page) for page in pages.tolist()], cells, strict=True))
    return changed


def replay(
    program: Program, start: SegmentStart, image: MemoryImage, budget: Budget, engine: EngineName | Engine = "recorder"
) -> Trace:
    """The trace of the segment that begins at this boundary, where all cells are `image`, under the budget of the run."""
    machine = make_engine(program, engine)
    machine.restore(image)
    trace = machine.segment(start.pc, start.fp, budget, traced=True).trace
    assert trace is not None
    return trace


def replay_segment(recording: Recording, index: int, engine: EngineName | Engine = "recorder") -> Trace:
    """The trace of segment `index` of a recording."""
    return replay(recording.program, recording.segments[index], recording.image(index), recording.budget, engine)

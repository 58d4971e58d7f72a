"""The machine of a session that is open: where it goes on from, and what one more piece of input leads to."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bundles.errors import GivenUp, Unsupported
from wasm_exec import locate
from wasm_exec.changes import NO_CHANGES, Changes, Key, Numbers
from wasm_exec.cutting import Budget, Limits
from wasm_exec.execute import take_changes
from wasm_exec.image import MemoryImage
from wasm_exec.limits import Watch
from wasm_exec.program import Program
from wasm_exec.recorder import Recorder
from wasm_exec.recording import Outcome, SegmentStart, Status, outcome_at
from wasm_exec.spaces import CELL_BYTES, INPUT_LIMIT, Space, SystemCell
from wasm_exec.standard_error import Part
from wasm_exec.state import EMPTY, StateMap
from wasm_exec.trace import U64

LARGEST, LEAST, PAGES = 1 << 18, 1 << 8, 1 << 14      # rows of a family, and pages, of a piece
FAMILIES_AT_WORK = 8        # a piece has about so many times as many steps as rows of a family, or fewer
BUDGET = Budget.uniform(LARGEST, PAGES)


def piece(left: int) -> Budget:
    """A piece of the run where so many steps may still be made: it goes at most a little beyond them."""
    rows = max(LEAST, left // FAMILIES_AT_WORK)
    return BUDGET if rows >= LARGEST else Budget.uniform(rows, PAGES)


@dataclass(frozen=True)
class Place:
    """A boundary. What came before it is as it is, whatever input follows (wasm_exec/offering.py)."""

    pc: int
    fp: int
    steps: int


@dataclass(frozen=True)
class Reached:
    """What a piece of input led to. `written`: what the output got; `cursor`: up to where events have read their input. `place` and
    `pages`, if the session goes on from a later place than before: that place, and the pages that differ from the one before. `trace`:
    of a trap, the functions that were at work; `errors`: what was written to standard error, and how far the input was read then."""

    outcome: Outcome
    written: bytes
    cursor: int
    steps: int
    place: Place | None
    pages: Changes
    trace: tuple[locate.Place, ...] = ()
    errors: Sequence[Part] = ()


@dataclass
class Sitting:
    """`image` has all cells at the place, and offers all the input that there is; `output`: the bytes of output when the session paused."""

    program: Program
    image: MemoryImage
    place: Place
    input_length: int = 0
    output_length: int = 0
    paused_steps: int = 0
    engine: Recorder = field(init=False)

    def __post_init__(self) -> None:
        self.engine = Recorder(self.program)

    @staticmethod
    def begun(program: Program, before: StateMap = EMPTY) -> Sitting:
        """A session of which nothing has run, from this state of its application."""
        return Sitting(program, MemoryImage.initial(program, b"", before), Place(program.entry, 0, 0))

    def enter(self, content: bytes) -> None:
        """Appends to the input."""
        self.input_length += len(content)
        if self.input_length > INPUT_LIMIT:
            raise Unsupported(f"the events of a session have at most {INPUT_LIMIT:,} bytes together")
        self.image.offered += content

    def go_on(self, content: bytes, limits: Limits, app: bytes = b"") -> Reached:
        """Runs on with more input, until the session pauses or ends. GivenUp if that reaches one of these limits, which are looked at
        between pieces of the run; then this sitting is of no more use. `app`: the module, to tell lines of the source in a trap."""
        known = self.input_length if self.paused_steps else -1
        self.enter(content)
        self.engine.restore(self.image)
        at, place, status = self.place, self.place, int(Status.RUNNING)
        watch = Watch(limits, self.program.memory_pages)
        changed, pending = set[Key](), set[Key]()           # pages that differ: up to `place`, and since then
        undo: list[tuple[int, Numbers, U64]] = []
        errors: list[Part] = []
        while status == Status.RUNNING:
            steps = at.steps - self.paused_steps            # of this call; less than 0 in what runs again
            if limit := watch.reached(steps, self.image):
                raise GivenUp(limit, steps)
            end = self.engine.segment(at.pc, at.fp, piece(limits.steps - steps), traced=False)
            undo += [(space, pages, self.image.rows(space, pages)) for space, (pages, _) in end.touched.items() if len(pages)]
            errors += [part for part in end.errors if part[0] > known]      # the rest was heard in an earlier call
            watch.see(end.touched)
            pending |= take_changes(self.image, end.touched).pages.keys()
            at, status = Place(end.pc, end.fp, at.steps + end.steps), end.status
            if status == Status.RUNNING:
                place, changed, pending, undo = at, changed | pending, set(), []
        outcome = outcome_at(SegmentStart(at.pc, at.fp, status, NO_CHANGES, at.steps), self.image)
        cursor = self.image.read_cell(Space.SYSTEM, SystemCell.INPUT_CURSOR)
        trace = locate.standing(self.program, self.image, at.pc, at.fp, app) if outcome.trapped else ()
        written, later, self.paused_steps = self.written(), place if place != self.place else None, at.steps
        for space, numbers, cells in reversed(undo):
            self.image.set_rows(space, numbers, cells)
        self.place = place
        return Reached(outcome, written, cursor, at.steps, later, self.image.taken(changed), trace, errors)

    def written(self) -> bytes:
        """The output since the session paused the last time."""
        before, self.output_length = self.output_length, self.image.read_cell(Space.OUTPUT, 0)
        start, end = CELL_BYTES + before, CELL_BYTES + self.output_length
        self.image.reserve(Space.OUTPUT, end // CELL_BYTES + 1)
        return self.image.cells[Space.OUTPUT].view(np.uint8)[start:end].tobytes()

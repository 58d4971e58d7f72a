"""What a run leaves behind: its outcome, and where every segment begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from wasm_exec.changes import Changes
from wasm_exec.cutting import Budget, Cuts, budget_of
from wasm_exec.errors import TrapKind
from wasm_exec.image import MemoryImage
from wasm_exec.instructions import Family
from wasm_exec.program import Program
from wasm_exec.spaces import Space, SystemCell
from wasm_exec.standard_error import Part
from wasm_exec.state import EMPTY, StateMap
from wasm_exec.trace import U64, Trace


class Status(IntEnum):
    """The status of a boundary; 16 + kind of trap means trapped."""

    RUNNING = 0
    EXITED = 1
    PAUSED = 2
    TRAPPED = 16


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `pc` is the instruction that trapped or halted; a run that was given up is still running."""

    status: int
    pc: int
    code: int = 0

    @property
    def running(self) -> bool:
        """Whether this is no end."""
        return self.status == Status.RUNNING

    @property
    def exited(self) -> bool:
        return self.status == Status.EXITED

    @property
    def paused(self) -> bool:
        """Whether a session waits for its next event."""
        return self.status == Status.PAUSED

    @property
    def trapped(self) -> bool:
        return self.status >= Status.TRAPPED

    @property
    def kind(self) -> TrapKind:
        return TrapKind(self.status - Status.TRAPPED)

    def __str__(self) -> str:
        if self.exited:
            return f"exited({self.code})"
        if self.paused:
            return "paused"
        return f"trapped({self.kind.name.lower()}, {self.pc})" if self.trapped else f"running(at {self.pc})"


@dataclass(frozen=True, eq=False)
class SegmentStart:
    """A boundary. `snapshot` has the pages that differ from the boundary before it; system cell 0 holds the frame pointer.

    `steps` counts the steps of the run up to here.
    """

    pc: int
    fp: int
    status: int
    snapshot: Changes
    steps: int

    def same_as(self, other: SegmentStart) -> bool:
        plain = (self.pc, self.fp, self.status, self.steps) == (other.pc, other.fp, other.status, other.steps)
        mine, theirs = self.snapshot.pages, other.snapshot.pages
        return plain and mine.keys() == theirs.keys() and all(np.array_equal(cells, theirs[key]) for key, cells in mine.items())


Touched = dict[int, tuple[npt.NDArray[np.int64], U64]]  # for each space numbers of pages, and their cells (pages, 32)


@dataclass(frozen=True, eq=False)
class SegmentEnd:
    """What an engine says when it stops: where, after how many steps, of which families (halts are not counted), and the pages it touched
    as they are now. `errors`: what was written to standard error, by an engine that listens."""

    pc: int
    fp: int
    status: int
    steps: int
    rows: Mapping[Family, int]
    touched: Touched
    trace: Trace | None = None
    errors: Sequence[Part] = ()


class Engine(Protocol):
    """Something that runs a program one segment at a time."""

    def restore(self, image: MemoryImage) -> None:
        """Takes over all cells. The caller keeps the image at the state in which the next segment begins."""

    def segment(self, pc: int, fp: int, budget: Budget, traced: bool) -> SegmentEnd:
        """Runs until the budget is used up or the program ends, and puts the frame pointer into system cell 0."""


@dataclass(frozen=True, eq=False)
class Recording:
    """A whole run. `segments[k]` is where segment k begins and `final` the boundary after the last one. `input` is what was offered,
    `taken` the part of it that the run has taken: what a proof of it claims; `cuts` are the budgets of the segments."""

    program: Program
    input: bytes
    cuts: Cuts
    segments: list[SegmentStart]
    final: SegmentStart
    outcome: Outcome
    output: bytes
    taken: bytes
    state: StateMap = EMPTY  # of the application, as the run found it
    given_up: str = ""  # which limit was reached, if the run was given up
    errors: bytes = b""  # the last of what it wrote to standard error

    def budget(self, index: int) -> Budget:
        """Of segment `index`."""
        return budget_of(self.cuts, index)

    def boundary(self, index: int) -> SegmentStart:
        return [*self.segments, self.final][index]

    def image(self, index: int) -> MemoryImage:
        """All cells at boundary `index`; boundary len(segments) is the final one."""
        return next(image for position, image in enumerate(self.images()) if position == index)

    @cached_property
    def state_after(self) -> StateMap:
        """Of the application, as the run left it."""
        image = MemoryImage(0)
        image.put(self.state.pages)
        for boundary in [*self.segments, self.final]:
            image.apply(boundary.snapshot.of(Space.STATE))
        return image.state()

    def images(self) -> Iterator[MemoryImage]:
        """All cells at one boundary after the other. It is the same image that changes, so copy it to keep it."""
        image = MemoryImage.initial(self.program, self.input, self.state)
        for boundary in [*self.segments, self.final]:
            image.apply(boundary.snapshot)
            yield image


def outcome_at(boundary: SegmentStart, image: MemoryImage) -> Outcome:
    code = image.read_cell(Space.SYSTEM, SystemCell.EXIT_CODE) if boundary.status == Status.EXITED else 0
    return Outcome(boundary.status, boundary.pc, code)

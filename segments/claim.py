"""What a segment proof says, and what a chain of them says about a run: plain values with a `join`."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stark.errors import Rejected

Words = tuple[int, ...]
RUNNING, EXITED, PAUSED, TRAPPED = 0, 1, 2, 16


@dataclass(frozen=True)
class Boundary:
    """Everything that crosses from one segment to the next: ten words."""

    pc: int
    status: int
    root: Words

    @property
    def words(self) -> Words:
        return (self.pc, self.status, *self.root)


@dataclass(frozen=True)
class SegmentClaim:
    """Some number of steps of the program lead from `before` to `after`."""

    program: Words
    before: Boundary
    after: Boundary

    def join(self, other: SegmentClaim) -> SegmentClaim:
        if self.program != other.program:
            raise Rejected("segments of one program", self.program, other.program)
        if self.after != other.before:
            raise Rejected("neighbouring boundaries", self.after, other.before)
        return SegmentClaim(self.program, self.before, other.after)

"""What a segment proof says, as plain values with a `join`. What a whole run says is in continuation/claims.py."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stark.errors import Rejected

Words = tuple[int, ...]
RUNNING = 0
ENTRY, LOG_SPACES, LOG_PAGES, CELL_LIMBS = 0, 4, 24, 4


@dataclass(frozen=True)
class Boundary:
    """Everything that crosses from one segment to the next: ten words."""

    pc: int
    status: int
    root: Words

    @property
    def words(self) -> Words:
        return (self.pc, self.status, *self.root)

    @staticmethod
    def of(words: Sequence[int]) -> Boundary:
        return Boundary(int(words[0]), int(words[1]), tuple(int(word) for word in words[2:10]))


@dataclass(frozen=True)
class SegmentClaim:
    """Some number of steps of the program lead from `before` to `after`."""

    program: Words
    before: Boundary
    after: Boundary

    @property
    def words(self) -> Words:
        return (*self.before.words, *self.after.words)

    def join(self, other: SegmentClaim) -> SegmentClaim:
        """Both claims, one after the other."""
        equal("both segments are of one program", self.program, other.program)
        equal("a segment begins where the one before it ends", self.after, other.before)
        return SegmentClaim(self.program, self.before, other.after)


@dataclass(frozen=True)
class Openings:
    """What connects a root with what a run left behind: the roots of all spaces, and the first page of the system space (128 limbs)
    with its path (24 siblings, from below)."""

    spaces: tuple[Words, ...]
    system_page: Words
    path: tuple[Words, ...]


def equal(check: str, left: object, right: object) -> None:
    if left != right:
        raise Rejected(check, right, left)

"""What a segment proof says, as plain values with a `join`. What a whole run says is in continuation/claims.py."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stark import poseidon2
from stark.errors import Rejected

U32 = npt.NDArray[np.uint32]
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


@dataclass(frozen=True, eq=False)
class SegmentProof:
    """The name of the segment's shape, the cap of the program's table, the two boundaries as words, and the words that prove the claim."""

    shape: str
    cap: U32
    statement: U32
    words: U32

    @property
    def claim(self) -> SegmentClaim:
        """What is proved, if the words are right."""
        return SegmentClaim(digest_of(self.cap), Boundary.of(self.statement[:10].tolist()), Boundary.of(self.statement[10:].tolist()))


def digest_of(cap: U32) -> Words:
    """The eight words that stand for a commitment in claims."""
    return tuple(int(word) for word in poseidon2.sponge(cap.reshape(1, -1).astype(np.uint64))[0])


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

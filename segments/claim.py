"""What a segment proof says, as plain values with a `join`. What a whole run says is in continuation/claims.py."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from stark import poseidon2
from stark.errors import Rejected
from stark.operations import Operations
from stark.poseidon2 import HASHES, Hash, of_digest

U32 = npt.NDArray[np.uint32]
Words = tuple[int, ...]
PLAIN = Operations(lambda states: poseidon2.permute(states.astype(np.uint64)).astype(np.uint32))
RUNNING = 0
ENTRY, LOG_SPACES, LOG_PAGES, CELL_LIMBS = 0, 4, 24, 4
BLOCK_LIMBS = 8                                 # of a page, that are hashed at a time: the first words of a block, zeros behind them
BOUNDARY_HEAD, EXIT_WORDS = 2, CELL_LIMBS       # the words of a boundary before its root: pc, status; the limbs of an exit code


@dataclass(frozen=True)
class Form:
    """Where things stand in the statement of a segment, under a hash: the boundaries before and after, then the number of steps."""

    digest: int             # words of a digest

    @property
    def boundary(self) -> int:
        """Words of a boundary: pc, status, root."""
        return BOUNDARY_HEAD + self.digest

    @cached_property
    def before(self) -> slice:
        return slice(0, self.boundary)

    @cached_property
    def after(self) -> slice:
        return slice(self.boundary, 2 * self.boundary)

    @property
    def steps(self) -> int:
        return 2 * self.boundary

    @property
    def words(self) -> int:
        return self.steps + 1


FORMS = {hash.digest: Form(hash.digest) for hash in HASHES.values()}
STEPS, STATEMENT = FORMS[8].steps, FORMS[8].words


@dataclass(frozen=True)
class Boundary:
    """Everything that crosses from one segment to the next: a few words."""

    pc: int
    status: int
    root: Words

    @property
    def words(self) -> Words:
        return (self.pc, self.status, *self.root)

    @staticmethod
    def of(words: Sequence[int]) -> Boundary:
        """Of so many words, no more."""
        return Boundary(int(words[0]), int(words[1]), tuple(int(word) for word in words[BOUNDARY_HEAD:]))


@dataclass(frozen=True)
class SegmentClaim:
    """So many steps of the program lead from `before` to `after`."""

    program: Words
    before: Boundary
    after: Boundary
    steps: int

    @property
    def words(self) -> Words:
        return (*self.before.words, *self.after.words, self.steps)

    def join(self, other: SegmentClaim) -> SegmentClaim:
        """Both claims, one after the other."""
        equal("both segments are of one program", self.program, other.program)
        equal("a segment begins where the one before it ends", self.after, other.before)
        return SegmentClaim(self.program, self.before, other.after, self.steps + other.steps)


@dataclass(frozen=True, eq=False)
class SegmentProof:
    """The name of the segment's shape, the cap of the program's table, the two boundaries and the number of steps as words, the words that
    prove the claim, and log2 of the leaves under that cap."""

    shape: str
    cap: U32
    statement: U32
    words: U32
    level: int

    @property
    def claim(self) -> SegmentClaim:
        """What is proved, if the words are right."""
        form = FORMS[self.cap.shape[1]]
        before, after = Boundary.of(self.statement[form.before].tolist()), Boundary.of(self.statement[form.after].tolist())
        return SegmentClaim(digest_of(self.cap, self.level), before, after, int(self.statement[form.steps]))


def digest_of(cap: U32, level: int, operations: Operations = PLAIN) -> Words:
    """The words that stand for a commitment in claims. The level is part of it, so that nobody reads the same cap as that of a taller
    table, whose leaves are what lies under rows."""
    return tuple(operations.sponge(np.append(cap.reshape(-1), np.uint32(level))[None], of_digest(cap.shape[1]).width).tolist()[0])


def filled_up(blocks: npt.NDArray[np.uint64], kind: Hash) -> npt.NDArray[np.uint64]:
    """The limbs of pages (..., blocks, BLOCK_LIMBS) as whole blocks of the hash, with zeros behind the limbs."""
    out = np.zeros((*blocks.shape[:-1], kind.rate), np.uint64)
    out[..., :BLOCK_LIMBS] = blocks
    return out


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

"""The openings of one tree with nothing twice: a row once however many queries want it, a sibling only if its tree does not follow.

Both forms have the rows, and then, from the leaves up to the cap, the siblings. On the tape there is one of each for every query. Pruned
there is one row for each place, in rising order, and a sibling for each place on the way up whose neighbour is not on the way of another
query: what is on the way can be hashed.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from stark.fused import hashed_row
from stark.key import Key
from stark.machine import Value
from stark.numbers import Numbers
from stark.operations import Permute, operations_of
from stark.transcript import compress

U32 = npt.NDArray[np.uint32]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Opening:
    """What is opened of one tree: words per row, and how far its positions lie above those of the queries."""

    log_height: int
    segments: tuple[int, ...]   # words per row, in the parts that are hashed with zeros between them
    log_cap: int
    shift: int
    digest: int                 # words of one

    @property
    def width(self) -> int:
        return sum(self.segments)

    @property
    def words(self) -> int:
        """For each query on the tape."""
        return self.width + self.digest * (self.log_height - self.log_cap)


def openings_of(key: Key) -> list[Opening]:
    """In the order of the tape."""
    return [Opening(log_leaves, segments, log_cap, key.log_domain - log_leaves, key.hash.digest)
            for log_leaves, segments, log_cap in key.openings]


@dataclass(frozen=True)
class Level:
    """The places of a level where paths pass, and which of them have a neighbour that is no such place."""

    places: Places
    lonely: npt.NDArray[np.bool_]

    @staticmethod
    def of(places: Places) -> Level:
        paired = places[:-1] ^ 1 == places[1:]          # neighbours stand side by side
        lonely = np.ones(len(places), np.bool_)
        lonely[:-1] &= ~paired
        lonely[1:] &= ~paired
        return Level(places, lonely)

    @cached_property
    def above(self) -> Level:
        """What is rising stays so when it is halved."""
        halved = self.places >> 1
        return Level.of(halved[changes(halved)])

    @cached_property
    def alone(self) -> int:
        return int(np.count_nonzero(self.lonely))


@dataclass(frozen=True)
class Walk:
    """Where the paths of some leaves pass, level by level."""

    opening: Opening
    leaves: Places          # of the queries, in their order
    lowest: Level           # the leaves

    @cached_property
    def levels(self) -> list[Level]:
        """From the leaves up to the cap."""
        out = [self.lowest]
        for _ in range(max(self.opening.log_height - self.opening.log_cap, 0)):
            out.append(out[-1].above)
        return out

    def climb(self) -> Iterator[tuple[int, Level]]:
        """The levels that have siblings, from the leaves up, with how far they lie above the leaves."""
        return iter(enumerate(self.levels[:-1]))

    @property
    def words(self) -> int:
        """Of the pruned form."""
        return self.opening.width * len(self.lowest.places) + self.opening.digest * sum(level.alone for _, level in self.climb())


def walk(opening: Opening, positions: Places) -> Walk:
    leaves = positions >> opening.shift
    return Walk(opening, leaves, Level.of(np.unique(leaves)))


def walks(openings: Sequence[Opening], positions: Places) -> list[Walk]:
    """The same of trees whose leaves are so far above the same positions: where one has walked the others need not look."""
    out, level = [], Level.of(np.unique(positions))
    levels = [level := level.above if k else level for k in range(1 + max(opening.shift for opening in openings))]
    for opening in openings:
        out.append(Walk(opening, positions >> opening.shift, levels[opening.shift]))
    return out


def prune(way: Walk, tape: U32) -> U32:
    """The pruned form of what stands on the tape; what is left out must agree with the rest, see `restore`."""
    opening, at = way.opening, 0
    parts = [np.zeros(0, np.uint32)]

    def rows(height: int, width: int, wanted: Places) -> None:
        nonlocal at
        table = tape[at:at + width * len(way.leaves)].reshape(-1, width)
        places, first = np.unique(way.leaves >> height, return_index=True)
        parts.append(table[first[np.isin(places, wanted)]].reshape(-1))
        at += table.size
    rows(0, opening.width, way.lowest.places)
    for height, level in way.climb():
        rows(height, opening.digest, level.places[level.lonely])
    return np.concatenate(parts)


def restore(way: Walk, pruned: U32, permute: Permute) -> U32:
    """What stands on the tape."""
    opening = way.opening
    if len(pruned) != way.words:
        raise ValueError(f"these openings have {way.words} words, not {len(pruned)}")
    fast = operations_of(permute).restore(way.leaves, len(way.levels) - 1, opening.segments, opening.digest, pruned)
    return restored(way, pruned, permute) if fast is None else fast


def restored(way: Walk, pruned: U32, permute: Permute) -> U32:
    """The meaning of `restore`."""
    opening, m = way.opening, Numbers(pruned, permute)
    tape = [np.zeros(0, np.uint32)]

    def spread(height: int, table: U32, places: Places) -> None:
        """The row of every query."""
        tape.append(table[np.searchsorted(places, way.leaves >> height)].reshape(-1))
    at = opening.width * len(way.lowest.places)
    rows = pruned[:at].reshape(-1, opening.width)
    spread(0, rows, way.lowest.places)
    known = hashed(m, rows, opening)
    for height, level in way.climb():
        places, is_alone = level.places, level.lonely
        sent = pruned[at:at + opening.digest * level.alone].reshape(-1, opening.digest)
        at += sent.size
        siblings = np.zeros_like(known)
        siblings[is_alone] = sent
        siblings[~is_alone] = known[np.searchsorted(places, places[~is_alone] ^ 1)]
        spread(height, siblings, places)
        turned = (places & 1).astype(bool)[:, None]
        left, right = np.where(turned, siblings, known), np.where(turned, known, siblings)
        first = changes(places >> 1)
        known = joined(m, left[first], right[first])
    return np.concatenate(tape)


def changes(values: Places) -> npt.NDArray[np.bool_]:
    """Of values that do not fall, which differ from the one before; the first does."""
    new = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=new[1:])
    return new


def hashed(m: Numbers, rows: U32, opening: Opening) -> U32:
    return hashed_row(m, Value(m, rows.astype(np.uint64), False), list(opening.segments), opening.digest).data.astype(np.uint32)


def joined(m: Numbers, left: U32, right: U32) -> U32:
    both = (Value(m, side.astype(np.uint64), False) for side in (left, right))
    return compress(m, *both).data.astype(np.uint32)

"""The openings of one tree with nothing twice: a row once however many queries want it, a sibling only if its tree does not follow.

Both forms have the rows, and then, from the leaves up to the cap, the siblings. On the tape there is one of each for every query. Pruned
there is one row for each place, in rising order, and a sibling for each place on the way up whose neighbour is not on the way of another
query: what is on the way can be hashed.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from stark.fused import hashed_row
from stark.key import Key
from stark.machine import Value
from stark.numbers import Numbers
from stark.transcript import compress

U32 = npt.NDArray[np.uint32]
Places = npt.NDArray[np.int64]
Permute = Callable[[U32], U32]


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
class Walk:
    """Where the paths of some leaves pass, level by level: the places, and which of them have a neighbour that is no such place."""

    opening: Opening
    leaves: Places          # of the queries, in their order

    def at(self, level: int) -> Places:
        return self._places[self.opening.log_height - level]

    @cached_property
    def _places(self) -> list[Places]:
        """From the leaves up to the cap: what is rising stays so when it is halved."""
        out = [np.unique(self.leaves)]
        for _ in range(max(self.opening.log_height - self.opening.log_cap, 0)):
            above = out[-1] >> 1
            out.append(above[changes(above)])
        return out

    @cached_property
    def _lonely(self) -> list[npt.NDArray[np.bool_]]:
        out = []
        for places in self._places:
            paired = places[:-1] ^ 1 == places[1:]          # neighbours stand side by side
            met = np.zeros(len(places), np.bool_)
            met[:-1] |= paired
            met[1:] |= paired
            out.append(~met)
        return out

    def lonely(self, level: int) -> npt.NDArray[np.bool_]:
        """Of every place whether its neighbour is none."""
        return self._lonely[self.opening.log_height - level]

    def alone(self, level: int) -> Places:
        return self.at(level)[self.lonely(level)]

    def climb(self) -> Iterator[int]:
        """The levels that have siblings, from the leaves up."""
        return iter(range(self.opening.log_height, self.opening.log_cap, -1))

    @property
    def words(self) -> int:
        """Of the pruned form."""
        rows = self.opening.width * len(self.at(self.opening.log_height))
        return rows + self.opening.digest * sum(int(self.lonely(level).sum()) for level in self.climb())


def walk(opening: Opening, positions: Places) -> Walk:
    return Walk(opening, positions >> opening.shift)


def prune(way: Walk, tape: U32) -> U32:
    """The pruned form of what stands on the tape; what is left out must agree with the rest, see `restore`."""
    opening, at = way.opening, 0
    parts = [np.zeros(0, np.uint32)]

    def rows(level: int, width: int, wanted: Places) -> None:
        nonlocal at
        table = tape[at:at + width * len(way.leaves)].reshape(-1, width)
        places, first = np.unique(way.leaves >> (opening.log_height - level), return_index=True)
        parts.append(table[first[np.isin(places, wanted)]].reshape(-1))
        at += table.size
    rows(opening.log_height, opening.width, way.at(opening.log_height))
    for level in way.climb():
        rows(level, opening.digest, way.alone(level))
    return np.concatenate(parts)


def restore(way: Walk, pruned: U32, permute: Permute) -> U32:
    """What stands on the tape."""
    opening, at = way.opening, 0
    m = Numbers(pruned, permute)
    tape = [np.zeros(0, np.uint32)]

    def spread(level: int, table: U32, places: Places) -> None:
        """The row of every query."""
        tape.append(table[np.searchsorted(places, way.leaves >> (opening.log_height - level))].reshape(-1))
    places = way.at(opening.log_height)
    rows = pruned[:opening.width * len(places)].reshape(-1, opening.width)
    at += rows.size
    spread(opening.log_height, rows, places)
    known = hashed(m, rows, opening)
    for level in way.climb():
        places = way.at(level)
        is_alone = way.lonely(level)
        sent = pruned[at:at + opening.digest * int(is_alone.sum())].reshape(-1, opening.digest)
        at += sent.size
        siblings = np.zeros_like(known)
        siblings[is_alone] = sent
        siblings[~is_alone] = known[np.searchsorted(places, places[~is_alone] ^ 1)]
        spread(level, siblings, places)
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

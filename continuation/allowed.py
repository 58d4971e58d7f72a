"""The list of allowed keys: a Merkle tree over the digests of the fixed caps of all kinds that a circuit may take in."""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from continuation.digests import Digest, compress, nothing, sponge
from continuation.kinds import Kind, Sort
from stark.poseidon2 import of_digest

U32 = npt.NDArray[np.uint32]
SORT_BITS, NUMBER_BITS = 3, 8               # of a place: the highest say which sort
DEPTH = SORT_BITS + NUMBER_BITS


def place(kind: Kind) -> int:
    """The position of a kind in the list."""
    if kind.sort.part is None or kind.number >= 1 << NUMBER_BITS:
        raise ValueError(f"there is no place for {kind.name} in the list of keys")
    return (kind.sort.part << NUMBER_BITS) + kind.number


def sides(sort: Sort) -> list[int]:
    """The highest bits of the places of a sort, the lowest of them first."""
    if sort.part is None:
        raise ValueError(f"a {sort.label} is not taken in")
    return [sort.part >> k & 1 for k in range(SORT_BITS)]


def digest_of_cap(cap: U32) -> Digest:
    return sponge(cap.reshape(-1).tolist(), of_digest(cap.shape[1]))


class KeyList:
    """The tree over the digests of all kinds that have a place."""

    def __init__(self, digests: Mapping[int, Digest]) -> None:
        """`digests` by place; what is missing is nothing, and nobody knows a cap for that."""
        empty, level = nothing(len(next(iter(digests.values())))), dict(digests)
        self.levels: list[tuple[dict[int, Digest], Digest]] = [(level, empty)]
        for _ in range(DEPTH):
            above = {at >> 1: compress(level.get(at & -2, empty), level.get(at | 1, empty)) for at in level}
            level, empty = above, compress(empty, empty)
            self.levels.append((level, empty))

    @property
    def root(self) -> Digest:
        level, empty = self.levels[-1]
        return level.get(0, empty)

    def path_words(self, at: int) -> U32:
        """What a circuit reads to see that a cap is allowed: for each level the bit, unless the circuit knows it, and the sibling."""
        words: list[int] = []
        for height, (level, empty) in enumerate(self.levels[:-1]):
            here = at >> height
            words += ([here & 1] if height < NUMBER_BITS else []) + list(level.get(here ^ 1, empty))
        return np.array(words, np.uint32)

"""The Merkle tree over all cells of the machine, kept up to date from segment to segment.

Only nodes that differ from those of an empty machine are stored. In every space all pages exist from the beginning as zeros,
except in linear memory, where a page at or beyond the memory size has the digest 0. Pages by which memory grows are stored as they come.
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from segments.memory.nodes import TouchedNodes, paired
from segments.memory.pages import DEPTH, LOG_PAGES, OpenedPages, Sponge, absorb, limbs_of
from segments.memory.wide import Permute, Wide, hash_of
from stark.kernels.protocol import Kernels
from stark.poseidon2 import HASHES, Hash
from wasm_exec.image import MemoryImage
from wasm_exec.spaces import PAGE_CELLS, PAGES_PER_WASM_PAGE, Space, SystemCell

U64 = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]
LOG_SPACES = DEPTH - LOG_PAGES


def wide(kernels: Kernels, kind: Hash = HASHES[16]) -> Permute:
    return Wide(kernels, kind)


@lru_cache(maxsize=4)
def empty(permute: Permute) -> tuple[U64, U64]:
    """The digest of a node on every level under which there are pages of zeros, and under which there are none."""
    digest = hash_of(permute).digest
    zero, absent = np.zeros((DEPTH + 1, digest), np.uint64), np.zeros((DEPTH + 1, digest), np.uint64)
    zero[DEPTH] = absorb(limbs_of(np.zeros((1, PAGE_CELLS), np.uint64)), permute).digests[0]
    for level in range(DEPTH, 0, -1):
        pair = np.stack([zero[level], absent[level]])
        zero[level - 1], absent[level - 1] = permute(paired(np.stack([pair, pair], axis=1)))[:, :digest]
    for digests in (zero, absent):
        digests.setflags(write=False)
    return zero, absent


def halved(index: Indices) -> Indices:
    """The parents of nodes, ascending as they are."""
    above = index >> 1
    first = np.ones(len(above), np.bool_)
    np.not_equal(above[1:], above[:-1], out=first[1:])
    return above[first]


@dataclass
class Level:
    """The stored digests of one level, by ascending index."""

    index: Indices
    digest: U64

    def put(self, index: Indices, digest: U64) -> None:
        """`index` ascending; what is there already is replaced."""
        if not len(self.index):
            self.index, self.digest = index, digest
            return
        kept = ~np.isin(self.index, index, assume_unique=True)
        everything = np.concatenate([self.index[kept], index])
        order = np.argsort(everything, kind="stable")
        self.index = everything[order]
        self.digest = np.concatenate([self.digest[kept], digest])[order]

    def get(self, index: Indices, default: U64) -> U64:
        if not len(self.index):
            return default
        place = np.minimum(np.searchsorted(self.index, index), len(self.index) - 1)
        return np.where((self.index[place] == index)[:, None], self.digest[place], default)


@dataclass(frozen=True)
class Update:
    """What a segment did to the tree, as the chips need it. `sponge_before` is of the pages that are not new."""

    pages: OpenedPages
    sponge_before: Sponge
    sponge_after: Sponge
    nodes: TouchedNodes
    root_before: U64
    root_after: U64


class MemoryTree:
    def __init__(self, image: MemoryImage, permute: Permute) -> None:
        self.permute, self.digest = permute, hash_of(permute).digest
        self.existing = image.memory_pages * PAGES_PER_WASM_PAGE + image.read_cell(Space.SYSTEM, SystemCell.GROWN_PAGES)
        self.levels = [Level(np.zeros(0, np.int64), np.zeros((0, self.digest), np.uint64)) for _ in range(DEPTH + 1)]
        self.zero, self.absent = empty(permute)
        occupied = list(image.occupied())
        index = np.array([space << LOG_PAGES | page for space, page in occupied], np.int64)
        cells = np.array([image.page(*key) for key in occupied], np.uint64).reshape(-1, PAGE_CELLS)
        digests = self.leaves(cells).digests
        edge = (int(Space.LINEAR) << LOG_PAGES) + self.existing
        if edge - 1 not in index:       # the path to the edge of linear memory has nodes of its own
            index, digests = np.append(index, edge - 1), np.append(digests, self.default(DEPTH, np.array([edge - 1])), axis=0)
        order = np.argsort(index)
        self.write(index[order], digests[order])

    # -- hashing

    def leaves(self, cells: U64) -> Sponge:
        return absorb(limbs_of(cells), self.permute)

    def compressed(self, pairs: U64) -> U64:
        """The digests of pairs of digests (n, 2, digest)."""
        digests: U64 = self.permute(paired(pairs))[:, :self.digest]
        return digests

    # -- reading

    def default(self, level: int, index: Indices) -> U64:
        """The digests of nodes that are not stored: nothing but zeros, or nothing at all."""
        first = index << (DEPTH - level)
        beyond = (first >= (int(Space.LINEAR) << LOG_PAGES) + self.existing) & (first < (int(Space.LINEAR) + 1) << LOG_PAGES)
        digests: U64 = np.where(beyond[:, None], self.absent[level], self.zero[level])
        return digests

    def digests(self, level: int, index: Indices) -> U64:
        return self.levels[level].get(index, self.default(level, index))

    @property
    def root(self) -> U64:
        digest: U64 = self.digests(0, np.zeros(1, np.int64))[0]
        return digest

    @property
    def spaces(self) -> U64:
        """The roots of the sixteen spaces."""
        return self.digests(LOG_SPACES, np.arange(1 << LOG_SPACES))

    def path(self, level: int, index: int) -> U64:
        """The siblings of a node, from its own level up to the children of the root."""
        steps = range(level)
        return np.stack([self.digests(level - k, np.array([index >> k ^ 1]))[0] for k in steps])

    # -- writing

    def write(self, index: Indices, digests: U64) -> None:
        """New leaves, by ascending index."""
        fresh = not len(self.levels[0].index)
        for level in range(DEPTH, 0, -1):
            self.levels[level].put(index, digests)
            above = halved(index)
            if fresh:                                               # nothing is stored beside these
                both = self.default(level, np.repeat(2 * above, 2) + np.tile([0, 1], len(above)))
                both[2 * np.searchsorted(above, index >> 1) + (index & 1)] = digests
            else:
                both = self.children(level - 1, above)
            index, digests = above, self.compressed(both.reshape(-1, 2, self.digest))
        self.levels[0].put(index, digests)

    def children(self, level: int, index: Indices) -> U64:
        return self.digests(level + 1, np.repeat(2 * index, 2) + np.tile([0, 1], len(index))).reshape(-1, 2, self.digest)

    def update(self, pages: OpenedPages) -> Update:
        """Puts the pages after a segment in place of those before; every touched node with both digests."""
        before, after = self.leaves(pages.before[pages.old]), self.leaves(pages.after)
        inner = []
        index = pages.index
        for level in range(DEPTH - 1, -1, -1):
            touched, index = index, halved(index)
            inner.append((level, index, np.stack([np.isin(2 * index + side, touched) for side in (0, 1)], 1)))
        inner.reverse()
        old = [(self.digests(level, index), self.children(level, index)) for level, index, _ in inner]
        root_before = self.root
        self.write(pages.index, after.digests)
        new = [(self.digests(level, index), self.children(level, index)) for level, index, _ in inner]
        nodes = TouchedNodes(
            level=np.concatenate([np.full(len(index), level) for level, index, _ in inner]),
            index=np.concatenate([index for _, index, _ in inner]),
            touched=np.concatenate([touched for _, _, touched in inner]).astype(np.int64),
            before=np.concatenate([own for own, _ in old]), after=np.concatenate([own for own, _ in new]),
            children_before=np.concatenate([both for _, both in old]), children_after=np.concatenate([both for _, both in new]))
        return Update(pages, before, after, nodes, root_before, self.root)

"""A state difference opened: the pages that a run changed in the space of the application's state, as they were and as they are, and the
digests beside their paths. They lead to both roots of the claim, so nothing else has changed, and the difference follows from the pages.

Whoever verifies needs no state for it. What does not fit into a proof file is left out; such a difference is only checked by applying it.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bundles.changes import Difference, packed, rows_of, unpacked
from bundles.difference import difference, expect
from continuation.digests import Digest
from segments.memory.nodes import paired
from segments.memory.pages import DEPTH, LOG_PAGES, absorb, limbs_of
from segments.memory_tree import MemoryTree
from stark.errors import Malformed, Rejected
from wasm_exec.image import ZERO_PAGE, MemoryImage
from wasm_exec.spaces import PAGE_CELLS, Space
from wasm_exec.state import PAGES, StateMap, entries_of

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]
Permute = Callable[[U64], U64]
PAGE_BYTES = 8 * PAGE_CELLS
FORM = "the words are no opened state difference"


@dataclass(frozen=True, eq=False)
class Opened:
    """The numbers of the pages, rising; their cells before and after (pages, 32); the digests beside their paths, from the leaves up."""

    pages: Indices
    before: U64
    after: U64
    beside: U32

    @property
    def words(self) -> U32:
        content = np.concatenate([self.before, self.after]).astype("<u8").view(np.uint8).reshape(-1)
        counts = np.array([len(self.pages), len(self.beside)], np.uint32)
        return np.concatenate([counts, self.pages.astype(np.uint32), packed(content), self.beside.reshape(-1)])


NO_CELLS = np.zeros((0, PAGE_CELLS), np.uint64)
NOTHING = Opened(np.zeros(0, np.int64), NO_CELLS, NO_CELLS, np.zeros((0, 0), np.uint32))


def opened(before: StateMap, after: StateMap, permute: Permute) -> Opened:
    """What leads from one state to the other."""
    pages = sorted(page for page in before.pages.keys() | after.pages.keys()
                   if (before.pages.get(page, ZERO_PAGE) != after.pages.get(page, ZERO_PAGE)).any())
    if not pages:
        return NOTHING
    image = MemoryImage(0)
    image.put(before.pages)
    tree, index = MemoryTree(image, permute), np.array([page for _, page in pages], np.int64)
    beside = [tree.digests(DEPTH - k, missing + (int(Space.STATE) << LOG_PAGES - k)) for k, (_, missing) in enumerate(paths(index))]
    old, new = (np.array([state.pages.get(page, ZERO_PAGE) for page in pages]) for state in (before, after))
    return Opened(index, old, new, np.concatenate(beside).astype(np.uint32))


def paths(index: Indices) -> list[tuple[Indices, Indices]]:
    """Of every level below the root the nodes on the way up from these pages, and those beside them that are not among them."""
    found = []
    for _ in range(LOG_PAGES):
        found.append((index, np.setdiff1d(index ^ 1, index, assume_unique=True)))
        index = np.unique(index >> 1)
    return found


def check(found: Opened, changes: Difference, before: Digest, after: Digest, permute: Permute) -> bool:
    """Whether these changes are what leads from the one root to the other: False if nothing was opened that could tell, Rejected if they
    are not."""
    if not len(found.pages) and before != after:
        return False
    if len(found.pages):
        for sentence, cells, wanted in (("the pages before the run are those of the claim", found.before, before),
                                        ("the pages after the run are those of the claim", found.after, after)):
            expect(sentence, wanted, root_over(found, cells, permute))
    old, new = (entries_of(found.pages, cells) for cells in (found.before, found.after))
    try:
        right = difference(old, new)
    except Malformed as error:
        raise Rejected("the pages are those of two states", "all keys to stay", error) from None
    if not np.array_equal(rows_of(right), rows_of(changes)):
        raise Rejected("the state difference is the one between the states of the claim", f"{len(right)} changed keys as opened",
                       f"{len(changes)}, or others")
    return True


def root_over(found: Opened, cells: U64, permute: Permute) -> Digest:
    """Of the space that holds these pages."""
    digests, at = absorb(limbs_of(cells), permute).digests, 0
    for index, missing in paths(found.pages):
        order = np.argsort(np.concatenate([index, missing]))
        digests = np.concatenate([digests, found.beside[at:at + len(missing)].astype(np.uint64)])[order]
        at += len(missing)
        digests = permute(paired(digests))[:, :digests.shape[1]]
    return tuple(digests[0].tolist())


def from_words(words: U32, count: int, digest: int) -> tuple[Opened, ...]:
    """So many of them, with digests of so many words, and nothing behind; Malformed if these words are anything else, or not in their only
    form."""
    found = []
    for _ in range(count):
        one, words = first_of(words, digest)
        found.append(one)
    if len(words):
        raise Malformed("there is something behind the opened state differences")
    return tuple(found)


def first_of(words: U32, digest: int) -> tuple[Opened, U32]:
    if len(words) < 2:
        raise Malformed(FORM)
    count, beside = words[:2].tolist()
    content = -(-2 * PAGE_BYTES * count // 3)
    end = 2 + count + content + digest * beside
    if count > PAGES or len(words) < end:
        raise Malformed(FORM)
    pages = words[2:2 + count].astype(np.int64)
    if (np.diff(pages) <= 0).any() or (pages >= PAGES).any() or (count and sum(len(missing) for _, missing in paths(pages)) != beside):
        raise Malformed(FORM)
    if not count:
        if beside:
            raise Malformed(FORM)
        return NOTHING, words[2:]
    cells = unpacked(words[2 + count:2 + count + content], 2 * PAGE_BYTES * count).view("<u8").astype(np.uint64).reshape(2, -1, PAGE_CELLS)
    if (cells[0] == cells[1]).all(axis=1).any():
        raise Malformed("an opened page has not changed")
    return Opened(pages, cells[0], cells[1], words[end - digest * beside:end].reshape(-1, digest)), words[end:]

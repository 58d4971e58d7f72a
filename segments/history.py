"""The order of all accesses of a segment: what every access finds in its cell, and since when."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from segments.dealing import Deal, Share
from segments.machine import Machine
from segments.memory.boundary import READ
from segments.memory.pages import LOG_PAGES, OpenedPages
from segments.recipes import accesses_of, arrays_of
from segments.steps import U64, Finds, Ints
from stark.kernels.protocol import Kernels
from wasm_exec.image import MemoryImage
from wasm_exec.spaces import PAGE_CELLS, PAGES_PER_WASM_PAGE, Space, SystemCell

LOG_TIME = 24                   # times of a segment


@dataclass(frozen=True)
class History:
    """What the access at every time leaves in its cell, and what it finds there; the pages in which all these cells are."""

    left: U64
    finds: Finds
    pages: OpenedPages

    def with_frame_pointer(self, value: int) -> OpenedPages:
        """The pages, with this in the first cell of the first page at the end."""
        after = self.pages.after.copy()
        after[0, 0] = value
        return replace(self.pages, after=after)


def history(machine: Machine, deal: Deal, frame_pointer: int, image: MemoryImage, kernels: Kernels) -> History:
    """`frame_pointer`: at the start of the segment. At the end it is written back (as 0 here; see `with_frame_pointer`)."""
    address, left = np.full(deal.end + 1, -1, np.int64), np.zeros(deal.end + 1, np.uint64)
    address[[READ, deal.end]], left[READ] = 0, frame_pointer
    arrays = arrays_of(deal.source)
    recipes = {family.name: accesses_of(family.name).of(arrays) for family in machine.families if family.straight}
    for name, here in deal.windows([*recipes]):
        kernels.accesses(recipes[name], deal.shares[name].rows[here], address, left)
    for family in machine.families:
        if not family.straight:
            for time, cells, word, takes_place in family.accesses(deal.shares[family.name].steps()):
                some = np.flatnonzero(np.broadcast_to(takes_place, time.shape))
                address[time[some]], left[time[some]] = np.broadcast_to(cells, time.shape)[some], word[some]
    new, since = new_pages(deal.shares, image)
    index = np.union1d(kernels.pages(address), new).astype(np.int64)
    before, begun = opened(index, image), np.zeros(len(index), np.int64)
    begun[np.searchsorted(index, new)] = since
    times = np.repeat(begun.astype(np.uint32), PAGE_CELLS)
    then, cell, after, last = kernels.found(address, left, index, before.reshape(-1), times)
    after, last = after.reshape(-1, PAGE_CELLS), last.reshape(-1, PAGE_CELLS)
    return History(left, Finds(then, cell), OpenedPages(index, before, after, last.astype(np.int64), begun))


def new_pages(shares: Mapping[str, Share], image: MemoryImage) -> tuple[Ints, Ints]:
    """The pages by which linear memory grows, and since when they are there."""
    since = shares["grow"].steps().time
    first = image.memory_pages * PAGES_PER_WASM_PAGE + image.read_cell(Space.SYSTEM, SystemCell.GROWN_PAGES)
    return (int(Space.LINEAR) << LOG_PAGES) + first + np.arange(len(since)), since


def opened(index: Ints, image: MemoryImage) -> U64:
    """The cells of touched pages."""
    out = np.zeros((len(index), PAGE_CELLS), np.uint64)
    spaces, pages = index >> LOG_PAGES, index & (1 << LOG_PAGES) - 1
    for space in np.unique(spaces).tolist():
        cells = image.cells[space].reshape(-1, PAGE_CELLS)
        some = np.flatnonzero((spaces == space) & (pages < len(cells)))
        out[some] = cells[pages[some]]
    return out

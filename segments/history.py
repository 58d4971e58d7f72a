"""The order of all accesses of a segment: what every access finds in its cell, and since when."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from segments.guest.grow import GROWN_PAGES
from segments.memory.boundary import READ
from segments.memory.pages import LOG_PAGES, OpenedPages
from segments.steps import U64, GuestFamily, Ints, Past, Steps
from wasm_exec.image import MemoryImage
from wasm_exec.spaces import PAGE_CELLS, PAGES_PER_WASM_PAGE, Space, SystemCell

LOG_CELLS = LOG_PAGES + 5       # cells of a space
LOG_TIME = 24                   # times of a segment


@dataclass(frozen=True)
class Access:
    """Accesses of one kind: (space and address) as one number, the time, and what the cell holds afterwards."""

    key: Ints
    time: Ints
    after: U64
    takes_place: Ints


@dataclass(frozen=True)
class History:
    past: Mapping[tuple[str, str], Past]      # by family and name of the access
    frame_pointer: Past                       # for the access at the end of the segment
    pages: OpenedPages

    def with_frame_pointer(self, value: int) -> OpenedPages:
        """The pages, with this in the first cell of the first page at the end."""
        after = self.pages.after.copy()
        after[0, 0] = value
        return replace(self.pages, after=after)


def accesses_of(family: GuestFamily, steps: Steps) -> dict[tuple[str, str], Access]:
    out = {}
    for tick, touch in enumerate(family.touches(steps)):
        key = (np.zeros_like(steps.pc) + touch.space << LOG_CELLS) + touch.address
        out[family.name, touch.name] = Access(key, steps.time + tick, touch.after, np.zeros_like(steps.pc) + touch.takes_place)
    return out


def history(kinds: Mapping[tuple[str, str], Access], frame_pointer: int, end: int, image: MemoryImage) -> History:
    """`frame_pointer`: at the start of the segment; `end`: the time of the end, when the frame pointer is written back (as 0 here; see
    `with_frame_pointer`)."""
    chosen = [np.flatnonzero(access.takes_place) for access in kinds.values()]
    starts = np.cumsum([2, *(len(rows) for rows in chosen)])
    pairs = list(zip(kinds.values(), chosen, strict=True))
    key = np.concatenate([np.zeros(2, np.int64), *(access.key[rows] for access, rows in pairs)])
    time = np.concatenate([np.array([READ, end]), *(access.time[rows] for access, rows in pairs)])
    after = np.concatenate([np.array([frame_pointer, 0], np.uint64), *(access.after[rows] for access, rows in pairs)])
    order = np.argsort(key << LOG_TIME | time)          # no two accesses are at one time
    sorted_key, sorted_time, sorted_after = key[order], time[order], after[order]
    first = np.ones(len(order), bool)
    first[1:] = sorted_key[1:] != sorted_key[:-1]
    new, since = new_pages(kinds, image)
    pages = sorted_key // PAGE_CELLS
    index, before = opened(np.union1d(pages[np.diff(pages, prepend=-1) > 0], new), image)
    begun = np.zeros(len(index), np.int64)
    begun[np.searchsorted(index, new)] = since
    place = np.searchsorted(index, sorted_key[first] // PAGE_CELLS), sorted_key[first] % PAGE_CELLS
    then, cell = np.zeros(len(order), np.int64), np.zeros(len(order), np.uint64)
    then[1:], cell[1:] = sorted_time[:-1], sorted_after[:-1]
    then[first], cell[first] = begun[place[0]], before[place]
    last = np.append(first[1:], True)
    changed, times = before.copy(), np.repeat(begun[:, None], PAGE_CELLS, axis=1)
    changed[place], times[place] = sorted_after[last], sorted_time[last]
    then_of, cell_of = np.zeros_like(then), np.zeros_like(cell)
    then_of[order], cell_of[order] = then, cell
    past = {}
    for name, access, rows, at in zip(kinds, kinds.values(), chosen, starts, strict=False):
        full = Past(np.zeros(len(access.key), np.int64), np.zeros(len(access.key), np.uint64))
        full.then[rows], full.cell[rows] = then_of[at:at + len(rows)], cell_of[at:at + len(rows)]
        past[name] = full
    return History(past, Past(then_of[1:2], cell_of[1:2]), OpenedPages(index, before, changed, times, begun))


def new_pages(kinds: Mapping[tuple[str, str], Access], image: MemoryImage) -> tuple[Ints, Ints]:
    """The pages by which linear memory grows, and since when they are there."""
    since = kinds["grow", GROWN_PAGES].time
    first = image.memory_pages * PAGES_PER_WASM_PAGE + image.read_cell(Space.SYSTEM, SystemCell.GROWN_PAGES)
    return (int(Space.LINEAR) << LOG_PAGES) + first + np.arange(len(since)), since


def opened(index: Ints, image: MemoryImage) -> tuple[Ints, U64]:
    """The touched pages and their cells."""
    return index, np.array([image.page(int(k) >> LOG_PAGES, int(k) % (1 << LOG_PAGES)) for k in index], np.uint64)


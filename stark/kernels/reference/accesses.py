"""What accesses to cells find: each what the last one before it left."""
from __future__ import annotations

import numpy as np

from stark.field import U64
from stark.kernels.protocol import U32, Indices

PAGE = 32               # cells
CELLS = 1 << 33


def pages(addresses: Indices) -> Indices:
    if np.max(addresses, initial=-1) >= CELLS:
        raise ValueError("an address of no cell")
    return np.unique(addresses[addresses >= 0] // PAGE)


def found(addresses: Indices, left: U64, pages: Indices, cells: U64, times: U32) -> tuple[U32, U64, U64, U32]:
    order = np.argsort(addresses, kind="stable")
    order = order[np.searchsorted(addresses[order], 0):]            # by cell, then by time
    address = addresses[order]
    place = np.searchsorted(pages, address // PAGE)
    if not np.array_equal(pages[np.minimum(place, len(pages) - 1)] if len(pages) else pages, address // PAGE):
        raise ValueError("an access to a cell of no page that is there")
    at = place * PAGE + address % PAGE
    first = np.diff(address, prepend=-1) > 0
    then, cell = np.zeros(len(addresses), np.uint32), np.zeros(len(addresses), np.uint64)
    then[order[1:]], cell[order[1:]] = order[:-1], left[order[:-1]]
    then[order[first]], cell[order[first]] = times[at[first]], cells[at[first]]
    cells, times, last = cells.copy(), times.copy(), np.append(first[1:], True)[:len(order)]
    cells[at[last]], times[at[last]] = left[order[last]], order[last]
    return then, cell, cells, times

"""The state of an application: a map of 32 bytes to 32 bytes that one run leaves to the next, and its cells in the space `state`.

Greatest key first, every key takes the first free slot from its home on, around the end; key zero has a slot of its own in the first page.
So the cells depend on the map alone, not on the order in which it came about: `state_set` moves smaller keys on to keep it so
(wasm_exec/state_source.py). Keys compare as four numbers of 64 bits, the first bytes as the first number, low byte first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from wasm_exec.program import Pages
from wasm_exec.spaces import CELL_BYTES, LOG_STATE_SLOTS, PAGE_CELLS, STATE_KEYS_LIMIT, STATE_SLOT_BYTES, Space
from wasm_exec.state_source import COUNT, FIRST, HAS_ZERO, MIX, ZERO
from wasm_exec.trace import U64

KEY_BYTES = VALUE_BYTES = 32
SLOTS, SLOT_CELLS, KEY_CELLS = 1 << LOG_STATE_SLOTS, STATE_SLOT_BYTES // CELL_BYTES, KEY_BYTES // CELL_BYTES
PAGES = 1 + SLOTS * SLOT_CELLS // PAGE_CELLS  # the first one counts, the others hold slots


def homes(keys: U64) -> npt.NDArray[np.int64]:
    """The numbers of the slots where the searches for keys begin; a key is a row of four numbers."""
    x = np.zeros(len(keys), np.uint64)
    for word in keys.T:
        x = (x ^ x >> np.uint64(32) ^ word) * np.uint64(MIX)
    return (x >> np.uint64(64 - LOG_STATE_SLOTS)).astype(np.int64)


def numbers(parts: Iterable[bytes], size: int) -> U64:
    """A row for each part of so many bytes."""
    return np.frombuffer(b"".join(parts), "<u8").astype(np.uint64).reshape(-1, size // CELL_BYTES)


@dataclass(frozen=True)
class StateMap:
    entries: Mapping[bytes, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if any(len(key) != KEY_BYTES or len(value) != VALUE_BYTES for key, value in self.entries.items()):
            raise ValueError(f"keys have {KEY_BYTES} bytes and values {VALUE_BYTES}")
        if len(self.entries) > STATE_KEYS_LIMIT:
            raise ValueError(f"a state has at most {STATE_KEYS_LIMIT} keys, this one {len(self.entries)}")

    @cached_property
    def slots(self) -> dict[int, bytes]:
        """Which key is in which slot; key zero is in none."""
        keys = [key for key in self.entries if any(key)]
        rows = numbers(keys, KEY_BYTES)
        order = np.lexsort(rows.T[::-1])[::-1]
        taken: dict[int, bytes] = {}
        for index, slot in zip(order.tolist(), homes(rows)[order].tolist(), strict=True):
            while slot in taken:
                slot = (slot + 1) % SLOTS
            taken[slot] = keys[index]
        return taken

    @cached_property
    def pages(self) -> Pages:
        """The cells of the map; none for the empty one."""
        if not self.entries:
            return {}
        cells = np.zeros(FIRST // CELL_BYTES + SLOTS * SLOT_CELLS, np.uint64)
        cells[COUNT // CELL_BYTES] = len(self.entries)
        if (zero := self.entries.get(bytes(KEY_BYTES))) is not None:
            cells[HAS_ZERO // CELL_BYTES] = 1
            cells[ZERO // CELL_BYTES + KEY_CELLS:ZERO // CELL_BYTES + SLOT_CELLS] = numbers([zero], VALUE_BYTES)[0]
        places = np.fromiter(self.slots, np.int64, len(self.slots))
        rows = cells[FIRST // CELL_BYTES:].reshape(SLOTS, SLOT_CELLS)
        rows[places] = numbers((key + self.entries[key] for key in self.slots.values()), KEY_BYTES + VALUE_BYTES)
        whole = cells.reshape(-1, PAGE_CELLS)
        return {(int(Space.STATE), int(page)): whole[page].copy() for page in np.flatnonzero(whole.any(axis=1))}

    @staticmethod
    def of_cells(cells: U64) -> StateMap:
        """The map that lies in these cells of the space."""
        whole = np.zeros(PAGES * PAGE_CELLS, np.uint64)
        count = min(len(cells), len(whole))
        whole[:count] = cells[:count]
        return StateMap(entries_of(np.arange(PAGES), whole.reshape(-1, PAGE_CELLS)))


def entries_of(pages: npt.NDArray[np.int64], cells: U64) -> dict[bytes, bytes]:
    """The keys with their values that lie in these pages, whose numbers rise."""
    slots = cells[pages > 0].reshape(-1, SLOT_CELLS)
    rows = [row.astype("<u8").tobytes() for row in slots[slots[:, :KEY_CELLS].any(axis=1)]]
    entries = {row[:KEY_BYTES]: row[KEY_BYTES:] for row in rows}
    for first in cells[pages == 0]:
        if first[HAS_ZERO // CELL_BYTES]:
            entries[bytes(KEY_BYTES)] = first[ZERO // CELL_BYTES + KEY_CELLS:ZERO // CELL_BYTES + SLOT_CELLS].astype("<u8").tobytes()
    return entries


EMPTY = StateMap()

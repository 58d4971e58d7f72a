"""The state of an application: a map of 32 bytes to 32 bytes that one run leaves to the next, and its cells in the space `state`.

Greatest key first, every key takes the first free slot from its home on, around the end; key zero has a slot of its own in the first page.
So the cells depend on the map alone, not on the order in which it came about: `state_set` moves smaller keys on to keep it so
(wasm_exec/state_source.py). Keys compare as four numbers of 64 bits, the first bytes as the first number, low byte first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from wasm_exec.program import Pages
from wasm_exec.spaces import CELL_BYTES, LOG_STATE_SLOTS, PAGE_CELLS, STATE_KEYS_LIMIT, STATE_SLOT_BYTES, Space
from wasm_exec.state_source import COUNT, FIRST, HAS_ZERO, MIX, ZERO
from wasm_exec.trace import U64

KEY_BYTES = VALUE_BYTES = 32
SLOTS, SLOT_CELLS, KEY_CELLS = 1 << LOG_STATE_SLOTS, STATE_SLOT_BYTES // CELL_BYTES, KEY_BYTES // CELL_BYTES
WORD = (1 << 64) - 1


def words(content: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(content[k:k + CELL_BYTES], "little") for k in range(0, len(content), CELL_BYTES))


def home(key: bytes) -> int:
    """The number of the slot where the search for a key begins."""
    x = 0
    for word in words(key):
        x = (x ^ x >> 32 ^ word) * MIX & WORD
    return x >> 64 - LOG_STATE_SLOTS


@dataclass(frozen=True)
class StateMap:
    entries: Mapping[bytes, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if any(len(key) != KEY_BYTES or len(value) != VALUE_BYTES for key, value in self.entries.items()):
            raise ValueError(f"keys have {KEY_BYTES} bytes and values {VALUE_BYTES}")
        if len(self.entries) > STATE_KEYS_LIMIT:
            raise ValueError(f"a state has at most {STATE_KEYS_LIMIT} keys, this one {len(self.entries)}")

    def slots(self) -> dict[int, bytes]:
        """Which key is in which slot; key zero is in none."""
        taken: dict[int, bytes] = {}
        for key in sorted(self.entries, key=words, reverse=True):
            if any(key):
                slot = home(key)
                while slot in taken:
                    slot = (slot + 1) % SLOTS
                taken[slot] = key
        return taken

    def pages(self) -> Pages:
        """The cells of the map; none for the empty one."""
        cells: dict[int, int] = {}
        if self.entries:
            cells[COUNT // CELL_BYTES] = len(self.entries)
        places = {FIRST + STATE_SLOT_BYTES * slot: key for slot, key in self.slots().items()}
        if bytes(KEY_BYTES) in self.entries:
            cells[HAS_ZERO // CELL_BYTES] = 1
            places[ZERO] = bytes(KEY_BYTES)
        for place, key in places.items():
            cells |= dict(enumerate(words(key + self.entries[key]), place // CELL_BYTES))
        result: Pages = {}
        for cell, value in cells.items():
            page = result.setdefault((int(Space.STATE), cell // PAGE_CELLS), np.zeros(PAGE_CELLS, np.uint64))
            page[cell % PAGE_CELLS] = value
        return {key: page for key, page in result.items() if page.any()}

    @staticmethod
    def of_cells(cells: U64) -> StateMap:
        """The map that lies in these cells of the space."""
        whole = np.zeros(FIRST // CELL_BYTES + SLOTS * SLOT_CELLS, np.uint64)
        count = min(len(cells), len(whole))
        whole[:count] = cells[:count]
        slots = whole[FIRST // CELL_BYTES:].reshape(SLOTS, SLOT_CELLS)
        rows = [row.astype("<u8").tobytes() for row in slots[slots[:, :KEY_CELLS].any(axis=1)]]
        entries = {row[:KEY_BYTES]: row[KEY_BYTES:] for row in rows}
        if whole[HAS_ZERO // CELL_BYTES]:
            entries[bytes(KEY_BYTES)] = whole[ZERO // CELL_BYTES + KEY_CELLS:ZERO // CELL_BYTES + SLOT_CELLS].astype("<u8").tobytes()
        return StateMap(entries)


EMPTY = StateMap()

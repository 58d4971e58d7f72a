"""The spaces of cells, their sizes and the limits of the machine (docs/machine.md)."""

from __future__ import annotations

from enum import IntEnum

CELL_BYTES = 8
PAGE_CELLS = 32
PAGE_BYTES = CELL_BYTES * PAGE_CELLS
PAGE_BITS = PAGE_BYTES.bit_length() - 1
WASM_PAGE_BYTES = 1 << 16
PAGES_PER_WASM_PAGE = WASM_PAGE_BYTES // PAGE_BYTES


class Space(IntEnum):
    SYSTEM = 0
    FRAMES32 = 1
    FRAMES64 = 2
    LINEAR = 3
    GLOBALS = 4
    TABLES = 5
    INPUT = 6
    OUTPUT = 8
    SEGMENTS = 9
    STATE = 10


class SystemCell(IntEnum):
    FRAME_POINTER = 0
    EXIT_CODE = 1
    INPUT_CURSOR = 2
    OUTPUT_LENGTH = 3
    GROWN_PAGES = 4


# A call that would move the frame pointer to this slot or beyond is the trap `exhaustion`.
FRAME_POINTER_LIMIT = 1 << 20
FRAME_SLOTS_LIMIT = 1 << 16

INPUT_LIMIT = 1 << 24
OUTPUT_LIMIT = 1 << 24
MEMORY_PAGES_LIMIT = 1 << 14
GLOBALS_BYTES = 1 << 20
TABLES_BYTES = 1 << 24
SEGMENTS_BYTES = 1 << 24
TABLE_ENTRIES_LIMIT = 1_000_000

# The state of the application (wasm_exec/state.py): a page that counts, then slots of a key and a value of 32 bytes each.
LOG_STATE_SLOTS = 17
STATE_SLOT_BYTES = 64
STATE_KEYS_LIMIT = 1 << LOG_STATE_SLOTS - 1
STATE_BYTES = PAGE_BYTES + (STATE_SLOT_BYTES << LOG_STATE_SLOTS)


def size_in_bytes(space: int, memory_pages: int) -> int:
    """Accesses at or beyond this byte of a space trap. Only the linear one can be exceeded by a guest; the routines of the
    runtime keep to the others."""
    match space:
        case Space.LINEAR:
            return memory_pages * WASM_PAGE_BYTES
        case Space.SYSTEM:
            return PAGE_BYTES
        case Space.GLOBALS:
            return GLOBALS_BYTES
        case Space.INPUT:
            return INPUT_LIMIT + PAGE_BYTES
        case Space.OUTPUT:
            return OUTPUT_LIMIT + PAGE_BYTES
        case Space.TABLES:
            return TABLES_BYTES
        case Space.SEGMENTS:
            return SEGMENTS_BYTES
        case Space.STATE:
            return STATE_BYTES
        case _:
            return 0

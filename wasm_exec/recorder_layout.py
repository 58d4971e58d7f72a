"""Where the recorder keeps things: its second memory, the counters, the parameters of its functions.

Memory 0 is the guest's own. Memory 1 holds everything else of the machine; memory 2 (only when tracing) the columns of the trace.
"""

from __future__ import annotations

from collections.abc import Mapping

from wasm_exec.cutting import SPACE_LEVELS
from wasm_exec.instructions import Family
from wasm_exec.spaces import (
    FRAME_POINTER_LIMIT,
    FRAME_SLOTS_LIMIT,
    MEMORY_PAGES_LIMIT,
    PAGE_BYTES,
    PAGES_PER_WASM_PAGE,
    WASM_PAGE_BYTES,
    Space,
    size_in_bytes,
)

GUEST, MACHINE, TRACE = 0, 1, 2
SLOT_BYTES = 4
LINK_BYTES = 8
FRAME_CELLS = FRAME_POINTER_LIMIT + FRAME_SLOTS_LIMIT
TOUCHED_LIMIT = MEMORY_PAGES_LIMIT * PAGES_PER_WASM_PAGE + (1 << 19)  # all pages of linear memory and of the others together

# Words of 8 bytes at the beginning of memory 1: where a segment begins and where it stopped, and counters that helper functions change.
(
    STATE_FP, STATE_BLOCK, STATE_HASHES, STATE_LOW, STATE_HIGH, STATE_ROW, STATE_CHUNK, STATE_TOUCHED, STATE_MARKED, STATE_EXTRA_ROW,
    STATE_MEMORY_ROW, STATE_CELLS,
) = (8 * word for word in range(12))
STATE_WORDS = 8 * 16

# What is left of the rows of a family is a number of 21 bits with sign inside one of several words. Families that often occur
# in the same block share a word. A halting step ends the run, so it needs no counter.
LANE_BITS = 21
GROUPS: list[list[Family]] = [
    [Family.ADD, Family.COMPARE, Family.BRANCH],
    [Family.LOAD, Family.STORE, Family.MOVE],
    [Family.BITWISE, Family.SHIFT, Family.MUL],
    [Family.CALL, Family.SELECT, Family.DIV],
    [Family.ADD64, Family.COMPARE64, Family.MOVE64],
    [Family.LOAD64, Family.STORE64, Family.CONVERT],
    [Family.BITWISE64, Family.SHIFT64, Family.MUL64],
    [Family.INDIRECT, Family.SELECT64, Family.DIV64],
    [Family.COUNT, Family.COUNT64, Family.GROW],
    [Family.SHA256, Family.POSEIDON2, Family.MULMOD],
    [Family.KECCAK],
]
SIGNS = sum(1 << LANE_BITS * (lane + 1) - 1 for lane in range(3))


class Lanes:
    """The words of the families that a program uses. Words of families that do not occur would only slow it down."""

    def __init__(self, used: set[Family]) -> None:
        self.groups = [group for group in GROUPS if used.intersection(group)]

    def __len__(self) -> int:
        return len(self.groups)

    def pack(self, rows: Mapping[Family, int] | list[int]) -> list[int]:
        """Words with the numbers of the families in their lanes."""
        return [sum(rows[family] << LANE_BITS * lane for lane, family in enumerate(group)) for group in self.groups]

    def unpack(self, words: list[int]) -> dict[Family, int]:
        mask = (1 << LANE_BITS) - 1
        return {
            family: word >> LANE_BITS * lane & mask
            for word, group in zip(words, self.groups, strict=True) for lane, family in enumerate(group)
        }


def aligned(size: int) -> int:
    return -(-size // WASM_PAGE_BYTES) * WASM_PAGE_BYTES


class Layout:
    """Byte addresses in memory 1 for a program of so many instructions.

    `base` of a space, and `flags`: one byte for each page of it: 0 not touched in this segment, 1 touched, 3 written as well. The
    flags of linear memory reach so far that every address has one: those beyond the memory stay 0, so a single test finds both the first
    touch and the access that is out of bounds. `touched` lists the pages whose flag is not 0, each as space * 2^24 + page.

    `offered`: what can be taken into the space of the input, at the same addresses.

    `marks`: one byte for each inner node of the tree over these pages, 1 when it is above a touched one; node 1 is the root, 2n and
    2n + 1 are the children of n. `marked` lists the addresses of the bytes that are 1.
    """

    OTHERS = (Space.SYSTEM, Space.GLOBALS, Space.TABLES, Space.INPUT, Space.OUTPUT, Space.SEGMENTS, Space.STATE)

    def __init__(self, instructions: int) -> None:
        self.base: dict[int, int] = {}
        self.flags: dict[int, int] = {}
        self.end = WASM_PAGE_BYTES
        for space in self.OTHERS:
            self.base[space] = self.take(size_in_bytes(space, 0))
            self.flags[space] = self.take(self.pages(space))
        self.offered = self.take(size_in_bytes(Space.INPUT, 0))
        self.base[Space.FRAMES32] = self.take(SLOT_BYTES * FRAME_CELLS)
        self.base[Space.FRAMES64] = self.take(LINK_BYTES * FRAME_CELLS)
        self.dispatch = self.take(8 * instructions)
        self.flags[Space.LINEAR] = self.take((1 << 33) // PAGE_BYTES + PAGE_BYTES)
        self.touched = self.take(4 * TOUCHED_LIMIT)
        self.marked = self.take(8 * TOUCHED_LIMIT)
        self.marks: dict[int, int] = {space: self.take(1 << self.levels(space)) for space in (*self.OTHERS, Space.LINEAR)}

    @staticmethod
    def levels(space: int) -> int:
        """Levels of inner nodes over the pages that a space can have; above them every node has one touched child."""
        return SPACE_LEVELS if space == Space.LINEAR else (Layout.pages(space) - 1).bit_length()

    @staticmethod
    def pages(space: int) -> int:
        return size_in_bytes(space, 0) // PAGE_BYTES

    def take(self, size: int) -> int:
        start = self.end
        self.end += aligned(size)
        return start

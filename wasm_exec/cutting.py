"""Where a run is cut into segments: the budget, the cost of basic blocks, and the meter that both engines agree with.

A segment ends before a basic block whose rows (of some family) or whose possible new hashes exceed what is left. A page that is touched for
the first time costs the hashes of its cells and one for every inner node of the tree above it that is not touched yet. Pages are touched
like this: the page of the frame pointer is there from the beginning; entering a frame (at the start of a segment, by CALL, by
RETURN) touches the pages of all its slots in both spaces of frames; a load or store touches the pages of its first and last byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wasm_exec.instructions import BY_NUMBER, ENTERING, Family
from wasm_exec.link import page_bound
from wasm_exec.program import Program
from wasm_exec.spaces import FRAME_POINTER_LIMIT, PAGE_BYTES, PAGE_CELLS, WASM_PAGE_BYTES, Space
from wasm_exec.trace import U32

ROWS_LIMIT = (1 << 20) - 1  # the recorder keeps what is left in 21 bits with a sign
PAGE_HASHES = 16  # permutations of the sponge over a page
SPACE_LEVELS = 24  # levels of inner nodes inside the tree of a space
TOP_NODES = 15  # inner nodes above the roots of the sixteen spaces
MOST_HASHES = PAGE_HASHES + SPACE_LEVELS  # that a page can cost
START_HASHES = MOST_HASHES + TOP_NODES  # the page of the frame pointer
HASHES_LIMIT = 44 << 24


@dataclass(frozen=True)
class Budget:
    """What one segment may use: rows of every family, and hashes of touched pages and of the nodes above them. No rows of a family end it
    before the first one."""

    rows: dict[Family, int]
    hashes: int

    def __post_init__(self) -> None:
        limits = self.rows.values()
        if set(self.rows) != set(Family) or not any(limits) or not 0 <= min(limits) <= max(limits) <= ROWS_LIMIT:
            raise ValueError(f"a budget needs a limit of up to {ROWS_LIMIT} for every family, and some rows")
        if not 1 <= self.hashes <= HASHES_LIMIT:
            raise ValueError(f"a budget needs a limit of hashes from 1 to {HASHES_LIMIT}")

    @staticmethod
    def uniform(rows: int, pages: int) -> Budget:
        """As many rows of every family, and so many pages, wherever they lie."""
        return Budget({family: rows for family in Family}, START_HASHES + MOST_HASHES * (pages - 1))

    @staticmethod
    def unlimited() -> Budget:
        return Budget({family: ROWS_LIMIT for family in Family}, HASHES_LIMIT)


Cuts = Budget | Sequence[Budget]  # one budget for all segments of a run, or for each its own, and it has no more segments


def budget_of(cuts: Cuts, index: int) -> Budget:
    return cuts if isinstance(cuts, Budget) else cuts[index]


@dataclass(frozen=True)
class Limits:
    """When a run is given up: no segment begins after so many steps, with a memory of more pages of 64 KiB, after frames have reached
    so many slots, or after so many seconds. All but the last give up at the same boundary every time; frames are seen by pages of 32
    slots. No limit changes where a run is cut."""

    steps: int = 1 << 40
    memory_pages: int = 1 << 16
    frame_slots: int = FRAME_POINTER_LIMIT
    seconds: float = float("inf")

    @staticmethod
    def of(steps: int | None, memory_bytes: int | None, frame_slots: int | None, seconds: float | None) -> Limits:
        """Those that are given; a memory of so many bytes is one of so many whole pages."""
        memory_pages = None if memory_bytes is None else memory_bytes // WASM_PAGE_BYTES
        given = {"steps": steps, "memory_pages": memory_pages, "frame_slots": frame_slots, "seconds": seconds}
        return Limits(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


# An operation after which the next instruction may belong to the same block.
STRAIGHT = {
    number for number, operation in BY_NUMBER.items() if not operation.target and operation.family not in (Family.HALT, *ENTERING)
}


class Blocks:
    """The basic blocks of a program and what they cost."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.starts = [int(pc) for pc in program.block_starts]
        self.index = {pc: block for block, pc in enumerate(self.starts)}

    @cached_property
    def members(self) -> list[list[int]]:
        """The pcs of every block, in the order of execution."""
        result: list[list[int]] = []
        operations = self.program.column("op").tolist()
        following = self.program.column("next").tolist()
        for start in self.starts:
            pcs = [start]
            while operations[pcs[-1]] in STRAIGHT and following[pcs[-1]] not in self.index:
                pcs.append(following[pcs[-1]])
            result.append(pcs)
        return result

    @cached_property
    def rows(self) -> U32:
        """(blocks, families)"""
        result = np.zeros((len(self.starts), len(Family)), dtype=np.uint32)
        families = [BY_NUMBER[number].family for number in self.program.column("op").tolist()]
        for block, pcs in enumerate(self.members):
            for pc in pcs:
                result[block, families[pc]] += 1
        return result

    @cached_property
    def hashes(self) -> list[int]:
        """The most hashes for pages, frames apart, that a block can be the first to touch."""
        bounds = [page_bound(row) for row in self.program.instructions.tolist()]
        return [MOST_HASHES * sum(bounds[pc] for pc in pcs) for pcs in self.members]


def hashes_of(pages: range) -> int:
    """Hashes of neighbouring pages of one space and of the nodes above them."""
    if not pages:
        return 0
    first, last = pages[0], pages[-1]
    return PAGE_HASHES * len(pages) + sum((last >> height) - (first >> height) + 1 for height in range(1, SPACE_LEVELS + 1))


class Meter:
    """What is left of the budget of the current segment."""

    def __init__(self, blocks: Blocks, budget: Budget) -> None:
        self.blocks = blocks
        self.rows = np.array([budget.rows[family] for family in Family], dtype=np.int64)
        self.hashes = budget.hashes - START_HASHES
        self.touched: set[tuple[int, int]] = {(int(Space.SYSTEM), 0)}
        self.nodes: set[tuple[int, int, int]] = set()  # space, height above the pages, index
        self.frames: range = range(0)

    def admit(self, block: int) -> bool:
        """Takes the rows of a block, or says that it must wait for the next segment."""
        left = self.rows - self.blocks.rows[block]
        if (left < 0).any() or self.hashes < self.blocks.hashes[block]:
            return False
        self.rows = left
        return True

    def enter(self, frame_pointer: int, slots: int) -> None:
        """Counts the pages of a frame. Frames overlap or touch their callers', so that all of them together are one range. If the hashes
        do not suffice, nothing is admitted any more, so that the frame is one of the next segment and not touched in this one."""
        first, last = frame_pointer // PAGE_CELLS, (frame_pointer + slots - 1) // PAGE_CELLS
        if self.frames:
            first, last = min(first, self.frames.start), max(last, self.frames.stop - 1)
        frames = range(first, last + 1)
        self.hashes -= 2 * (hashes_of(frames) - hashes_of(self.frames))
        if self.hashes >= 0:
            self.frames = frames

    def touch(self, space: int, address: int, width: int) -> None:
        for page in (address // PAGE_BYTES, (address + width - 1) // PAGE_BYTES):
            if (space, page) not in self.touched:
                self.touched.add((space, page))
                nodes = {(space, height, page >> height) for height in range(1, SPACE_LEVELS + 1)} - self.nodes
                self.nodes |= nodes
                self.hashes -= PAGE_HASHES + len(nodes)

    def touched_pages(self) -> dict[int, list[int]]:
        """The pages of each space that have been counted."""
        result: dict[int, list[int]] = {int(space): list(self.frames) for space in (Space.FRAMES32, Space.FRAMES64)}
        for space, page in sorted(self.touched):
            result.setdefault(space, []).append(page)
        return result

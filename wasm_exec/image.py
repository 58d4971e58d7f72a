"""All cells of the machine at one moment, read and changed by pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from wasm_exec.changes import Changes, Key, Numbers, by_space, changes_of
from wasm_exec.offering import offered
from wasm_exec.program import Pages, Program
from wasm_exec.spaces import CELL_BYTES, INPUT_LIMIT, PAGE_CELLS, PAGES_PER_WASM_PAGE, Space, SystemCell
from wasm_exec.state import EMPTY, StateMap
from wasm_exec.trace import U64

COPIED_CELLS = 1 << 13  # at a time
ZERO_PAGE: U64 = np.zeros(PAGE_CELLS, dtype=np.uint64)
ZERO_PAGE.setflags(write=False)


class MemoryImage:
    """Cells of every space as one growing array each; what lies beyond an array is zero.

    Every page of every space exists (as zeros) from the beginning, except in linear memory, where the pages at or beyond the memory
    size do not exist.
    """

    def __init__(self, memory_pages: int) -> None:
        self.memory_pages = memory_pages
        self.cells: dict[int, U64] = {space: np.zeros(0, dtype=np.uint64) for space in Space}
        self.offered = b""  # what can be taken into the space of the input (offering.py); no part of the memory

    @staticmethod
    def initial(program: Program, input_bytes: bytes, state: StateMap = EMPTY) -> MemoryImage:
        """Where a run begins: data segments, globals and the application's state are in place, the input is offered, everything else is
        zero."""
        image = MemoryImage(program.memory_pages)
        image.offer(program, input_bytes)
        image.put(program.constants)
        image.put(state.pages)
        image.put({(int(Space.LINEAR), page): cells for page, cells in program.data.items()})
        image.write_bytes(Space.GLOBALS, np.array(program.globals, dtype="<u8").tobytes())
        return image

    def offer(self, program: Program, input_bytes: bytes) -> None:
        """This is what the program can take."""
        if len(input_bytes) > INPUT_LIMIT:
            raise ValueError(f"the input has {len(input_bytes)} bytes, the limit is {INPUT_LIMIT}")
        self.offered = offered(program, input_bytes)

    def copy(self) -> MemoryImage:
        other = MemoryImage(self.memory_pages)
        other.cells = {space: stretched(cells, len(cells)) for space, cells in self.cells.items()}
        other.offered = self.offered
        return other

    def exists(self, space: int, page: int) -> bool:
        grown = self.read_cell(Space.SYSTEM, SystemCell.GROWN_PAGES)
        return space != Space.LINEAR or page < self.memory_pages * PAGES_PER_WASM_PAGE + grown

    def page(self, space: int, page: int) -> U64:
        """The 32 cells of a page."""
        cells = self.cells[space][page * PAGE_CELLS : (page + 1) * PAGE_CELLS]
        return cells if len(cells) else ZERO_PAGE

    def rows(self, space: int, pages: Numbers) -> U64:
        """The cells of several pages: (pages, 32)."""
        self.reserve(space, (int(pages.max(initial=-1)) + 1) * PAGE_CELLS)
        return self.cells[space].reshape(-1, PAGE_CELLS)[pages]

    def set_rows(self, space: int, pages: Numbers, cells: U64) -> None:
        self.reserve(space, (int(pages.max(initial=-1)) + 1) * PAGE_CELLS)
        self.cells[space].reshape(-1, PAGE_CELLS)[pages] = cells

    def apply(self, changes: Changes) -> None:
        for space, (numbers, cells) in changes.parts.items():
            self.set_rows(space, numbers, cells)

    def put(self, pages: Pages) -> None:
        self.apply(changes_of(pages))

    def taken(self, keys: Iterable[Key]) -> Changes:
        """These pages as they are now."""
        return Changes({space: (numbers, self.rows(space, numbers)) for space, numbers in by_space(keys).items()})

    def reserve(self, space: int, count: int) -> None:
        """Makes room for `count` cells, in whole pages."""
        cells = self.cells[space]
        if count > len(cells):
            self.cells[space] = stretched(cells, -(-max(count, 2 * len(cells)) // PAGE_CELLS) * PAGE_CELLS)

    def write_bytes(self, space: int, content: bytes) -> None:
        """Puts bytes at the beginning of a space."""
        self.reserve(space, -(-len(content) // CELL_BYTES))
        self.cells[space].view(np.uint8)[: len(content)] = np.frombuffer(content, dtype=np.uint8)

    def read_cell(self, space: int, cell: int) -> int:
        return int(self.page(space, cell // PAGE_CELLS)[cell % PAGE_CELLS])

    def input(self) -> bytes:
        """What the program has taken so far."""
        return self.counted(Space.INPUT)

    def output(self) -> bytes:
        """What the program has written so far."""
        return self.counted(Space.OUTPUT)

    def counted(self, space: int) -> bytes:
        """The bytes behind cell 0, which says how many there are."""
        length = self.read_cell(space, 0)
        self.reserve(space, -(-length // CELL_BYTES) + 1)
        return self.cells[space].view(np.uint8)[CELL_BYTES : CELL_BYTES + length].tobytes()

    def state(self) -> StateMap:
        """The application's state as it is now."""
        return StateMap.of_cells(self.cells[Space.STATE])

    def occupied(self) -> Iterator[tuple[int, int]]:
        """The pages that are not zero, in order."""
        for space in sorted(self.cells):
            pages = self.cells[space].reshape(-1, PAGE_CELLS)
            for page in np.flatnonzero(pages.any(axis=1)):
                yield space, int(page)

    def same_as(self, other: MemoryImage) -> bool:
        mine, theirs = list(self.occupied()), list(other.occupied())
        return mine == theirs and all(np.array_equal(self.page(*key), other.page(*key)) for key in mine)


def stretched(cells: U64, count: int) -> U64:
    """A copy with so many cells. What is zero is not written: a fresh array takes no room for it."""
    copy = np.zeros(count, dtype=np.uint64)
    for first in range(0, len(cells), COPIED_CELLS):
        part = cells[first : first + COPIED_CELLS]
        if part.any():
            copy[first : first + len(part)] = part
    return copy

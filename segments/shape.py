"""A shape: which chips a segment has and how many rows each. A segment is proved with the cheapest shape that holds it."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from segments.catalogue import CATALOGUE, MORE, SIZES
from segments.heights import Heights, cells_of, price_of, room_of, with_fixed
from segments.host.tables import CELLS, PERMUTED, WORKS, most_calls
from segments.machine import chips
from segments.memory.pages import DEPTH, ROWS
from stark.chip import Chip
from wasm_exec.cutting import ROWS_LIMIT, Budget
from wasm_exec.instructions import Family

PROGRAMS = (10, 13, 16, 19, 20)     # log2 of the heights of the program's table
TOY = "toy"
HOSTS = " hosts"        # behind the name of a size: its general shape with the chips of host functions


def logarithm(count: int) -> int:
    """The smallest k with 2^k >= count."""
    return max(0, count - 1).bit_length()


def log_program_of(instructions: int) -> int | None:
    """log2 of the height of the table for a program of so many instructions, whose last row is none; None if it is too long."""
    return next((log for log in PROGRAMS if instructions < 1 << log), None)


class NoShape(ValueError):
    """No shape holds a segment with so many rows."""


@dataclass(frozen=True)
class Shape:
    """One of the catalogue, for programs of up to 2^log_program instructions. A general shape has the name of its size."""

    name: str
    log_program: int
    width: int = 16             # of the hash that ties memory

    def __str__(self) -> str:
        return f"{self.name} program 2^{self.log_program}"

    def __post_init__(self) -> None:
        if self.name not in CATALOGUE:
            raise LookupError(f"no shape named {self.name!r}; there are {', '.join(CATALOGUE)}")

    @staticmethod
    def of(size: str, instructions: int, width: int = 16) -> Shape:
        """The general shape of this size for a program with so many instructions."""
        if size not in SIZES:
            raise LookupError(f"no size named {size!r}; there are {', '.join(SIZES)}")
        log_program = log_program_of(instructions)
        if log_program is None:
            raise LookupError(f"no shape is for a program of {instructions} instructions")
        return Shape(size, log_program, width)

    @property
    def size(self) -> str:
        return self.name.split()[0]

    @property
    def chips(self) -> list[Chip]:
        """Those that a segment of this shape has, in the order of the machine."""
        return [chips(self.width)[name] for name in self.log_heights]

    @property
    def log_heights(self) -> Mapping[str, int]:
        """log2 of the number of rows of every chip that the shape has, by name."""
        return heights(self.name, self.log_program, self.width)

    @property
    def cells(self) -> Mapping[str, int]:
        """Committed base cells of every chip, and of the quotient."""
        return cells(self.name, self.log_program, self.width)

    @property
    def committed(self) -> int:
        """Committed base cells of a segment."""
        return sum(self.cells.values())

    @property
    def budget(self) -> Budget:
        """What a segment may use so that it fits this general shape, whatever its pages are; calls, the one with hosts."""
        room, calls = self.room, self.with_hosts.room
        most = {family: family.name.lower() for family in Family}
        rows = {family: min(most_calls(name, calls) if name in WORKS else room[name], ROWS_LIMIT) for family, name in most.items()}
        return Budget(rows, (room["hash"] - (most_calls(PERMUTED, calls) if CELLS in room else 0)) // 2)

    @property
    def room(self) -> Mapping[str, int]:
        """How many rows of every kind there are, in one table or two."""
        return room(self.name, self.log_program, self.width)

    def split(self, rows: Mapping[str, int]) -> dict[str, int]:
        """Of so many rows of every kind, those in every table: the first is filled before the second."""
        out: dict[str, int] = {}
        for name, count in rows.items():
            if name in self.log_heights:
                first = min(count, 1 << self.log_heights[name])
                out |= {name: first} | ({name + MORE: count - first} if name + MORE in self.log_heights else {})
        return out

    def holds(self, rows: Mapping[str, int]) -> bool:
        """Whether there is a chip with so many rows for everything that has rows."""
        room = self.room
        return all(count <= room.get(name, 0) for name, count in rows.items())

    def cheapest(self, rows: Mapping[str, int]) -> Shape:
        """The cheapest shape that holds these rows; NoShape if none does."""
        found = [shape for shape in self.allowed if shape.holds(rows)]
        if not found:
            raise NoShape(f"no shape holds {dict(rows)}")
        return min(found, key=lambda shape: shape.price)

    @property
    def price(self) -> int:
        """Cells of a segment, and what the continuation adds to it in cells that take as long."""
        return price(self.name, self.log_program, self.width)

    @property
    def general(self) -> Shape:
        """The shape of this size that has every chip but those of host functions."""
        return replace(self, name=self.size)

    @property
    def with_hosts(self) -> Shape:
        """The general shape of this size that has the chips of host functions."""
        return replace(self, name=self.size + HOSTS)

    @property
    def allowed(self) -> list[Shape]:
        """Those that segments of this size may take, of any size that proofs of this one may be mixed with, but with no more cells than the
        general shape of this size, which so says how much memory a proof takes; those for host functions as many as the first of them."""
        most, with_hosts = self.general.committed, max(self.general.committed, self.with_hosts.committed)
        return [shape for shape in self.alike if shape.committed <= (with_hosts if CELLS in shape.log_heights else most)]

    @property
    def alike(self) -> list[Shape]:
        """All shapes for the same programs: the toys, or all others."""
        return [replace(self, name=name) for name in CATALOGUE if (name.split()[0] == TOY) == (self.size == TOY)]


@cache
def heights(name: str, log_program: int, width: int) -> Heights:
    return with_fixed(CATALOGUE[name], log_program, width)


@cache
def cells(name: str, log_program: int, width: int) -> Mapping[str, int]:
    return cells_of(heights(name, log_program, width), width)


@cache
def room(name: str, log_program: int, width: int) -> Mapping[str, int]:
    return room_of(heights(name, log_program, width))


@cache
def price(name: str, log_program: int, width: int) -> int:
    return price_of(heights(name, log_program, width), width)


def rows_of_memory(pages: npt.NDArray[np.int64]) -> dict[str, int]:
    """Rows of the chips that tie these touched pages, each a leaf of the tree by its index, to the root of memory."""
    nodes, above = 0, np.unique(pages)
    rows = len(above) * ROWS
    for _ in range(DEPTH):
        above = above >> 1
        above = above[np.diff(above, prepend=-1) > 0]
        nodes += len(above)
    return tied(rows, nodes)


def tied(rows: int, nodes: int) -> dict[str, int]:
    """Rows of these chips for so many rows of pages and nodes above them: each is hashed before and after."""
    return {"page": rows, "node": nodes, "hash": 2 * (rows + nodes)}

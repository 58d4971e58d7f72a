"""The heights of the chips of a segment, and the budget that makes every segment fit into them."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from segments.machine import machine
from segments.memory.pages import DEPTH, ROWS
from segments.tables import LOG_LIMB
from wasm_exec.cutting import ROWS_LIMIT, Budget
from wasm_exec.instructions import Family

SMALLEST = 3            # the cap of a commitment needs a few rows
SMALLEST_PROGRAM = 10


def logarithm(count: int) -> int:
    """The smallest k with 2^k >= count."""
    return max(0, count - 1).bit_length()


@dataclass(frozen=True)
class Size:
    """Rows of every family as powers of two, and the pages that a segment may touch."""

    families: Mapping[Family, int]
    log_pages: int


# A size for 2^k steps has 2^(k + this) rows of each family.
RATIOS: Mapping[Family, int] = MappingProxyType({
    Family.ADD: -1, Family.MUL: -4, Family.DIV: -7, Family.BITWISE: -3, Family.SHIFT: -3, Family.COMPARE: -2, Family.BRANCH: -2,
    Family.MOVE: -2, Family.SELECT: -4, Family.LOAD: -2, Family.STORE: -3, Family.CALL: -3, Family.HALT: -20, Family.GROW: -10})
OTHERS = -7             # families that many programs do not use


def ordinary(log_steps: int) -> Size:
    return Size({family: max(SMALLEST, log_steps + RATIOS.get(family, OTHERS)) for family in Family}, log_steps // 2 - 1)


TOY: Mapping[Family, int] = MappingProxyType({Family.HALT: SMALLEST, Family.GROW: 4, Family.MUL: 7})
SIZES: Mapping[str, Size] = MappingProxyType({
    "toy": Size({family: TOY.get(family, 9 if RATIOS.get(family, OTHERS) > -4 else 6) for family in Family}, 4),
    **{f"2^{k}": ordinary(k) for k in (14, 16, 18, 20)}})


@dataclass(frozen=True)
class Shape:
    """log2 of the number of rows of every chip, by name."""

    size: str
    log_program: int

    @staticmethod
    def of(size: str, instructions: int) -> Shape:
        """The shape of this size for a program with so many instructions."""
        if size not in SIZES:
            raise LookupError(f"no size named {size!r}; there are {', '.join(SIZES)}")
        return Shape(size, max(SMALLEST_PROGRAM, logarithm(instructions)))

    @property
    def log_heights(self) -> dict[str, int]:
        size, parts = SIZES[self.size], machine()
        pages = 1 << size.log_pages
        nodes = most_nodes(pages)
        return {**{family.name: SMALLEST if family.family is None else size.families[family.family] for family in parts.families},
                "boundary": SMALLEST,
                "page": logarithm(pages * ROWS),
                "node": logarithm(nodes),
                "hash": logarithm(2 * (pages * ROWS + nodes)),
                "program": self.log_program,
                "lookup": LOG_LIMB}

    @property
    def budget(self) -> Budget:
        """What a segment may use so that it fits."""
        size = SIZES[self.size]
        return Budget({family: min(1 << log_rows, ROWS_LIMIT) for family, log_rows in size.families.items()}, 1 << size.log_pages)


def most_nodes(pages: int) -> int:
    """Inner nodes above so many pages, when they lie as far apart as possible."""
    return sum(min(1 << level, pages) for level in range(DEPTH))

"""The shape that all circuits of a layer share: their chips, heights and parameters, so that one key digest serves them all."""
from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations

from continuation.chips import arithmetic, bits, cap, constant, fold, join, permute, public, unpack
from continuation.layout import FORMS, Layout
from stark.chip import Chip
from stark.key import Key
from stark.measure import measure
from stark.poseidon2 import of_width
from stark.profiles import Parameters

LEAST = 3                       # rows of a chip, as a logarithm
HEIGHTS = 6                     # different ones in a shape
First = Callable[[int], int]                    # how many rows stand in a first table of so many rows, if there is a second one
SECOND = {permute.NAME: permute.MORE, arithmetic.NAME: arithmetic.MORE}         # tables that there may be twice


@cache
def chips(layout: Layout, width: int) -> dict[str, Chip]:
    """By name. Those that are the same under every layout are made once for every width of the hash."""
    tall, others = everywhere(width)
    every = (*tall, bits.definition(layout), fold.definition(layout, of_width(width)), *others)
    return {chip.name: chip for chip in every}


@cache
def everywhere(width: int) -> tuple[list[Chip], list[Chip]]:
    """Those that there may be twice, and the others."""
    kind = of_width(width)
    twice = [permute.definition(kind), permute.definition(kind, permute.MORE)]
    twice += [arithmetic.definition(), arithmetic.definition(arithmetic.MORE)]
    once = [unpack.definition(kind), join.definition(), cap.definition(kind), constant.definition(), public.definition(FORMS[width])]
    return twice, once


@cache
def cells_in_a_row(layout: Layout, width: int) -> dict[str, int]:
    return {name: measure(chip).cells for name, chip in chips(layout, width).items()}


@dataclass(frozen=True)
class RecursionShape:
    layout: Layout
    log_heights: tuple[tuple[str, int], ...]
    parameters: Parameters

    @property
    def chips(self) -> dict[str, Chip]:
        """Every chip that there is under this layout and hash, by name."""
        return chips(self.layout, self.parameters.hash_width)

    def key(self) -> Key:
        """Without a commitment. Made once in a process, because whoever verifies a proof asks for it several times."""
        return key_of(self)


@cache
def key_of(shape: RecursionShape) -> Key:
    heights = dict(shape.log_heights)
    statement = FORMS[shape.parameters.hash_width].statement
    return Key([(chip, heights[name]) for name, chip in shape.chips.items() if name in heights], shape.parameters, statement)


def fitting(layout: Layout, counts: Mapping[str, int], first: Mapping[str, First], parameters: Parameters) -> RecursionShape:
    """The heights that a circuit fits in: of those with few different ones, the one with the fewest cells."""
    needed = {name: least(count) for name, count in counts.items()}
    for name in SECOND:
        needed |= halved(name, counts[name], first[name])
    return chosen(layout, needed, parameters)


def least(rows: int) -> int:
    return max(LEAST, (max(rows, 1) - 1).bit_length())


def halved(name: str, rows: int, first: First) -> dict[str, int]:
    """Heights for so many rows: one table, or a second one of at most half the first one's rows, for what stands not in the first."""
    tall = least(rows)
    rest = least(rows - first(1 << tall - 1))
    return {name: tall} if rest >= tall - 1 else {name: tall - 1, SECOND[name]: rest}


def chosen(layout: Layout, needed: Mapping[str, int], parameters: Parameters) -> RecursionShape:
    """Of the heights that are at least these, with few different ones, those with the fewest cells."""
    cells = cells_in_a_row(layout, parameters.hash_width)
    tallest, others = max(needed.values()), sorted(set(needed.values()))[:-1]

    def raised(chosen: Collection[int]) -> dict[str, int]:
        return {name: min(height for height in (*chosen, tallest) if height >= rows) for name, rows in needed.items()}
    choices = [raised(chosen) for chosen in combinations(others, min(HEIGHTS - 1, len(others)))]
    best = min(choices, key=lambda heights: sum(cells[name] << height for name, height in heights.items()))
    return RecursionShape(layout, tuple(best.items()), parameters)


def larger(one: RecursionShape, other: RecursionShape) -> RecursionShape:
    """A shape in which both have room."""
    left, right = dict(one.log_heights), dict(other.log_heights)
    twice = {*SECOND, *SECOND.values()}
    needed = {name: max(height, right.get(name, 0)) for name, height in left.items() if name not in twice}
    for name, behind in SECOND.items():
        first, more = max((heights[name], heights.get(behind, 0)) for heights in (left, right))
        needed |= {name: first} | ({behind: more} if more else {})
    return chosen(one.layout.joined(other.layout), needed, one.parameters)

"""The shape that all circuits of a layer share: their chips, heights and parameters, so that one key digest serves them all."""
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

from continuation.chips import arithmetic, bits, cap, constant, fold, join, permute, public, unpack
from continuation.layout import STATEMENT, Layout
from stark.chip import Chip
from stark.key import Key
from stark.measure import measure
from stark.profiles import Parameters

LEAST = 3                       # rows of a chip, as a logarithm
SPARE = 256                     # more permutations than a query has in its opened rows, which are not cut through
HEIGHTS = 6                     # different ones in a shape


@cache
def chips(layout: Layout) -> dict[str, Chip]:
    """By name. Those that are the same under every layout are made once."""
    permutation, more, gates, unpacking, joining, caps, constants, statement = everywhere()
    every = (permutation, more, gates, bits.definition(layout), fold.definition(layout), unpacking, joining, caps, constants, statement)
    return {chip.name: chip for chip in every}


@cache
def everywhere() -> tuple[Chip, ...]:
    modules = arithmetic, unpack, join, cap, constant, public
    return permute.definition(), permute.definition(permute.MORE), *(module.definition() for module in modules)


@cache
def cells_in_a_row(layout: Layout) -> dict[str, int]:
    return {name: measure(chip).cells for name, chip in chips(layout).items()}


@dataclass(frozen=True)
class RecursionShape:
    layout: Layout
    log_heights: tuple[tuple[str, int], ...]
    parameters: Parameters

    def key(self) -> Key:
        """Without a commitment. Made once in a process, because whoever verifies a proof asks for it several times."""
        return key_of(self)


@cache
def key_of(shape: RecursionShape) -> Key:
    heights = dict(shape.log_heights)
    return Key([(chip, heights[name]) for name, chip in chips(shape.layout).items() if name in heights], shape.parameters, STATEMENT)


def fitting(layout: Layout, counts: Sequence[Mapping[str, int]], parameters: Parameters) -> RecursionShape:
    """The heights that every circuit fits in: of those with few different ones, the one with the fewest cells."""
    needed = {name: max(LEAST, *((max(count[name], 1) - 1).bit_length() for count in counts)) for name in counts[0]}
    needed |= halved(max(count[permute.NAME] for count in counts))
    return chosen(layout, needed, parameters)


def halved(rows: int) -> dict[str, int]:
    """Heights for so many permutations: one table, or a second one of at most half the first one's rows."""
    tall = max(LEAST, (rows - 1).bit_length())
    rest = (rows - (1 << tall - 1) + SPARE - 1).bit_length()
    return {permute.NAME: tall} if rest >= tall - 1 else {permute.NAME: tall - 1, permute.MORE: max(LEAST, rest)}


def chosen(layout: Layout, needed: Mapping[str, int], parameters: Parameters) -> RecursionShape:
    """Of the heights that are at least these, with few different ones, those with the fewest cells."""
    cells = cells_in_a_row(layout)
    tallest, others = max(needed.values()), sorted(set(needed.values()))[:-1]

    def raised(chosen: Collection[int]) -> dict[str, int]:
        return {name: min(height for height in (*chosen, tallest) if height >= rows) for name, rows in needed.items()}
    choices = [raised(chosen) for chosen in combinations(others, min(HEIGHTS - 1, len(others)))]
    best = min(choices, key=lambda heights: sum(cells[name] << height for name, height in heights.items()))
    return RecursionShape(layout, tuple(best.items()), parameters)


def larger(one: RecursionShape, other: RecursionShape) -> RecursionShape:
    """A shape in which both have room."""
    left, right = dict(one.log_heights), dict(other.log_heights)
    needed = {name: max(height, right.get(name, 0)) for name, height in left.items() if not name.startswith(permute.NAME)}
    room = [(heights[permute.NAME], heights.get(permute.MORE, 0)) for heights in (left, right)]
    first, more = max(room)
    needed |= {permute.NAME: first} | ({permute.MORE: more} if more else {})
    return chosen(one.layout.joined(other.layout), needed, one.parameters)

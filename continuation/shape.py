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

HEIGHTS = 3                     # different ones in a shape: each costs every query of whoever verifies it four permutations


@cache
def chips(layout: Layout) -> dict[str, Chip]:
    """By name. Those that are the same under every layout are made once."""
    permutation, gates, unpacking, joining, caps, constants, statement = everywhere()
    every = (permutation, gates, bits.definition(layout), fold.definition(layout), unpacking, joining, caps, constants, statement)
    return {chip.name: chip for chip in every}


@cache
def everywhere() -> tuple[Chip, ...]:
    return tuple(module.definition() for module in (permute, arithmetic, unpack, join, cap, constant, public))


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
    return Key([(chip, heights[name]) for name, chip in chips(shape.layout).items()], shape.parameters, STATEMENT)


def fitting(layout: Layout, counts: Sequence[Mapping[str, int]], parameters: Parameters) -> RecursionShape:
    """The heights that every circuit fits in: of those with few different ones, the one with the fewest cells."""
    least = max(parameters.log_cap - parameters.log_blowup, 1)
    needed = {name: max(least, *((max(count[name], 1) - 1).bit_length() for count in counts)) for name in counts[0]}
    cells = cells_in_a_row(layout)
    tallest, others = max(needed.values()), sorted(set(needed.values()))[:-1]

    def raised(chosen: Collection[int]) -> dict[str, int]:
        return {name: min(height for height in (*chosen, tallest) if height >= rows) for name, rows in needed.items()}
    choices = [raised(chosen) for chosen in combinations(others, min(HEIGHTS - 1, len(others)))]
    best = min(choices, key=lambda heights: sum(cells[name] << height for name, height in heights.items()))
    return RecursionShape(layout, tuple(best.items()), parameters)


def larger(one: RecursionShape, other: RecursionShape) -> RecursionShape:
    """A shape in which both have room."""
    return fitting(one.layout.joined(other.layout), [{name: 1 << height for name, height in shape.log_heights} for shape in (one, other)],
                   one.parameters)

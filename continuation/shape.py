"""The shape that all circuits of a layer share: their chips, heights and parameters, so that one key digest serves them all."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from continuation.chips import arithmetic, bits, cap, constant, fold, join, permute, public, unpack
from continuation.layout import STATEMENT, Layout
from stark.chip import Chip
from stark.key import Key
from stark.profiles import Parameters

STEPS = (0, 2, 4, 6)            # a chip is as tall as the tallest, or shorter by so much: each height costs every query three permutations


def chips(layout: Layout) -> dict[str, Chip]:
    every = (permute.definition(), arithmetic.definition(), bits.definition(layout), fold.definition(layout), unpack.definition(),
             join.definition(), cap.definition(), constant.definition(), public.definition())
    return {chip.name: chip for chip in every}


@dataclass(frozen=True)
class RecursionShape:
    layout: Layout
    log_heights: tuple[tuple[str, int], ...]
    parameters: Parameters

    def key(self) -> Key:
        heights = dict(self.log_heights)
        return Key([(chip, heights[name]) for name, chip in chips(self.layout).items()], self.parameters, STATEMENT)


def fitting(layout: Layout, counts: Sequence[Mapping[str, int]], parameters: Parameters) -> RecursionShape:
    """The smallest heights that every circuit fits in, few different ones."""
    least = max(parameters.log_cap - parameters.log_blowup, 1)
    needed = {name: max(least, *((max(count[name], 1) - 1).bit_length() for count in counts)) for name in counts[0]}
    tallest = max(needed.values())
    heights = [max(least, tallest - step) for step in STEPS]
    return RecursionShape(layout, tuple((name, min(height for height in heights if height >= rows)) for name, rows in needed.items()),
                          parameters)


def larger(one: RecursionShape, other: RecursionShape) -> RecursionShape:
    """A shape in which both have room."""
    return fitting(one.layout.joined(other.layout), [{name: 1 << height for name, height in shape.log_heights} for shape in (one, other)],
                   one.parameters)

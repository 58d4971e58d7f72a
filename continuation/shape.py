"""The shape that leaf, join, root and batch circuits share: their chips, heights and parameters, so that one key digest serves all."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from continuation.chips import arithmetic, bits, cap, constant, fold, join, permute, public, unpack
from continuation.layout import STATEMENT, Layout
from stark.chip import Chip
from stark.key import Key
from stark.profiles import Parameters


def chips(layout: Layout) -> dict[str, Chip]:
    every = (permute.definition(), arithmetic.definition(), bits.definition(layout), fold.definition(layout), unpack.definition(),
             join.definition(), cap.definition(), constant.definition(), public.definition())
    return {chip.name: chip for chip in every}


@dataclass(frozen=True)
class RecursionShape:
    layout: Layout
    log_heights: tuple[tuple[str, int], ...]

    def key(self, parameters: Parameters) -> Key:
        heights = dict(self.log_heights)
        return Key([(chip, heights[name]) for name, chip in chips(self.layout).items()], parameters, STATEMENT)


def log_height(rows: int, parameters: Parameters) -> int:
    return max((max(rows, 1) - 1).bit_length(), parameters.log_cap - parameters.log_blowup, 1)


def fitting(layout: Layout, counts: list[Mapping[str, int]], parameters: Parameters) -> RecursionShape:
    """The smallest heights that every circuit fits in."""
    names = list(counts[0])
    return RecursionShape(layout, tuple((name, log_height(max(count[name] for count in counts), parameters)) for name in names))

"""Small choices as columns."""
from __future__ import annotations

from stark.chip import Chip
from stark.expression import Expression, total


def one_hot(chip: Chip, name: str, count: int, real: Expression) -> list[Expression]:
    """`count` bits of which one is set on a real row and none on padding."""
    bits = [chip.boolean(f"{name} {k}") for k in range(count)]
    chip.require(f"{name}: exactly one on a real row", total(bits) - real)
    return bits

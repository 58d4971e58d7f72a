"""Products of numbers by bytes, for the chips that multiply and divide.

A product of two limbs of 16 bits is larger than the field; a limb of a product of numbers of eight bytes is a sum below 2^27.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from segments.operands import LIMB, Step, look_up_limbs
from segments.steps import Ints
from stark.expression import Expression

CARRIES_LIMIT = 1 << 14


def limb_sums(a: Sequence[Any], b: Sequence[Any], count: int) -> list[Any]:
    """What counts for each of the lowest limbs of a · b, before carries."""
    diagonal = [sum((a[i] * b[k - i] for i in range(len(a)) if 0 <= k - i < len(b)), start=a[0] * 0) for k in range(2 * count)]
    return [low + 256 * high for low, high in zip(diagonal[::2], diagonal[1::2], strict=True)]


def carry_sentences(step: Step, carries: Sequence[Expression]) -> None:
    """Carries below 2^14 in all: limb + 2^16 · carry stays below the prime, so the sums hold for the numbers and not only modulo p."""
    look_up_limbs(step.chip, list(carries), step.real)
    look_up_limbs(step.chip, [LIMB // CARRIES_LIMIT * sum(carries[1:], start=carries[0])], step.real)


def carried(sums: Sequence[Ints]) -> list[Ints]:
    """The carry out of every limb."""
    out: list[Ints] = []
    for value in sums:
        out.append((value + (out[-1] if out else 0)) >> 16)
    return out

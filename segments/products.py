"""Products of 32-bit numbers by bytes, for the chips that multiply and divide."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from segments.buses import BYTES
from segments.operands import Limbs, Step, look_up_limbs
from stark.expression import Expression

CARRY_LIMIT = 1 << 11


def byte_columns(step: Step, name: str, value: Limbs) -> list[Expression]:
    """The four bytes of two limbs."""
    chip = step.chip
    out = chip.columns(f"{name} byte", 4)
    for k, limb in enumerate(value):
        chip.require(f"limb {k} of {name} is two bytes", limb - out[2 * k] - 256 * out[2 * k + 1])
        chip.send(BYTES, out[2 * k], out[2 * k + 1], times=step.real)
    return out


def low_columns(a: Sequence[Any], b: Sequence[Any]) -> tuple[Any, Any]:
    """The part of the product a · b below 2^32: what counts for the low limb (below 2^26) and for the high limb (below 2^27)."""
    diagonal = [sum((a[i] * b[k - i] for i in range(1, k + 1)), start=a[0] * b[k]) for k in range(4)]
    return diagonal[0] + 256 * diagonal[1], diagonal[2] + 256 * diagonal[3]


def carry_sentences(step: Step, carries: Sequence[Expression]) -> None:
    """Carries below 2^11: limb + 2^16 · carry stays below the prime, so the sums hold for the numbers and not only modulo p."""
    look_up_limbs(step.chip, list(carries), step.real)
    scale = (1 << 16) // CARRY_LIMIT
    look_up_limbs(step.chip, [scale * sum(carries[1:], start=carries[0])], step.real)

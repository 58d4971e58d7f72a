"""MUL: slot d becomes slot a times slot b modulo 2^32.

A product of two limbs of 16 bits is larger than the field, so the product is taken by bytes: each of the two sums below stays under
2^27, and the carries are held so small that nothing can wrap around.
"""
from __future__ import annotations

from collections.abc import Mapping

from segments.operands import LIMB, Step, look_up_limbs
from segments.products import byte_columns, carry_sentences, low_columns
from segments.steps import Columns, GuestFamily, Past, Steps, Touch, bytes_of, limbs, numbered, slot
from stark.chip import Chip
from wasm_exec.instructions import Family


def chip() -> GuestFamily:
    chip = Chip("mul", "slot d = slot a · slot b mod 2^32")
    step = Step(chip, ["MUL"], "d a b")
    a = byte_columns(step, "a", step.read_slot("a value", step.field["a"]))
    b = byte_columns(step, "b", step.read_slot("b value", step.field["b"]))
    d, carry = chip.columns("d value", 2), chip.columns("carry", 2)
    low, high = low_columns(a, b)
    chip.require("the low half is the product of the low halves, up to a carry", low - d[0] - LIMB * carry[0])
    chip.require("the high half is the products across and the carry, up to a carry", high + carry[0] - d[1] - LIMB * carry[1])
    carry_sentences(step, carry)
    look_up_limbs(chip, d, step.real)
    step.write_slot(step.field["d"], d)
    return GuestFamily(Family.MUL, step.finish(), list(step.flag), step.ticks, touches, fill)


def touches(steps: Steps) -> list[Touch]:
    return [slot(steps, "a value", "a", steps.a), slot(steps, "b value", "b", steps.b), slot(steps, "d", "d", steps.d)]


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    a, b = bytes_of(steps.a), bytes_of(steps.b)
    low, high = low_columns(a, b)
    return {**limbs("a value", steps.a), **limbs("b value", steps.b), **limbs("d value", steps.d), **limbs("d before", past["d"].cell),
            **numbered("a byte", a), **numbered("b byte", b),
            "carry.0": low >> 16, "carry.1": high + (low >> 16) >> 16}

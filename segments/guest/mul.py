"""MUL: slot d becomes slot a times slot b modulo 2^32. MUL64, MULHIGH64: it becomes the low or the high half of the product of 128 bits.

The product is taken by bytes, limb by limb, with carries that are held so small that nothing can wrap around. With 32 bits only the low
half is there; with 64 bits both are, and the one that is not the result stands beside it.
"""
from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from segments.guest.slots import three_slots
from segments.limbs import bytes_of, limb, limbs, numbered
from segments.operands import LIMB, Limbs, Step, joined, look_up_bytes, look_up_limbs
from segments.products import carried, carry_sentences, limb_sums
from segments.steps import Columns, GuestFamily, Past, Steps
from stark.chip import Chip
from wasm_exec.instructions import Family


def chip() -> GuestFamily:
    chip = Chip("mul", "slot d = slot a · slot b mod 2^32")
    step = Step(chip, ["MUL"], "d a b")
    a, b = factors(step)
    d, carries = chip.columns("d value", 2), chip.columns("carry", 2)
    add_up(step, limb_sums(a, b, 2), d, carries)
    look_up_limbs(chip, d, step.real)
    step.write_slot(step.field["d"], d)
    return GuestFamily(Family.MUL, step.finish(), step.operations, step.ticks, partial(three_slots, 2), fill)


def chip64() -> GuestFamily:
    chip = Chip("mul64", "slot d = slot a · slot b mod 2^64 (MUL64), or that product divided by 2^64 (MULHIGH64)")
    step = Step(chip, ["MUL", "MULHIGH"], "d a b", width=4)
    a, b = factors(step)
    d, other, carries = chip.columns("d value", 4), chip.columns("other half", 4), chip.columns("carry", 7)
    swap = [step.flag["MULHIGH"] * (y - x) for x, y in zip(d, other, strict=True)]
    product = [x + s for x, s in zip(d, swap, strict=True)] + [y - s for y, s in zip(other, swap, strict=True)]
    add_up(step, limb_sums(a, b, 8), product, carries)
    look_up_limbs(chip, [*d, *other], step.real)
    step.write_slot(step.field["d"], d)
    return GuestFamily(Family.MUL64, step.finish(), step.operations, step.ticks, partial(three_slots, 4), fill64)


def factors(step: Step) -> tuple[Limbs, Limbs]:
    """The bytes of slots a and b."""
    out = []
    for name in "ab":
        parts = step.chip.columns(f"{name} byte", 2 * step.width)
        look_up_bytes(step.chip, parts, step.real)
        step.read_slot(f"{name} value", step.field[name], joined(parts))
        out.append(parts)
    return out[0], out[1]


def add_up(step: Step, sums: Limbs, product: Limbs, carries: Limbs) -> None:
    """Limbs and carries are the sums; a limb without a carry is the highest of the whole product."""
    zero = step.chip.constant(0)
    for k, (value, limb_of, below) in enumerate(zip(sums, product, [zero, *carries], strict=False)):
        above = carries[k] if k < len(carries) else zero
        step.chip.require(f"limb {k} is the products that count for it and the carry, up to a carry",
                          value + below - limb_of - LIMB * above)
    carry_sentences(step, carries)


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    a, b = bytes_of(steps.a), bytes_of(steps.b)
    return {**limbs("d value", steps.d), **limbs("d before", past["d"].cell), **numbered("a byte", a), **numbered("b byte", b),
            **numbered("carry", carried(limb_sums(a, b, 2)))}


def fill64(steps: Steps, past: Mapping[str, Past]) -> Columns:
    a, b, high = bytes_of(steps.a, 4), bytes_of(steps.b, 4), steps.is_one_of("MULHIGH") == 1
    sums = limb_sums(a, b, 8)
    carries = carried(sums)
    product = [limb(value + below, 0) for value, below in zip(sums, [np.zeros_like(steps.a), *carries], strict=False)]
    other = [np.where(high, low, up) for low, up in zip(product[:4], product[4:], strict=True)]
    return {**limbs("d value", steps.d, 4), **limbs("d before", past["d"].cell, 4), **numbered("a byte", a), **numbered("b byte", b),
            **numbered("other half", other), **numbered("carry", carries[:7])}

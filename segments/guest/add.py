"""ADD, SUB, ADDI: slot d becomes slot a plus or minus slot b, or slot a plus the immediate, modulo 2^32; the same with 64 bits.

The limbs are added with carries; a difference is the sum read backwards, so that both are one sentence with a sign for every limb.
"""
from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from segments.guest.slots import sized, with_immediate
from segments.limbs import limb, limbs, numbered
from segments.operands import LIMB, Step, look_up_limbs
from segments.steps import Columns, GuestFamily, Past, Steps
from stark.chip import Chip
from wasm_exec.instructions import Family


def chip(width: int = 2) -> GuestFamily:
    family = sized(Family.ADD, width)
    chip = Chip(family.name.lower(), f"slot d = slot a ± (slot b or immediate) mod 2^{16 * width}")
    step = Step(chip, ["ADD", "SUB", "ADDI"], "d a b i j", width=width)
    step.immediate = step.flag["ADDI"]
    a, b = step.read_slot("a value", step.field["a"]), step.slot_or_immediate("b value")
    d, carries = chip.columns("d value", width), [chip.boolean(f"carry.{k}") for k in range(width)]
    sign = step.real - 2 * step.flag["SUB"]
    for k in range(width):
        below = carries[k - 1] if k else chip.constant(0)
        chip.require(f"limbs {k} and the carry add up", a[k] + sign * (b[k] + below) - d[k] - LIMB * sign * carries[k])
    look_up_limbs(chip, d, step.real)
    step.write_slot(step.field["d"], d)
    return GuestFamily(family, step.finish(), step.operations, step.ticks, partial(with_immediate, width), partial(fill, width))


def fill(width: int, steps: Steps, past: Mapping[str, Past]) -> Columns:
    a, b, d = steps.a, steps.slot_or_immediate, steps.d
    smaller = np.where(steps.is_one_of("SUB") == 1, d, a)       # what b is added to
    carries = [np.zeros_like(a)]
    for k in range(width):
        carries.append((limb(smaller, k) + limb(b, k) + carries[k]) // LIMB)
    return {**limbs("a value", a, width), **limbs("b value", b, width), **limbs("d value", d, width),
            **limbs("d before", past["d"].cell, width), **numbered("carry", carries[1:])}

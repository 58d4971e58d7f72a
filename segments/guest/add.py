"""ADD, SUB, ADDI: slot d becomes slot a plus or minus slot b, or slot a plus the immediate, modulo 2^32.

The limbs are added with carries; a difference is the sum read backwards, so that both are one pair of sentences with a sign.
"""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from segments.operands import LIMB, Step, look_up_limbs
from segments.steps import Columns, GuestFamily, Past, Steps, limbs, with_immediate
from stark.chip import Chip
from wasm_exec.instructions import Family


def chip() -> GuestFamily:
    chip = Chip("add", "slot d = slot a ± (slot b or immediate) mod 2^32")
    step = Step(chip, ["ADD", "SUB", "ADDI"], "d a b i j")
    step.immediate = step.flag["ADDI"]
    a, b = step.read_slot("a value", step.field["a"]), step.slot_or_immediate("b value")
    d = chip.columns("d value", 2)
    carries = [chip.boolean("low carry"), chip.boolean("high carry")]
    sign = step.real - 2 * step.flag["SUB"]
    chip.require("low halves add up", a[0] + sign * b[0] - d[0] - LIMB * sign * carries[0])
    chip.require("high halves and the carry add up", a[1] + sign * (b[1] + carries[0]) - d[1] - LIMB * sign * carries[1])
    look_up_limbs(chip, d, step.real)
    step.write_slot(step.field["d"], d)
    return GuestFamily(Family.ADD, step.finish(), list(step.flag), step.ticks, with_immediate, fill)


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    a, b, d = steps.a, steps.slot_or_immediate, steps.d
    smaller = np.where(steps.is_one_of("SUB") == 1, d, a)       # what b is added to
    low = (smaller % LIMB + b % LIMB) // LIMB
    high = (smaller // LIMB + b // LIMB + low) // LIMB
    return {**limbs("a value", a), **limbs("b value", b), **limbs("d value", d), **limbs("d before", past["d"].cell),
            "low carry": low, "high carry": high}

"""EQ, NE, LT, GE, signed or not, with a slot or an immediate: slot d becomes 0 or 1.

One subtraction serves all: the borrow that leaves the high half says "less", and both halves of the difference are zero for "equal".
Signed numbers are compared as unsigned ones after 2^31 has been added to both, which moves the borrow by the two sign bits.
"""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from segments.operands import LIMB, Step, look_up_limbs
from segments.steps import Columns, GuestFamily, Ints, Past, Steps, inverse, limbs, with_immediate
from stark.chip import Chip
from wasm_exec.instructions import Family

HALF = LIMB // 2


def chip() -> GuestFamily:
    chip = Chip("compare", "slot d = 1 if slot a compares with (slot b or immediate) as the operation says, otherwise 0")
    step = Step(chip, ["EQ", "NE", "LT_U", "LT_S", "GE_U", "GE_S"], "d a b i j", immediate=True)
    flag = step.flag
    signed = flag["LT_S"] + flag["GE_S"]
    a, b = step.read_slot("a value", step.field["a"]), step.slot_or_immediate("b value")
    difference = chip.columns("difference", 2)
    borrow, less = chip.boolean("borrow"), chip.boolean("less")
    signs = [chip.boolean("sign of a"), chip.boolean("sign of b")]
    for name, sign, limb in zip("ab", signs, (a[1], b[1]), strict=True):
        chip.require(f"only a signed comparison looks at the sign of {name}", sign * (1 - signed))
        look_up_limbs(chip, [2 * (limb - HALF * sign)], signed)
    chip.require("low halves subtract", a[0] - b[0] + LIMB * borrow - difference[0])
    chip.require("high halves and the borrow subtract",
                 a[1] - b[1] - LIMB * (signs[0] - signs[1]) - borrow + LIMB * less - difference[1])
    look_up_limbs(chip, difference, step.real)
    distance, reciprocal, equal = difference[0] + difference[1], chip.column("reciprocal"), chip.column("equal")
    chip.free["reciprocal"] = "of equal numbers it may be anything"
    chip.require("equal numbers have no difference", equal * distance)
    chip.require("different numbers have one", step.real - equal - distance * reciprocal)
    result = chip.column("result")
    chip.require("the result is the answer to the question of the operation", result
                 - flag["EQ"] * equal - flag["NE"] * (1 - equal)
                 - (flag["LT_U"] + flag["LT_S"]) * less - (flag["GE_U"] + flag["GE_S"]) * (1 - less))
    step.write_slot(step.field["d"], [result, chip.constant(0)])
    return GuestFamily(Family.COMPARE, step.finish(), list(flag), step.ticks, with_immediate, fill, immediate=True)


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    a, b = steps.a, steps.slot_or_immediate
    signed = steps.is_one_of("LT_S", "LT_SI", "GE_S", "GE_SI")

    def shifted(value: Ints) -> Ints:
        return np.where(signed == 1, value ^ (HALF * LIMB), value)
    x, y = shifted(a), shifted(b)
    difference = (x - y) % LIMB**2
    sides = difference % LIMB + difference // LIMB
    return {**limbs("a value", a), **limbs("b value", b), **limbs("difference", difference), **limbs("d before", past["d"].cell),
            "borrow": x % LIMB < y % LIMB, "less": x < y, "sign of a": signed * (a >> 31), "sign of b": signed * (b >> 31),
            "reciprocal": inverse(sides), "equal": a == b, "result": steps.d}

"""SHL, SHR, ROTL, ROTR by a slot or an immediate, modulo 32.

All are one shift to the left by L = 8 m + u bits into 64 bits, of which the low half (SHL), the high half (SHR) or the sum of both
(ROT) counts; to the left L is the amount s, to the right it is 32 - s (and s < 32
bounds L from both sides). A negative number is shifted to the right as its complement.
"""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from segments.buses import BYTES, SHIFT
from segments.operands import LIMB, Step, look_up_limbs
from segments.steps import Columns, GuestFamily, Past, Steps, bytes_of, limbs, numbered, with_immediate
from stark.chip import Chip
from stark.expression import Expression, P, total
from stark.gadgets.bits import one_hot
from wasm_exec.instructions import Family

LEFT, RIGHT = ("SHL", "ROTL"), ("SHR_U", "SHR_S", "ROTR")


def chip() -> GuestFamily:
    chip = Chip("shift", "slot d = slot a shifted or rotated by (slot b or immediate) mod 32")
    step = Step(chip, ["SHL", "SHR_U", "SHR_S", "ROTL", "ROTR"], "d a b i j", immediate=True)
    flag, real = step.flag, step.real
    a, b = step.read_slot("a value", step.field["a"]), step.slot_or_immediate("b value")
    left, right = total([flag[name] for name in LEFT]), total([flag[name] for name in RIGHT])
    whole, part = one_hot(chip, "whole bytes", 5, real), chip.column("part of a byte")
    amount = chip.column("amount")
    chip.require("to the left, the shift is the amount; to the right, it is 32 less the amount",
                 amount - left * (8 * total([k * whole[k] for k in range(1, 5)]) + part)
                 - right * (32 - 8 * total([k * whole[k] for k in range(1, 5)]) - part))
    chip.send(BYTES, 8 * amount, 0, times=real)
    look_up_limbs(chip, [(b[0] - amount) * pow(32, -1, P)], real)
    sign, bits = chip.boolean("sign"), chip.columns("byte", 4)
    chip.require("only SHR_S looks at the sign", sign * (1 - flag["SHR_S"]))
    for k, limb in enumerate(a):
        value = bits[2 * k] + 256 * bits[2 * k + 1]
        chip.require(f"limb {k} of a is two bytes, of its complement if a is negative", limb - value - sign * (LIMB - 1 - 2 * value))
    chip.send(BYTES, 2 * bits[3], 0, times=flag["SHR_S"])
    low, high = chip.columns("low", 4), chip.columns("high", 4)
    for k in range(4):
        chip.send(SHIFT, part, bits[k], low[k], high[k], times=real)
    shifted = [low[0], *(low[k] + high[k - 1] for k in range(1, 4)), high[3]]
    counts = [flag["SHL"] + flag["ROTL"] + flag["ROTR"], flag["SHR_U"] + flag["SHR_S"] + flag["ROTL"] + flag["ROTR"]]
    moved, d = chip.columns("moved", 2), chip.columns("d value", 2)
    for k in range(2):
        halves = [placed(whole, shifted, 2 * k + 4 * half) + 256 * placed(whole, shifted, 2 * k + 4 * half + 1) for half in (0, 1)]
        chip.require(f"limb {k} of the halves that count", moved[k] - counts[0] * halves[0] - counts[1] * halves[1])
        chip.require(f"limb {k} is complemented if a is negative", d[k] - moved[k] - sign * (LIMB - 1 - 2 * moved[k]))
    step.write_slot(step.field["d"], d)
    return GuestFamily(Family.SHIFT, step.finish(), list(flag), step.ticks, with_immediate, fill, immediate=True)


def placed(whole: list[Expression], shifted: list[Expression], position: int) -> Expression:
    """The byte at a position of the 64 bits: the five shifted bytes begin at byte m."""
    return total([whole[m] * shifted[position - m] for m in range(5) if 0 <= position - m < 5])


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    amount = steps.slot_or_immediate % 32
    to_right = steps.is_one_of(*RIGHT, *(name + "I" for name in RIGHT)) == 1
    by = np.where(to_right, 32 - amount, amount)
    arithmetic = steps.is_one_of("SHR_S", "SHR_SI")
    sign = arithmetic * (steps.a >> 31)
    bits = bytes_of(np.where(sign == 1, steps.a ^ 0xFFFFFFFF, steps.a))
    return {**limbs("a value", steps.a), **limbs("b value", steps.slot_or_immediate), **limbs("d value", steps.d),
            **limbs("moved", np.where(sign == 1, steps.d ^ 0xFFFFFFFF, steps.d)), **limbs("d before", past["d"].cell),
            **{f"whole bytes {k}": by // 8 == k for k in range(5)}, "part of a byte": by % 8, "amount": amount, "sign": sign,
            **numbered("byte", bits), **numbered("low", [(value << by % 8) % 256 for value in bits]),
            **numbered("high", [(value << by % 8) // 256 for value in bits])}

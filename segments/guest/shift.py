"""SHL, SHR, ROTL, ROTR by a slot or an immediate, modulo the bits of a slot.

All are one shift to the left by L = 8 m + u bits into twice as many bits, of which the low half (SHL), the high half (SHR) or the sum of
both (ROT) counts; to the left L is the amount s, to the right it is the number of bits less s (and the bound of s bounds L from both
sides). Above a negative number come ones: in the high half all bits from L on, which are part of byte m and all bytes above it.
"""
from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from segments.buses import BYTES, SHIFT
from segments.guest.slots import sized, with_immediate
from segments.limbs import limb, limbs
from segments.operands import LIMB, Step, look_up_bytes, look_up_limbs, look_up_sign
from segments.steps import Columns, GuestFamily, Past, Steps
from stark.chip import Chip
from stark.expression import Expression, P, total
from stark.gadgets.bits import one_hot
from wasm_exec.instructions import Family

LEFT, RIGHT = ("SHL", "ROTL"), ("SHR_U", "SHR_S", "ROTR")


def chip(width: int = 2) -> GuestFamily:
    family, bits = sized(Family.SHIFT, width), 16 * width
    chip = Chip(family.name.lower(), f"slot d = slot a shifted or rotated by (slot b or immediate) mod {bits}")
    step = Step(chip, ["SHL", "SHR_U", "SHR_S", "ROTL", "ROTR"], "d a b i j", immediate=True, width=width)
    flag, real = step.flag, step.real
    a, b = step.read_slot("a value", step.field["a"]), step.slot_or_immediate("b value")
    left, right = total([flag[name] for name in LEFT]), total([flag[name] for name in RIGHT])
    whole, part, power = one_hot(chip, "whole bytes", 2 * width + 1, real), chip.column("part of a byte"), chip.column("power")
    chip.send(SHIFT, part, 1, power, 0, times=real)
    amount, by = chip.column("amount"), 8 * total([k * bit for k, bit in enumerate(whole)]) + part
    chip.require(f"to the left, the shift is the amount; to the right, it is {bits} less the amount",
                 amount - left * by - right * (bits - by))
    chip.send(BYTES, 256 // bits * amount, 0, times=real)
    look_up_limbs(chip, [(b[0] - amount) * pow(bits, -1, P)], real)
    low, middle, high = (chip.columns(name, width) for name in ("low byte", "middle byte", "high byte"))
    for k in range(width):
        chip.require(f"limb {k} of a, shifted by part of a byte, is three bytes",
                     power * a[k] - low[k] - 256 * middle[k] - LIMB * high[k])
    look_up_bytes(chip, [*low, *middle, *high], real)
    shifted = [piece for k in range(width) for piece in (low[k] + high[k - 1] if k else low[k], middle[k])] + [high[-1]]
    sign, filled = chip.boolean("sign"), chip.column("filled part")
    chip.require("only SHR_S looks at the sign", sign * (1 - flag["SHR_S"]))
    look_up_sign(chip, a[-1], sign, flag["SHR_S"])
    chip.require("the ones above a negative number begin inside a byte", filled - sign * (256 - power))
    counts = [flag["SHL"] + flag["ROTL"] + flag["ROTR"], flag["SHR_U"] + flag["SHR_S"] + flag["ROTL"] + flag["ROTR"]]

    def byte(k: int) -> Expression:
        halves = counts[0] * placed(whole, shifted, k) + counts[1] * placed(whole, shifted, k + 2 * width)
        return halves + whole[k] * filled + 255 * sign * total([chip.constant(0), *whole[:k]])
    d = chip.columns("d value", width)
    for k in range(width):
        chip.require(f"limb {k} of the halves that count, and of the ones", d[k] - byte(2 * k) - 256 * byte(2 * k + 1))
    step.write_slot(step.field["d"], d)
    return GuestFamily(family, step.finish(), step.operations, step.ticks, partial(with_immediate, width), partial(fill, width),
                       immediate=True)


def placed(whole: list[Expression], shifted: list[Expression], position: int) -> Expression:
    """The byte at a position of both halves: the shifted bytes begin at byte m."""
    return total([whole[m] * shifted[position - m] for m in range(len(whole)) if 0 <= position - m < len(shifted)])


def fill(width: int, steps: Steps, past: Mapping[str, Past]) -> Columns:
    bits, a, b = 16 * width, steps.a, steps.slot_or_immediate
    amount = b % bits
    by = np.where(steps.is_one_of(*RIGHT, *(name + "I" for name in RIGHT)) == 1, bits - amount, amount)
    sign = steps.is_one_of("SHR_S", "SHR_SI") * (a >> bits - 1 & 1)
    moved = [limb(a, k) << by % 8 for k in range(width)]
    return {**limbs("a value", a, width), **limbs("b value", b, width), **limbs("d value", steps.d, width),
            **limbs("d before", past["d"].cell, width), **{f"whole bytes {k}": by // 8 == k for k in range(2 * width + 1)},
            "part of a byte": by % 8, "power": 1 << by % 8, "amount": amount, "sign": sign, "filled part": sign * (256 - (1 << by % 8)),
            **{f"{name}.{k}": value >> 8 * place & 255
               for place, name in enumerate(("low byte", "middle byte", "high byte")) for k, value in enumerate(moved)}}

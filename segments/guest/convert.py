"""WRAP, EXTEND: the low half of a 64-bit slot goes to a 32-bit slot; a 32-bit slot goes to a 64-bit one, with zeros or its sign above."""
from __future__ import annotations

from collections.abc import Mapping

from segments.limbs import limb, limbs
from segments.operands import LIMB, Step, look_up_sign
from segments.steps import Columns, GuestFamily, Past, Steps, Touch
from stark.chip import Chip
from wasm_exec.instructions import Family
from wasm_exec.spaces import Space


def chip() -> GuestFamily:
    chip = Chip("convert", "slot d = slot a with half its bits (WRAP), or with twice as many (EXTEND)")
    step = Step(chip, ["WRAP", "EXTEND_U", "EXTEND_S"], "d a")
    wrap, extend = step.flag["WRAP"], step.flag["EXTEND_U"] + step.flag["EXTEND_S"]
    short, long = int(Space.FRAMES32), int(Space.FRAMES64)
    a, before, sign = chip.columns("a value", 4), chip.columns("d before", 4), chip.boolean("sign")
    step.access("a value", wrap * long + extend * short, step.fp + step.field["a"], a, a)
    chip.require("only EXTEND_S looks at the sign", sign * (1 - step.flag["EXTEND_S"]))
    look_up_sign(chip, a[1], sign, step.flag["EXTEND_S"])
    above = (LIMB - 1) * sign
    step.access("d", wrap * short + extend * long, step.fp + step.field["d"], before, [a[0], a[1], above, above])
    return GuestFamily(Family.CONVERT, step.finish(), step.operations, step.ticks, touches, fill)


def touches(steps: Steps) -> list[Touch]:
    wrap = steps.is_one_of("WRAP")
    read, written = Space.FRAMES32 + wrap, Space.FRAMES64 - wrap
    return [Touch("a value", read, steps.fp + steps.fields["a"], steps.a.astype("u8")),
            Touch("d", written, steps.fp + steps.fields["d"], steps.d.astype("u8"))]


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    return {**limbs("a value", steps.a, 4), **limbs("d before", past["d"].cell, 4),
            "sign": steps.is_one_of("EXTEND_S") * (limb(steps.a, 1) >> 15)}

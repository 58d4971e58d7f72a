"""SELECT: slot d becomes slot a if slot i is not zero, otherwise slot b; the same with 64 bits, where slot i has 32."""
from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from segments.guest.slots import sized, slot, three_slots
from segments.inverses import inverse
from segments.limbs import limbs, sum_of_limbs
from segments.operands import Step
from segments.steps import Columns, GuestFamily, Past, Steps, Touch
from stark.chip import Chip
from wasm_exec.instructions import Family


def chip(width: int = 2) -> GuestFamily:
    family = sized(Family.SELECT, width)
    chip = Chip(family.name.lower(), "slot d = slot a if slot i ≠ 0, otherwise slot b")
    step = Step(chip, ["SELECT"], "d a b i", width=width)
    a, b = step.read_slot("a value", step.field["a"]), step.read_slot("b value", step.field["b"])
    condition = step.read_slot("condition", step.field["i"], 2)
    size, reciprocal, zero = condition[0] + condition[1], chip.column("reciprocal"), chip.column("zero")
    chip.free["reciprocal"] = "of zero it may be anything"
    chip.require("zero has no size", zero * size)
    chip.require("anything else has one", step.real - zero - size * reciprocal)
    d = chip.columns("d value", width)
    for k, (x, y, z) in enumerate(zip(a, b, d, strict=True)):
        chip.require(f"limb {k} is that of b if the condition is zero, else that of a", z - x - zero * (y - x))
    step.write_slot(step.field["d"], d)
    return GuestFamily(family, step.finish(), step.operations, step.ticks, partial(touches, width), partial(fill, width))


def touches(width: int, steps: Steps) -> list[Touch]:
    a, b, d = three_slots(width, steps)
    return [a, b, slot(steps, "condition", "i", steps.c), d]


def fill(width: int, steps: Steps, past: Mapping[str, Past]) -> Columns:
    return {**limbs("a value", steps.a, width), **limbs("b value", steps.b, width), **limbs("condition", steps.c),
            **limbs("d value", steps.d, width), **limbs("d before", past["d"].cell, width),
            "reciprocal": inverse(sum_of_limbs(steps.c, 2)), "zero": steps.c == 0}

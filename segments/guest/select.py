"""SELECT: slot d becomes slot a if slot i is not zero, otherwise slot b."""
from __future__ import annotations

from collections.abc import Mapping

from segments.operands import LIMB, Step
from segments.steps import Columns, GuestFamily, Past, Steps, Touch, inverse, limbs, slot
from stark.chip import Chip
from wasm_exec.instructions import Family


def chip() -> GuestFamily:
    chip = Chip("select", "slot d = slot a if slot i ≠ 0, otherwise slot b")
    step = Step(chip, ["SELECT"], "d a b i")
    a, b = step.read_slot("a value", step.field["a"]), step.read_slot("b value", step.field["b"])
    condition = step.read_slot("condition", step.field["i"])
    size, reciprocal, zero = condition[0] + condition[1], chip.column("reciprocal"), chip.column("zero")
    chip.free["reciprocal"] = "of zero it may be anything"
    chip.require("zero has no size", zero * size)
    chip.require("anything else has one", step.real - zero - size * reciprocal)
    d = chip.columns("d value", 2)
    for half, x, y, z in zip(("low", "high"), a, b, d, strict=True):
        chip.require(f"the {half} half is that of b if the condition is zero, else that of a", z - x - zero * (y - x))
    step.write_slot(step.field["d"], d)
    return GuestFamily(Family.SELECT, step.finish(), list(step.flag), step.ticks, touches, fill)


def touches(steps: Steps) -> list[Touch]:
    return [slot(steps, "a value", "a", steps.a), slot(steps, "b value", "b", steps.b), slot(steps, "condition", "i", steps.c),
            slot(steps, "d", "d", steps.d)]


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    return {**limbs("a value", steps.a), **limbs("b value", steps.b), **limbs("condition", steps.c), **limbs("d value", steps.d),
            **limbs("d before", past["d"].cell), "reciprocal": inverse(steps.c % LIMB + steps.c // LIMB), "zero": steps.c == 0}

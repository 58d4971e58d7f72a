"""COPY, CONST: slot d becomes slot a, or the immediate."""
from __future__ import annotations

from collections.abc import Mapping

from segments.operands import Step
from segments.steps import Columns, GuestFamily, Past, Steps, Touch, limbs, slot
from stark.chip import Chip
from wasm_exec.instructions import Family


def chip() -> GuestFamily:
    chip = Chip("move", "slot d = slot a (COPY) or the immediate (CONST)")
    step = Step(chip, ["COPY", "CONST"], "d a i j")
    value = step.read_slot("value", step.field["a"], step.flag["COPY"])
    for limb, half, field in zip(value, ("low", "high"), "ij", strict=True):
        chip.require(f"the {half} half of a constant is field {field}", step.flag["CONST"] * (limb - step.field[field]))
    step.write_slot(step.field["d"], value)
    return GuestFamily(Family.MOVE, step.finish(), list(step.flag), step.ticks, touches, fill)


def touches(steps: Steps) -> list[Touch]:
    return [slot(steps, "value", "a", steps.a, steps.is_one_of("COPY")), slot(steps, "d", "d", steps.d)]


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    return {**limbs("value", steps.d), **limbs("d before", past["d"].cell)}

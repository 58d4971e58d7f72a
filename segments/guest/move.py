"""COPY, CONST: slot d becomes slot a, or the immediate; the same with 64 bits, where the immediate has four limbs."""
from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from segments.guest.slots import sized, slot
from segments.limbs import limbs
from segments.operands import Step
from segments.steps import Columns, GuestFamily, Past, Steps, Touch
from stark.chip import Chip
from wasm_exec.instructions import Family


def chip(width: int = 2) -> GuestFamily:
    family = sized(Family.MOVE, width)
    chip = Chip(family.name.lower(), "slot d = slot a (COPY) or the immediate (CONST)")
    step = Step(chip, ["COPY", "CONST"], "d a i j" if width == 2 else "d a b i j", width=width)
    value = step.read_slot("value", step.field["a"], times=step.flag["COPY"])
    for k, (limb, field) in enumerate(zip(value, "ijab", strict=False)):
        chip.require(f"limb {k} of a constant is field {field}", step.flag["CONST"] * (limb - step.field[field]))
    step.write_slot(step.field["d"], value)
    return GuestFamily(family, step.finish(), step.operations, step.ticks, partial(touches, width), partial(fill, width))


def touches(width: int, steps: Steps) -> list[Touch]:
    return [slot(steps, "value", "a", steps.a, width, steps.is_one_of("COPY")), slot(steps, "d", "d", steps.d, width)]


def fill(width: int, steps: Steps, past: Mapping[str, Past]) -> Columns:
    return {**limbs("value", steps.d, width), **limbs("d before", past["d"].cell, width)}

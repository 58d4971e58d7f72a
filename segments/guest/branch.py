"""BRNZ, BRZ: the next pc is field i if slot a is not zero (is zero), otherwise the successor."""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from segments.guest.slots import slot
from segments.inverses import inverse
from segments.limbs import limbs, sum_of_limbs
from segments.operands import Step
from segments.steps import Columns, GuestFamily, Past, Steps, Touch
from stark.chip import Chip
from wasm_exec.instructions import Family


def chip() -> GuestFamily:
    chip = Chip("branch", "go to pc i if slot a ≠ 0 (BRNZ) or slot a = 0 (BRZ), otherwise to the successor")
    step = Step(chip, ["BRNZ", "BRZ"], "a i")
    a = step.read_slot("a value", step.field["a"])
    size, reciprocal, zero = a[0] + a[1], chip.column("reciprocal"), chip.column("zero")
    chip.free["reciprocal"] = "of zero it may be anything"
    chip.require("zero has no size", zero * size)
    chip.require("anything else has one", step.real - zero - size * reciprocal)
    taken, target = chip.column("taken"), chip.column("target")
    chip.require("BRNZ is taken unless zero, BRZ if zero", taken - step.flag["BRNZ"] * (1 - zero) - step.flag["BRZ"] * zero)
    chip.require("the target is field i or the successor", target - step.next - taken * (step.field["i"] - step.next))
    return GuestFamily(Family.BRANCH, step.finish(pc=target), step.operations, step.ticks, touches, fill)


def touches(steps: Steps) -> list[Touch]:
    return [slot(steps, "a value", "a", steps.a)]


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    zero = steps.a == 0
    taken = zero == (steps.is_one_of("BRZ") == 1)
    return {**limbs("a value", steps.a), "reciprocal": inverse(sum_of_limbs(steps.a, 2)), "zero": zero, "taken": taken,
            "target": np.where(taken, steps.fields["i"], steps.fields["next"])}

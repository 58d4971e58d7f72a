"""The accesses to slots that families have in common."""
from __future__ import annotations

import numpy as np

from segments.operands import FRAMES
from segments.steps import Ints, Steps, Touch
from wasm_exec.instructions import Family


def sized(family: Family, width: int) -> Family:
    """The family that does the same with slots of so many limbs."""
    return Family[family.name + {2: "", 4: "64"}[width]]


def slot(steps: Steps, name: str, number: str, value: Ints, width: int = 2, takes_place: Ints | int = 1) -> Touch:
    """The access to the slot whose number stands in a field."""
    return Touch(name, int(FRAMES[width]), steps.fp + steps.fields[number], value.astype(np.uint64), takes_place)


def with_immediate(width: int, steps: Steps, result: int | None = None) -> list[Touch]:
    """The accesses of d = a · (b or immediate)."""
    right = slot(steps, "b value", "b", steps.b, width, 1 - steps.is_immediate)
    return [slot(steps, "a value", "a", steps.a, width), right, slot(steps, "d", "d", steps.d, result or width)]


def three_slots(width: int, steps: Steps) -> list[Touch]:
    """The accesses of d = a · b."""
    return with_immediate(width, steps)

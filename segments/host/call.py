"""A host function is called: one step that hands its time and its first slot to the chip that computes, and nothing else.

The chip of the function asks the cells chip for every cell that it takes or changes, the first at the time of the step and each of the
others one tick later.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from segments.buses import HOST
from segments.operands import Step
from segments.steps import U64, Columns, Finds, GuestFamily, Past, Steps, Touch
from stark.chip import Chip
from wasm_exec.hosts import HOSTS
from wasm_exec.instructions import BY_NAME, Family
from wasm_exec.spaces import Space


@dataclass(frozen=True)
class HostFamily(GuestFamily):
    """The accesses of its steps have rows in the cells chip, not here."""

    @property
    def operation(self) -> str:
        return self.operations[0]

    def columns(self, steps: Steps, finds: Finds) -> Columns:
        return {"pc": steps.pc, "fp": steps.fp, "time": steps.time, "next": steps.fields["next"], "d": steps.fields["d"],
                f"is {self.operation}": np.ones(len(steps), np.int64)}


Results = Callable[[U64], U64]       # what the slots of calls hold before and after, (calls, cells)


def chip(name: str, results: Results) -> HostFamily:
    family, cells = BY_NAME[name].family, HOSTS[name].cells
    chip = Chip(name.lower(), f"the chip of {name} works on the {cells} slots of 64 bits from slot d on")
    step = Step(chip, [name], "d")
    step.ticks = cells
    chip.send(HOST, int(family), step.time, step.fp + step.field["d"], times=step.real)
    return HostFamily(family, step.finish(), step.operations, step.ticks, partial(touches, name, results), fill, straight=False)


def touches(name: str, results: Results, steps: Steps) -> list[Touch]:
    """One for every slot. What they hold afterwards is what the function makes of what they held."""
    first, after = steps.fp + steps.fields["d"], results(steps.cells.reshape(len(steps), HOSTS[name].cells))
    return [Touch(f"cell {k}", int(Space.FRAMES64), first + k, after[:, k]) for k in range(HOSTS[name].cells)]


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    return {}


def number(name: str) -> Family:
    """What stands for the function in messages."""
    return BY_NAME[name].family

"""GROW: system cell 4 grows by one, and from now on there is one more page of linear memory, the one behind all others.

The page begins here: its cells are zeros with the time of this step, so that nothing can have been read from it before. How many pages
there were at the beginning belongs to the program, so it is looked up in the program's table.
"""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from segments.buses import BYTES, PAGE
from segments.limbs import limbs
from segments.operands import LIMB, Step, look_up_limbs
from segments.steps import Columns, GuestFamily, Past, Steps, Touch
from stark.chip import Chip
from stark.expression import spelled
from wasm_exec.instructions import Family
from wasm_exec.spaces import Space, SystemCell

GROWN_PAGES = "grown pages"


def chip() -> GuestFamily:
    chip = Chip("grow", "one more page of linear memory exists, all zeros, and system cell 4 counts it")
    step = Step(chip, ["GROW"], "")
    first = step.first_pages()
    before, after, carry = chip.columns("before", 2), chip.columns("after", 2), chip.boolean("carry")
    step.access(GROWN_PAGES, int(Space.SYSTEM), step.chip.constant(int(SystemCell.GROWN_PAGES)), step.cell(before), step.cell(after))
    chip.require("low halves add up", before[0] + step.real - after[0] - LIMB * carry)
    chip.require("high halves add up", before[1] + carry - after[1])
    look_up_limbs(chip, [after[0]], step.real)
    chip.send(BYTES, after[1], 0, times=step.real)
    chip.send(PAGE, first + spelled(before, LIMB), step.time, times=step.real)
    return GuestFamily(Family.GROW, step.finish(), step.operations, step.ticks, touches, fill, straight=False)


def touches(steps: Steps) -> list[Touch]:
    return [Touch(GROWN_PAGES, int(Space.SYSTEM), np.full(len(steps), int(SystemCell.GROWN_PAGES)), steps.cell0 + np.uint64(1))]


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    before = steps.cell0.astype(np.int64)
    return {"memory size": steps.memory_size, **limbs("before", before), **limbs("after", before + 1), "carry": before % LIMB == LIMB - 1}

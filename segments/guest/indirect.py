"""CALL_SLOT: as CALL, to the pc in slot a, which has to be below 2^24 as every pc is."""
from __future__ import annotations

from collections.abc import Mapping

from segments.buses import BYTES
from segments.guest.call import EXHAUSTED, entry, fill_entry, link_touch
from segments.guest.slots import slot
from segments.limbs import limbs
from segments.operands import LIMB, Step
from segments.steps import Columns, GuestFamily, Past, Steps, Touch
from stark.chip import Chip
from stark.expression import spelled
from wasm_exec.instructions import Family


def chip() -> GuestFamily:
    chip = Chip("indirect", "pc (slot a) with frame pointer fp + d, the link to here in the new frame")
    step = Step(chip, ["CALL_SLOT"], "d a")
    a = step.read_slot("a value", step.field["a"])
    chip.send(BYTES, a[1], 0, times=step.real)
    _, _, new, deep = entry(step, step.real)
    target, reached = chip.column("target"), chip.column("frame pointer reached")
    chip.require("the call goes to the pc in the slot unless it is too deep",
                 target - spelled(a, LIMB) - deep * (step.pc - spelled(a, LIMB)))
    chip.require("the new frame pointer is reached unless the call is too deep", reached - new - deep * (step.fp - new))
    done = step.finish(pc=target, fp=reached, status=EXHAUSTED * deep)
    return GuestFamily(Family.INDIRECT, done, step.operations, step.ticks, touches, fill)


def touches(steps: Steps) -> list[Touch]:
    return [slot(steps, "a value", "a", steps.a), link_touch(steps)]


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    return {**limbs("a value", steps.a), **fill_entry(steps, past, steps.a)}

"""CALL, RETURN: enter a function with a new frame, and leave it again by the link that the call has written.

The link of a frame is the cell of frames64 at its frame pointer: (successor, caller's frame pointer), 32 bits each. A call that
would move the frame pointer to 2^20 or beyond traps.
"""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from segments.buses import BYTES
from segments.limbs import limbs
from segments.operands import LIMB, Limbs, Step, look_up_limbs
from segments.steps import Columns, GuestFamily, Past, Steps, Touch
from stark.chip import Chip
from stark.expression import Expression, spelled
from wasm_exec.errors import TrapKind
from wasm_exec.instructions import Family
from wasm_exec.spaces import FRAME_POINTER_LIMIT, Space

LIMIT = FRAME_POINTER_LIMIT // LIMB
EXHAUSTED = 16 + int(TrapKind.EXHAUSTION)


def chip() -> GuestFamily:
    chip = Chip("call", "CALL: pc i with frame pointer fp + d, the link to here in the new frame; RETURN: where the link says")
    step = Step(chip, ["CALL", "RETURN"], "d i")
    call, back = step.flag["CALL"], step.flag["RETURN"]
    link, before, new, deep = entry(step, call)
    for k in range(4):
        chip.require(f"a return leaves limb {k} of the link as it is", back * (link[k] - before[k]))
    chip.require("a return restores the frame pointer", back * (new - spelled(link[2:], LIMB)))
    target, reached = chip.column("target"), chip.column("frame pointer reached")
    chip.require("a call goes to field i, a return to the link, a call that is too deep stays",
                 target - back * spelled(link[:2], LIMB) - (call - deep) * step.field["i"] - deep * step.pc)
    chip.require("the new frame pointer is reached unless the call is too deep", reached - new - deep * (step.fp - new))
    chip_done = step.finish(pc=target, fp=reached, status=EXHAUSTED * deep)
    return GuestFamily(Family.CALL, chip_done, step.operations, step.ticks, touches, fill)


def entry(step: Step, call: Expression) -> tuple[Limbs, Limbs, Expression, Expression]:
    """The link in the cell at fp + d, what was there before, the new frame pointer, and whether a call is too deep; the last three are
    tied down where `call` is 1, and there the link leads back to here."""
    chip = step.chip
    link, before = chip.columns("link", 4), chip.columns("link before", 4)
    frame, deep = chip.columns("frame", 2), chip.boolean("deep")
    new = spelled(frame, LIMB)
    chip.require("only a call can be too deep", deep * (1 - call))
    chip.require("the link of a call has the successor", call * (spelled(link[:2], LIMB) - step.next))
    chip.require("the link of a call has the frame pointer", call * (spelled(link[2:], LIMB) - step.fp))
    look_up_limbs(chip, [link[0], link[2]], step.real)
    chip.send(BYTES, link[1], link[3], times=step.real)
    chip.require("a call moves the frame pointer by d", call * (new - step.fp - step.field["d"]))
    look_up_limbs(chip, [frame[0]], step.real)
    chip.send(BYTES, frame[1] - LIMIT * deep, 256 // LIMIT * (frame[1] - LIMIT * deep), times=step.real)
    step.access("link", int(Space.FRAMES64), step.fp + step.field["d"], before, link, step.real - deep)
    return link, before, new, deep


def too_deep(steps: Steps) -> npt.NDArray[np.bool_]:
    calls = steps.is_one_of("CALL", "CALL_SLOT") == 1
    deep: npt.NDArray[np.bool_] = calls & (steps.fp + steps.fields["d"] >= FRAME_POINTER_LIMIT)
    return deep


def link_touch(steps: Steps) -> Touch:
    return Touch("link", int(Space.FRAMES64), steps.fp + steps.fields["d"], steps.link, 1 - too_deep(steps).astype(np.int64))


def touches(steps: Steps) -> list[Touch]:
    return [link_touch(steps)]


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    target = np.where(steps.is_one_of("CALL") == 1, steps.fields["i"], (steps.link & np.uint64(0xFFFFFFFF)).astype(np.int64))
    return fill_entry(steps, past, target)


def fill_entry(steps: Steps, past: Mapping[str, Past], target: npt.NDArray[np.int64]) -> Columns:
    """`target`: where a call or return goes that is not too deep."""
    link, calls, deep = steps.link, steps.is_one_of("CALL", "CALL_SLOT") == 1, too_deep(steps)
    frame = np.where(calls, steps.fp + steps.fields["d"], (link >> np.uint64(32)).astype(np.int64))
    link = np.where(deep, steps.fields["next"].astype(np.uint64) | steps.fp.astype(np.uint64) << np.uint64(32), link)
    return {**limbs("link", link, 4), **limbs("link before", past["link"].cell, 4), **limbs("frame", frame),
            "target": np.where(deep, steps.pc, target), "deep": deep, "frame pointer reached": np.where(deep, steps.fp, frame)}

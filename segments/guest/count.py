"""CLZ, CTZ, POPCNT: slot d becomes the number of leading zeros, trailing zeros or ones of slot a.

There is one bit for each bit of a slot, and the answer is how many are set. For POPCNT they are the bits of a. Otherwise they are a number
c in unary, all below place c and none above: the lowest c bits of a (the highest ones for CLZ, where all is counted from the other end)
are 0 and the next one is 1. In other words, the AND of a with the lowest c + 1 bits is the bit at place c alone (or nothing if there is no
such place). `upto` is the bits moved up by one with a 1 below, `place` is `upto` minus the bits.

Nothing else has to say that no bit above place c is set. Were there one, take the first one after a gap that lies in some byte: `upto`
has no bit there, but the number `place` has (it is -1 there, and what comes before and after cannot make up for that, whichever end
counts as low) or is negative, so it is no AND of a byte with `upto`.
"""
from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from segments.buses import AND
from segments.guest.slots import sized, slot
from segments.limbs import bytes_of, limbs, numbered
from segments.operands import Step, joined
from segments.steps import Columns, GuestFamily, Past, Steps, Touch
from stark.chip import Chip
from stark.expression import spelled, total
from wasm_exec.instructions import Family


def chip(width: int = 2) -> GuestFamily:
    family, bits = sized(Family.COUNT, width), 16 * width
    chip = Chip(family.name.lower(), "slot d = number of leading zeros, of trailing zeros or of ones of slot a")
    step = Step(chip, ["CLZ", "CTZ", "POPCNT"], "d a", width=width)
    flag = step.flag
    parts, ones = chip.columns("a byte", 2 * width), [chip.boolean(f"one.{k}") for k in range(bits)]
    step.read_slot("a value", step.field["a"], joined(parts))
    for k, part in enumerate(parts):
        chip.require(f"byte {k} of a is made of these bits if they are counted",
                     flag["POPCNT"] * (part - spelled(ones[8 * k:8 * k + 8], 2)))
    chip.held |= {f"a byte.{k}": "the bits that are counted make it a byte, where no AND is looked up" for k in range(2 * width)}
    upto = [step.real, *ones[:-1]]                                       # the lowest c + 1 bits
    place = [here - one for here, one in zip(upto, ones, strict=True)]   # the bit at place c
    for k in range(2 * width):
        for name, order in (("CTZ", 1), ("CLZ", -1)):
            within, at = (spelled(numbers[::order][8 * k:8 * k + 8], 2) for numbers in (upto, place))
            chip.send(AND, parts[k], within, at, times=flag[name])
    step.write_slot(step.field["d"], [total(ones), *[chip.constant(0)] * (width - 1)])
    return GuestFamily(family, step.finish(), step.operations, step.ticks, partial(touches, width), partial(fill, width))


def touches(width: int, steps: Steps) -> list[Touch]:
    return [slot(steps, "a value", "a", steps.a, width), slot(steps, "d", "d", steps.d, width)]


def fill(width: int, steps: Steps, past: Mapping[str, Past]) -> Columns:
    counting = steps.is_one_of("POPCNT") == 1
    ones = [np.where(counting, steps.a >> k & 1, steps.d > k) for k in range(16 * width)]
    return {**numbered("a byte", bytes_of(steps.a, width)), **numbered("one", ones), **limbs("d before", past["d"].cell, width)}

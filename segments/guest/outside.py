"""A load or store of linear memory at or beyond its size: the run ends with the trap `out of bounds`.

The page of 256 bytes with the last byte of the access has a number that is at least the number of pages. Some of them are there from the
beginning; that number belongs to the program, so it is looked up in the program's table. The others are counted by system cell 4.
"""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from segments.guest.slots import slot
from segments.guest.window import widths
from segments.limbs import limbs, numbered
from segments.operands import LIMB, Step, look_up_bytes, look_up_limbs
from segments.steps import Columns, GuestFamily, Past, Steps, Touch
from stark.chip import Chip
from stark.expression import spelled, total
from wasm_exec.errors import TrapKind
from wasm_exec.instructions import BY_NAME, BY_NUMBER, Family
from wasm_exec.spaces import PAGE_BYTES, Space, SystemCell

LOADS = [operation.name for operation in BY_NAME.values() if operation.family in (Family.LOAD, Family.LOAD64)]
STORES = [operation.name for operation in BY_NAME.values()
          if operation.family in (Family.STORE, Family.STORE64) and operation.name != "TAKE32"]
OUT_OF_BOUNDS = 16 + int(TrapKind.OUT_OF_BOUNDS)
PAGES_IN_LIMB = LIMB // PAGE_BYTES


def chip() -> GuestFamily:
    chip = Chip("outside", "a load or store reaches beyond linear memory, and the run stays at this pc with status 18")
    step = Step(chip, [*LOADS, *STORES], "d a b i j")
    flag, field = step.flag, step.field
    first = step.first_pages()
    chip.require("a load is from linear memory", total([flag[name] for name in LOADS]) * (field["b"] - int(Space.LINEAR)))
    chip.require("a store is to linear memory", total([flag[name] for name in STORES]) * (field["d"] - int(Space.LINEAR)))
    base, grown = step.read_slot("a value", field["a"]), chip.columns("grown", 2)
    step.access("grown pages", int(Space.SYSTEM), chip.constant(int(SystemCell.GROWN_PAGES)), step.cell(grown), step.cell(grown))
    last, carry = chip.columns("low half of the last byte", 2), chip.column("carry")
    width = total([BY_NAME[name].width * bit for name, bit in flag.items()])
    chip.require("carry is 0, 1 or 2", carry * (carry - 1) * (carry - 2))
    chip.require("low halves of address, offset and width add up",
                 base[0] + field["i"] + width - step.real - last[0] - PAGE_BYTES * last[1] - LIMB * carry)
    look_up_bytes(chip, last, step.real)
    excess, above = chip.column("pages beyond"), chip.column("pages beyond, high half")
    page = PAGES_IN_LIMB * (base[1] + field["j"] + carry) + last[1]
    chip.require("the page of the last byte is not in memory", page - first - spelled(grown, LIMB) - excess - LIMB * above)
    look_up_limbs(chip, [excess, above, 64 * above], step.real)      # above is below 2^10, so that nothing wraps around
    done = step.finish(pc=step.pc, status=OUT_OF_BOUNDS)
    return GuestFamily(None, done, step.operations, step.ticks, touches, fill, straight=False)


def is_outside(step: Steps) -> bool:
    """Whether this one step is such an access."""
    name = BY_NUMBER[int(step.op[0])].name
    if name not in (*LOADS, *STORES):
        return False
    space = step.fields["b" if name in LOADS else "d"][0]
    return bool(space == Space.LINEAR and step.address[0] + widths(step)[0] > step.linear_pages * PAGE_BYTES)


def touches(steps: Steps) -> list[Touch]:
    count = np.full(len(steps), steps.grown)
    return [slot(steps, "a value", "a", steps.a),
            Touch("grown pages", int(Space.SYSTEM), np.full(len(steps), int(SystemCell.GROWN_PAGES)), count.astype(np.uint64))]


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    low = steps.a % LIMB + steps.fields["i"] + widths(steps) - 1
    page = PAGES_IN_LIMB * (steps.a // LIMB + steps.fields["j"] + low // LIMB) + low % LIMB // PAGE_BYTES
    beyond = page - steps.linear_pages
    return {**limbs("a value", steps.a), **limbs("grown", past["grown pages"].cell), "memory size": steps.memory_size,
            **numbered("low half of the last byte", [low % PAGE_BYTES, low % LIMB // PAGE_BYTES]), "carry": low // LIMB,
            "pages beyond": beyond % LIMB, "pages beyond, high half": beyond // LIMB}

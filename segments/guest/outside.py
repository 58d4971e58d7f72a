"""A LOAD or STORE of linear memory at or beyond its size: the run ends with the trap `out of bounds`.

The last byte of the access lies in a page of 64 KiB whose number is at least the memory size. The size belongs to the program,
so it is looked up in the program's table.
"""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from segments.buses import BYTES, PROGRAM
from segments.guest.window import widths
from segments.operands import LIMB, Step, look_up_limbs
from segments.steps import Columns, GuestFamily, Past, Steps, Touch, limbs, slot
from stark.chip import Chip
from stark.expression import total
from wasm_exec.errors import TrapKind
from wasm_exec.instructions import BY_NAME, Family
from wasm_exec.spaces import Space

LOADS = [operation.name for operation in BY_NAME.values() if operation.family is Family.LOAD]
STORES = [operation.name for operation in BY_NAME.values() if operation.family is Family.STORE]
MEMORY_SIZE = 0          # of no operation: the row of the program's table that holds the pages of linear memory
OUT_OF_BOUNDS = 16 + int(TrapKind.OUT_OF_BOUNDS)


def chip() -> GuestFamily:
    chip = Chip("outside", "a load or store reaches beyond linear memory, and the run stays at this pc with status 18")
    size = chip.column("memory size")
    step = Step(chip, [*LOADS, *STORES], "d a b i j")
    flag, field = step.flag, step.field
    chip.send(PROGRAM, 0, MEMORY_SIZE, 0, 0, 0, size, 0, 0, times=step.real)
    chip.require("a load is from linear memory", total([flag[name] for name in LOADS]) * (field["b"] - int(Space.LINEAR)))
    chip.require("a store is to linear memory", total([flag[name] for name in STORES]) * (field["d"] - int(Space.LINEAR)))
    base = step.read_slot("a value", field["a"])
    last, carry = chip.column("low half of the last byte"), chip.column("carry")
    width = total([BY_NAME[name].width * bit for name, bit in flag.items()])
    chip.require("carry is 0, 1 or 2", carry * (carry - 1) * (carry - 2))
    chip.require("low halves of address, offset and width add up", base[0] + field["i"] + width - step.real - last - LIMB * carry)
    excess, above = chip.column("pages beyond"), chip.column("pages beyond, high half")
    chip.require("the page of the last byte is not in memory",
                 step.real * (base[1] + field["j"] + carry - size) - excess - LIMB * above)
    look_up_limbs(chip, [last, excess], step.real)
    chip.send(BYTES, above, 0, times=step.real)
    done = step.finish(pc=step.pc, status=OUT_OF_BOUNDS)
    return GuestFamily(None, done, list(flag), step.ticks, touches, fill)


def is_outside(step: Steps) -> bool:
    """Whether this one step is such an access."""
    family = int(step.op[0]) // 16 - 1
    if family not in (Family.LOAD, Family.STORE):
        return False
    space = step.fields["b" if family == Family.LOAD else "d"][0]
    return bool(space == Space.LINEAR and step.address[0] + widths(step)[0] > step.memory_size * LIMB)


def touches(steps: Steps) -> list[Touch]:
    return [slot(steps, "a value", "a", steps.a)]


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    low = steps.a % LIMB + steps.fields["i"] + widths(steps) - 1
    beyond = steps.a // LIMB + steps.fields["j"] + low // LIMB - steps.memory_size
    size = np.full(len(steps.pc), steps.memory_size)
    return {**limbs("a value", steps.a), "memory size": size, "low half of the last byte": low % LIMB, "carry": low // LIMB,
            "pages beyond": beyond % LIMB, "pages beyond, high half": beyond // LIMB}

"""LOAD: slot d becomes the bytes at slot a + offset (i, j) in space b, extended with zeros or with the sign; LOAD64: eight bytes."""
from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from segments.buses import BYTES
from segments.guest.slots import slot
from segments.guest.window import Place, cell_touches, crossing, fill_place, fill_split, place, split
from segments.limbs import limbs
from segments.operands import Limbs, Step
from segments.steps import Columns, GuestFamily, Past, Steps, Touch
from stark.chip import Chip
from stark.expression import Expression
from wasm_exec.instructions import Family


def chip() -> GuestFamily:
    chip = Chip("load", "slot d = the 1, 2 or 4 bytes at (slot a + offset) in space b, extended with zeros or the sign")
    step = Step(chip, ["LOAD32", "LOAD8_U", "LOAD8_S", "LOAD16_U", "LOAD16_S"], "d a b i j")
    flag = step.flag
    byte, half, word = flag["LOAD8_U"] + flag["LOAD8_S"], flag["LOAD16_U"] + flag["LOAD16_S"], flag["LOAD32"]
    signed = flag["LOAD8_S"] + flag["LOAD16_S"]
    where = place(step, step.read_slot("a value", step.field["a"]))
    crosses = crossing(step, word * where.crosses_with_four + half * where.crosses_with_two)
    before = chip.columns("before", 8)
    low, high = split(step, where, before, 3)
    both_cells(step, where, before, crosses)
    aligned = [low[0], high[0], low[1], high[1], low[2]]
    read = [here + where.odd * (beyond - here) for here, beyond in zip(aligned, aligned[1:], strict=False)]
    top, sign = chip.column("top byte"), chip.boolean("sign")
    chip.require("the top byte is the last one read", top - byte * read[0] - half * read[1])
    chip.require("only a signed load has a sign", sign * (1 - signed))
    chip.send(BYTES, 2 * (top - 128 * sign), 0, times=signed)
    d = chip.columns("d value", 2)
    chip.require("the low half is one or two bytes, the sign above",
                 d[0] - read[0] - 256 * (word + half) * read[1] - 0xFF00 * byte * sign)
    chip.require("the high half is the other two bytes or the sign",
                 d[1] - word * (read[2] + 256 * read[3]) - 0xFFFF * sign)
    step.write_slot(step.field["d"], d)
    return GuestFamily(Family.LOAD, step.finish(), step.operations, step.ticks, partial(touches, 2), fill)


def chip64() -> GuestFamily:
    chip = Chip("load64", "slot d = the 8 bytes at (slot a + offset) in space b")
    step = Step(chip, ["LOAD"], "d a b i j", width=4)
    where = place(step, step.read_slot("a value", step.field["a"], 2))
    crosses = crossing(step, step.real - where.at[0] * (1 - where.odd))
    before = chip.columns("before", 8)
    low, high = split(step, where, before, 5)
    both_cells(step, where, before, crosses)
    d = chip.columns("d value", 4)
    for k in range(4):
        even = low[k] + 256 * high[k]
        chip.require(f"limb {k} is one of the window, or the halves of two", d[k] - even - where.odd * (high[k] + 256 * low[k + 1] - even))
    step.write_slot(step.field["d"], d)
    return GuestFamily(Family.LOAD64, step.finish(), step.operations, step.ticks, partial(touches, 4), fill64)


def both_cells(step: Step, where: Place, limbs: Limbs, crosses: Expression) -> None:
    """They are read; the second one if the access crosses into it."""
    step.chip.free |= {f"before.{k}": "not read, and in no byte that counts, unless the access crosses" for k in range(4, 8)}
    step.chip.held |= {f"before.{k}": "in the window, a limb is two bytes that are looked up" for k in range(4, 8)}
    step.access("first cell", step.field["b"], where.cell, limbs[:4], limbs[:4])
    step.access("second cell", step.field["b"], where.cell + 1, limbs[4:], limbs[4:], crosses)


def touches(width: int, steps: Steps) -> list[Touch]:
    return [slot(steps, "a value", "a", steps.a), *cell_touches(steps, steps.fields["b"], (steps.cell0, steps.cell1)),
            slot(steps, "d", "d", steps.d, width)]


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    columns = fill_split(steps, 3)
    odd = steps.address % 2 == 1
    first = np.where(odd, columns["high byte.0"], columns["low byte.0"])
    second = np.where(odd, columns["low byte.1"], columns["high byte.0"])
    byte, half = steps.is_one_of("LOAD8_U", "LOAD8_S"), steps.is_one_of("LOAD16_U", "LOAD16_S")
    top = byte * first + half * second
    return {**fill_place(steps), **columns, **limbs("a value", steps.a), **limbs("d value", steps.d), **limbs("d before", past["d"].cell),
            "top byte": top, "sign": steps.is_one_of("LOAD8_S", "LOAD16_S") * (top >> 7)}


def fill64(steps: Steps, past: Mapping[str, Past]) -> Columns:
    return {**fill_place(steps), **fill_split(steps, 5), **limbs("a value", steps.a), **limbs("d value", steps.d, 4),
            **limbs("d before", past["d"].cell, 4)}

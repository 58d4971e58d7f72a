"""LOAD: slot d becomes the bytes at slot a + offset (i, j) in space b, extended with zeros or with the sign."""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from segments.buses import BYTES
from segments.guest.window import cell_touches, fill_window, window
from segments.operands import Step
from segments.steps import Columns, GuestFamily, Past, Steps, Touch, limbs, slot
from stark.chip import Chip
from wasm_exec.instructions import Family


def chip() -> GuestFamily:
    chip = Chip("load", "slot d = the 1, 2 or 4 bytes at (slot a + offset) in space b, extended with zeros or the sign")
    step = Step(chip, ["LOAD32", "LOAD8_U", "LOAD8_S", "LOAD16_U", "LOAD16_S"], "d a b i j")
    flag = step.flag
    byte, half, word = flag["LOAD8_U"] + flag["LOAD8_S"], flag["LOAD16_U"] + flag["LOAD16_S"], flag["LOAD32"]
    signed = flag["LOAD8_S"] + flag["LOAD16_S"]
    w = window(step, step.read_slot("a value", step.field["a"]), word, half)
    chip.free |= {f"before.{k}": "not read, and in no byte that counts, unless the access crosses" for k in range(4, 8)}
    step.access("first cell", step.field["b"], w.cell, w.limbs[:4], w.limbs[:4])
    step.access("second cell", step.field["b"], w.cell + 1, w.limbs[4:], w.limbs[4:], w.crossing)
    aligned = [w.low[0], w.high[0], w.low[1], w.high[1], w.low[2]]
    read = [here + w.odd * (beyond - here) for here, beyond in zip(aligned, aligned[1:], strict=False)]
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
    return GuestFamily(Family.LOAD, step.finish(), list(flag), step.ticks, touches, fill)


def touches(steps: Steps) -> list[Touch]:
    return [slot(steps, "a value", "a", steps.a), *cell_touches(steps, steps.fields["b"], (steps.cell0, steps.cell1)),
            slot(steps, "d", "d", steps.d)]


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    columns = fill_window(steps)
    odd = steps.address % 2 == 1
    first = np.where(odd, columns["high byte.0"], columns["low byte.0"])
    second = np.where(odd, columns["low byte.1"], columns["high byte.0"])
    byte, half = steps.is_one_of("LOAD8_U", "LOAD8_S"), steps.is_one_of("LOAD16_U", "LOAD16_S")
    top = byte * first + half * second
    return {**columns, **limbs("a value", steps.a), **limbs("d value", steps.d), **limbs("d before", past["d"].cell),
            "top byte": top, "sign": steps.is_one_of("LOAD8_S", "LOAD16_S") * (top >> 7)}

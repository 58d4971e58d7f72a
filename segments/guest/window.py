"""The part that loads and stores share: from a byte address to three limbs of one or two neighbouring cells, in bytes.

An access of up to four bytes that begins at byte r of a cell lies in the limbs r/2, r/2 + 1, r/2 + 2. The second cell is touched only
if the access goes beyond the first.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segments.buses import BYTES
from segments.operands import LIMB, Limbs, Step, look_up_limbs
from segments.steps import U64, Columns, Ints, Steps, Touch, numbered
from stark.expression import Expression, total
from stark.gadgets.bits import one_hot
from wasm_exec.instructions import BY_NUMBER

CELL = 8


@dataclass(frozen=True)
class Window:
    """`cell`: address of the first cell. `at[h]`: the access begins in limb h; `odd`: in its high byte. `low[k]`, `high[k]`: bytes of limb
    k of the window. `limbs`: the four limbs of the first cell and the four of the second, before the access."""

    cell: Expression
    at: list[Expression]
    odd: Expression
    low: list[Expression]
    high: list[Expression]
    limbs: Limbs
    crossing: Expression


def window(step: Step, base: Limbs, word: Expression, half: Expression) -> Window:
    """`base`: the slot with the address, to which the immediate is added; `word`, `half`: whether four or two bytes are wanted."""
    chip, real = step.chip, step.real
    at = one_hot(chip, "begins in limb", 4, real)
    odd = chip.boolean("begins in the high byte")
    inside = 2 * at[1] + 4 * at[2] + 6 * at[3] + odd
    eighth = chip.column("low half over 8")
    chip.require("low halves of address and offset add up to eights and a byte in the cell",
                 base[0] + step.field["i"] - CELL * eighth - inside)
    look_up_limbs(chip, [eighth], real)
    cell = eighth + (LIMB // CELL) * (base[1] + step.field["j"])
    crossing = chip.column("crossing")
    chip.require("the access crosses if its last byte is in the next cell",
                 crossing - word * (at[3] + at[2] * odd) - half * at[3] * odd)
    before = chip.columns("before", 2 * 4)
    low, high = chip.columns("low byte", 3), chip.columns("high byte", 3)
    for k in range(3):
        chosen = total([at[h] * before[h + k] for h in range(4)])
        chip.require(f"limb {k} of the window is two bytes", chosen - low[k] - 256 * high[k])
        chip.send(BYTES, low[k], high[k], times=real)
    return Window(cell, at, odd, low, high, before, crossing)


def widths(steps: Steps) -> Ints:
    table = np.array([BY_NUMBER[op].width if op in BY_NUMBER else 0 for op in range(max(BY_NUMBER) + 1)])
    return table[steps.op]


def crosses(steps: Steps) -> Ints:
    return (steps.address % CELL + widths(steps) > CELL).astype(np.int64)


def cell_touches(steps: Steps, space: Ints, after: tuple[U64, U64]) -> list[Touch]:
    """The accesses to the two cells, which hold these values afterwards."""
    first = steps.address // CELL
    return [Touch("first cell", space, first, after[0]), Touch("second cell", space, first + 1, after[1], crosses(steps))]


def window_limbs(steps: Steps) -> Ints:
    """The eight limbs of both cells before the access."""
    cells = np.stack([steps.cell0, np.where(crosses(steps) == 1, steps.cell1, np.uint64(0))])
    parts = cells[:, None, :] >> np.array([0, 16, 32, 48], np.uint64)[None, :, None] & np.uint64(LIMB - 1)
    return parts.reshape(8, -1).astype(np.int64)


def fill_window(steps: Steps) -> Columns:
    before, inside = window_limbs(steps), steps.address % CELL
    at = inside // 2
    chosen = [np.take_along_axis(before, (at + k)[None], 0)[0] for k in range(3)]
    return {**numbered("before", list(before)), **{f"begins in limb {k}": at == k for k in range(4)},
            **numbered("low byte", [limb % 256 for limb in chosen]), **numbered("high byte", [limb // 256 for limb in chosen]),
            "begins in the high byte": inside % 2, "crossing": crosses(steps),
            "low half over 8": (steps.a % LIMB + steps.fields["i"]) // CELL}

"""The part that loads and stores share: from a byte address to the limbs that an access lies in, of one or two neighbouring cells.

An access that begins at byte r of a cell lies in the limbs from r/2 on: of up to four bytes in three limbs, of eight bytes in five. The
second cell is touched only if the access goes beyond the first.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segments.limbs import chosen, limb, numbered
from segments.operands import LIMB, Limbs, Step, look_up_bytes, look_up_limbs
from segments.steps import U64, Columns, Ints, Steps, Touch, once
from stark.expression import Expression, total
from stark.gadgets.bits import one_hot
from stark.symbols import taken
from wasm_exec.instructions import BY_NUMBER

CELL = 8
WIDTHS = np.array([BY_NUMBER[op].width if op in BY_NUMBER else 0 for op in range(max(BY_NUMBER) + 1)])


@dataclass(frozen=True)
class Place:
    """`cell`: address of the first cell. `at[h]`: the access begins in limb h; `odd`: in its high byte."""

    cell: Expression
    at: list[Expression]
    odd: Expression

    @property
    def crosses_with_two(self) -> Expression:
        """Whether two bytes from here on are in two cells."""
        return self.at[3] * self.odd

    @property
    def crosses_with_four(self) -> Expression:
        return self.at[3] + self.at[2] * self.odd

    def limb(self, limbs: Limbs, k: int) -> Expression:
        """Limb k of those from the first one of the access on."""
        return total([self.at[h] * limbs[h + k] for h in range(4)])


def place(step: Step, base: Limbs) -> Place:
    """Where the slot with the address says, to which the immediate is added."""
    chip, real = step.chip, step.real
    at = one_hot(chip, "begins in limb", 4, real)
    odd = chip.boolean("begins in the high byte")
    inside = 2 * at[1] + 4 * at[2] + 6 * at[3] + odd
    eighth = chip.column("low half over 8")
    chip.require("low halves of address and offset add up to eights and a byte in the cell",
                 base[0] + step.field["i"] - CELL * eighth - inside)
    look_up_limbs(chip, [eighth], real)
    return Place(eighth + (LIMB // CELL) * (base[1] + step.field["j"]), at, odd)


def crossing(step: Step, value: Expression) -> Expression:
    column = step.chip.column("crossing")
    step.chip.require("the access crosses if its last byte is in the next cell", column - value)
    return column


def split(step: Step, where: Place, limbs: Limbs, count: int) -> tuple[Limbs, Limbs]:
    """The low and the high byte of so many limbs from the first one of the access on."""
    chip = step.chip
    low, high = chip.columns("low byte", count), chip.columns("high byte", count)
    for k in range(count):
        chip.require(f"limb {k} of the window is two bytes", where.limb(limbs, k) - low[k] - 256 * high[k])
        look_up_bytes(chip, [low[k], high[k]], step.real)
    return low, high


def widths(steps: Steps) -> Ints:
    return taken(WIDTHS, steps.op)


@once
def crosses(steps: Steps) -> Ints:
    return (steps.address % CELL + widths(steps) > CELL).astype(np.int64)


def cell_touches(steps: Steps, space: Ints, after: tuple[U64, U64]) -> list[Touch]:
    """The accesses to the two cells, which hold these values afterwards."""
    first = steps.address // CELL
    return [Touch("first cell", space, first, after[0]), Touch("second cell", space, first + 1, after[1], crosses(steps))]


@once
def window_limbs(steps: Steps) -> list[Ints]:
    """The eight limbs of both cells before the access."""
    second = np.where(crosses(steps) == 1, steps.cell1, np.uint64(0))
    return [limb(cell.astype(np.int64), k) for cell in (steps.cell0, second) for k in range(4)]


def fill_place(steps: Steps) -> Columns:
    inside = steps.address % CELL
    return {**numbered("before", window_limbs(steps)), **{f"begins in limb {k}": inside // 2 == k for k in range(4)},
            "begins in the high byte": inside % 2, "crossing": crosses(steps),
            "low half over 8": (steps.a % LIMB + steps.fields["i"]) // CELL}


def fill_split(steps: Steps, count: int) -> Columns:
    window = in_window(steps, window_limbs(steps), count)
    return numbered("low byte", [limb % 256 for limb in window]) | numbered("high byte", [limb // 256 for limb in window])


def in_window(steps: Steps, limbs: list[Ints], count: int) -> list[Ints]:
    """So many limbs from the first one of the access on."""
    at = steps.address % CELL // 2
    return [chosen(at, limbs[k:k + 4]) for k in range(count)]

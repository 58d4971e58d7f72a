"""Where the operands of an instruction come from: a step is fetched, reads and writes cells, and puts the state back.

Every guest family builds its rows on `Step`, so that its own file only says what the instruction computes.
"""
from __future__ import annotations

from collections.abc import Sequence

from segments.buses import BYTES, MEMORY, PROGRAM, RANGE16, STATE
from stark.chip import Chip
from stark.expression import Expression, P, total
from wasm_exec.instructions import BY_NAME, immediate_name
from wasm_exec.spaces import Space

FIELDS = ("d", "a", "b", "i", "j")
LIMB = 1 << 16
PER_LIMB = pow(LIMB, -1, P)      # times this: what stands above the low 16 bits
Limbs = list[Expression]


class Step:
    """One instruction on one row: `real` is 1 on a row that is a step and 0 on padding, where no message is sent."""

    def __init__(self, chip: Chip, operations: Sequence[str], fields: str, immediate: bool = False) -> None:
        self.chip = chip
        self.pc, self.fp, self.time, self.next = (chip.column(name) for name in ("pc", "fp", "time", "next"))
        zero = chip.constant(0)
        self.field = {name: chip.column(name) if name in fields.split() else zero for name in FIELDS}
        self.flag = {name: chip.boolean(f"is {name}") for name in operations}
        self.real = total(list(self.flag.values()))
        if len(operations) > 1:
            chip.require("a row is at most one operation", self.real * (self.real - 1))
        self.op = total([flag * BY_NAME[name].number for name, flag in self.flag.items()])
        self.immediate = chip.constant(0)
        if immediate:
            self.immediate = chip.boolean("immediate")
            chip.require("only an operation has an immediate", self.immediate * (1 - self.real))
            self.op = self.op + self.immediate * distance(operations)
        self.ticks = 0
        self._high_gaps: list[Expression] = []

    # -- cells

    def access(self, name: str, space: Expression | int, address: Expression, before: Limbs, after: Limbs,
               times: Expression | None = None) -> None:
        """The cell holds `before`, and from now on `after`; the time of the last access is smaller than now."""
        chip, times = self.chip, self.real if times is None else times
        then, gap = chip.column(f"{name} then"), chip.column(f"{name} gap")
        now = self.time + self.ticks
        self.ticks += 1
        chip.receive(MEMORY, space, address, *before, then, times=times)
        chip.send(MEMORY, space, address, *after, now, times=times)
        chip.send(RANGE16, gap, times=self.real)
        self._high_gaps.append((now - then - 1 - gap) * PER_LIMB)

    def read_slot(self, name: str, slot: Expression, times: Expression | None = None) -> Limbs:
        """The two limbs of a slot of this frame."""
        limbs = self.chip.columns(name, 2)
        cell = self.slot_cell(limbs)
        self.access(name, int(Space.FRAMES32), self.fp + slot, cell, cell, times)
        return limbs

    def write_slot(self, slot: Expression, limbs: Limbs, times: Expression | None = None) -> None:
        """These limbs, each below 2^16, go to a slot of this frame."""
        before = self.chip.columns("d before", 2)
        self.access("d", int(Space.FRAMES32), self.fp + slot, self.slot_cell(before), self.slot_cell(limbs), times)

    def slot_cell(self, limbs: Limbs) -> Limbs:
        zero = self.chip.constant(0)
        return [*limbs, zero, zero]

    def slot_or_immediate(self, name: str) -> Limbs:
        """The value of slot b, or the immediate (i, j)."""
        limbs = self.read_slot(name, self.field["b"], self.real - self.immediate)
        for limb, half, field in zip(limbs, ("low", "high"), "ij", strict=True):
            self.chip.require(f"the {half} half of an immediate is field {field}", self.immediate * (limb - self.field[field]))
        return limbs

    # -- the end

    def finish(self, pc: Expression | None = None, fp: Expression | None = None, status: Expression | int = 0) -> Chip:
        """Fetches the instruction, takes the state, leaves the next one."""
        chip, field = self.chip, self.field
        chip.send(PROGRAM, self.pc, self.op, *(field[name] for name in FIELDS), self.next, times=self.real)
        chip.receive(STATE, self.pc, self.fp, self.time, 0, times=self.real)
        self.ticks = max(1, self.ticks)
        chip.send(STATE, self.next if pc is None else pc, self.fp if fp is None else fp, self.time + self.ticks, status, times=self.real)
        look_up_bytes(chip, self._high_gaps, self.real)
        return chip


def distance(operations: Sequence[str]) -> int:
    """How far the number of an operation with an immediate is from that of the same operation on a slot."""
    found = {BY_NAME[immediate_name(name)].number - BY_NAME[name].number for name in operations}
    if len(found) != 1:
        raise ValueError(f"the immediate forms of {operations} are not all at one distance")
    return found.pop()


def look_up_bytes(chip: Chip, values: Sequence[Expression], times: Expression) -> None:
    """Each value is below 2^8; two share a look-up."""
    for k in range(0, len(values), 2):
        chip.send(BYTES, values[k], values[k + 1] if k + 1 < len(values) else 0, times=times)


def look_up_limbs(chip: Chip, values: Sequence[Expression], times: Expression) -> None:
    """Each value is below 2^16."""
    for value in values:
        chip.send(RANGE16, value, times=times)

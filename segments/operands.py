"""Where the operands of an instruction come from: a step is fetched, reads and writes cells, and puts the state back.

Every guest family builds its rows on `Step`, so that its own file only says what the instruction computes.
"""
from __future__ import annotations

from collections.abc import Sequence

from segments.buses import BYTES, MEMORY, PROGRAM, RANGE16, STATE
from stark.chip import Chip
from stark.expression import Expression, P, total
from wasm_exec.instructions import BY_NAME, immediate_name
from wasm_exec.spaces import PAGES_PER_WASM_PAGE, Space

FIELDS = ("d", "a", "b", "i", "j")
LIMB = 1 << 16
MEMORY_SIZE = 0                  # of no operation: the row of the program's table that holds the size of linear memory
PER_LIMB = pow(LIMB, -1, P)      # times this: what stands above the low 16 bits
HALF = LIMB // 2
Limbs = list[Expression]
FRAMES = {2: Space.FRAMES32, 4: Space.FRAMES64}     # where a slot of so many limbs lives


def wide_name(name: str) -> str:
    """The operation of 64 bits that does the same."""
    return name[:-1] + "64I" if name.endswith("I") and name[:-1] in BY_NAME else name + "64"


class Step:
    """One instruction on one row: `real` is 1 on a row that is a step and 0 on padding, where no message is sent.

    Its slots have `width` limbs where nothing else is said: two for operations of 32 bits, four for those of 64. Flags go by the name of
    the operation of 32 bits.
    """

    def __init__(self, chip: Chip, operations: Sequence[str], fields: str, immediate: bool = False, width: int = 2) -> None:
        self.chip, self.width = chip, width
        self.pc, self.fp, self.time, self.next = (chip.column(name) for name in ("pc", "fp", "time", "next"))
        zero = chip.constant(0)
        self.field = {name: chip.column(name) if name in fields.split() else zero for name in FIELDS}
        self.operations = [wide_name(name) if width == 4 else name for name in operations]
        flags = [chip.boolean(f"is {name}") for name in self.operations]
        self.flag = dict(zip(operations, flags, strict=True))
        self.real = total(flags)
        if len(operations) > 1:
            chip.require("a row is at most one operation", self.real * (self.real - 1))
        self.op = total([flag * BY_NAME[name].number for name, flag in zip(self.operations, flags, strict=True)])
        self.immediate = chip.constant(0)
        if immediate:
            self.immediate = chip.boolean("immediate")
            chip.require("only an operation has an immediate", self.immediate * (1 - self.real))
            self.op = self.op + self.immediate * distance(self.operations)
        self.ticks = 0
        self._high_gaps: list[Expression] = []

    def first_pages(self) -> Expression:
        """How many pages of 256 bytes linear memory has at the beginning: the program's table has a row that is no instruction for it."""
        size = self.chip.column("memory size")
        self.chip.send(PROGRAM, 0, MEMORY_SIZE, 0, 0, 0, size, 0, 0, times=self.real)
        return size * PAGES_PER_WASM_PAGE

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

    def read_slot(self, name: str, slot: Expression, limbs: Limbs | int | None = None, times: Expression | None = None) -> Limbs:
        """The limbs of a slot of this frame: as many as are given, or these."""
        if not isinstance(limbs, list):
            limbs = self.chip.columns(name, limbs or self.width)
        self.access(name, int(FRAMES[len(limbs)]), self.fp + slot, self.cell(limbs), self.cell(limbs), times)
        return limbs

    def write_slot(self, slot: Expression, limbs: Limbs, times: Expression | None = None) -> None:
        """These limbs, each below 2^16, go to a slot of this frame."""
        before = self.chip.columns("d before", len(limbs))
        self.access("d", int(FRAMES[len(limbs)]), self.fp + slot, self.cell(before), self.cell(limbs), times)

    def cell(self, limbs: Limbs) -> Limbs:
        """The cell of a slot: a short one has zeros above."""
        return [*limbs, *[self.chip.constant(0)] * (4 - len(limbs))]

    def slot_or_immediate(self, name: str, limbs: Limbs | None = None) -> Limbs:
        """The value of slot b, or the immediate: fields i and j, and in one of 64 bits then field b twice."""
        limbs = self.read_slot(name, self.field["b"], limbs, self.real - self.immediate)
        for k, (limb, field) in enumerate(zip(limbs, "ijbb", strict=False)):
            self.chip.require(f"limb {k} of an immediate is field {field}", self.immediate * (limb - self.field[field]))
        self.chip.held |= {f"{name}.{k}": "an immediate is fields of the instruction, in every program numbers of 16 bits"
                           for k in range(len(limbs)) if f"{name}.{k}" in self.chip.main_names}
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


def joined(parts: Limbs) -> Limbs:
    """Limbs of two bytes each."""
    return [low + 256 * high for low, high in zip(parts[::2], parts[1::2], strict=True)]


def look_up_sign(chip: Chip, top: Expression, sign: Expression, times: Expression) -> None:
    """The sign is the highest bit of the limb."""
    look_up_limbs(chip, [2 * (top - HALF * sign)], times)

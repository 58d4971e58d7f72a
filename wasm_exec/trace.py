"""What a run leaves behind for the prover: one row for every step, in the order of time."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Trace:
    """The steps of one segment. pc, fp, a, b and d have one entry for each step, which is 0 where a step has no use for it.

    pc, fp    where the step is: position of the instruction, frame pointer before the step
    a, b      values read from slot a and slot b (of 64 bits: the lower half); 0 where the operation does not read that
              slot, so an immediate is not repeated here: it is in the instruction
    d         value written to slot d
              CALL, CALL_SLOT: the link written to frames64 at fp + d; RETURN: the link read at frames64 fp. next + fp * 2^32
    extra     one row for each step that has more than that (Operation.has_extra), in the order of the steps:
              a_high, b_high, d_high   the upper halves of the same values
              c                        the value of slot i (the condition of SELECT)
    memory    one row for each step that loads, stores or grows memory (Operation.has_memory), in the order of the steps:
              address   LOAD and STORE: value of slot a + offset, not reduced (it can reach 2^33), also when the access traps
              cell0     LOAD and STORE: the 8-byte cell `address >> 3` of the space before the access; GROW: system cell 4 before the step
              cell1     the cell after it, if the access crosses into it

    cells     for each step of a host function (Operation.cells) what its slots held before, in the order of the steps

    A step that traps is the last row: it has its operands (and address), but no d, no cells and no link. For `d` the
    previous value of the slot is not recorded: it is what the last step that wrote the slot put there.
    """

    pc: U32
    fp: U32
    a: U32
    b: U32
    d: U32
    extra: U32
    memory: U64
    cells: U64

    def __len__(self) -> int:
        return len(self.pc)

    @staticmethod
    def of(columns: dict[str, Any]) -> Trace:
        return Trace(**columns)

    @staticmethod
    def join(parts: list[Trace]) -> Trace:
        return Trace.of({field: np.concatenate([getattr(part, field) for part in parts]) for field in FIELDS})

    def same_as(self, other: Trace) -> bool:
        return all(np.array_equal(getattr(self, field), getattr(other, field)) for field in FIELDS)


FIELDS: tuple[str, ...] = tuple(field.name for field in fields(Trace))
COLUMNS = FIELDS[:5]  # of 32 bits, one entry for each step
EXTRA = ("a_high", "b_high", "d_high", "c")
MEMORY = ("address", "cell0", "cell1")

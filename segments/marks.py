"""What is said of operations by 0 or 1."""
from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from segments.operands import wide_name
from wasm_exec.instructions import BY_NAME, JUMPING

Marks = npt.NDArray[np.int64]       # by the number of an operation
MOST_BITS = 62


@cache
def marks(names: tuple[str, ...]) -> Marks:
    """For every number of an operation whether it has one of these names, or is the same on 64 bits, or jumps where it would write."""
    out = np.zeros(1 + max(operation.number for operation in BY_NAME.values()), np.int64)
    every = [*names, *map(wide_name, names)]
    out[[BY_NAME[name].number for name in (*every, *(JUMPING + name for name in every)) if name in BY_NAME]] = 1
    return out


class Said:
    """All that is said, in one number for each operation."""

    def __init__(self) -> None:
        self.table, self.places = np.zeros(1 + max(operation.number for operation in BY_NAME.values()), np.int64), dict[bytes, int]()

    def place(self, bits: Marks) -> int:
        key = bits.tobytes()
        if key not in self.places:
            if len(self.places) == MOST_BITS:
                raise ValueError("so much cannot be said of an operation")
            self.places[key] = len(self.places)
            self.table |= bits << self.places[key]
        return self.places[key]


IMMEDIATE = marks(tuple(name for name, operation in BY_NAME.items() if operation.has_immediate))

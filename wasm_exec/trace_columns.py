"""Where the columns of a trace lie in memory 2 of the recorder: they become arrays as they are.

Nothing is written where a column is 0, and memory that is not written takes no room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from wasm_exec.instructions import Family
from wasm_exec.spaces import WASM_PAGE_BYTES
from wasm_exec.trace import DTYPES, FIELDS, WIDE, Trace

ROW_BYTES = 4  # the number of a row is kept times this
ROWS = len(Family) << 20  # a segment has at most 2^20 - 1 rows of every family
WIDTHS = {name: np.dtype(DTYPES[name]).itemsize for name in FIELDS}
BASE = {name: ROWS * sum(WIDTHS[other] for other in FIELDS[:position]) for position, name in enumerate(FIELDS)}
PAGES = ROWS * sum(WIDTHS.values()) // WASM_PAGE_BYTES
NARROW = tuple(name for name in FIELDS if name not in WIDE)

Column = Callable[[int, int, type[Any]], npt.NDArray[Any]]  # start, size in bytes, kind -> a part of the memory


def trace_of(column: Column, rows: int) -> Trace:
    """The first rows of the columns in this memory."""
    return Trace.of({name: column(BASE[name], WIDTHS[name] * rows, DTYPES[name]) for name in FIELDS})

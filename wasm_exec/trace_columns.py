"""Where the columns of a trace lie in memory 2 of the recorder: they become arrays as they are.

What belongs to no row is never written, so that it takes no room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from wasm_exec.instructions import TABLE, Family
from wasm_exec.spaces import CELL_BYTES, WASM_PAGE_BYTES
from wasm_exec.trace import COLUMNS, EXTRA, MEMORY, Trace

ROW_BYTES = 4  # the number of a row is kept times this
EXTRA_ROW_BYTES = 4 * len(EXTRA)  # and that of a row of `extra` times this
MEMORY_ROW_BYTES = 8 * len(MEMORY)
FAMILY_ROWS = 1 << 20  # a segment has at most 2^20 - 1 rows of every family
# Bytes between columns: pc and fp are written two at a time, and the same row of all columns must not fall into one set of a cache.
APART = 211 * 64
COLUMN_BYTES = ROW_BYTES * len(Family) * FAMILY_ROWS + APART
BASE = {name: COLUMN_BYTES * position for position, name in enumerate(COLUMNS)}
EXTRA_BASE = COLUMN_BYTES * len(COLUMNS)
EXTRA_ROWS = FAMILY_ROWS * len({operation.family for operation in TABLE if operation.has_extra})
MEMORY_BASE = EXTRA_BASE + EXTRA_ROW_BYTES * EXTRA_ROWS + APART
MEMORY_ROWS = FAMILY_ROWS * len({operation.family for operation in TABLE if operation.has_memory})
CELLS_BASE = MEMORY_BASE + MEMORY_ROW_BYTES * MEMORY_ROWS + APART
CELLS = FAMILY_ROWS * sum(operation.cells for operation in TABLE)
PAGES = -(-(CELLS_BASE + CELL_BYTES * CELLS) // WASM_PAGE_BYTES)

Part = Callable[[int, int, type[Any]], npt.NDArray[Any]]  # start, size in bytes, kind -> a part of the memory


def trace_of(part: Part, rows: int, extra_rows: int, memory_rows: int, cells: int) -> Trace:
    """The first rows of the columns in this memory."""
    columns = {name: part(BASE[name], ROW_BYTES * rows, np.uint32) for name in COLUMNS}
    extra = part(EXTRA_BASE, EXTRA_ROW_BYTES * extra_rows, np.uint32).reshape(-1, len(EXTRA))
    memory = part(MEMORY_BASE, MEMORY_ROW_BYTES * memory_rows, np.uint64).reshape(-1, len(MEMORY))
    return Trace.of(columns | {"extra": extra, "memory": memory, "cells": part(CELLS_BASE, CELL_BYTES * cells, np.uint64)})

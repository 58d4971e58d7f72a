"""Where the columns of a trace lie in memory 2 of the recorder, and how they become arrays without being copied.

A value of 32 bits and one of 64 bits have columns of their own; the one that a step does not write stays 0, so that the value is both
together. Nothing is written where a column is 0, and memory that is not written takes no room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from wasm_exec.instructions import Family
from wasm_exec.spaces import WASM_PAGE_BYTES
from wasm_exec.trace import DTYPES, FIELDS, U32, U64, Trace

ROW_BYTES = 4  # the number of a row is kept times this
NARROW = ("pc", "fp", "a", "b", "c", "d")
WIDE = ("a64", "b64", "d64", "address", "cell0", "cell1", "link")
WIDTHS = {name: 4 for name in NARROW} | {name: 8 for name in WIDE}
ROWS = len(Family) << 20  # a segment has at most 2^20 - 1 rows of every family
BASE: dict[str, int] = {}
END = 0
for _name, _width in WIDTHS.items():
    BASE[_name], END = END, END + _width * ROWS
PAGES = -(-END // WASM_PAGE_BYTES)

Column = Callable[[int, int, type[Any]], npt.NDArray[Any]]  # start, size in bytes, kind -> a part of the memory


def trace_of(column: Column, rows: int, with_wide: bool) -> Trace:
    """The first rows of the columns in this memory; `with_wide` if the program has values of 64 bits."""

    def narrow(name: str) -> U32:
        return column(BASE[name], WIDTHS[name] * rows, np.uint32)

    def wide(name: str) -> U64:
        return column(BASE[name], WIDTHS[name] * rows, np.uint64)

    found: dict[str, Any] = {}
    for name in FIELDS:
        if name + "64" in BASE:
            found[name] = narrow(name) | wide(name + "64") if with_wide else narrow(name).astype(np.uint64)
        else:
            found[name] = narrow(name) if DTYPES[name] is np.uint32 else wide(name)
    return Trace.of(found)

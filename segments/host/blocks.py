"""What chips have in common whose calls take a block of rows that follow each other."""
from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from segments.steps import U64, Columns, Ints
from stark.expression import Expression

CARRIED = "in a block that is real the call says it that the first row takes in"                # why time and address are numbers
SPELLED = "twice the limb is a sum of powers of two, each with a 2 or a 0 that bits make"       # why a limb of signs is one
Named = Iterator[tuple[str, npt.NDArray[np.generic]]]


def sign(bit: Expression) -> Expression:
    """-1 for 1 and 1 for 0: an exclusive or of bits is a product of these."""
    return bit * -2 + 1


# -- filling


def in_blocks(function: str, rows: int, columns: Callable[[U64], Named], cells: U64, time: Ints, address: Ints, height: int) -> Columns:
    """`cells`: what every call found, (calls, cells); `columns` makes (calls, rows) of it. Blocks that no call needs work on zeros."""
    blocks, count = height // rows, len(cells)
    if count > blocks:
        raise ValueError(f"{count} calls of {function} do not fit in {height} rows")
    out = laid(height, rows, count, columns(np.concatenate([cells, np.zeros((1, cells.shape[1]), np.uint64)])))
    for name, values in (("real", np.ones(count, np.int64)), ("time", time), ("address", address)):
        out[name] = np.repeat(np.append(values, np.zeros(blocks - count, np.int64)), rows)
    return out


def laid(height: int, rows: int, count: int, columns: Named) -> Columns:
    """The last block once more for every block that is left, and rows of zeros behind the blocks."""
    out: Columns = {}
    for name, values in columns:
        column = np.zeros(height, values.dtype)
        blocks = column[:height // rows * rows].reshape(-1, rows)
        blocks[:count], blocks[count:] = values[:-1], values[-1]
        out[name] = column
    return out

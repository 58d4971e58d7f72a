"""Values as columns: in limbs of 16 bits, in bytes, one of several."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from segments.operands import LIMB
from segments.steps import U64, Columns, Ints


def limb(values: Ints, k: int) -> Ints:
    return values >> 16 * k & LIMB - 1


def limbs(name: str, values: Ints | U64, count: int = 2) -> Columns:
    """The columns of a value in limbs of 16 bits."""
    return numbered(name, [limb(values.astype(np.int64), k) for k in range(count)])


def numbered(name: str, values: Sequence[npt.ArrayLike]) -> Columns:
    """The columns `name.0`, `name.1`, …"""
    return {f"{name}.{k}": value for k, value in enumerate(values)}


def bytes_of(values: Ints, width: int = 2) -> list[Ints]:
    """The bytes of so many limbs."""
    return [values >> 8 * k & 255 for k in range(2 * width)]


def sum_of_limbs(values: Ints, width: int) -> Ints:
    """0 for 0 only."""
    return sum((limb(values, k) for k in range(1, width)), start=limb(values, 0))


def chosen(place: Ints, values: Sequence[Ints]) -> Ints:
    """On every row the value at its place."""
    out = values[0]
    for k, value in enumerate(values[1:], 1):
        out = np.where(place == k, value, out)
    return out

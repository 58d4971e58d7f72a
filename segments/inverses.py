"""Inverses modulo p, as columns hold them to show that a number is not zero."""
from __future__ import annotations

from functools import cache

import numpy as np

from segments.steps import Ints
from stark.expression import P
from stark.symbols import taken

SMALL = 1 << 18         # sums of four limbs are below


def inverse(values: Ints) -> Ints:
    """1 / value, and 0 for 0, of sums of four limbs."""
    return taken(small_inverses(), values)


@cache
def small_inverses() -> Ints:
    """Those of all small numbers from one: that of a product gives those of its factors."""
    p, levels = np.uint64(P), [np.maximum(np.arange(SMALL, dtype=np.uint64), np.uint64(1))]
    while len(levels[-1]) > 1:
        levels.append(levels[-1][::2] * levels[-1][1::2] % p)
    out = computed_inverse(levels.pop().astype(np.int64)).astype(np.uint64)
    for level in reversed(levels):
        out = np.stack([out * level[1::2] % p, out * level[::2] % p], axis=1).reshape(-1)
    out[0] = 0
    return out.astype(np.int64)


def computed_inverse(values: Ints) -> Ints:
    result, base, exponent = np.ones(len(values), np.uint64), (values % P).astype(np.uint64), P - 2
    while exponent:
        if exponent & 1:
            result = result * base % np.uint64(P)
        base = base * base % np.uint64(P)
        exponent >>= 1
    return np.where(values % P == 0, 0, result.astype(np.int64))

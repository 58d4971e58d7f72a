"""Random words and slow definitions for the tests of kernels."""
from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from stark import field
from stark.field import U64, P
from stark.kernels import load
from stark.kernels.protocol import U32

REFERENCE = load("reference")
SEED = st.integers(0, 2**32)
EXAMPLES = settings(max_examples=12, deadline=None)


def residues(rng: np.random.Generator, *shape: int) -> U32:
    """Random residues, with more of 0 and P - 1 than chance would give."""
    values = rng.integers(0, P, shape)
    special = rng.integers(0, 20, shape)
    return np.where(special == 0, 0, np.where(special == 1, P - 1, values)).astype(np.uint32)


def wide(array: U32) -> U64:
    return array.astype(np.uint64)


def at(coefficients: U64, point: U64) -> list[int]:
    """A polynomial with base coefficients at an extension point."""
    powers = field.ext_powers_of(point, len(coefficients))
    return [int(sum(int(c) * int(p[k]) for c, p in zip(coefficients, powers, strict=True)) % P) for k in range(5)]

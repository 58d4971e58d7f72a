"""LogUp columns: the sums of fractions that prove that what is sent on a bus is received."""
from __future__ import annotations

import functools

import numpy as np

from stark.field import U64, P, base_inverse, ext_inverse, powers_of, residue, root_of_unity
from stark.flat import FlatChip
from stark.kernels.checks import log2_exact
from stark.kernels.reference.flat import Columns, Evaluation


def trace_selectors(log_height: int) -> U64:
    """The selector polynomials on the trace domain: first is h on row 0, last is h*w on the last row, transition is x - 1/w."""
    height, root = 1 << log_height, root_of_unity(log_height)
    inverse_root = pow(root, P - 2, P)
    selectors = np.zeros((3, height), np.uint64)
    selectors[0, 0] = height % P
    selectors[1, height - 1] = height * root % P
    selectors[2] = residue(powers_of(root, height) + P - inverse_root)
    return selectors


def coset_selectors(log_height: int, points: U64) -> U64:
    """The same polynomials at points outside of the trace domain."""
    inverse_root = pow(root_of_unity(log_height), P - 2, P)
    vanishing = points
    for _ in range(log_height):
        vanishing = residue(vanishing * vanishing)
    vanishing = residue(vanishing + P - 1)
    transition = residue(points + P - inverse_root)
    return np.stack([residue(vanishing * base_inverse(residue(points + P - 1))), residue(vanishing * base_inverse(transition)), transition])


def logup(flat: FlatChip, fixed: U64, main: U64, public: U64, gamma: U64, beta: U64) -> tuple[U64, U64]:
    height = main.shape[1]
    columns = Columns(fixed, main, public, trace_selectors(log2_exact(height)), lambda rows: np.roll(rows, -1, axis=1))
    messages = Evaluation(flat, columns).messages(gamma, beta)
    if not messages:
        return np.zeros((0, height), np.uint64), np.zeros(5, np.uint64)
    fractions = [residue(multiplicity[:, None] * ext_inverse(denominator)) for multiplicity, denominator in messages]
    pairs = [residue(functools.reduce(np.add, fractions[k:k + 2])) for k in range(1, len(fractions), 2)]
    after = residue(np.cumsum(residue(functools.reduce(np.add, fractions)), axis=0))
    before = np.concatenate([np.zeros((1, 5), np.uint64), after[:-1]])
    return np.concatenate([column.T for column in [*pairs, before]]), after[-1]

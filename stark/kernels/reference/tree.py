"""Merkle trees over extended matrices of several heights, in numpy."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stark.field import (
    U64,
    coset_shift,
    evaluate_on_coset,
    ext_power,
    ext_powers_of,
    interpolate_on_coset,
    ntt,
    residue,
    root_of_unity,
)
from stark.kernels.checks import log2_exact
from stark.kernels.protocol import U32, Indices
from stark.poseidon2 import compress, sponge


def words(array: U64) -> U32:
    """What leaves a kernel: canonical residues in uint32, contiguous."""
    return np.ascontiguousarray(array, np.uint32)


@dataclass(frozen=True)
class Matrix:
    """Columns on the extended domain: (columns, 2^(log_height + log_blowup)), bit-reversed."""
    extended: U64
    log_height: int
    shift: int


class ReferenceCommitment:
    def __init__(self, matrices: Sequence[Matrix], rows: dict[int, U64], log_cap: int) -> None:
        self.matrices = matrices
        self._rows = rows
        self._top = max(rows)
        self._layers: dict[int, U64] = {}
        digests = sponge(rows[self._top])
        for level in range(self._top, log_cap - 1, -1):
            if level < self._top:
                digests = compress(digests[0::2], digests[1::2])
                if level in rows:
                    digests = compress(sponge(rows[level]), digests)
            self._layers[level] = digests
        self._log_cap = log_cap

    @property
    def cap(self) -> U32:
        return words(self._layers[self._log_cap])

    @property
    def log_height(self) -> int:
        return self._top

    def open(self, indices: Indices) -> U32:
        indices = np.asarray(indices, np.int64)
        if indices.ndim != 1 or (indices < 0).any() or (indices >> self._top).any():
            raise ValueError(f"indices must be a vector of leaves below 2^{self._top}")
        parts = [self._rows[level][indices >> (self._top - level)] for level in sorted(self._rows)]
        parts += [self._layers[level][(indices >> (self._top - level)) ^ 1] for level in range(self._top, self._log_cap, -1)]
        return words(np.concatenate([part.reshape(-1) for part in parts]))

    def evaluate(self, log_rows: int, point: U32) -> U32:
        if not self.matrices or any(matrix.log_height > log_rows for matrix in self.matrices):
            raise ValueError("only a commitment to matrices of at most 2^log_rows rows can be evaluated")
        values = []
        for matrix in self.matrices:
            height = 1 << matrix.log_height
            coefficients = interpolate_on_coset(matrix.extended[:, :height], matrix.shift)
            powers = ext_powers_of(ext_power(np.asarray(point, np.uint64), 1 << (log_rows - matrix.log_height)), height)
            values.append(np.stack([residue(residue(column[:, None] * powers).sum(axis=0)) for column in coefficients]))
        return words(np.concatenate(values))


def commit(matrices: Sequence[U32], log_rows: int, log_blowup: int, log_cap: int) -> ReferenceCommitment:
    extended: list[Matrix] = []
    groups: dict[int, list[U64]] = {}
    root_of_unity(log_rows + log_blowup)        # a domain that the field does not have is refused before anything is computed
    for matrix in matrices:
        if not len(matrix):
            raise ValueError("a matrix has at least one column")
        log_height = log2_exact(matrix.shape[1])
        level = log_height + log_blowup
        if log_height > log_rows or level < log_cap or (groups and level < max(groups)):
            raise ValueError("matrices go from short to tall, no taller than 2^log_rows and no shorter than the cap")
        shift = coset_shift(log_height)
        values = evaluate_on_coset(ntt(matrix.astype(np.uint64), inverse=True), log_blowup, shift)
        extended.append(Matrix(values, log_height, shift))
        groups.setdefault(level, []).append(values)
    if not groups:
        raise ValueError("nothing to commit to")
    return ReferenceCommitment(extended, {level: np.concatenate(group).T for level, group in groups.items()}, log_cap)


def commit_rows(rows: U32, log_cap: int) -> ReferenceCommitment:
    if not rows.shape[1] or log2_exact(len(rows)) < log_cap:
        raise ValueError("rows are at least one word wide and no fewer than the cap")
    return ReferenceCommitment([], {log2_exact(len(rows)): rows.astype(np.uint64)}, log_cap)


def combine(commitments: Sequence[ReferenceCommitment], weights: Sequence[U32], log_domain: int) -> U64:
    if len(commitments) != len(weights):
        raise ValueError("one array of weights for each commitment")
    total = np.zeros((1 << log_domain, 5), np.uint64)
    for commitment, rows in zip(commitments, weights, strict=True):
        columns = [(column, log2_exact(len(column))) for matrix in commitment.matrices for column in matrix.extended]
        if not columns or rows.shape != (len(columns), 5) or max(level for _, level in columns) > log_domain:
            raise ValueError("one weight for each column, and no column taller than the domain")
        for (column, level), weight in zip(columns, rows.astype(np.uint64), strict=True):
            part = residue(column[:, None] * weight)
            total = residue(total + np.repeat(part, 1 << (log_domain - level), axis=0))
    return total

"""Merkle trees over extended matrices of several heights, in numpy."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from stark.poseidon2 import compress, of_width, sponge


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
    """`groups` are the hashed columns (columns, rows), by the logarithm of how many share one."""

    def __init__(self, matrices: Sequence[Matrix], groups: Mapping[int, U64], log_cap: int, hash_width: int) -> None:
        self.matrices, self.groups = matrices, groups
        self._rows = np.concatenate(list(groups.values())).T
        self._top = log2_exact(len(self._rows))
        block = of_width(hash_width).rate
        *first, last = [group.T for group in groups.values()]
        digests = sponge(np.concatenate([*(np.pad(rows, ((0, 0), (0, -rows.shape[1] % block))) for rows in first), last], 1), hash_width)
        self._layers = {self._top: digests}
        for level in range(self._top - 1, log_cap - 1, -1):
            self._layers[level] = digests = compress(digests[0::2], digests[1::2], hash_width)
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
        parts = [self._rows[indices]]
        parts += [self._layers[level][(indices >> (self._top - level)) ^ 1] for level in range(self._top, self._log_cap, -1)]
        return words(np.concatenate([part.reshape(-1) for part in parts]))

    def evaluate(self, log_rows: int, points: U32) -> U32:
        return np.stack([self.evaluated(log_rows, point) for point in points])

    def evaluated(self, log_rows: int, point: U32) -> U32:
        if not self.matrices or any(matrix.log_height > log_rows for matrix in self.matrices):
            raise ValueError("only a commitment to matrices of at most 2^log_rows rows can be evaluated")
        values = []
        for matrix in self.matrices:
            height = 1 << matrix.log_height
            coefficients = interpolate_on_coset(matrix.extended[:, :height], matrix.shift)
            powers = ext_powers_of(ext_power(np.asarray(point, np.uint64), 1 << (log_rows - matrix.log_height)), height)
            values.append(np.stack([residue(residue(column[:, None] * powers).sum(axis=0)) for column in coefficients]))
        return words(np.concatenate(values))


def commit(matrices: Sequence[U32], log_rows: int, log_blowup: int, log_cap: int, hash_width: int, packs: Sequence[int],
           unit: int) -> ReferenceCommitment:
    root_of_unity(log_rows + log_blowup)        # a domain that the field does not have is refused before anything is computed
    if not matrices or len(packs) != len(matrices) or log_blowup < 1 or unit < 1 or log_rows + log_blowup < log_cap:
        raise ValueError("there is something to commit to, each with a pack, and it is no shorter than the cap")
    extended: list[Matrix] = []
    columns: dict[int, list[tuple[U64, int]]] = {}
    before = (0, log_rows)
    for matrix, pack in zip(matrices, packs, strict=True):
        if not len(matrix) or len(matrix) % unit:
            raise ValueError("a matrix has at least one column, and whole units of them")
        log_height = log2_exact(matrix.shape[1])
        if not before[0] <= log_height <= log_rows or not 0 <= pack <= min(log_rows - log_height, before[1]):
            raise ValueError("matrices go from short to tall, no taller than 2^log_rows, and share columns less and less")
        before = log_height, pack
        shift, coefficients = coset_shift(log_height), ntt(matrix.astype(np.uint64), inverse=True)
        extended.append(Matrix(evaluate_on_coset(coefficients, log_blowup, shift), log_height, shift))
        columns.setdefault(pack, []).extend((part, log_rows - log_height) for part in coefficients.reshape(-1, unit, matrix.shape[1]))
    groups = {pack: evaluate_on_coset(packed(parts, 1 << pack, log_rows), log_blowup, coset_shift(log_rows))
              for pack, parts in columns.items()}
    return ReferenceCommitment(extended, groups, log_cap, hash_width)


def packed(parts: list[tuple[U64, int]], share: int, log_rows: int) -> U64:
    """Coefficients of the columns that `share` parts share; a part is the coefficients of a unit and how far they lie apart."""
    unit = len(parts[0][0])
    out = np.zeros((-(-len(parts) // share), unit, 1 << log_rows), np.uint64)
    for k, (coefficients, log_step) in enumerate(parts):
        out[k // share, :, k % share::1 << log_step] = coefficients
    return out.reshape(-1, 1 << log_rows)


def commit_rows(rows: U32, log_cap: int, hash_width: int) -> ReferenceCommitment:
    if not rows.shape[1] or log2_exact(len(rows)) < log_cap:
        raise ValueError("rows are at least one word wide and no fewer than the cap")
    return ReferenceCommitment([], {0: rows.astype(np.uint64).T}, log_cap, hash_width)


def combine(commitments: Sequence[ReferenceCommitment], weights: Sequence[U32], log_pack: int, log_domain: int) -> U64:
    if len(commitments) != len(weights):
        raise ValueError("one array of weights for each commitment")
    total = np.zeros((1 << log_domain, 5), np.uint64)
    for commitment, rows in zip(commitments, weights, strict=True):
        if not commitment.matrices or log_pack not in commitment.groups or commitment.log_height > log_domain:
            raise ValueError("there are columns of this pack, none taller than the domain")
        columns = commitment.groups[log_pack]
        if rows.shape != (len(columns), 5):
            raise ValueError("one weight for each column")
        for column, weight in zip(columns, rows.astype(np.uint64), strict=True):
            part = residue(column[:, None] * weight)
            total = residue(total + np.repeat(part, 1 << (log_domain - commitment.log_height), axis=0))
    return total

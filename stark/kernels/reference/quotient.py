"""The quotient of all chips: constraints on a coset of twice the height, divided by the vanishing polynomial, split in halves."""
from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from stark.field import U64, P, bit_reversal, coset_shift, domain, embed, ext_mul, interpolate_on_coset, ntt, residue
from stark.kernels.protocol import Commitment, QuotientJob
from stark.kernels.reference.flat import Columns, Evaluation
from stark.kernels.reference.logup import coset_selectors
from stark.kernels.reference.tree import ReferenceCommitment


def next_rows(log_height: int) -> U64:
    """For each row of the coset of twice the height, in bit-reversed order, the row one trace row further."""
    order = bit_reversal(log_height + 1)
    return order[(order + 2) % len(order)].astype(np.uint64)


def _columns(place: tuple[Commitment, int] | None, log_height: int) -> U64:
    """The chip's matrix on the coset of twice its height."""
    size = 2 << log_height
    if place is None:
        return np.zeros((0, size), np.uint64)
    commitment, position = place
    if not isinstance(commitment, ReferenceCommitment) or position >= len(commitment.matrices):
        raise ValueError("no such matrix in a commitment of this kernel set")
    matrix = commitment.matrices[position]
    if matrix.log_height != log_height or matrix.shift != coset_shift(log_height) or matrix.extended.shape[1] < size:
        raise ValueError("the matrix has another height, shift or blow-up")
    return matrix.extended[:, :size]


def constraints(job: QuotientJob) -> list[U64]:
    """All constraints of a chip as (2 * height, 5) values."""
    log_height = job.log_height
    points = domain(log_height + 1, coset_shift(log_height))
    selectors = coset_selectors(log_height, points)
    order = next_rows(log_height)
    fixed, main, logup = (_columns(place, log_height) for place in (job.fixed, job.main, job.logup))
    columns = Columns(fixed, main, np.asarray(job.public, np.uint64), selectors, lambda rows: rows[:, order])
    evaluation = Evaluation(job.flat, columns)
    values = [embed(value) for value in evaluation.requirements()]
    messages = evaluation.messages(np.asarray(job.gamma, np.uint64), np.asarray(job.beta, np.uint64))
    count = (len(messages) + 2) // 2 if messages else 0
    if len(logup) != 5 * count:
        raise ValueError("the LogUp columns do not fit the messages")
    if messages:
        extension = logup.reshape(count, 5, -1).transpose(0, 2, 1)
        values += _logup_constraints(messages, extension, order, selectors, np.asarray(job.total, np.uint64))
    return values


def _logup_constraints(messages: list[tuple[U64, U64]], columns: U64, order: U64, selectors: U64, total: U64) -> list[U64]:
    *pairs, running = columns
    values = []
    for pair, k in zip(pairs, range(1, len(messages), 2), strict=True):
        value = pair
        for _, denominator in messages[k:k + 2]:
            value = ext_mul(value, denominator)
        match messages[k:k + 2]:
            case [(m1, d1), (m2, d2)]:
                value = value + 2 * P - residue(m1[:, None] * d2) - residue(m2[:, None] * d1)
            case [(m1, _)]:
                value = value + P - embed(m1)
        values.append(residue(value))
    multiplicity, denominator = messages[0]
    first, last, transition = (selector[:, None] for selector in selectors)
    others = residue(functools.reduce(np.add, pairs, np.zeros_like(running)))

    def own_fraction(step: U64) -> U64:
        return residue(ext_mul(residue(step + P - others), denominator) + P - embed(multiplicity))

    values.append(residue(first * running))
    values.append(residue(transition * own_fraction(running[order] + P - running)))
    values.append(residue(last * own_fraction(total + P - running)))
    return values


def quotient(jobs: Sequence[QuotientJob], log_rows: int, log_blowup: int) -> U64:
    if log_blowup < 1:
        raise ValueError("the quotient needs a blow-up of at least two")
    shift_power = pow(coset_shift(log_rows), 1 << log_rows, P)      # x^height on the first half of a chip's coset, minus that on the second
    total = np.zeros((2 << log_rows, 5), np.uint64)
    for job in jobs:
        if job.log_height > log_rows:
            raise ValueError("a chip is taller than the tallest height")
        values = constraints(job)
        if np.shape(job.weights) != (len(values), 5):
            raise ValueError("one weight for each constraint")
        weighted = [ext_mul(value, weight) for value, weight in zip(values, np.asarray(job.weights, np.uint64), strict=True)]
        part = residue(functools.reduce(np.add, weighted, np.zeros((2 << job.log_height, 5), np.uint64)))
        vanishing = np.repeat(np.array([shift_power - 1, P - shift_power - 1], np.uint64), 1 << job.log_height)
        inverse = np.array([pow(int(v), P - 2, P) for v in vanishing[[0, -1]]], np.uint64).repeat(1 << job.log_height)
        part = residue(part * inverse[:, None])
        total = residue(total + np.repeat(part, 1 << (log_rows - job.log_height), axis=0))
    coefficients = interpolate_on_coset(total.T, coset_shift(log_rows))
    half = 1 << log_rows
    return ntt(np.concatenate([coefficients[:, :half], coefficients[:, half:]]))

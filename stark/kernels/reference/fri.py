"""The low-degree test's arithmetic: quotients by points, folding, the last polynomial, grinding."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stark.field import U64, P, base_inverse, domain, embed, ext_inverse, ext_mul, ext_power, interpolate_on_coset, residue
from stark.kernels.checks import log2_exact
from stark.poseidon2 import of_width, permute


def deep(combined: Sequence[U64], claimed: Sequence[U64], points: U64, second: U64, shift: int) -> U64:
    if not combined or len(combined) != len(claimed):
        raise ValueError("one pair of polynomials for each sum")
    x = domain(log2_exact(len(combined[0])), shift)
    total = np.zeros((len(x), 5), np.uint64)
    for values, opened in zip(combined, claimed, strict=True):
        count = opened.shape[1]
        power = embed(powered(x, 1 << log2_exact(count)))
        for k in range(2):
            polynomial = np.zeros((len(x), 5), np.uint64)
            for coefficient in opened[k, ::-1]:
                polynomial = residue(polynomial * x[:, None] + coefficient)
            quotient = ext_mul(residue(values + P - polynomial), ext_inverse(residue(power + P - ext_power(points[k], count))))
            total = residue(total + (ext_mul(quotient, second) if k else quotient))
    return total


def powered(x: U64, exponent: int) -> U64:
    """Powers of base elements; the exponent is a power of two."""
    for _ in range(log2_exact(exponent)):
        x = residue(x * x)
    return x


def fold(values: U64, log_arity: int, challenge: U64, shift: int) -> U64:
    if log2_exact(len(values)) < log_arity:
        raise ValueError("more folding than values")
    for _ in range(log_arity):
        x = domain(log2_exact(len(values)), shift)[0::2]
        even, odd = values[0::2], values[1::2]
        difference = residue(residue(even + P - odd) * base_inverse(x)[:, None])
        values = residue(even + odd + ext_mul(difference, challenge))
        challenge, shift = ext_mul(challenge, challenge), shift * shift % P
    return values


def interpolate(values: U64, shift: int) -> U64:
    log2_exact(len(values))
    return interpolate_on_coset(np.ascontiguousarray(values.T), shift).T


def grind(state: U64, bits: int) -> int:
    if not 0 <= bits <= 30:
        raise ValueError("between 0 and 30 bits can be ground")
    kind, step = of_width(len(state)), min(1 << bits, 4096)
    for start in range(0, P, step):
        nonces = np.arange(start, min(start + step, P), dtype=np.uint64)
        trial = np.broadcast_to(state, (len(nonces), kind.width)).copy()
        trial[:, :kind.rate] = 0
        trial[:, 0] = nonces
        good = np.flatnonzero((permute(trial)[:, 0] & np.uint64((1 << bits) - 1)) == 0)
        if len(good):
            return start + int(good[0])
    raise ValueError("no nonce does it")

"""The low-degree test's arithmetic: quotients by points, folding, the last polynomial, grinding."""
from __future__ import annotations

import numpy as np

from stark.field import U64, P, base_inverse, domain, embed, ext_inverse, ext_mul, interpolate_on_coset, residue
from stark.kernels.checks import log2_exact
from stark.poseidon2 import of_width, permute


def deep(combined: U64, claimed: U64, points: U64, second: U64, shift: int) -> U64:
    x = embed(domain(log2_exact(len(combined)), shift))

    def divided(k: int) -> U64:
        return ext_mul(residue(combined + P - claimed[k]), ext_inverse(residue(x + P - points[k])))

    return residue(divided(0) + ext_mul(divided(1), second))


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

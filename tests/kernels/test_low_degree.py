"""Quotients by points, folding, interpolation, grinding."""
from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stark import field, poseidon2
from stark.field import P
from stark.kernels.protocol import Kernels
from tests.kernels.values import EXAMPLES, REFERENCE, SEED, residues, wide


@given(SEED, st.integers(0, 8), st.sampled_from([1, 3, 9, P - 5]), st.lists(st.integers(0, 3), min_size=1, max_size=3))
@EXAMPLES
def test_deep_quotients(kernels: Kernels, seed: int, log_size: int, shift: int, packs: list[int]) -> None:
    rng = np.random.default_rng(seed)
    combined, points, second = [residues(rng, 1 << log_size, 5) for _ in packs], residues(rng, 2, 5), residues(rng, 5)
    claimed = [residues(rng, 2, 1 << pack, 5) for pack in packs]
    result = kernels.deep(combined, claimed, points, second, shift)
    i, total = int(rng.integers(1 << log_size)), np.zeros(5, np.uint64)
    x = field.embed(field.domain(log_size, shift)[i])
    for values, polynomials in zip(combined, claimed, strict=True):
        count = polynomials.shape[1]
        for k in range(2):
            opened = np.array(at_extension(wide(polynomials[k]), x), np.uint64)
            power = field.ext_power(x, count) + P - field.ext_power(wide(points[k]), count)
            quotient = field.ext_mul((wide(values[i]) + P - opened) % P, field.ext_inverse(power % P))
            total = (total + (field.ext_mul(quotient, wide(second)) if k else quotient)) % P
    assert result[i].tolist() == total.tolist()
    assert result.tolist() == REFERENCE.deep(combined, claimed, points, second, shift).tolist()


def at_extension(coefficients: field.U64, x: field.U64) -> list[int]:
    value = np.zeros(5, np.uint64)
    for coefficient in coefficients[::-1]:
        value = (field.ext_mul(value, x) + coefficient) % P
    return value.tolist()


@given(SEED, st.integers(0, 8), st.integers(0, 3), st.sampled_from([1, 3, 27]))
@EXAMPLES
def test_folding_is_evaluation_of_mixed_halves(kernels: Kernels, seed: int, log_size: int, log_arity: int, shift: int) -> None:
    rng = np.random.default_rng(seed)
    log_arity = min(log_arity, log_size)
    values, challenge = residues(rng, 1 << log_size, 5), residues(rng, 5)
    folded = kernels.fold(values, log_arity, challenge, shift)
    assert folded.tolist() == REFERENCE.fold(values, log_arity, challenge, shift).tolist()
    coefficients, weight = wide(kernels.interpolate(values, shift)), wide(challenge)
    for _ in range(log_arity):                          # p = even(x^2) + x odd(x^2) becomes 2 * (even + challenge * odd)
        coefficients = 2 * (coefficients[0::2] + field.ext_mul(coefficients[1::2], weight)) % P
        weight = field.ext_mul(weight, weight)
    again = kernels.interpolate(folded, pow(shift, 1 << log_arity, P))
    assert again.tolist() == coefficients.tolist()
    back = field.evaluate_on_coset(wide(kernels.interpolate(values, shift)).T, 0, shift)
    assert back.T.tolist() == values.tolist()


@given(SEED, st.integers(0, 8), st.sampled_from([16, 24]))
@EXAMPLES
def test_the_nonce_is_the_smallest(kernels: Kernels, seed: int, bits: int, width: int) -> None:
    state = residues(np.random.default_rng(seed), width)
    nonce = kernels.grind(state, bits)
    trials = np.tile(wide(state), (nonce + 1, 1))
    trials[:, :poseidon2.HASHES[width].rate] = 0
    trials[:, 0] = np.arange(nonce + 1)
    low = poseidon2.permute(trials)[:, 0] & ((1 << bits) - 1)
    assert low[-1] == 0 and low[:-1].all()

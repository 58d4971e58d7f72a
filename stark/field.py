"""KoalaBear and its extension modulo X^5 + X^2 - 1 on numpy arrays: uint64 residues, extension values with a trailing axis of 5."""
from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

U64 = npt.NDArray[np.uint64]

P = 2**31 - 2**24 + 1
GENERATOR = 3
TWO_ADICITY = 24
FEW_WORDS, SOME_WORDS = 60, 2000                        # products of so many words have ways of their own
POWERS = ((1, 0, 0, 0, 0), (0, 1, 0, 0, 0), (0, 0, 1, 0, 0), (0, 0, 0, 1, 0), (0, 0, 0, 0, 1),
          (1, 0, -1, 0, 0), (0, 1, 0, -1, 0), (0, 0, 1, 0, -1), (-1, 0, 1, 1, 0))         # X^0 … X^8
FOLDED = np.array([POWERS[i + j] for i in range(5) for j in range(5)], np.int64)          # where the product of two coordinates goes
ONE_EXT: U64 = np.array([1, 0, 0, 0, 0], np.uint64)


def residue(a: U64) -> U64:
    """a % P; twice as fast as `%`, because numpy divides by a constant with vectors but takes remainders one by one."""
    return a - a // P * P


@functools.cache
def root_of_unity(log_order: int) -> int:
    """The primitive root of order 2^log_order that all domains use."""
    if not 0 <= log_order <= TWO_ADICITY:
        raise ValueError(f"no root of unity of order 2^{log_order}")
    return pow(GENERATOR, (P - 1) >> log_order, P)


def coset_shift(log_height: int) -> int:
    """The shift of the domain on which a column of 2^log_height rows is committed: the same under every tallest height, and that of p(x^r)
    where p(x) is a column r times shorter."""
    return pow(GENERATOR, 1 << (TWO_ADICITY - log_height), P)


def embed(a: U64) -> U64:
    """Base values as extension values."""
    return a[..., None] * ONE_EXT


def ext_mul(a: U64, b: U64) -> U64:
    """Products of extension values."""
    if a.shape == b.shape and a.size <= FEW_WORDS:
        pairs = zip(a.reshape(-1, 5).tolist(), b.reshape(-1, 5).tolist(), strict=True)
        return np.array([product(x, y) for x, y in pairs], np.uint64).reshape(a.shape)
    if max(a.size, b.size) <= SOME_WORDS:
        pairs_of_words = residue(a[..., :, None] * b[..., None, :])
        sums = pairs_of_words.reshape(*pairs_of_words.shape[:-2], 25).astype(np.int64) @ FOLDED
        return residue((sums + 8 * P).astype(np.uint64))
    x, y = [a[..., k] for k in range(5)], [b[..., k] for k in range(5)]
    c: list[U64] = []
    for k in range(9):
        terms = [x[i] * y[k - i] for i in range(max(0, k - 4), min(k, 4) + 1)]
        total = residue(functools.reduce(np.add, terms[:4]))  # four products of residues stay below 2^64, five do not
        c.append(total if len(terms) < 5 else residue(total + terms[4]))
    # X^5 = 1 - X^2, X^6 = X - X^3, X^7 = X^2 - X^4, X^8 = X^3 + X^2 - 1
    folded = [c[0] + c[5] + P - c[8], c[1] + c[6], c[2] + P - c[5] + c[7] + c[8], c[3] + P - c[6] + c[8], c[4] + P - c[7]]
    return np.stack([residue(word) for word in folded], axis=-1)


def product(a: list[int], b: list[int]) -> list[int]:
    """Of two extension elements as Python's integers: for a few of them ten times as fast as numpy."""
    a0, a1, a2, a3, a4 = a
    b0, b1, b2, b3, b4 = b
    c5, c6 = a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1, a2 * b4 + a3 * b3 + a4 * b2
    c7, c8 = a3 * b4 + a4 * b3, a4 * b4
    return [(a0 * b0 + c5 - c8) % P, (a0 * b1 + a1 * b0 + c6) % P, (a0 * b2 + a1 * b1 + a2 * b0 - c5 + c7 + c8) % P,
            (a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0 - c6 + c8) % P, (a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0 - c7) % P]


def power(a: U64, exponent: int, multiply: Callable[[U64, U64], U64], one: U64) -> U64:
    """Square and multiply for any ring."""
    result = np.broadcast_to(one, a.shape)
    while exponent:
        if exponent & 1:
            result = multiply(result, a)
        a, exponent = multiply(a, a), exponent >> 1
    return result


def base_mul(a: U64, b: U64) -> U64:
    return residue(a * b)


def base_inverse(a: U64) -> U64:
    """Zero has the inverse zero."""
    return power(np.asarray(a, np.uint64), P - 2, base_mul, np.ones((), np.uint64))


def ext_power(a: U64, exponent: int) -> U64:
    return power(a, exponent, ext_mul, ONE_EXT)


@functools.cache
def _frobenius_images() -> U64:
    """(X^k)^P for k = 0..4."""
    image = ext_power(np.array([0, 1, 0, 0, 0], np.uint64), P)
    return np.stack([ext_power(image, k) for k in range(5)])


def frobenius(a: U64) -> U64:
    """a^P."""
    terms = [residue(a[..., k, None] * _frobenius_images()[k]) for k in range(5)]
    return residue(functools.reduce(np.add, terms))


def ext_inverse(a: U64) -> U64:
    """Zero has the inverse zero; who needs a true inverse requires a * inverse == 1."""
    first = frobenius(a)
    second = frobenius(first)
    pair = ext_mul(first, second)
    rest = ext_mul(pair, frobenius(frobenius(pair)))    # the product of the four other conjugates
    norm = ext_mul(a, rest)[..., 0]
    return residue(rest * base_inverse(norm)[..., None])


def powers_of(x: int, count: int) -> U64:
    """1, x, x^2, ... as base values."""
    out = np.ones(1, np.uint64)
    while len(out) < count:
        out = np.concatenate([out, out * pow(x, len(out), P) % P])
    return out[:count]


def ext_powers_of(x: U64, count: int) -> U64:
    """1, x, x^2, ... as extension values."""
    out, step = ONE_EXT[None], x
    while len(out) < count:
        out, step = np.concatenate([out, ext_mul(out, step)]), ext_mul(step, step)
    return out[:count]


@functools.cache
def bit_reversal(log_size: int) -> npt.NDArray[np.int64]:
    """The permutation that reverses the bits of an index."""
    order = np.zeros(1, np.int64)
    for _ in range(log_size):
        order = np.concatenate([2 * order, 2 * order + 1])
    order.setflags(write=False)
    return order


def domain(log_size: int, shift: int) -> U64:
    """The points shift * w^bitreverse(i): a coset in bit-reversed order."""
    return powers_of(root_of_unity(log_size), 1 << log_size)[bit_reversal(log_size)] * shift % P


def ntt(values: U64, inverse: bool = False) -> U64:
    """Along the last axis, natural order in and out: coefficients to values on the subgroup, or back."""
    size = values.shape[-1]
    log_size = size.bit_length() - 1
    values = values[..., bit_reversal(log_size)]
    for level in range(1, log_size + 1):
        half = 1 << (level - 1)
        root = root_of_unity(level)
        twiddles = powers_of(pow(root, P - 2, P) if inverse else root, half)
        blocks = values.reshape(*values.shape[:-1], size // (2 * half), 2, half)
        low, high = blocks[..., 0, :], residue(blocks[..., 1, :] * twiddles)
        values = np.stack([residue(low + high), residue(low + P - high)], axis=-2).reshape(values.shape)
    return residue(values * np.uint64(pow(size, P - 2, P))) if inverse else values


def evaluate_on_coset(coefficients: U64, log_blowup: int, shift: int) -> U64:
    """Along the last axis: coefficients to values on shift * <w>, in bit-reversed order, 2^log_blowup times as many."""
    size = coefficients.shape[-1]
    padded = np.zeros((*coefficients.shape[:-1], size << log_blowup), np.uint64)
    padded[..., :size] = coefficients * powers_of(shift, size) % P
    values = ntt(padded)
    return values[..., bit_reversal(values.shape[-1].bit_length() - 1)]


def interpolate_on_coset(values: U64, shift: int) -> U64:
    """Along the last axis: bit-reversed values on shift * <w> to coefficients."""
    size = values.shape[-1]
    coefficients = ntt(values[..., bit_reversal(size.bit_length() - 1)], inverse=True)
    return coefficients * powers_of(pow(shift, P - 2, P), size) % P

"""The Poseidon2 permutation of width 16 over KoalaBear: round constants, layers, and the permutation on numpy arrays.

The layers work on any list of sixteen values that know `+` and `*` (numbers, arrays, graph nodes), so a chip can state its
rounds with them.
"""
from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from stark.field import U64, P, residue

WIDTH = 16
RATE = 8
FULL_ROUNDS = 8
PARTIAL_ROUNDS = 20
TRACE_COLUMNS = FULL_ROUNDS * WIDTH + PARTIAL_ROUNDS


def _half_power(k: int) -> int:
    return pow(2, P - 1 - k, P)


DIAGONAL: tuple[int, ...] = tuple(d % P for d in (
    -2, 1, 2, _half_power(1), 3, 4, -_half_power(1), -3, -4,
    _half_power(8), _half_power(3), _half_power(24), -_half_power(8), -_half_power(3), -_half_power(4), -_half_power(24)))


def _grain_bits() -> Iterator[int]:
    """The self-shrinking Grain LFSR, started from the parameters of the permutation."""
    fields = ((1, 2), (0, 4), (31, 12), (WIDTH, 12), (FULL_ROUNDS, 10), (PARTIAL_ROUNDS, 10), (2**30 - 1, 30))
    state = 0
    for value, bits in fields:
        state = state << bits | value                    # the first bit of the register is the highest

    def step() -> int:
        nonlocal state
        bit = (state >> 79 ^ state >> 66 ^ state >> 56 ^ state >> 41 ^ state >> 28 ^ state >> 17) & 1
        state = (state << 1 | bit) & (2**80 - 1)
        return bit

    for _ in range(160):
        step()
    while True:
        keep, bit = step(), step()
        if keep:
            yield bit


@functools.cache
def round_constants() -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]:
    """Constants of the eight full rounds (16 each) and of the twenty partial rounds (one each)."""
    bits = _grain_bits()

    def element() -> int:
        while True:
            value = functools.reduce(lambda acc, _: acc << 1 | next(bits), range(31), 0)
            if value < P:
                return value

    first = [tuple(element() for _ in range(WIDTH)) for _ in range(FULL_ROUNDS // 2)]
    partial = tuple(element() for _ in range(PARTIAL_ROUNDS))
    last = [tuple(element() for _ in range(WIDTH)) for _ in range(FULL_ROUNDS // 2)]
    return (*first, *last), partial


def external(state: Sequence[Any]) -> list[Any]:
    """The external matrix circ(2*M4, M4, M4, M4), with no reduction."""
    words: list[Any] = []
    for i in range(0, WIDTH, 4):
        a, b, c, d = state[i:i + 4]
        ab, cd = a + b, c + d
        both = ab + cd
        left, right = both + b, both + d
        words += [left + ab, left + c + c, right + cd, right + a + a]
    sums = [words[k] + words[k + 4] + words[k + 8] + words[k + 12] for k in range(4)]
    return [word + sums[i % 4] for i, word in enumerate(words)]


def internal(state: Sequence[Any]) -> list[Any]:
    """The internal matrix: all ones plus the diagonal, with no reduction."""
    total = functools.reduce(lambda a, b: a + b, state)
    return [word * d + total for word, d in zip(state, DIAGONAL, strict=True)]


def _cube(x: U64) -> U64:
    x = residue(x)
    return residue(residue(x * x) * x)


def rounds(state: Sequence[U64]) -> Iterator[list[U64]]:
    """The committed columns of a permutation, round by round: 16 words of a full round, the one S-box output of a partial round."""
    full, partial = round_constants()
    words = external(state)
    for constants in full[:4]:
        words = [residue(word) for word in external([_cube(word + c) for word, c in zip(words, constants, strict=True)])]
        yield words
    for constant in partial:
        cube = _cube(words[0] + constant)
        yield [cube]
        words = [residue(word) for word in internal([cube, *words[1:]])]
    for constants in full[4:]:
        words = [residue(word) for word in external([_cube(word + c) for word, c in zip(words, constants, strict=True)])]
        yield words


def trace(states: U64) -> U64:
    """(n, 16) inputs -> (148, n): every column that `rounds` gives."""
    words = list(np.ascontiguousarray(np.asarray(states, np.uint64).T))
    return np.stack([column for columns in rounds(words) for column in columns])


FEW = 16      # up to here Python's integers are faster than arrays (a transcript permutes one state at a time)


def permute_one(state: Sequence[int]) -> list[int]:
    """The permutation on Python's integers."""
    full, partial = round_constants()
    words = external(state)
    for constants in full[:4]:
        words = [x % P for x in external([pow(word + c, 3, P) for word, c in zip(words, constants, strict=True)])]
    for constant in partial:
        cube = pow(words[0] + constant, 3, P)
        total = cube + sum(words[1:])
        words = [(word * d + total) % P for word, d in zip([cube, *words[1:]], DIAGONAL, strict=True)]
    for constants in full[4:]:
        words = [x % P for x in external([pow(word + c, 3, P) for word, c in zip(words, constants, strict=True)])]
    return words


def permute(states: U64) -> U64:
    """The permutation of each row of (n, 16)."""
    if len(states) <= FEW:
        return np.array([permute_one(state) for state in states.tolist()], np.uint64).reshape(-1, WIDTH)
    words = list(np.ascontiguousarray(np.asarray(states, np.uint64).T))
    *_, last = rounds(words)
    return np.stack(last, axis=-1)


def compress(left: U64, right: U64) -> U64:
    """Digests (n, 8) and (n, 8) to digests (n, 8)."""
    return permute(np.concatenate([left, right], axis=-1))[:, :RATE]


def sponge(rows: U64) -> U64:
    """Digests (n, 8) of rows (n, width); the width is part of what is hashed."""
    count, width = rows.shape
    padded = np.zeros((count, -(-width // RATE) * RATE), np.uint64)
    padded[:, :width] = rows
    state = np.zeros((count, WIDTH), np.uint64)
    state[:, RATE] = width
    for start in range(0, width, RATE):
        state[:, :RATE] = padded[:, start:start + RATE]
        state = permute(state)
    return state[:, :RATE]

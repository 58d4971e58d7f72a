"""The Poseidon2 permutations of width 16 and 24 over KoalaBear: layers, the permutation on numpy arrays, and the two hashes made of them.

The layers work on any list of sixteen or twenty-four values that know `+` and `*` (numbers, arrays, graph nodes), so a chip can state its
rounds with them. The length of a state says which permutation is meant; what hashes rows and digests takes the width.
"""
from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from stark import grain
from stark.field import U64, P, residue

FULL_ROUNDS = 8
Permute = Callable[[U64], U64]


def _half_power(k: int) -> int:
    return pow(2, P - 1 - k, P)


@dataclass(frozen=True)
class Hash:
    """One permutation and the sponge over it: `rate` words are overwritten at a time, the digest is the first `digest` words."""

    width: int
    rate: int
    digest: int
    partial_rounds: int
    diagonal: tuple[int, ...]

    @property
    def trace_columns(self) -> int:
        """Columns of a chip that commits every round."""
        return FULL_ROUNDS * self.width + self.partial_rounds


def _diagonal(positive: Sequence[int], negative: Sequence[int]) -> tuple[int, ...]:
    small = (-2, 1, 2, _half_power(1), 3, 4, -_half_power(1), -3, -4)
    return tuple(d % P for d in (*small, *map(_half_power, positive), *(-_half_power(k) for k in negative)))


HASHES: Mapping[int, Hash] = MappingProxyType({
    16: Hash(16, 8, 8, 20, _diagonal((8, 3, 24), (8, 3, 4, 24))),
    24: Hash(24, 15, 9, 23, _diagonal((8, 2, 3, 4, 5, 6, 24), (8, 3, 4, 5, 6, 7, 9, 24))),
})
WIDTH, RATE = HASHES[16].width, HASHES[16].rate


def of_width(width: int) -> Hash:
    """The hash of this width; ValueError if there is none."""
    if width not in HASHES:
        raise ValueError(f"no hash has the width {width}")
    return HASHES[width]


def of_digest(words: int) -> Hash:
    """The hash whose digests have so many words; ValueError if there is none."""
    found = next((one for one in HASHES.values() if one.digest == words), None)
    if found is None:
        raise ValueError(f"no hash has digests of {words} words")
    return found


@functools.cache
def round_constants(width: int = WIDTH) -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]:
    """Constants of the eight full rounds (one for each word) and of the partial rounds (one each)."""
    return grain.round_constants(width, FULL_ROUNDS, of_width(width).partial_rounds)


def external(state: Sequence[Any]) -> list[Any]:
    """The external matrix circ(2*M4, M4, ...), with no reduction."""
    words: list[Any] = []
    for i in range(0, len(state), 4):
        a, b, c, d = state[i:i + 4]
        ab, cd = a + b, c + d
        both = ab + cd
        left, right = both + b, both + d
        words += (left + ab, left + c + c, right + cd, right + a + a)
    sums = [functools.reduce(operator.add, words[k::4]) for k in range(4)]
    return [word + total for word, total in zip(words, sums * (len(words) // 4), strict=True)]


def internal(state: Sequence[Any]) -> list[Any]:
    """The internal matrix: all ones plus the diagonal, with no reduction."""
    total = functools.reduce(lambda a, b: a + b, state)
    return [word * d + total for word, d in zip(state, of_width(len(state)).diagonal, strict=True)]


def _external(words: U64) -> U64:
    """`external` of every column of (width, n), reduced."""
    a, b, c, d = (words.reshape(len(words) // 4, 4, words.shape[1])[:, i] for i in range(4))
    ab, cd = a + b, c + d
    both = ab + cd
    left, right = both + b, both + d
    blocks = np.stack([left + ab, left + c + c, right + cd, right + a + a], axis=1)
    return residue((blocks + blocks.sum(axis=0)).reshape(words.shape))


def _cube(x: U64) -> U64:
    """Of sums of two residues."""
    return residue(residue(residue(x * x) * x))


@functools.cache
def _columns(width: int) -> tuple[U64, U64]:
    """The constants of full rounds and the diagonal, as columns."""
    full, _ = round_constants(width)
    return np.array(full, np.uint64)[:, :, None], np.array(of_width(width).diagonal, np.uint64)[:, None]


def rounds(words: U64) -> Iterator[U64]:
    """The committed columns of a permutation of every column of (width, n), round by round: all words of a full round, the one S-box output
    of a partial round."""
    full, diagonal = _columns(len(words))
    words = _external(words)
    for constants in full[:4]:
        words = _external(_cube(words + constants))
        yield words
    for constant in round_constants(len(words))[1]:
        cube = _cube(words[:1] + np.uint64(constant))
        yield cube
        words = np.concatenate([cube, words[1:]])
        words = residue(words * diagonal + words.sum(axis=0))
    for constants in full[4:]:
        words = _external(_cube(words + constants))
        yield words


def trace(states: U64) -> U64:
    """(n, 16) inputs -> (148, n), (n, 24) inputs -> (215, n): every column that `rounds` gives."""
    return np.concatenate(list(rounds(np.ascontiguousarray(np.asarray(states, np.uint64).T))))


FEW = 8       # up to here Python's integers are faster than arrays (a transcript permutes one state at a time)


def permute_one(state: Sequence[int]) -> list[int]:
    """The permutation on Python's integers."""
    (full, partial), diagonal = round_constants(len(state)), of_width(len(state)).diagonal
    words = external(state)
    for constants in full[:4]:
        words = external([(x := word + c) * x % P * x % P for word, c in zip(words, constants, strict=True)])
    for constant in partial:
        words[0] = pow(words[0] + constant, 3, P)
        total = sum(words)
        words = [(word * d + total) % P for word, d in zip(words, diagonal, strict=True)]
    for constants in full[4:]:
        words = external([(x := word + c) * x % P * x % P for word, c in zip(words, constants, strict=True)])
    return [word % P for word in words]


def permute(states: U64) -> U64:
    """The permutation of each row of (n, 16) or (n, 24)."""
    width = of_width(states.shape[1]).width
    if len(states) <= FEW:
        return np.array([permute_one(state) for state in states.tolist()], np.uint64).reshape(-1, width)
    *_, last = rounds(np.ascontiguousarray(np.asarray(states, np.uint64).T))
    return np.ascontiguousarray(last.T)


def compress(left: U64, right: U64, width: int = WIDTH, permute: Permute = permute) -> U64:
    """Digests (n, digest) and (n, digest) to digests: side by side from word 0 on, zeros after them, permuted, the first words kept.

    Width 16 is full with two digests of 8; width 24 has 18 words of digests and 6 zeros.
    """
    kind = of_width(width)
    rest = np.zeros((len(left), kind.width - 2 * kind.digest), np.uint64)
    return permute(np.concatenate([left, right, rest], axis=-1))[:, :kind.digest]


def sponge(rows: U64, width: int = WIDTH, permute: Permute = permute) -> U64:
    """Digests (n, digest) of rows (n, row length); the row length is part of what is hashed: it is the first word of the capacity."""
    kind, (count, length) = of_width(width), rows.shape
    padded = np.zeros((count, -(-length // kind.rate) * kind.rate), np.uint64)
    padded[:, :length] = rows
    state = np.zeros((count, kind.width), np.uint64)
    state[:, kind.rate] = length
    for start in range(0, length, kind.rate):
        state[:, :kind.rate] = padded[:, start:start + kind.rate]
        state = permute(state)
    return state[:, :kind.digest]

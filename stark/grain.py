"""The round constants of Poseidon2 over KoalaBear: what the self-shrinking Grain LFSR gives for the parameters of a permutation."""
from __future__ import annotations

import functools
from collections.abc import Iterator

from stark.field import P


def _bits(width: int, full_rounds: int, partial_rounds: int) -> Iterator[int]:
    fields = ((1, 2), (0, 4), (31, 12), (width, 12), (full_rounds, 10), (partial_rounds, 10), (2**30 - 1, 30))
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


def round_constants(width: int, full_rounds: int, partial_rounds: int) -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]:
    """Constants of the full rounds (one for each word) and of the partial rounds (one each), drawn in the order in which they are used."""
    bits = _bits(width, full_rounds, partial_rounds)

    def element() -> int:
        while True:
            value = functools.reduce(lambda acc, _: acc << 1 | next(bits), range(31), 0)
            if value < P:
                return value

    first = [tuple(element() for _ in range(width)) for _ in range(full_rounds // 2)]
    partial = tuple(element() for _ in range(partial_rounds))
    last = [tuple(element() for _ in range(width)) for _ in range(full_rounds // 2)]
    return (*first, *last), partial

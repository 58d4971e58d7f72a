"""The chip of Poseidon2: one row for each call. The permutation itself is a row of the hash chip, which proves it for pages and nodes too;
where these are hashed with another permutation, of a chip of its own.

The sixteen words come from memory as any 32 bits and count modulo the prime. Those that go back are below it: the high limb is at most that
of p - 1, and if it is that, the low limb is 0.
"""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segments.buses import CELL, HASH, HOST
from segments.host.call import number
from segments.inverses import computed_inverse
from segments.operands import LIMB, look_up_limbs
from segments.steps import U64, Columns, Ints
from stark.chip import Bus, Chip
from stark.expression import P, spelled
from stark.poseidon2 import RATE, WIDTH, permute

CELLS = 8
HIGHEST = P - 1 >> 16           # the high limb of p - 1, whose low limb is 0


def chip(bus: Bus = HASH) -> Chip:
    chip = Chip("sponge", "of the sixteen words of eight cells, taken modulo p, Poseidon2 makes those that take their place, below p")
    real, time, address = chip.boolean("real"), chip.column("time"), chip.column("address")
    before, after = (chip.columns(name, 2 * WIDTH) for name in ("before", "after"))
    chip.receive(HOST, int(number("POSEIDON2")), time, address, times=real)
    for k in range(CELLS):
        cell = slice(4 * k, 4 * k + 4)
        chip.send(CELL, address + k, time + k, *before[cell], *after[cell], times=real)
    state, out = ([spelled(limbs[2 * k:2 * k + 2], LIMB) for k in range(WIDTH)] for limbs in (before, after))
    for rate, half in ((1, out[:RATE]), (0, out[RATE:])):
        chip.send(bus, rate, *state, *half, times=real)
    for k in range(WIDTH):
        low, high = after[2 * k:2 * k + 2]
        inverted = chip.column(f"inverse {k}")
        chip.free[f"inverse {k}"] = "anything, if the low limb is 0"
        chip.require(f"word {k} is below p", low * (1 - (high - HIGHEST) * inverted))
        look_up_limbs(chip, [low, high, 2 * (high + LIMB // 2 - 1 - HIGHEST)], real)
    return chip


def words_of(cells: U64) -> U64:
    """(calls, 8) cells -> (calls, 16) words of 32 bits."""
    return np.ascontiguousarray(cells).view(np.uint32).astype(np.uint64).reshape(len(cells), WIDTH)


def states(cells: U64) -> U64:
    """What is permuted."""
    return words_of(cells) % np.uint64(P)


def results(cells: U64) -> U64:
    out: npt.NDArray[np.uint32] = permute(states(cells)).astype(np.uint32)
    return np.ascontiguousarray(out).view(np.uint64).reshape(len(cells), CELLS)


def fill(cells: U64, time: Ints, address: Ints, height: int) -> Columns:
    """`cells`: what every call found, (calls, 8)."""
    columns: Columns = {"real": np.ones(len(cells), np.int64), "time": time, "address": address}
    found, left = words_of(cells).view(np.int64), words_of(results(cells)).view(np.int64)
    for name, words in (("before", found), ("after", left)):
        for k in range(2 * WIDTH):
            columns[f"{name}.{k}"] = words[:, k // 2] >> 16 * (k % 2) & LIMB - 1
    for k in range(WIDTH):
        columns[f"inverse {k}"] = computed_inverse((left[:, k] >> 16) - HIGHEST)
    return columns

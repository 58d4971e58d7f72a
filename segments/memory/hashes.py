"""The hash chip: one Poseidon2 permutation a row, offered to whoever needs half of its result."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segments.buses import hashes
from stark.chip import Bus, Chip
from stark.gadgets.poseidon2 import permutation
from stark.kernels.protocol import Kernels
from stark.poseidon2 import FULL_ROUNDS, Hash

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
NAME = "hash"


def chip(kind: Hash, name: str = NAME, bus: Bus | None = None) -> Chip:
    asked = bus or hashes(kind)
    halves = ("the first half", "the second half") if kind.digest == kind.rate else ("the digest", "the capacity")
    chip = Chip(name, f"out is {halves[0]} (rate 1) or {halves[1]} (rate 0) of the Poseidon2 permutation of the words")
    state = chip.columns("state", kind.width)
    result = permutation(chip, state)
    between = [f"full{FULL_ROUNDS - 1}.{k}" for k in range(kind.digest, kind.rate)]
    chip.free |= dict.fromkeys(between, "nobody asks for what stands between digest and capacity")
    chip.receive(asked, 1, *state, *result[:kind.digest], times=chip.count("rate times"))
    chip.receive(asked, 0, *state, *result[kind.rate:], times=chip.count("capacity times"))
    return chip


def fill(chip: Chip, first_halves: U64, second_halves: U64, whole: U64, height: int, kernels: Kernels) -> U32:
    """The main table with the permutations of which the digest, those of which the capacity, and those of which both are asked for:
    (n, width) each. Padding permutes zeros."""
    used = np.concatenate([first_halves, second_halves, whole])
    count, width = used.shape
    if count > height:
        raise ValueError(f"{count} permutations do not fit in {height} rows")
    states = np.concatenate([used, np.zeros((1, width), np.uint64)]).astype(np.uint32)
    found, table = kernels.trace_permutations(states), kernels.table(len(chip.main_names), height)
    times, rows = np.zeros((2, height), np.uint32), table[:-2]
    rows[:width, :count], rows[width:, :count] = states[:-1].T, found[:, :-1]
    rows[:width, count:], rows[width:, count:] = 0, found[:, -1:]
    times[0, :len(first_halves)] = times[:, count - len(whole):count] = 1
    times[1, len(first_halves):count] = 1
    table[-2:] = times
    return table

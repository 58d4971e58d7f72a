"""The hash chip: one Poseidon2 permutation a row, offered to whoever needs half of its result."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from segments.buses import HASH
from segments.steps import Columns
from stark.chip import Chip
from stark.gadgets.poseidon2 import permutation
from stark.poseidon2 import RATE, WIDTH, trace

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
Permutations = Callable[[U32], U32]      # (n, 16) -> the columns of n permutations


def chip() -> Chip:
    chip = Chip("hash", "out is the first half (rate 1) or the second half (rate 0) of the Poseidon2 permutation of the words")
    state = chip.columns("state", WIDTH)
    result = permutation(chip, state)
    chip.receive(HASH, 1, *state, *result[:RATE], times=chip.count("rate times"))
    chip.receive(HASH, 0, *state, *result[RATE:], times=chip.count("capacity times"))
    return chip


def in_numpy(states: U32) -> U32:
    return trace(states.astype(np.uint64)).astype(np.uint32)


def fill(chip: Chip, first_halves: U64, second_halves: U64, height: int, permutations: Permutations) -> Columns:
    """The permutations of which the first half, and those of which the second half is asked for: (n, 16) each. Padding permutes zeros."""
    used = np.concatenate([first_halves, second_halves])
    if len(used) > height:
        raise ValueError(f"{len(used)} permutations do not fit in {height} rows")
    states = np.concatenate([used, np.zeros((1, WIDTH), np.uint64)]).astype(np.uint32)
    found = np.concatenate([states.T, permutations(states)])
    padding = np.broadcast_to(found[:, -1:], (len(found), height - len(used)))
    times = np.arange(height)
    columns = dict(zip(chip.main_names, np.concatenate([found[:, :-1], padding], axis=1), strict=False))
    return {**columns, "rate times": (times < len(first_halves)).astype(np.int64),
            "capacity times": ((times >= len(first_halves)) & (times < len(used))).astype(np.int64)}

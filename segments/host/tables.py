"""The tables behind calls of host functions: how many rows they take, and what is in them."""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from segments.dealing import Share
from segments.history import History
from segments.host import cells, keccak, keccak_fill, mulmod, poseidon2, sha256, sha256_fill
from segments.steps import U64, Columns, Steps
from stark.chip import Chip
from wasm_exec.hosts import HOSTS

U32 = npt.NDArray[np.uint32]
CELLS = "cells"
# The function, by the name of the chip that takes its calls: the chip that computes, and the rows of a call there.
WORKS: Mapping[str, tuple[str, int]] = {"sha256": ("compression", sha256.ROWS), "poseidon2": ("sponge", 1),
                                           "mulmod": ("remainder", 1), "keccak": ("rounds", keccak.ROWS)}
PERMUTED = "poseidon2"          # every call of it is one more row of the hash chip
FIXED = {"compression": sha256.fixed, "rounds": keccak.fixed}


def rows_of_calls(calls: Mapping[str, int]) -> dict[str, int]:
    """Rows of the chips behind so many calls; nothing if there are none."""
    taken = {name: calls[name] for name in WORKS if calls.get(name)}
    if not taken:
        return {}
    return {CELLS: sum(HOSTS[name.upper()].cells * count for name, count in taken.items())} | {
        WORKS[name][0]: WORKS[name][1] * count for name, count in taken.items()}


def with_rows_of_calls(rows: Mapping[str, int]) -> dict[str, int]:
    """These rows of families and of memory, and those that calls among them need."""
    out = dict(rows) | rows_of_calls(rows)
    if rows.get(PERMUTED):
        out["hash"] = rows.get("hash", 0) + rows[PERMUTED]
    return out


def permuted(shares: Mapping[str, Share]) -> U64:
    """The states that calls ask the hash chip for."""
    return poseidon2.states(cells_of(PERMUTED, shares[PERMUTED].steps()))


def cells_of(name: str, calls: Steps) -> U64:
    return calls.cells.reshape(len(calls), HOSTS[name.upper()].cells)


def most_calls(name: str, room: Mapping[str, int]) -> int:
    """How many calls of a function have room, others apart."""
    table, rows = WORKS[name]
    return min(room[name], room[table] // rows)


def fixed_tables(log_heights: Mapping[str, int], chips: Mapping[str, Chip]) -> dict[str, U32]:
    present = {name: log_heights[name] for name in FIXED if name in log_heights}
    return {name: chips[name].fixed_table(FIXED[name](height), height) for name, height in present.items()}


def filled_columns(shares: Mapping[str, Share], past: History, log_heights: Mapping[str, int]) -> dict[str, Columns]:
    """The columns of the cells chip and of those that compute, where the shape has them."""
    if CELLS not in log_heights:
        return {}
    called = {name: shares[name].steps() for name in WORKS if name in log_heights}
    out = {CELLS: cells.fill([asked(name, calls, past) for name, calls in called.items()])}
    for name, calls in called.items():
        table = WORKS[name][0]
        out[table] = FILLS[name](cells_of(name, calls), calls.time, calls.fp + calls.fields["d"], 1 << log_heights[table])
    return out


FILLS = {"sha256": sha256_fill.fill, "poseidon2": poseidon2.fill, "mulmod": mulmod.fill, "keccak": keccak_fill.fill}


def asked(name: str, calls: Steps, past: History) -> cells.Asked:
    each = np.arange(HOSTS[name.upper()].cells)
    time = calls.time[:, None] + each
    found = past.finds.at(time)
    return cells.Asked(address=(calls.fp + calls.fields["d"])[:, None] + each, time=time, then=found.then, before=found.cell,
                       after=past.left[time])

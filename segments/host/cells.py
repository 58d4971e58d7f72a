"""The cells chip: one row for every slot that a host function takes or changes, which is an access like those of other steps.

Who asks for a row says what the cell holds afterwards, in limbs of 16 bits; what it held before comes from the memory.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segments.buses import BYTES, CELL, MEMORY, RANGE16
from segments.operands import LIMB, PER_LIMB
from segments.steps import U64, Columns, Ints
from stark.chip import Chip
from wasm_exec.spaces import Space


def chip() -> Chip:
    chip = Chip("cells", "a host function finds `before` in a slot of 64 bits and leaves `after` in it")
    real, address, time = chip.boolean("real"), chip.column("address"), chip.column("time")
    before, after = chip.columns("before", 4), chip.columns("after", 4)
    then, gap = chip.column("then"), chip.column("gap")
    chip.receive(CELL, address, time, *before, *after, times=real)
    chip.receive(MEMORY, int(Space.FRAMES64), address, *before, then, times=real)
    chip.send(MEMORY, int(Space.FRAMES64), address, *after, time, times=real)
    chip.send(RANGE16, gap, times=real)
    chip.send(BYTES, (time - then - 1 - gap) * PER_LIMB, 0, times=real)
    return chip


@dataclass(frozen=True)
class Asked:
    """Rows of the chip: all cells of calls of one function, (calls, cells) each."""

    address: Ints
    time: Ints
    then: Ints
    before: U64
    after: U64


def fill(asked: Sequence[Asked]) -> Columns:
    def all_of(name: str) -> npt.NDArray[np.int64]:
        return np.concatenate([np.zeros(0, np.int64), *(getattr(one, name).reshape(-1).view(np.int64) for one in asked)])
    time, then = all_of("time"), all_of("then")
    columns: Columns = {"real": np.ones(len(time), np.int64), "address": all_of("address"), "time": time, "then": then,
                        "gap": (time - then - 1) % LIMB}
    for name in ("before", "after"):
        columns |= {f"{name}.{k}": all_of(name) >> 16 * k & LIMB - 1 for k in range(4)}
    return columns

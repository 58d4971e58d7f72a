"""The rows of the chip of Keccak-f, for all calls of a segment at once."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from segments.host.keccak import BITS, CONSTANT_BITS, LANES, LIMBS, OUT, ROWS, SIDE, moved
from segments.operands import LIMB
from segments.steps import U64, Columns, Ints
from wasm_exec.host_constants import KECCAK

Named = Iterator[tuple[str, npt.NDArray[np.generic]]]


def fill(cells: U64, time: Ints, address: Ints, height: int) -> Columns:
    """`cells`: what every call found, (calls, 25). Blocks that no call needs permute zeros."""
    blocks, count = height // ROWS, len(cells)
    if count > blocks:
        raise ValueError(f"{count} calls of Keccak-f do not fit in {height} rows")
    columns = laid(height, blocks, count, Permuted(np.concatenate([cells, np.zeros((1, LANES), np.uint64)])).columns)
    for name, values in (("real", np.ones(count, np.int64)), ("time", time), ("address", address)):
        columns[name] = np.repeat(np.append(values, np.zeros(blocks - count, np.int64)), ROWS)
    return columns


def laid(height: int, blocks: int, count: int, columns: Named) -> Columns:
    """The last block once more for every block that is left, and rows of zeros behind the blocks."""
    out: Columns = {}
    for name, values in columns:
        column = np.zeros(height, values.dtype)
        rows = column[:blocks * ROWS].reshape(blocks, ROWS)
        rows[:count], rows[count:] = values[:-1], values[-1]
        out[name] = column
    return out


def turned(words: U64, amount: int) -> U64:
    """To the left."""
    amount %= BITS
    return words << np.uint64(amount) | words >> np.uint64(BITS - amount) if amount else words


def results(cells: U64) -> U64:
    """What all slots hold after the calls."""
    after: U64 = Permuted(cells).after[:, OUT].copy()
    return after


class Permuted:
    """Words of all rows, (calls, 24, …), as the chip has them."""

    def __init__(self, cells: U64) -> None:
        count = len(cells)
        self.begin = cells
        self.before, self.lanes, self.after = (np.zeros((count, ROWS, LANES), np.uint64) for _ in range(3))
        self.parity, self.later = (np.zeros((count, ROWS, SIDE), np.uint64) for _ in range(2))
        self.first = np.zeros((count, ROWS), np.uint64)
        state = cells
        for number in range(ROWS):
            state = self.round(number, state)

    def new(self, number: int, state: U64) -> U64:
        """The state with which a round begins. Who lies about one overrides this."""
        return state

    def round(self, number: int, found: U64) -> U64:
        state = self.new(number, found)
        parity = np.bitwise_xor.reduce(state.reshape(-1, SIDE, SIDE), axis=1)
        added = np.roll(parity, 1, axis=1) ^ turned(np.roll(parity, -1, axis=1), 1)
        lanes = state ^ np.tile(added, (1, SIDE))
        placed = np.stack([turned(lanes[:, source], turn) for source, turn in moved()], axis=1).reshape(-1, SIDE, SIDE)
        after = (placed ^ ~np.roll(placed, -1, axis=2) & np.roll(placed, -2, axis=2)).reshape(-1, LANES)
        self.before[:, number], self.lanes[:, number], self.parity[:, number], self.later[:, number] = state, lanes, parity, parity ^ added
        self.first[:, number] = after[:, 0]
        after[:, 0] ^= np.uint64(KECCAK[number])
        self.after[:, number] = after
        return after

    @property
    def columns(self) -> Named:
        begin = np.repeat(self.begin[:, None], ROWS, axis=1)
        for name, words in (("begin", begin), ("before", self.before), ("after", self.after)):
            for lane in range(LANES):
                for k in range(LIMBS):
                    yield f"{name} {lane}.{k}", (words[:, :, lane] >> np.uint64(16 * k) & np.uint64(LIMB - 1)).astype(np.int64)
        for name, words in (("lane", self.lanes), ("parity", self.parity), ("later parity", self.later)):
            for number in range(words.shape[2]):
                parts = np.ascontiguousarray(words[:, :, number]).view(np.uint8).reshape(-1, ROWS, 8)
                bits = np.unpackbits(parts, axis=2, bitorder="little")
                for k, bit in enumerate(np.ascontiguousarray(np.moveaxis(bits, 2, 0))):
                    yield f"{name} {number} bit {k}", bit
        for k in CONSTANT_BITS:
            yield f"first bit {k}", (self.first >> np.uint64(k) & np.uint64(1)).astype(np.uint8)

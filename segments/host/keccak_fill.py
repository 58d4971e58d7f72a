"""The rows of the chip of Keccak-f, for all calls of a segment at once."""
from __future__ import annotations

import numpy as np

from segments.host.blocks import Named, in_blocks
from segments.host.keccak import BITS, CONSTANT_BITS, LANES, LIMBS, OUT, ROWS, SIDE, moved
from segments.operands import LIMB
from segments.steps import U64, Columns, Ints
from wasm_exec.host_constants import KECCAK


def fill(cells: U64, time: Ints, address: Ints, height: int) -> Columns:
    """`cells`: what every call found, (calls, 25). Blocks that no call needs permute zeros."""
    return in_blocks("Keccak-f", ROWS, lambda found: Permuted(found).columns, cells, time, address, height)


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

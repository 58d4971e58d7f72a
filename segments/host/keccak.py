"""The chip of Keccak-f[1600]: 24 rows permute a state, a round in a row.

A row holds the state before its round in limbs, the state after θ in bits, and the state after the round in limbs. Of θ it has the parities
of the columns before, and after. A bit before is the exclusive or of the bit after and of both parities of its column; a parity after is
that of three parities before (the column's own and those of its two neighbours), and of the five bits after. ρ and π only say which bit
stands where, and χ has degree 3. So nothing is looked up, and between rows nothing is multiplied.

Bits that are multiplied stand for 1 and -1: an exclusive or is then a product, which takes few gates to verify.
"""
from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from segments.buses import CELL, HOST
from segments.host.blocks import CARRIED, SPELLED, sign
from segments.host.call import number
from segments.operands import Limbs
from segments.steps import Columns
from stark.chip import Chip
from stark.expression import Expression, total
from wasm_exec.host_constants import KECCAK

ROWS, OUT = 24, 23
SIDE, LANES, BITS, LIMBS = 5, 25, 64, 4
CONSTANT_BITS = (0, 1, 3, 7, 15, 31, 63)        # where a constant of a round can have a bit
PRODUCT = "1 less twice it is a product of numbers that are 1 or -1, so it is a bit"
Bits = Sequence[Expression]


def rotations(bits: int = BITS) -> list[int]:
    """By which ρ turns the lane x + 5 y."""
    out, x, y = [0] * LANES, 1, 0
    for step in range(LANES - 1):
        out[x + SIDE * y] = (step + 1) * (step + 2) // 2 % bits
        x, y = y, (2 * x + 3 * y) % SIDE
    return out


def moved(bits: int = BITS) -> list[tuple[int, int]]:
    """Which lane π brings to each place, and by how much it was turned."""
    turned, out = rotations(bits), [(0, 0)] * LANES
    for x in range(SIDE):
        for y in range(SIDE):
            out[y + SIDE * ((2 * x + 3 * y) % SIDE)] = x + SIDE * y, turned[x + SIDE * y]
    return out


def chip(bits: int = BITS) -> Chip:
    return Rounds(bits).chip


class Rounds:
    """`bits`: of a lane; a chip with fewer of them is for attacks alone."""

    def __init__(self, bits: int = BITS) -> None:
        self.bits, self.in_limb = bits, min(bits, BITS // LIMBS)
        self.chip = chip = Chip("rounds", "of 25 lanes of 64 bits Keccak-f[1600] makes the 25 lanes that take their place")
        self.inside, self.first, self.out = chip.fixed("inside"), chip.fixed("first"), chip.fixed("out")
        self.constant = {k: chip.fixed(f"constant bit {k}") for k in CONSTANT_BITS if k < bits}
        self.real, self.time, self.address = chip.boolean("real"), chip.column("time"), chip.column("address")
        self.begin, self.before, self.after = (
            [chip.columns(f"{name} {lane}", bits // self.in_limb) for lane in range(LANES)] for name in ("begin", "before", "after"))
        self.lanes = [self.word(f"lane {lane}") for lane in range(LANES)]
        self.parity = [self.word(f"parity {x}") for x in range(SIDE)]
        self.later = [[chip.column(f"later parity {x} bit {k}") for k in range(bits)] for x in range(SIDE)]
        self.carried_through()
        self.theta()
        self.chi()
        self.messages()
        chip.held |= dict.fromkeys(("time", "address"), CARRIED)
        chip.held |= dict.fromkeys((f"later parity {x} bit {k}" for x in range(SIDE) for k in range(bits)), PRODUCT)
        limbs = [(lane, k) for lane in range(LANES) for k in range(bits // self.in_limb)]
        chip.held |= {f"{name} {lane}.{k}": SPELLED for name in ("before", "after") for lane, k in limbs}
        chip.held |= dict.fromkeys((f"first bit {k}" for k in self.constant), PRODUCT)

    def word(self, name: str) -> Bits:
        return [self.chip.boolean(f"{name} bit {k}") for k in range(self.bits)]

    @cached_property
    def signs(self) -> list[Bits]:
        """Of the bits of all lanes."""
        return [[sign(bit) for bit in lane] for lane in self.lanes]

    def carried_through(self) -> None:
        chip = self.chip
        columns = [("presence", self.real), ("time", self.time), ("address", self.address)]
        columns += [(f"begin {lane}, limb {k}", limb) for lane, limbs in enumerate(self.begin) for k, limb in enumerate(limbs)]
        for name, column in columns:
            chip.require(f"the rows of a block agree on its {name}", self.inside * (column.next - column), "wrap")
        for lane in range(LANES):
            for k, (begin, before, after) in enumerate(zip(self.begin[lane], self.before[lane], self.after[lane], strict=True)):
                chip.require(f"the first row begins with lane {lane}, limb {k}", self.first * (before - begin))
                chip.require(f"a round goes on with lane {lane}, limb {k}", self.inside * (before.next - after), "wrap")

    def theta(self) -> None:
        chip = self.chip
        old, new = ([[sign(bit) for bit in word] for word in words] for words in (self.parity, self.later))
        for x in range(SIDE):
            for k in range(self.bits):
                both = old[(x + 4) % SIDE][k] * old[(x + 1) % SIDE][(k + self.bits - 1) % self.bits]
                chip.require(f"later parity {x} is that of three, bit {k}", new[x][k] - old[x][k] * both)
                sums = total([self.lanes[x + SIDE * y][k] for y in range(SIDE)]) - self.later[x][k]
                chip.require(f"later parity {x} is that of five bits, bit {k}", sums * (sums - 2) * (sums - 4))
        for lane in range(LANES):
            changed = [one * other for one, other in zip(old[lane % SIDE], new[lane % SIDE], strict=True)]
            self.spell("before", lane, self.before[lane], list(zip(self.signs[lane], changed, strict=True)), -1)

    def chi(self) -> None:
        chip = self.chip
        bits, signs = ([[words[source][(k - turn) % self.bits] for k in range(self.bits)] for source, turn in moved(self.bits)]
                       for words in (self.lanes, self.signs))
        iota = {k: chip.column(f"first bit {k}") for k in self.constant}
        for lane in range(LANES):
            row, x = SIDE * (lane // SIDE), lane % SIDE
            middle, last = row + (x + 1) % SIDE, row + (x + 2) % SIDE
            turned = [(bit - 1) + bit * other for bit, other in zip(bits[last], signs[middle], strict=True)]
            pairs = list(zip(signs[lane], turned, strict=True))
            if not lane:
                for k, bit in iota.items():
                    one, other = pairs[k]
                    chip.require(f"bit {k} before the constant", 2 * bit - 1 - one * other)
                    pairs[k] = bit * 2 - 1, 1 - self.constant[k] * 2
            self.spell("after", lane, self.after[lane], pairs, 1)

    def spell(self, name: str, lane: int, limbs: Limbs, pairs: Sequence[tuple[Expression, Expression]], one: int) -> None:
        """The limbs are spelled by bits, each of them 1 where the product of its pair is `one` and 0 where it is -`one`."""
        for k, limb in enumerate(limbs):
            whole = self.chip.constant(0)
            for left, right in reversed(pairs[self.in_limb * k:self.in_limb * (k + 1)]):
                whole = left * right + (whole + whole)
            self.chip.require(f"limb {k} of {name} {lane}", 2 * limb - one * whole - ((1 << self.in_limb) - 1))

    def messages(self) -> None:
        chip = self.chip
        chip.receive(HOST, int(number("KECCAK")), self.time, self.address, times=self.real * self.first)
        for lane in range(LANES):
            before, after = ([*limbs, *[chip.constant(0)] * (LIMBS - len(limbs))] for limbs in (self.begin[lane], self.after[lane]))
            chip.send(CELL, self.address + lane, self.time + lane, *before, *after, times=self.real * self.out)


# -- the fixed table


def fixed(log_height: int) -> Columns:
    row = np.arange(1 << log_height)
    row = np.where(row < (1 << log_height) // ROWS * ROWS, row % ROWS, ROWS)        # what is left over belongs to no block
    columns: Columns = {"inside": row < OUT, "first": row == 0, "out": row == OUT}
    constants = np.array([*KECCAK, 0], np.uint64)[row]
    return columns | {f"constant bit {k}": (constants >> np.uint64(k) & np.uint64(1)).astype(np.int64) for k in CONSTANT_BITS}

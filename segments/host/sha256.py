"""The chip of SHA-256: eighteen rows compress a block, four rounds in a row.

Row 0 holds the state that the compression begins with, rows 1 to 16 the words a and e after each of four rounds and the four words of the
schedule that these take, row 17 the sums of the last four words and of the state. All of them are bits: a[3] and e[3] are the newest. The
word b of the state is the word a of a round before, and so on, so that only two words of eight are new in a round.

Between two rows no product has more than two factors besides the gate, so what needs three (Σ, σ, the majority of three words of one row)
has limbs of its own in the row, and two majorities that reach into the row before have the products of bits.
"""
from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from segments.buses import CELL, HOST
from segments.host.blocks import CARRIED, SPELLED, sign
from segments.host.call import number
from segments.operands import LIMB, Limbs
from segments.steps import Columns
from stark.chip import Chip
from stark.expression import Expression, total
from wasm_exec.host_constants import SHA256

ROWS, OUT = 18, 17
WORDS, BITS = 4, 32
BLOCK_CELLS = 8
FIRST_AMOUNTS, SECOND_AMOUNTS = (2, 13, 22), (6, 11, 25)                 # of Σ of a and e
EARLY, LATE = ((7, 18), 3), ((17, 19), 10)                              # of σ: rotations, and a shift
Word = Sequence[Expression]
Bits = Sequence[Expression | None]      # None is 0


def chip() -> Chip:
    return Compression().chip


class Compression:
    def __init__(self) -> None:
        self.chip = chip = Chip("compression", "of eight words and a block of sixteen SHA-256 makes the eight words that take their place")
        self.inside, self.first, self.out = chip.fixed("inside"), chip.fixed("first"), chip.fixed("out")
        self.rounds, self.scheduled, self.closing = chip.fixed("rounds follow"), chip.fixed("schedule follows"), chip.fixed("sums follow")
        self.takes, self.place = chip.fixed("takes the block"), chip.fixed("place")
        self.constant = [self.fixed_limbs(f"constant {k}") for k in range(WORDS)]
        self.real, self.time, self.address = chip.boolean("real"), chip.column("time"), chip.column("address")
        self.begin = [self.limbs(f"begin {k}") for k in range(2 * WORDS)]            # in the order of memory: a b c d e f g h
        self.a, self.e, self.w = ([self.word(f"{name} {k}") for k in range(WORDS)] for name in "aew")
        self.carried_through()
        self.schedule()
        self.round_words()
        self.sums()
        self.messages()
        chip.held |= dict.fromkeys(("time", "address"), CARRIED)
        reason = "counts in the rows that the sums before it lead to"
        chip.free |= {name: reason for name in chip.main_names if name.startswith(("carry ", "lag "))}

    # -- columns

    def fixed_limbs(self, name: str) -> Limbs:
        return [self.chip.fixed(f"{name}.{k}") for k in range(2)]

    def limbs(self, name: str) -> Limbs:
        return self.chip.columns(name, 2)

    def word(self, name: str) -> Word:
        return [self.chip.boolean(f"{name} bit {k}") for k in range(BITS)]

    def defined(self, name: str, bits: Word) -> Limbs:
        """The limbs of what may have degree 3 in a row."""
        limbs = self.limbs(name)
        for k, (limb, value) in enumerate(zip(limbs, packed(bits), strict=True)):
            self.chip.require(f"limb {k} of {name}", limb - value)
        return limbs

    def exclusive(self, name: str, terms: Sequence[Bits]) -> Limbs:
        """The limbs of the exclusive or of words. With 1 and -1 for the bits 0 and 1 it is a product, which takes few gates to verify."""
        limbs = self.limbs(name)
        signs = [product([sign(bit) for bit in bits if bit is not None]) for bits in zip(*terms, strict=True)]
        for k, limb in enumerate(limbs):
            whole = signs[16 * k + 15]
            for one in signs[16 * k + 14:16 * k - 1 if k else None:-1]:
                whole = whole + whole + one
            self.chip.require(f"limb {k} of {name}", 2 * limb + whole - (LIMB - 1))
            self.chip.held[f"{name}.{k}"] = SPELLED
        return limbs

    def between(self, sentence: str, gate: Expression, expression: Expression) -> None:
        self.chip.require(sentence, gate * expression, "wrap")

    # -- what all rows of a block agree on

    def carried_through(self) -> None:
        columns = [("presence", self.real), ("time", self.time), ("address", self.address)]
        columns += [(f"begin {k}, limb {half}", limb) for k, limbs in enumerate(self.begin) for half, limb in enumerate(limbs)]
        for name, column in columns:
            self.between(f"the rows of a block agree on its {name}", self.inside, column.next - column)
        for k, word in enumerate(self.state):
            for half, (limb, value) in enumerate(zip(self.begin[k], packed(word), strict=True)):
                self.chip.require(f"the first row holds word {k} of the state, limb {half}", self.first * (limb - value))

    @property
    def state(self) -> list[Word]:
        """The words of a row in the order of memory."""
        return [*self.a[::-1], *self.e[::-1]]

    # -- the schedule: w[t] = w[t-16] + σ(w[t-15]) + w[t-7] + σ'(w[t-2])

    def schedule(self) -> None:
        chip, w = self.chip, self.w
        early = [self.exclusive(f"early {k}", mixed(w[k], *EARLY)) for k in range(WORDS)]
        late = [self.exclusive(f"late {k}", mixed(w[k], *LATE)) for k in range(WORDS)]
        lags = [[self.limbs(f"lag {stage} {k}") for k in range(WORDS)] for stage in range(3)]
        for k in range(WORDS):
            carries = self.carries(f"w {k}", 2)
            for half in range(2):
                def limb(word: Word, half: int = half) -> Expression:
                    return packed(word)[half]
                name = f"of word {k}, limb {half}"
                begun = limb(w[k]) + (early[k + 1][half] if k < 3 else early[0][half].next)
                self.between(f"the first two terms {name}", self.inside, lags[0][k][half].next - begun)
                self.between(f"they wait a row {name}", self.inside, lags[1][k][half].next - lags[0][k][half])
                third = limb(w[k + 1]) if k < 3 else limb([bit.next for bit in w[0]])
                self.between(f"the third term is added {name}", self.inside, lags[2][k][half].next - lags[1][k][half] - third)
                last = late[k + 2][half] if k < 2 else late[k - 2][half].next
                below = carries[0].next if half else chip.constant(0)
                self.between(f"a word of the schedule is the sum of four terms {name}", self.scheduled,
                             lags[2][k][half] + last + below - limb([bit.next for bit in w[k]]) - LIMB * carries[half].next)

    def carries(self, name: str, bits: int) -> Limbs:
        """Of both limbs."""
        parts = [[self.chip.boolean(f"carry {name} half {half} bit {k}") for k in range(bits)] for half in range(2)]
        return [total([part * 2**k for k, part in enumerate(of)]) for of in parts]

    # -- the rounds

    def round_words(self) -> None:
        chip, a, e, w = self.chip, self.a, self.e, self.w
        later_a, later_e, later_w = ([[bit.next for bit in word] for word in words] for words in (a, e, w))
        upper = [self.exclusive(f"Σ of a {k}", rotations(a[k], FIRST_AMOUNTS)) for k in range(WORDS)]
        lower = [self.exclusive(f"Σ of e {k}", rotations(e[k], SECOND_AMOUNTS)) for k in range(WORDS)]
        same = [self.defined("majority of the last three", majority(a[1], a[2], a[3])),
                self.defined("majority of the first three", majority(a[0], a[1], a[2]))]
        both = {}
        for name, one, other in (("a 2 and a 3", a[2], a[3]), ("a 0 and a 1", a[0], a[1])):
            both[name] = [chip.column(f"{name} bit {k}") for k in range(BITS)]
            for k, (bit, x, y) in enumerate(zip(both[name], one, other, strict=True)):
                chip.require(f"{name}, bit {k}", bit - x * y)
        reaching = [
            [p + x * (y + z + p * -2) for p, x, y, z in zip(both["a 2 and a 3"], later_a[0], a[2], a[3], strict=True)],
            [p.next + x * (y + z + p.next * -2) for p, x, y, z in zip(both["a 0 and a 1"], a[3], later_a[0], later_a[1], strict=True)]]
        majorities = [same[0], packed(reaching[0]), packed(reaching[1]), [limb.next for limb in same[1]]]
        for k in range(WORDS):
            first, second = self.carries(f"e {k}", 3), self.carries(f"a {k}", 2)
            before = [e[3], *later_e][k], [e[2], e[3], *later_e][k], [e[1], e[2], e[3], *later_e][k]
            choice = packed([g + x * (f - g) for x, f, g in zip(*before, strict=True)])
            sigma = [[lower[3], *([limb.next for limb in limbs] for limbs in lower)][k],
                     [upper[3], *([limb.next for limb in limbs] for limbs in upper)][k]]
            for half in range(2):
                below = [carry[0].next if half else chip.constant(0) for carry in (first, second)]
                new_a, new_e = packed(later_a[k])[half], packed(later_e[k])[half]
                old_a, old_e = packed(a[k])[half], packed(e[k])[half]
                self.between(f"e after round {k} of the row, limb {half}", self.rounds,
                             old_a + old_e + sigma[0][half] + choice[half] + self.constant[k][half] + packed(later_w[k])[half] + below[0]
                             - new_e - LIMB * first[half].next)
                low = below[1] - 1 if half else below[1]                 # a carry is counted from -1 on
                self.between(f"a after round {k} of the row, limb {half}", self.rounds,
                             new_e - old_a + sigma[1][half] + majorities[k][half] + low - new_a - LIMB * (second[half].next - 1))

    # -- the sums

    def sums(self) -> None:
        """The carries are bits of the last row that no word of the schedule needs."""
        for k, word in enumerate(self.state):
            later = packed([bit.next for bit in word])
            low, high = self.w[0][2 * k].next, self.w[0][2 * k + 1].next
            for half, (below, carry) in enumerate(((self.chip.constant(0), low), (low, high))):
                self.between(f"what is left in word {k} is a sum, limb {half}", self.closing,
                             packed(word)[half] + self.begin[k][half] + below - later[half] - LIMB * carry)

    # -- messages

    def messages(self) -> None:
        chip = self.chip
        chip.receive(HOST, int(number("SHA256")), self.time, self.address, times=self.real * self.first)
        for k in range(2):
            limbs = [*swapped(self.w[2 * k]), *swapped(self.w[2 * k + 1])]
            chip.send(CELL, self.address + self.place + k, self.time + self.place + k, *limbs, *limbs, times=self.real * self.takes)
        for k in range(4):
            before = [*self.begin[2 * k], *self.begin[2 * k + 1]]
            after = [*packed(self.state[2 * k]), *packed(self.state[2 * k + 1])]
            place = BLOCK_CELLS + k
            chip.send(CELL, self.address + place, self.time + place, *before, *after, times=self.real * self.out)


# -- on bits


def packed(bits: Word) -> Limbs:
    return [total([bit * 2**k for k, bit in enumerate(bits[16 * half:16 * half + 16])]) for half in range(2)]


def swapped(bits: Word) -> Limbs:
    """The limbs as memory holds them, where the highest byte comes first."""
    order = [bits[8 * byte:8 * byte + 8] for byte in (3, 2, 1, 0)]
    return packed([bit for byte in order for bit in byte])


def rotations(bits: Word, amounts: Sequence[int]) -> list[Bits]:
    return [[bits[(k + amount) % BITS] for k in range(BITS)] for amount in amounts]


def mixed(bits: Word, amounts: Sequence[int], shift: int) -> list[Bits]:
    """Two rotations and a shift."""
    return [*rotations(bits, amounts), [*bits[shift:], *[None] * shift]]


def product(factors: Sequence[Expression]) -> Expression:
    return reduce(lambda x, y: x * y, factors)


def majority(x: Word, y: Word, z: Word) -> Word:
    return [p * q + r * (p + q + p * q * -2) for p, q, r in zip(x, y, z, strict=True)]


# -- the fixed table


def fixed(log_height: int) -> Columns:
    row = np.arange(1 << log_height)
    row = np.where(row < (1 << log_height) // ROWS * ROWS, row % ROWS, ROWS)        # what is left over belongs to no block
    takes = (row >= 1) & (row <= 4)
    columns: Columns = {"inside": row < OUT, "first": row == 0, "out": row == OUT, "rounds follow": row < 16,
                        "schedule follows": (row >= 4) & (row < 16), "sums follow": row == 16, "takes the block": takes,
                        "place": np.where(takes, 2 * (row - 1), 0)}
    constants = np.array([*SHA256, *[0] * 8], np.int64).reshape(-1, WORDS)
    for k in range(WORDS):
        for half in range(2):
            columns[f"constant {k}.{half}"] = constants[np.minimum(row, 16), k] >> 16 * half & LIMB - 1
    return columns

"""The rows of the chip of SHA-256, for all calls of a segment at once."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from segments.host.blocks import Named, in_blocks
from segments.host.sha256 import BITS, EARLY, FIRST_AMOUNTS, LATE, OUT, ROWS, SECOND_AMOUNTS, WORDS
from segments.operands import LIMB
from segments.steps import U64, Columns, Ints
from wasm_exec.host_constants import SHA256

U32 = npt.NDArray[np.uint32]
Half = tuple[U32, U32]


def fill(cells: U64, time: Ints, address: Ints, height: int) -> Columns:
    """`cells`: what every call found, (calls, 12). Blocks that no call needs compress zeros."""
    return in_blocks("SHA-256", ROWS, lambda found: Compressed(found).columns, cells, time, address, height)


def rotated(x: U32, amounts: Sequence[int], shift: int | None = None) -> U32:
    out = np.zeros_like(x) if shift is None else x >> np.uint32(shift)
    for amount in amounts:
        out = out ^ (x >> np.uint32(amount) | x << np.uint32(BITS - amount))
    return out


def halves(x: U32) -> Half:
    return x & np.uint32(LIMB - 1), x >> np.uint32(16)


def results(cells: U64) -> U64:
    """What all slots hold after the calls."""
    done, after = Compressed(cells), cells.copy()
    words = np.concatenate([done.a[:, OUT, ::-1], done.e[:, OUT, ::-1]], axis=1)
    after[:, 8:] = np.ascontiguousarray(words).view(np.uint64)
    return after


class Compressed:
    """Words of all rows, (calls, 18, 4), as the chip has them."""

    def __init__(self, cells: U64) -> None:
        count = len(cells)
        words = np.ascontiguousarray(cells).view(np.uint32).reshape(count, 24)
        self.begin = words[:, 16:].copy()
        self.a, self.e, self.w = (np.zeros((count, ROWS, WORDS), np.uint32) for _ in range(3))
        self.w[:, 1:5] = words[:, :16].byteswap().reshape(count, 4, WORDS)
        flat = self.w[:, 1:17].reshape(count, 64)
        for t in range(16, 64):
            terms = [flat[:, t - 16], rotated(flat[:, t - 15], *EARLY), flat[:, t - 7], rotated(flat[:, t - 2], *LATE)]
            flat[:, t] = self.new("w", t, np.sum(terms, axis=0, dtype=np.uint32))
        self.w[:, 1:17] = flat.reshape(count, 16, WORDS)
        self.carry: dict[str, U32] = {}
        self.rounds(flat)
        self.schedule_carries()
        self.sums()

    def new(self, name: str, number: int, words: U32) -> U32:
        """The word of this name that is made in a round, or the sum of this number. Who lies about one overrides this."""
        return words

    def rounds(self, flat: U32) -> None:
        a, e = (np.zeros((len(flat), 68), np.uint32) for _ in range(2))
        a[:, :4], e[:, :4] = self.begin[:, 3::-1], self.begin[:, :3:-1]
        low_e, high_e, low_a, high_a = (np.zeros((len(flat), 64), np.uint32) for _ in range(4))
        for t in range(64):
            choice = e[:, t + 1] ^ e[:, t + 3] & (e[:, t + 2] ^ e[:, t + 1])
            terms = [a[:, t], e[:, t], rotated(e[:, t + 3], SECOND_AMOUNTS), choice, np.full(len(flat), SHA256[t], np.uint32), flat[:, t]]
            sums, low_e[:, t], high_e[:, t] = added(terms)
            e[:, t + 4] = self.new("e", t, sums)
            x, y, z = a[:, t + 3], a[:, t + 2], a[:, t + 1]
            terms = [e[:, t + 4], rotated(x, FIRST_AMOUNTS), x & y | z & (x | y), ~a[:, t], np.ones(len(flat), np.uint32)]
            a[:, t + 4] = self.new("a", t, added(terms)[0])
            low, high = (sum(part.astype(np.int64) for part in parts) for parts in zip(*map(halves, terms[:3]), strict=True))
            old_low, old_high = halves(a[:, t])
            carry = (low - old_low) >> 16
            low_a[:, t], high_a[:, t] = carry + 1, ((high - old_high + carry) >> 16) + 1
        self.a[:, :17], self.e[:, :17] = a.reshape(-1, 17, WORDS), e.reshape(-1, 17, WORDS)
        for name, both in (("e", (low_e, high_e)), ("a", (low_a, high_a))):
            for half, values in enumerate(both):
                self.keep(name, half, values)

    def keep(self, name: str, half: int, values: U32) -> None:
        """The carries of 64 words."""
        every = np.zeros((len(values), ROWS, WORDS), np.uint32)
        every[:, 1:17] = values.reshape(-1, 16, WORDS)
        for k in range(WORDS):
            self.carry[f"{name} {k} half {half}"] = every[:, :, k]

    def schedule_carries(self) -> None:
        flat = self.w[:, 1:17].reshape(-1, 64)
        low, high = (np.zeros(flat.shape, np.uint32) for _ in range(2))
        for t in range(16, 64):
            terms = [flat[:, t - 16], rotated(flat[:, t - 15], *EARLY), flat[:, t - 7], rotated(flat[:, t - 2], *LATE)]
            _, low[:, t], high[:, t] = added(terms)
        self.keep("w", 0, low)
        self.keep("w", 1, high)

    def sums(self) -> None:
        last = np.concatenate([self.a[:, 16, ::-1], self.e[:, 16, ::-1]], axis=1)
        for k in range(2 * WORDS):
            value, low, high = added([last[:, k], self.begin[:, k]])
            (self.a if k < WORDS else self.e)[:, OUT, WORDS - 1 - k % WORDS] = self.new("sum", k, value)
            self.w[:, OUT, 0] |= low << np.uint32(2 * k) | high << np.uint32(2 * k + 1)

    @property
    def columns(self) -> Named:
        for k in range(2 * WORDS):
            yield from both(f"begin {k}", np.repeat(self.begin[:, k:k + 1], ROWS, axis=1))
        for name, words in (("a", self.a), ("e", self.e), ("w", self.w)):
            for k in range(WORDS):
                for bit in range(BITS):
                    yield f"{name} {k} bit {bit}", (words[:, :, k] >> np.uint32(bit) & np.uint32(1)).astype(np.uint8)
        for name, one, other in (("a 2 and a 3", 2, 3), ("a 0 and a 1", 0, 1)):
            for bit in range(BITS):
                both_set = (self.a[:, :, one] & self.a[:, :, other]) >> np.uint32(bit) & np.uint32(1)
                yield f"{name} bit {bit}", both_set.astype(np.uint8)
        for k in range(WORDS):
            yield from both(f"Σ of a {k}", rotated(self.a[:, :, k], FIRST_AMOUNTS))
            yield from both(f"Σ of e {k}", rotated(self.e[:, :, k], SECOND_AMOUNTS))
            yield from both(f"early {k}", rotated(self.w[:, :, k], *EARLY))
            yield from both(f"late {k}", rotated(self.w[:, :, k], *LATE))
        for name, first in (("last", 1), ("first", 0)):
            x, y, z = (self.a[:, :, first + k] for k in range(3))
            yield from both(f"majority of the {name} three", x & y | z & (x | y))
        yield from self.lags()
        for name, bits in (("e", 3), ("a", 2), ("w", 2)):
            for k in range(WORDS):
                for half in range(2):
                    carry = self.carry[f"{name} {k} half {half}"]
                    for bit in range(bits):
                        yield f"carry {name} {k} half {half} bit {bit}", carry >> np.uint32(bit) & np.uint32(1)

    def lags(self) -> Named:
        """Sums of limbs that wait for the rows in which a word is made of them."""
        limbs, early = np.stack(halves(self.w), axis=-1), np.stack(halves(rotated(self.w, *EARLY)), axis=-1)
        stages = [np.zeros_like(limbs) for _ in range(3)]
        stages[0][:, 1:, :3] = limbs[:, :-1, :3] + early[:, :-1, 1:]
        stages[0][:, 1:, 3] = limbs[:, :-1, 3] + early[:, 1:, 0]
        stages[1][:, 1:] = stages[0][:, :-1]
        stages[2][:, 1:, :3] = stages[1][:, :-1, :3] + limbs[:, :-1, 1:]
        stages[2][:, 1:, 3] = stages[1][:, :-1, 3] + limbs[:, 1:, 0]
        for stage, values in enumerate(stages):
            for k in range(WORDS):
                for half in range(2):
                    yield f"lag {stage} {k}.{half}", values[:, :, k, half]


def both(name: str, words: U32) -> Named:
    for half, limb in enumerate(halves(words)):
        yield f"{name}.{half}", limb


def added(terms: Sequence[U32]) -> tuple[U32, U32, U32]:
    """The sum of words, and the carries out of both of its limbs."""
    low, high = np.zeros_like(terms[0]), np.zeros_like(terms[0])
    for term in terms:
        low += halves(term)[0]
        high += halves(term)[1]
    high += low >> np.uint32(16)
    return high << np.uint32(16) | low & np.uint32(LIMB - 1), low >> np.uint32(16), high >> np.uint32(16)

"""The first reading of the verifier: values are numbers, requirements are collected, nothing is decided early."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from stark.errors import Malformed, Rejected
from stark.field import ONE_EXT, P, base_inverse, residue
from stark.machine import Compress, Machine, Plain, Value
from stark.operations import Permute, operations_of

if TYPE_CHECKING:
    from stark.point import PointChip

U32 = npt.NDArray[np.uint32]


def canonical(words: object, what: str = "proof") -> U32:
    """The same words; Malformed unless they are integers from 0 to p - 1 in a row. Nothing is converted, so that they have one spelling."""
    plain = np.asarray(words) if isinstance(words, np.ndarray) else None        # a masked array shows its words
    if plain is None or plain.ndim != 1 or plain.dtype.kind not in "ui":
        raise Malformed(f"a {what} is a row of words: an array of integers of one dimension")
    if plain.size and not 0 <= int(plain.min()) <= int(plain.max()) < P:
        raise Malformed(f"a word of the {what} is not canonical")
    return np.asarray(plain, np.uint32)


class Numbers(Machine):
    """Reads a proof as a tape of words, in the order of the text."""

    words_inside = True

    def __init__(self, tape: U32, permute: Permute) -> None:
        super().__init__()
        self.at, self.required = 0, 0
        self.operations = operations_of(permute)
        self.failed: list[tuple[int, str, str]] = []          # number of the requirement, phase, sentence
        self.tape = canonical(tape)

    def read(self, *shape: int, extension: bool = False) -> Value:
        shape = (*shape, 5) if extension else shape
        count = int(np.prod(shape))
        if self.at + count > len(self.tape):
            raise Malformed(f"the proof is too short: {len(self.tape)} words")
        self.at += count
        return Value(self, self.tape[self.at - count:self.at].astype(np.uint64).reshape(shape), extension)

    def goes_on(self, words: U32) -> None:
        """What stands behind the words so far."""
        if (words >= P).any():
            raise Malformed("a word of the proof is not canonical")
        self.tape = np.concatenate([self.tape, words])

    def finish(self) -> None:
        """All words are used and every requirement holds; else the first broken one is named."""
        if self.at != len(self.tape):
            raise Malformed(f"the proof is too long: {len(self.tape)} words where {self.at} are read")
        if self.failed:
            _, phase, sentence = self.failed[0]
            raise Rejected(f"{phase}: {sentence}", "all requirements to hold", f"{len(self.failed)} of {self.required} broken")

    def constant(self, numbers: Plain) -> Value:
        return Value(self, (np.asarray(numbers, np.int64) % P).astype(np.uint64), False)

    def constant_extension(self, numbers: Plain) -> Value:
        return Value(self, (np.asarray(numbers, np.int64) % P).astype(np.uint64), True)

    def words(self, value: Value) -> Value:
        return Value(self, value.data, False)

    def as_extension(self, value: Value) -> Value:
        if value.shape[-1] != 5:
            raise TypeError("an extension element has five words")
        return Value(self, value.data, True)

    def arithmetic(self, kind: str, a: Value, b: Value) -> Value:
        x, y, extension = a.data, b.data, a.extension or b.extension
        if kind == "mul":
            if a.extension and b.extension:
                return Value(self, self.operations.multiply(x, y), True)
            x, y = (x if a.extension == extension else x[..., None]), (y if b.extension == extension else y[..., None])
            return Value(self, residue(x * y), extension)
        x, y = (v.data if v.extension == extension else v.data[..., None] * ONE_EXT for v in (a, b))
        return Value(self, residue(x + y if kind == "add" else x + (P - y)), extension)

    def horner(self, accumulator: Value, point: Value, values: Value) -> Value:
        if not point.extension:
            for j in range(values.shape[-1]):
                accumulator = self.mul_add(accumulator, point, values[..., j])
            return accumulator
        return Value(self, self.operations.horner(accumulator.data, point.data, values.data, values.extension), True)

    def spell(self, bits: Value) -> Value:
        powers = np.uint64(1) << np.arange(bits.shape[-1], dtype=np.uint64)
        return Value(self, residue(residue(bits.data * powers).sum(axis=-1)), False)

    def chosen(self, bits: Value, factors: Sequence[int], start: int) -> Value:
        less = np.array([(factor - 1) % P for factor in factors], np.uint64)
        terms = residue(bits.data * less + np.uint64(1))
        while terms.shape[1] > 1:
            half = terms.shape[1] // 2
            pairs = residue(terms[:, :half] * terms[:, half:2 * half])
            terms = np.concatenate([pairs, terms[:, 2 * half:]], 1)
        return Value(self, residue(np.multiply.reduce(terms, axis=1) * np.uint64(start % P)), False)

    def carried_out(self, chips: PointChip, values: Value) -> Value:
        found = self.operations.steps(values.data, *chips.flat)
        return super().carried_out(chips, values) if found is None else Value(self, found, True)

    def permute(self, state: Value) -> Value:
        flat = np.ascontiguousarray(state.data, np.uint32).reshape(-1, state.data.shape[-1])
        return Value(self, self.operations(flat).astype(np.uint64).reshape(state.data.shape), False)

    def absorb(self, state: Value, words: Value, rate: int) -> Value:
        rows = state.data.astype(np.uint32).reshape(-1, state.data.shape[-1])
        rows = self.operations.absorb(rows, words.data.astype(np.uint32).reshape(len(rows), -1), rate)
        return Value(self, rows.astype(np.uint64).reshape(state.data.shape), False)

    def climb(self, digest: Value, bits: Value, compress: Compress) -> Value:
        siblings = self.read(bits.shape[1], *digest.shape)
        above = self.operations.climb(*(value.data.astype(np.uint32) for value in (digest, siblings, bits)))
        return Value(self, above.astype(np.uint64), False)

    def hint_bits(self, word: Value) -> Value:
        return Value(self, word.data[..., None] >> np.arange(31, dtype=np.uint64) & np.uint64(1), False)

    def hint_inverse(self, a: Value) -> Value:
        return Value(self, self.operations.invert(a.data) if a.extension else base_inverse(a.data), a.extension)

    def select(self, bit: Value, a: Value, b: Value) -> Value:
        choice = bit.data[..., None] if a.extension else bit.data
        return Value(self, (a.data + choice * ((b.data + P - a.data) % P)) % P, a.extension)

    def take(self, table: Value, index: Value) -> Value:
        return Value(self, table.data[index.data.astype(np.int64)], table.extension)

    def require_equal(self, sentence: str, a: Value, b: Value | Plain) -> None:
        b = self.lift(b)
        if a.extension != b.extension:
            raise TypeError("an extension value is compared with a base value")
        good = a.data == b.data
        if a.extension:
            good = np.logical_and.reduce(good, axis=-1)
        if not np.logical_and.reduce(good, axis=None):
            self.failed += [(self.required + int(i), self.current, sentence) for i in np.flatnonzero(~good.reshape(-1))]
        self.required += good.size

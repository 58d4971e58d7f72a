"""The first reading of the verifier: values are numbers, requirements are collected, nothing is decided early."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from stark.errors import Malformed, Rejected
from stark.field import ONE_EXT, P, base_inverse, ext_inverse, ext_mul, ext_powers_of, residue
from stark.machine import Machine, Plain, Value

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]


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

    def __init__(self, tape: U32, permute: Callable[[U32], U32]) -> None:
        super().__init__()
        self.at, self.required = 0, 0
        self.permutation = permute
        self._powers: dict[bytes, U64] = {}
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
                return Value(self, ext_mul(x, y), True)
            x, y = (x if a.extension == extension else x[..., None]), (y if b.extension == extension else y[..., None])
            return Value(self, residue(x * y), extension)
        x, y = (v.data if v.extension == extension else v.data[..., None] * ONE_EXT for v in (a, b))
        return Value(self, residue(x + y if kind == "add" else x + (P - y)), extension)

    def horner(self, accumulator: Value, point: Value, values: Value) -> Value:
        count, total = values.shape[-1], accumulator.data
        if point.extension and count > 1 and not any(point.data.strides[:-1]):              # one point for all rows
            powers = self.powers(point.data.reshape(-1, 5)[0], count + 1)
            weights = powers[count - 1::-1]
            terms = ext_mul(values.data, weights) if values.extension else residue(values.data[..., None] * weights)
            return Value(self, (ext_mul(total, np.broadcast_to(powers[count], total.shape)) + terms.sum(axis=-2)) % P, True)
        for j in range(values.shape[-1]):
            total = ext_mul(total, point.data) if point.extension else residue(total * point.data[..., None])
            if values.extension:
                total = residue(total + values.data[..., j, :])
            else:
                low = (total[..., :1] + values.data[..., j, None]) % P
                total = np.concatenate([low, np.broadcast_to(total[..., 1:], (*low.shape[:-1], 4))], -1)
        return Value(self, total, True)

    def powers(self, point: U64, count: int) -> U64:
        """So many powers of a point; kept, because one challenge sums up all columns."""
        known = self._powers.get(point.tobytes())
        if known is None or len(known) < count:
            known = self._powers[point.tobytes()] = ext_powers_of(point, count)
        return known

    def permute(self, state: Value) -> Value:
        flat = np.ascontiguousarray(state.data, np.uint32).reshape(-1, state.data.shape[-1])
        return Value(self, self.permutation(flat).astype(np.uint64).reshape(state.data.shape), False)

    def absorb(self, state: Value, words: Value, rate: int) -> Value:
        rows = state.data.astype(np.uint32).reshape(-1, state.data.shape[-1])
        taken = words.data.astype(np.uint32).reshape(len(rows), -1)
        for start in range(0, taken.shape[1], rate):
            rows[:, :rate] = taken[:, start:start + rate]
            rows = self.permutation(rows)
        return Value(self, rows.astype(np.uint64).reshape(state.data.shape), False)

    def hint_bits(self, word: Value) -> Value:
        return Value(self, word.data[..., None] >> np.arange(31, dtype=np.uint64) & np.uint64(1), False)

    def hint_inverse(self, a: Value) -> Value:
        return Value(self, ext_inverse(a.data) if a.extension else base_inverse(a.data), a.extension)

    def select(self, bit: Value, a: Value, b: Value) -> Value:
        choice = bit.data[..., None] if a.extension else bit.data
        return Value(self, (a.data + choice * ((b.data + P - a.data) % P)) % P, a.extension)

    def take(self, table: Value, index: Value) -> Value:
        return Value(self, table.data[index.data.astype(np.int64)], table.extension)

    def require_equal(self, sentence: str, a: Value, b: Value | Plain) -> None:
        b = self.lift(b)
        if a.extension != b.extension:
            raise TypeError("an extension value is compared with a base value")
        x, y = np.broadcast_arrays(a.data, b.data)
        good = (x == y).all(-1) if a.extension else x == y
        self.failed += [(self.required + int(i), self.current, sentence) for i in np.flatnonzero(~good.reshape(-1))]
        self.required += good.size

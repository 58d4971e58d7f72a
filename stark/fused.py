"""Steps of the verifier that the recursion proves with a chip of their own. The text here is their meaning."""
from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, reduce, wraps
from typing import Any

import numpy as np

from stark.field import P, root_of_unity
from stark.machine import Machine, Value, concat
from stark.poseidon2 import of_digest
from stark.transcript import compress, padded, sponge


def fused(step: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(step)
    def run(m: Machine, *args: Any, **options: Any) -> Any:
        return m.fused(step, *args, **options)
    return run


@lru_cache(maxsize=1 << 12)
def inverse(number: int) -> int:
    return pow(number, P - 2, P)


@fused
def bits_of(m: Machine, words: Value) -> Value:
    """31 bits of each word, lowest first: the only such bits, because the value that they spell is below p."""
    bits = m.hint_bits(words)
    m.require_equal("a bit is 0 or 1", bits * bits, bits)
    m.require_equal("the bits spell the word", m.spell(bits), words)
    top = reduce(lambda a, b: a * b, [bits[..., i] for i in range(24, 31)])
    m.require_equal("the bits spell a number below p", top * m.spell(bits[..., :24]), m.constant(np.zeros(words.shape, np.int64)))
    return bits


@fused
def ground(m: Machine, words: Value, count: int) -> None:
    lowest = bits_of(m, words)[:, :count]
    m.require_equal("the lowest bits were ground to zero", lowest, m.constant(np.zeros(lowest.shape, np.int64)))


@fused
def point(m: Machine, bits: Value, shift: int, skip: int = 0, invert: bool = False) -> Value:
    """shift * w^bitreverse(index), or its inverse, where the lowest `skip` bits count as zero."""
    def turn(number: int) -> int:
        return inverse(number) if invert else number
    return m.chosen(bits[:, skip:], [turn(root_of_unity(j + 1)) for j in range(skip, bits.shape[1])], turn(shift))


@fused
def opened_rows(m: Machine, cap: Value, segments: list[int], bits: Value, where: str, reduced: Value | None = None,
                batch: list[Value] | None = None, extension: bool = False) -> list[Value]:
    """Reads one row per query, whose words are hashed segment by segment, takes its columns into `reduced`, and checks its Merkle path.
    Gives the sum behind every segment; without `batch` the row."""
    queries, height, log_cap, digest_words = bits.shape[0], bits.shape[1], len(cap).bit_length() - 1, cap.shape[1]
    with m.phase(where + " leaf"):
        row = m.read(queries, sum(segments))
        digest = hashed_row(m, row, segments, digest_words)
    sums = []
    if batch is not None and reduced is not None:
        with m.phase("reduce rows"):
            for part in parts_of(row, segments):
                columns = m.as_extension(part.reshape(queries, -1, 5)) if extension else part
                reduced = batched(m, reduced, batch, columns, extension)
                sums.append(reduced)
    with m.phase(where + " path"):
        digest = m.climb(digest, bits[:, :height - log_cap], compress)
    with m.phase(where + " cap"):
        m.require_equal("the opened row lies under the cap", digest, m.take(cap, m.spell(bits[:, height - log_cap:])))
    return sums or [row]


def parts_of(row: Value, segments: list[int]) -> list[Value]:
    return [row[:, end - words:end] for words, end in zip(segments, np.cumsum(segments).tolist(), strict=True)]


def hashed_row(m: Machine, row: Value, segments: list[int], digest: int) -> Value:
    """Every segment but the last is filled up with zeros to whole blocks."""
    *before, last = parts_of(row, segments)
    return sponge(m, concat([*(padded(m, part, of_digest(digest).rate) for part in before), last], 1), digest)


def batched(m: Machine, accumulator: Value, batch: list[Value], columns: Value, extension: bool) -> Value:
    """Horner over the columns and over the zeros that fill the last block that is hashed; batch[k] = challenge^(k+1), one for each word
    of a block."""
    missing = steps_of(columns.shape[-1], len(batch), extension) - columns.shape[-1]
    accumulator = m.horner(accumulator, batch[0].broadcast(*columns.shape[:-1]), columns)
    return accumulator * batch[missing - 1] if missing else accumulator


def steps_of(columns: int, block: int, extension: bool) -> int:
    """Steps of Horner's rule over so many columns of a segment, with the zeros that fill its last block."""
    unit = 5 if extension else 1
    filled = -(-columns * unit // block) * block
    return -(-filled // unit)


def fold(m: Machine, values: Value, challenge: Value, inverse_x: Value) -> Value:
    """Folds each row of 2^a neighbours in a binary steps; scaled by 2^a, which both sides leave in."""
    while values.shape[1] > 1:
        pairs = values.shape[1] // 2
        twiddles = [1]
        for b in range(pairs.bit_length() - 1):
            twiddles += [t * inverse(root_of_unity(b + 2)) % P for t in twiddles]
        even, odd = values[:, 0::2], values[:, 1::2]
        slope = (challenge * inverse_x).reshape(-1, 1) * m.constant(twiddles)
        values = m.mul_add(even - odd, slope, even) + odd
        challenge, inverse_x = challenge * challenge, inverse_x * inverse_x
    return values[:, 0]


def pick(m: Machine, bits: Value, values: Value) -> Value:
    """The column of `values` whose number the bits spell."""
    for j in range(bits.shape[1]):
        values = m.select(bits[:, j].reshape(-1, 1), values[:, 0::2], values[:, 1::2])
    return values[:, 0]


@fused
def folded(m: Machine, row: Value, bits: Value, arity: int, value: Value, challenge: Value, shift: int) -> Value:
    """Requires that `value` stands at its place in the row and folds the row."""
    values = m.as_extension(row.reshape(len(row), 1 << arity, 5))
    m.require_equal("the folded value is opened in the next round", pick(m, bits[:, :arity], values), value)
    inverse_x = point(m, bits, shift, skip=arity, invert=True)
    return fold(m, values, challenge.broadcast(len(row)), inverse_x)


__all__ = ["batched", "bits_of", "concat", "folded", "fused", "ground", "inverse", "opened_rows", "point", "steps_of"]

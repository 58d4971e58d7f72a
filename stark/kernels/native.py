"""The kernel set in Rust, by way of the distribution `longrun-native`; here its arguments get their shape and type."""
from __future__ import annotations

import importlib
import math
from collections.abc import Iterable, Sequence
from typing import Any, cast

import numpy as np

from stark.field import U64
from stark.flat import FlatChip
from stark.kernels.checks import check_accesses, check_table, shaped
from stark.kernels.protocol import U8, U32, Asking, Commitment, QuotientJob
from stark.operations import Indices, Operations
from stark.poseidon2 import of_width
from stark.recipes import Recipe


def _code(flat: FlatChip) -> tuple[Any, ...]:
    return (shaped(flat.code, None, 4), flat.slots, shaped(flat.constants, None), shaped(flat.requirements, None), list(flat.messages))


def _job(job: QuotientJob) -> tuple[Any, ...]:
    values = [shaped(job.public, None), *(shaped(value, 5) for value in (job.gamma, job.beta, job.total)), shaped(job.weights, None, 5)]
    return (_code(job.flat), job.log_height, job.fixed, job.main, job.logup, *values)


WORTH_THREADS = 4096      # states; below, starting a thread takes longer than the work
WORTH_WORDS = 1 << 15     # that sponges take in


def rows_of(values: U64) -> U64:
    """Extension values one after the other."""
    return np.ascontiguousarray(values).reshape(-1, 5)


class NativeOperations(Operations):
    """The permutation, and what a verifier does with many of them in one call."""

    def __init__(self, rust: Any, threads: int) -> None:
        self._rust, self._threads = rust, threads

    def __call__(self, states: U32) -> U32:
        threads = self._threads if len(states) >= WORTH_THREADS else 1
        return cast(U32, self._rust.permute(threads, shaped(states, None, None), False))

    def absorb(self, states: U32, words: U32, rate: int) -> U32:
        return cast(U32, self._rust.absorb(*self._blocks(states, words, rate), False))

    def absorbed(self, states: U32, words: U32, rate: int) -> U32:
        return cast(U32, self._rust.absorb(*self._blocks(states, words, rate), True)).reshape(words.shape[1] // rate, *states.shape)

    def _blocks(self, states: U32, words: U32, rate: int) -> tuple[int, U32, U32]:
        if rate != of_width(states.shape[1]).rate:
            raise ValueError(f"a sponge of {states.shape[1]} words takes in other blocks than of {rate}")
        return self._threads if words.size >= WORTH_WORDS else 1, shaped(states, None, None), shaped(words, len(states), None)

    def climb(self, digests: U32, siblings: U32, bits: U32) -> U32:
        beside = shaped(siblings, bits.shape[1], *digests.shape).reshape(-1, digests.shape[1])
        return cast(U32, self._rust.climb(shaped(digests, None, None), beside, shaped(bits, len(digests), None)))

    def multiply(self, a: U64, b: U64) -> U64:
        if a.shape != b.shape:
            if b.size == 5 and b.ndim <= a.ndim:                                   # one for all
                return cast(U64, self._rust.multiply(rows_of(a), rows_of(b))).reshape(a.shape)
            if a.size == 5 and a.ndim <= b.ndim:
                return cast(U64, self._rust.multiply(rows_of(b), rows_of(a))).reshape(b.shape)
            a, b = np.broadcast_arrays(a, b)
        return cast(U64, self._rust.multiply(rows_of(a), rows_of(b))).reshape(a.shape)

    def invert(self, values: U64) -> U64:
        return cast(U64, self._rust.invert(rows_of(values))).reshape(values.shape)

    def horner(self, start: U64, point: U64, values: U64, extension: bool) -> U64:
        shape, unit = values.shape[:-2 if extension else -1], 5 if extension else 1
        rows = np.ascontiguousarray(values).reshape(math.prod(shape), math.prod(values.shape[len(shape):]))
        one = point.ndim > 1 and not any(point.strides[:-1])
        points = np.ascontiguousarray(point.reshape(-1, 5)[:1]) if one else rows_of(np.broadcast_to(point, (*shape, 5)))
        return cast(U64, self._rust.horner(rows_of(np.broadcast_to(start, (*shape, 5))), points, rows, unit)).reshape(*shape, 5)

    def steps(self, values: U64, code: U32, operands: U32, outputs: U32) -> U64:
        return cast(U64, self._rust.steps(np.ascontiguousarray(values), np.ascontiguousarray(code), operands, outputs))

    def restore(self, leaves: Indices, levels: int, segments: Sequence[int], digest: int, pruned: U32) -> U32:
        return cast(U32, self._rust.restore(leaves, levels, list(segments), digest, shaped(pruned, None)))


def _given(recipe: Recipe) -> tuple[Any, ...]:
    return np.ascontiguousarray(recipe.code), recipe.slots, recipe.constants, recipe.words, recipe.numbers


class NativeKernels:
    name = "native"

    def __init__(self, threads: int) -> None:
        self._rust: Any = importlib.import_module("longrun_native")
        self._threads = threads
        self._operations = NativeOperations(self._rust, threads)

    @property
    def permute(self) -> Operations:
        return self._operations

    def trace_permutations(self, inputs: U32) -> U32:
        return cast(U32, self._rust.trace_permutations(self._threads, shaped(inputs, None, None)))

    def deal(self, fetched: U32, chip: U8, counts: U32, chips: int) -> tuple[list[Indices], U32, Indices]:
        return cast(tuple[list[Indices], U32, Indices], self._rust.deal(fetched, chip, np.ascontiguousarray(counts), chips))

    def table(self, columns: int, rows: int) -> U32:
        return cast(U32, self._rust.table(columns, rows))

    def columns(self, recipe: Recipe, rows: Indices, table: U32) -> None:
        check_table(table)
        self._rust.put_columns(_given(recipe), rows, table)

    def accesses(self, recipe: Recipe, rows: Indices, address: Indices, left: U64) -> None:
        self._rust.put_accesses(_given(recipe), rows, address, left)

    def pages(self, addresses: Indices) -> Indices:
        return cast(Indices, self._rust.pages(addresses))

    def found(self, addresses: Indices, left: U64, pages: Indices, cells: U64, times: U32) -> tuple[U32, U64, U64, U32]:
        check_accesses(addresses, left, pages, cells, times)
        return cast(tuple[U32, U64, U64, U32], self._rust.found(addresses, left, pages, cells, times))

    def asked(self, flat: FlatChip, fixed: U32, main: U32, rows: int, asking: Sequence[Asking], tables: int, log_size: int) -> U32:
        arrays = *(np.ascontiguousarray(table, np.uint32) for table in (fixed, main)), np.zeros(0, np.uint32)
        return cast(U32, self._rust.asked(self._threads, _code(flat), *arrays, rows, [(t, list(w)) for t, w in asking], tables, log_size))

    def commit(self, matrices: Iterable[U32], log_rows: int, log_blowup: int, log_cap: int, hash_width: int = 16,
               packs: Sequence[int] | None = None, unit: int = 1) -> Commitment:
        shapes = [shaped(matrix, None, None) for matrix in matrices]
        packs = [0] * len(shapes) if packs is None else list(packs)
        return cast(Commitment, self._rust.commit(self._threads, shapes, packs, unit, log_rows, log_blowup, log_cap, hash_width))

    def commit_rows(self, rows: U32, log_cap: int, hash_width: int = 16) -> Commitment:
        return cast(Commitment, self._rust.commit_rows(self._threads, shaped(rows, None, None), log_cap, hash_width))

    def logup(self, flat: FlatChip, fixed: U32, main: U32, public: U32, gamma: U32, beta: U32) -> tuple[U32, U32]:
        arrays = (shaped(fixed, None, None), shaped(main, None, None), shaped(public, None), shaped(gamma, 5), shaped(beta, 5))
        return cast(tuple[U32, U32], self._rust.logup(self._threads, _code(flat), *arrays))

    def quotient(self, jobs: Sequence[QuotientJob], log_rows: int, log_blowup: int) -> U32:
        return cast(U32, self._rust.quotient(self._threads, [_job(job) for job in jobs], log_rows, log_blowup))

    def combine(self, commitments: Sequence[Commitment], weights: Sequence[U32], log_pack: int, log_domain: int) -> U32:
        rows = [shaped(weight, None, 5) for weight in weights]
        return cast(U32, self._rust.combine(self._threads, list(commitments), rows, log_pack, log_domain))

    def deep(self, combined: Sequence[U32], claimed: Sequence[U32], points: U32, second: U32, shift: int) -> U32:
        sums = [shaped(values, None, 5) for values in combined]
        opened = [shaped(values, 2, None, 5).reshape(-1, 5) for values in claimed]
        return cast(U32, self._rust.deep(self._threads, sums, opened, shaped(points, 2, 5), shaped(second, 5), shift))

    def fold(self, values: U32, log_arity: int, challenge: U32, shift: int) -> U32:
        return cast(U32, self._rust.fold(self._threads, shaped(values, None, 5), log_arity, shaped(challenge, 5), shift))

    def interpolate(self, values: U32, shift: int) -> U32:
        return cast(U32, self._rust.interpolate(self._threads, shaped(values, None, 5), shift))

    def grind(self, state: U32, bits: int) -> int:
        return cast(int, self._rust.grind(self._threads, shaped(state, None), bits))

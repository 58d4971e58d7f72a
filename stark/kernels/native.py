"""The kernel set in Rust, by way of the distribution `longrun-native`; here its arguments get their shape and type."""
from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from typing import Any, cast

from stark.flat import FlatChip
from stark.kernels.checks import shaped
from stark.kernels.protocol import U32, Commitment, QuotientJob


def _code(flat: FlatChip) -> tuple[Any, ...]:
    return (shaped(flat.code, None, 4), flat.slots, shaped(flat.constants, None), shaped(flat.requirements, None), list(flat.messages))


def _job(job: QuotientJob) -> tuple[Any, ...]:
    values = [shaped(job.public, None), *(shaped(value, 5) for value in (job.gamma, job.beta, job.total)), shaped(job.weights, None, 5)]
    return (_code(job.flat), job.log_height, job.fixed, job.main, job.logup, *values)

WORTH_THREADS = 4096      # states; below, starting a thread takes longer than the work


class NativeKernels:
    name = "native"

    def __init__(self, threads: int) -> None:
        self._rust: Any = importlib.import_module("longrun_native")
        self._threads = threads

    def permute(self, states: U32) -> U32:
        threads = self._threads if len(states) >= WORTH_THREADS else 1
        return cast(U32, self._rust.permute(threads, shaped(states, None, None), False))

    def trace_permutations(self, inputs: U32) -> U32:
        return cast(U32, self._rust.trace_permutations(self._threads, shaped(inputs, None, None)))

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

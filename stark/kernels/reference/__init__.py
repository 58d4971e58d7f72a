"""The kernel set in numpy: the definition that every other set must agree with."""
from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from stark import poseidon2
from stark.field import U64
from stark.flat import FlatChip
from stark.kernels.checks import check_accesses, check_instructions, check_table, shaped
from stark.kernels.protocol import U8, U32, Asking, Commitment, Indices, QuotientJob
from stark.kernels.reference import accesses, fri, recipes, tree
from stark.kernels.reference import asked as lookups
from stark.kernels.reference import logup as logup_columns
from stark.kernels.reference import quotient as quotients
from stark.kernels.reference.tree import ReferenceCommitment, words
from stark.recipes import Recipe


def _wide(array: U32, *shape: int | None) -> U64:
    return shaped(array, *shape).astype(np.uint64)


class ReferenceKernels:
    name = "reference"

    def permute(self, states: U32) -> U32:
        return words(poseidon2.permute(_wide(states, None, None)))

    def trace_permutations(self, inputs: U32) -> U32:
        return words(poseidon2.trace(_wide(inputs, None, None)))

    def deal(self, fetched: U32, chip: U8, counts: U32, chips: int) -> tuple[list[Indices], U32, Indices]:
        check_instructions(fetched, chip, counts, chips)
        chosen, own = chip[fetched], counts[:, fetched]
        rows = [np.flatnonzero(chosen == number) for number in range(chips)]
        return rows, np.cumsum(own, axis=1, dtype=np.uint32) - own, np.bincount(fetched, minlength=len(chip))

    def table(self, columns: int, rows: int) -> U32:
        return np.zeros((columns, rows), np.uint32)

    def columns(self, recipe: Recipe, rows: Indices, table: U32) -> None:
        check_table(table)
        recipes.columns(recipe, rows, table)

    def accesses(self, recipe: Recipe, rows: Indices, address: Indices, left: U64) -> None:
        recipes.accesses(recipe, rows, address, left)

    def pages(self, addresses: Indices) -> Indices:
        return accesses.pages(addresses)

    def found(self, addresses: Indices, left: U64, pages: Indices, cells: U64, times: U32) -> tuple[U32, U64, U64, U32]:
        check_accesses(addresses, left, pages, cells, times)
        return accesses.found(addresses, left, pages, cells, times)

    def asked(self, flat: FlatChip, fixed: U32, main: U32, rows: int, asking: Sequence[Asking], tables: int, log_size: int) -> U32:
        main_wide = _wide(main, None, None)
        return lookups.asked(flat, _wide(fixed, None, main_wide.shape[1]), main_wide, rows, asking, tables, log_size)

    def commit(self, matrices: Iterable[U32], log_rows: int, log_blowup: int, log_cap: int, hash_width: int = 16,
               packs: Sequence[int] | None = None, unit: int = 1) -> ReferenceCommitment:
        shapes = [shaped(matrix, None, None) for matrix in matrices]
        return tree.commit(shapes, log_rows, log_blowup, log_cap, hash_width, [0] * len(shapes) if packs is None else packs, unit)

    def commit_rows(self, rows: U32, log_cap: int, hash_width: int = 16) -> ReferenceCommitment:
        return tree.commit_rows(shaped(rows, None, None), log_cap, hash_width)

    def logup(self, flat: FlatChip, fixed: U32, main: U32, public: U32, gamma: U32, beta: U32) -> tuple[U32, U32]:
        main_wide = _wide(main, None, None)
        fixed_wide = _wide(fixed, None, main_wide.shape[1])
        columns, total = logup_columns.logup(flat, fixed_wide, main_wide, _wide(public, None), _wide(gamma, 5), _wide(beta, 5))
        return words(columns), words(total)

    def quotient(self, jobs: Sequence[QuotientJob], log_rows: int, log_blowup: int) -> U32:
        return words(quotients.quotient(jobs, log_rows, log_blowup))

    def combine(self, commitments: Sequence[Commitment], weights: Sequence[U32], log_pack: int, log_domain: int) -> U32:
        own = [commitment for commitment in commitments if isinstance(commitment, ReferenceCommitment)]
        if len(own) != len(commitments):
            raise ValueError("a commitment of another kernel set")
        return words(tree.combine(own, [shaped(rows, None, 5) for rows in weights], log_pack, log_domain))

    def deep(self, combined: Sequence[U32], claimed: Sequence[U32], points: U32, second: U32, shift: int) -> U32:
        sums, opened = [_wide(values, None, 5) for values in combined], [_wide(values, 2, None, 5) for values in claimed]
        return words(fri.deep(sums, opened, _wide(points, 2, 5), _wide(second, 5), shift))

    def fold(self, values: U32, log_arity: int, challenge: U32, shift: int) -> U32:
        return words(fri.fold(_wide(values, None, 5), log_arity, _wide(challenge, 5), shift))

    def interpolate(self, values: U32, shift: int) -> U32:
        return words(fri.interpolate(_wide(values, None, 5), shift))

    def grind(self, state: U32, bits: int) -> int:
        return fri.grind(_wide(state, None), bits)

"""A prover who cheats as well as we know how: what he needs is luck with the queries, and nothing else.

`random_trace`: the tables are random, so that no constraint holds. He balances the sums of the chips by a lie, answers at zeta with a
value of the quotient that fits, and so tests with FRI a function that is nowhere near a polynomial. He folds honestly and sends the last
polynomial through as many of the last points as it can pass: a share rho of them. A query above such a point finds nothing wrong.

`far_word`: the tables are honest, but in a share of its rows the commitment to the main columns is to another word. Everything behind goes
on as if it were not. A query outside of these rows finds nothing wrong.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from stark.field import P, ext_inverse, ext_mul, interpolate_on_coset, root_of_unity
from stark.kernels.protocol import U32
from stark.kernels.reference import ReferenceKernels
from stark.kernels.reference.tree import ReferenceCommitment
from stark.key import Key
from stark.machine import Plain, Value
from stark.numbers import Numbers
from stark.prover import prove, together
from stark.rounds import Rounds
from stark.setup import ProvingKey
from stark.verifier import check_constraints

U64 = npt.NDArray[np.uint64]


class Compared(Numbers):
    """Keeps what a text compares."""

    def __init__(self, kernels: ReferenceKernels) -> None:
        super().__init__(np.zeros(0, np.uint32), kernels.permute)
        self.sides: dict[str, U64] = {}

    def require_equal(self, sentence: str, a: Value, b: Value | Plain) -> None:
        self.sides[sentence] = a.data


class RandomTrace(ReferenceKernels):
    def __init__(self, key: Key, statement: U32, fixed: ReferenceCommitment) -> None:
        self.key, self.statement, self.trees = key, statement, [fixed]
        self.sums: list[U64] = []
        self.lookups: list[U32] = []
        self.weights: list[U32] = []

    def commit(self, matrices: Iterable[U32], log_rows: int, log_blowup: int, log_cap: int, hash_width: int = 16,
               packs: Sequence[int] | None = None, unit: int = 1) -> ReferenceCommitment:
        tree = super().commit(matrices, log_rows, log_blowup, log_cap, hash_width, packs, unit)
        self.trees.append(tree)
        if len(self.trees) == len(self.key.trees):
            honest = tree.evaluate
            tree.evaluate = lambda log_rows, points: np.stack([                  # type: ignore[method-assign]
                self.fitting_quotient(log_rows, points[0]), honest(log_rows, points[1:])[0]])
        return tree

    def logup(self, flat: Any, fixed: U32, main: U32, public: U32, gamma: U32, beta: U32) -> tuple[U32, U32]:
        """The last chip claims the sum that is missing to zero."""
        self.lookups = [gamma, beta]
        columns, total = super().logup(flat, fixed, main, public, gamma, beta)
        if len(self.sums) == len(self.key.chips) - 1:
            total = ((len(self.sums) * P - np.sum(self.sums, axis=0)) % P).astype(np.uint32)
        self.sums.append(total.astype(np.uint64))
        return columns, total

    def quotient(self, jobs: Sequence[Any], log_rows: int, log_blowup: int) -> U32:
        self.weights = [weight for job in jobs for weight in job.weights]
        return super().quotient(jobs, log_rows, log_blowup)

    def fitting_quotient(self, log_rows: int, zeta: U32) -> U32:
        """The lower half at zeta is what the constraints are there over the vanishing polynomial, the upper half zero."""
        m = Compared(self)

        def extension(words: Any) -> Value:
            return Value(m, np.asarray(words, np.uint64), True)
        shifted = (zeta.astype(np.uint64) * root_of_unity(log_rows) % P).astype(np.uint32)
        nothing = np.zeros((2, 10, 5), np.uint32)
        at = np.concatenate([*(tree.evaluate(log_rows, np.stack([zeta, shifted])) for tree in self.trees[:-1]), nothing], axis=1)
        opened = [together(self.key, values.astype(np.uint64)) for values in at]
        zero = extension(np.zeros(5))
        said = Rounds([], [extension(one) for one in self.lookups], extension(self.sums), extension(self.weights[-2]), extension(zeta),
                      extension(opened), zero, zero, [], [], zero, zero)
        check_constraints(m, self.key, said, Value(m, self.statement.astype(np.uint64), False))
        vanishing = zeta.astype(np.uint64)
        for _ in range(log_rows):
            vanishing = ext_mul(vanishing, vanishing)
        vanishing[0] = (vanishing[0] + P - 1) % P
        constraints = m.sides["the constraints are the quotient times the vanishing polynomial"]
        nothing[0, 0] = ext_mul(constraints, ext_inverse(vanishing))
        return nothing[0]

    def interpolate(self, values: U32, shift: int) -> U32:
        """The polynomial through the first points of the domain, which are a coset themselves."""
        length = 1 << (self.key.fri_rounds[-1] - self.key.parameters.log_blowup)
        out = np.zeros_like(values)
        out[:length] = interpolate_on_coset(np.ascontiguousarray(values[:length].T).astype(np.uint64), shift).T
        return out


class FarWord(ReferenceKernels):
    def __init__(self, share: float, rng: np.random.Generator, chip: int) -> None:
        self.share, self.rng, self.chip, self.first = share, rng, chip, True

    def commit(self, matrices: Iterable[U32], log_rows: int, log_blowup: int, log_cap: int, hash_width: int = 16,
               packs: Sequence[int] | None = None, unit: int = 1) -> ReferenceCommitment:
        matrices = list(matrices)
        honest = super().commit(matrices, log_rows, log_blowup, log_cap, hash_width, packs, unit)
        if not self.first:
            return honest
        self.first = False
        (pack, columns), = ((pack, group.copy()) for pack, group in honest.groups.items())      # small chips share no columns
        changed = columns[sum(len(matrix) for matrix in matrices[:self.chip])]
        bad = self.rng.permutation(len(changed))[:round(self.share * len(changed))]
        changed[bad] = (changed[bad] + 1) % P
        far = ReferenceCommitment(honest.matrices, {pack: columns}, log_cap, hash_width)
        far.groups = honest.groups                  # what the low-degree test is about is honest, what is opened is not
        return far


def random_trace(proving: ProvingKey, mains: Mapping[str, U32], statement: U32, rng: np.random.Generator) -> U32:
    tables = {name: rng.integers(0, P, table.shape).astype(np.uint32) for name, table in mains.items()}
    fixed = proving.trees["fixed"]
    if not isinstance(fixed, ReferenceCommitment):
        raise TypeError("this cheater works with the reference kernels")
    return prove(proving, tables, statement, RandomTrace(proving.key, statement, fixed))


def far_word(proving: ProvingKey, mains: Mapping[str, U32], statement: U32, share: float, rng: np.random.Generator, chip: int = -1) -> U32:
    """`chip` counts the heights of the main commitment, from the shortest."""
    return prove(proving, mains, statement, FarWord(share, rng, chip))

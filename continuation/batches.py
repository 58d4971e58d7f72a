"""What the proofs of batches say, in plain Python, like claims.py for runs."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from continuation.claims import RunClaim, demand, filled, taken
from continuation.counts import U32, Words
from continuation.digests import Digest, compress, spelled
from continuation.layout import of_claim, of_digest
from stark.errors import Rejected
from stark.field import P

RUN_BITS = 20                                   # of the number of runs in a batch


@dataclass(frozen=True)
class Application:
    """A program with a state that it is in."""

    program: Digest
    state: Digest

    @property
    def words(self) -> Digest:
        return (*self.program, *self.state)

    @staticmethod
    def of(words: Words) -> Application:
        digest = len(words) // 2
        return Application(*taken(words, slice(0, digest), slice(digest, 2 * digest)))


@dataclass(frozen=True)
class BatchClaim:
    """Some runs, in an order. Neighbours of one application chain: the state after one is the state before the next. If `single` is 1,
    all are of one application, so that together they lead it from the first state to the last."""

    runs: Digest
    keys: Digest
    count: int
    single: int
    first: Application                  # of the first run, in the state before it
    last: Application                   # of the last run, in the state after it

    @property
    def words(self) -> U32:
        return filled(of_digest(len(self.runs)), *self.runs, *self.keys, self.count, self.single, *self.first.words, *self.last.words)

    @staticmethod
    def of(words: Words) -> BatchClaim:
        form = of_claim(len(words))
        runs, keys, first, last = taken(words, form.runs, form.keys, form.first, form.last)
        return BatchClaim(runs, keys, int(words[form.count]), int(words[form.single]), Application.of(first), Application.of(last))

    @staticmethod
    def one(run: RunClaim) -> BatchClaim:
        return BatchClaim(run.digest, run.keys, 1, 1, Application(run.program, run.before), Application(run.program, run.after))

    def join(self, right: BatchClaim) -> BatchClaim:
        demand("both batches were made with the same keys", self.keys == right.keys)
        same = self.last.program == right.first.program
        demand("neighbouring runs of one application chain", not same or self.last.state == right.first.state)
        demand("the runs of both can be counted", self.count + right.count < 1 << RUN_BITS)
        return BatchClaim(compress(self.runs, right.runs), self.keys, self.count + right.count, self.single * right.single * same,
                          self.first, right.last)


def meeting(left: BatchClaim, right: BatchClaim) -> U32:
    """What a join of batches reads beside its children: whether the runs that meet are of one application and, if they are not, weights
    under which the differences of their programs sum to 1. (Behind it stand the bits of the number of runs.)"""
    differences = [(there - here) % P for here, there in zip(left.last.program, right.first.program, strict=True)]
    place = next((k for k, difference in enumerate(differences) if difference), None)
    weights = [pow(difference, -1, P) if k == place else 0 for k, difference in enumerate(differences)]
    return np.array([place is None, *weights], np.uint32)


def chained(runs: Sequence[RunClaim]) -> None:
    """Rejected unless every run finds its application in the state in which the run of it before left it, neighbours or not."""
    states: dict[Digest, Digest] = {}
    for number, run in enumerate(runs, 1):
        known = states.get(run.program, run.before)
        if run.before != known:
            raise Rejected(f"run {number} begins in the state that the application was left in", spelled(known), spelled(run.before))
        states[run.program] = run.after

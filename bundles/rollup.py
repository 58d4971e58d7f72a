"""The order of a batch: runs in a list, joined in one fixed tree, so that the list alone gives the claim."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from continuation.batches import Application, BatchClaim
from continuation.claims import RunClaim, demand
from continuation.digests import Digest, digest_of
from continuation.layout import of_claim
from stark import poseidon2

T = TypeVar("T")
U64 = npt.NDArray[np.uint64]


def folded(items: Sequence[T], join: Callable[[T, T], T]) -> T:
    """The left part has the largest power of two that leaves something for the right."""
    if len(items) == 1:
        return items[0]
    left = 1 << (len(items) - 1).bit_length() - 1
    return join(folded(items[:left], join), folded(items[left:], join))


def batch_claim(runs: Sequence[RunClaim]) -> BatchClaim:
    """What a batch of these runs, in this order, claims: `BatchClaim.join` over their tree, with the hashes of a level made together, and
    none before everything else holds."""
    first, last = runs[0], runs[-1]
    pairs = list(zip(runs, runs[1:], strict=False))
    demand("both batches were made with the same keys", all(run.keys == first.keys for run in runs))
    demand("neighbouring runs of one application chain", all(left.program != right.program or left.after == right.before
                                                             for left, right in pairs))
    single = int(all(run.program == first.program for run in runs))
    return BatchClaim(tree_of(np.array([run.words for run in runs], np.uint64)), first.keys, len(runs), single,
                      Application(first.program, first.before), Application(last.program, last.after))


def tree_of(claims: U64) -> Digest:
    """The root over the hashes of the claims, a row each. Neighbours meet level by level; one without a neighbour goes up as it is."""
    width = of_claim(claims.shape[1]).width
    digests = poseidon2.sponge(claims, width)
    while len(digests) > 1:
        paired = len(digests) // 2 * 2
        digests = np.concatenate([poseidon2.compress(digests[:paired:2], digests[1:paired:2], width), digests[paired:]])
    return digest_of(digests[0])

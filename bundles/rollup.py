"""The order of a batch: runs in a list, joined in one fixed tree, so that the list alone gives the claim."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from continuation.claims import BatchClaim, RunClaim

T = TypeVar("T")


def folded(items: Sequence[T], join: Callable[[T, T], T]) -> T:
    """The left part has the largest power of two that leaves something for the right."""
    if len(items) == 1:
        return items[0]
    left = 1 << (len(items) - 1).bit_length() - 1
    return join(folded(items[:left], join), folded(items[left:], join))


def batch_claim(runs: Sequence[RunClaim]) -> BatchClaim:
    """What a batch of these runs, in this order, claims."""
    return folded([BatchClaim.one(run) for run in runs], BatchClaim.join)

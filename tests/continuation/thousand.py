"""Many tiny segments joined in random order and random trees: `python -m tests.continuation.thousand COUNT` (make thousand; 1,000 there).

Every proof on the way is verified by itself, every leaf and every join, whatever its tree; the span that comes out claims what the
segments claim in their order.
"""
from __future__ import annotations

import sys
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from continuation.claims import SpanClaim
from continuation.proofs import ContinuationProof
from continuation.verify import verify_part
from tests.continuation import small
from tests.continuation.world import NARROW as world

Tell = Callable[[str, int], None]


def quiet(stage: str, done: int) -> None:
    """Nothing is said on the way."""


def verified(proof: ContinuationProof) -> ContinuationProof:
    cap = world.setup().cap(proof.kind)
    verify_part(proof, SpanClaim.of(proof.claim), world.trusted(), cap, world.KERNELS.permute)
    return proof


def leaves(count: int, tell: Tell = quiet) -> tuple[SpanClaim, list[ContinuationProof]]:
    """What all together claim, and the leaf of every segment."""
    places = small.boundaries([small.LOG_STEPS] * count, world.memory())
    proving, out = small.segment_setup(world.KERNELS), []
    for before, after in pairwise(places):
        out.append(verified(world.prover().leaf(small.prove_segment(proving, before, after, world.KERNELS))))
        tell("leaves", len(out))
    first = SpanClaim.of(out[0].claim)
    return SpanClaim(first.program, first.keys, places[0], places[-1], count << small.LOG_STEPS), out


def folded(spans: list[ContinuationProof], rng: np.random.Generator, tell: Tell = quiet) -> ContinuationProof:
    """Joins any two neighbours, again and again."""
    spans, all_of_them = list(spans), len(spans)
    while len(spans) > 1:
        at = int(rng.integers(len(spans) - 1))
        spans[at:at + 2] = [verified(world.prover().join(spans[at], spans[at + 1]))]
        tell("joins", all_of_them - len(spans))
    return spans[0]


def run(count: int, trees: int = 1, seed: int = 0, tell: Tell = quiet) -> None:
    whole, spans = leaves(count, tell)
    for tree in range(trees):
        assert SpanClaim.of(folded(spans, np.random.default_rng(seed + tree), tell).claim) == whole


def told(stage: str, done: int) -> None:
    if done % 100 == 0:
        print(f"{done} {stage}: {time.process_time():.0f} s of a processor", flush=True)


if __name__ == "__main__":
    run(int(sys.argv[1]), 2, tell=told)
    print(f"{sys.argv[1]} segments in two random trees: one claim, every proof verified [{time.process_time():.0f} s of a processor]")

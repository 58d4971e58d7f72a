"""The number of steps in the claims: it is the segments', it is added up without a wrap, and it ends before it overflows."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from continuation.claims import RunClaim, SpanClaim
from continuation.counts import LOW_LIMB, MOST_STEPS, STEP_BITS, STEPS, counting
from continuation.layout import POWER_WORDS
from continuation.proofs import ContinuationProof
from continuation.verify import verify_part
from segments.claim import SegmentProof
from stark.errors import Rejected
from stark.expression import P
from tests.continuation import small
from tests.continuation.world import NARROW as world

LEAF, JOIN = "leaf of 2^7", "join of leaf and leaf"
COUNTED, ADDED = "join: the steps can be counted", "join: the steps are those of both spans"


def segment_of(steps: int) -> SegmentProof:
    """The first segment; it says that it has so many steps."""
    proving, (before, after) = small.segment_setup(world.KERNELS), world.boundaries()[:2]
    return small.prove_segment(proving, before, after, world.KERNELS, steps)


def saying(proof: ContinuationProof, low: int, high: int) -> ContinuationProof:
    """The same words under a claim of so many steps: no proof of it, but all other requirements of a join are as they were."""
    statement = proof.statement.copy()
    statement[POWER_WORDS:][STEPS] = low, high
    return replace(proof, statement=statement)


def refusals(left: ContinuationProof, right: ContinuationProof, low: int, high: int, bits: int, carry: int) -> set[str]:
    """What a join says of its count when it is forced: to this claim, with these bits and this carry."""
    claim = world.join().claim.copy()
    claim[STEPS] = low, high
    parts = [*world.child(left), *world.child(right), counting(bits), np.array([carry], np.uint32)]
    counts = {COUNTED, ADDED, "join: what is carried is 0 or 1", "join: a bit of a number of steps is 0 or 1"}
    return world.refusals(JOIN, parts, claim) & counts


def test_the_steps_of_a_run_are_those_of_its_segments() -> None:
    total = sum(1 << size for size in world.SIZES)
    assert SpanClaim.of(world.span().claim).steps == RunClaim.of(world.run().claim).steps == total


def test_the_lower_limb_is_carried() -> None:
    """For real: a span of 2^24 - 1 steps and one of 2^9."""
    left = world.prover().leaf(segment_of(LOW_LIMB - 1))
    joined = world.prover().join(left, world.leaf(1))
    claim = SpanClaim.of(joined.claim)
    assert claim.steps == LOW_LIMB - 1 + (1 << small.LOG_LONG) and joined.claim[STEPS].tolist() == [(1 << small.LOG_LONG) - 1, 1]
    verify_part(joined, claim, world.trusted(), world.setup().cap(joined.kind), world.KERNELS.permute)


@pytest.mark.parametrize("steps", [LOW_LIMB, P - 1])
def test_a_segment_of_too_many_steps_has_no_leaf(steps: int) -> None:
    with pytest.raises(Rejected, match="the steps"):
        world.prover().leaf(segment_of(steps))
    one = segment_of(steps)
    claim = world.leaf(0).claim.copy()
    claim[STEPS] = steps, 0
    found = world.refusals(LEAF, [one.cap, one.statement, one.words, counting(steps)], claim)
    assert found == {"leaf: the steps can be counted"}


def test_a_leaf_has_the_steps_of_its_segment() -> None:
    one, claim = world.segment(0), world.leaf(0).claim.copy()
    claim[STEPS] = claim[STEPS][0] + 1, 0
    found = world.refusals(LEAF, [one.cap, one.statement, one.words, counting(int(claim[STEPS][0]))], claim)
    assert found == {"leaf: the steps are the segment's"}


def test_the_counter_does_not_overflow() -> None:
    """Two spans that together have 2^40 steps or more: there is no claim for them, however limbs, bits and carry are said."""
    low, high = LOW_LIMB - 1, (1 << STEP_BITS[1]) - 1
    left, right = saying(world.leaf(0), low, high), saying(world.leaf(1), 5, 0)
    assert refusals(saying(world.leaf(0), low, high - 1), right, 4, high, 4 + high * LOW_LIMB, 1) == set()
    with pytest.raises(Rejected, match="can be counted"):
        SpanClaim.of(left.claim).join(SpanClaim.of(right.claim))
    assert refusals(left, right, 4, high + 1, 4, 1) == {COUNTED}
    assert refusals(left, right, 4, 0, 4, 1) == {ADDED}
    assert refusals(left, right, low + 5, high, low + 5 + high * LOW_LIMB - MOST_STEPS, 0) == {COUNTED}


@pytest.mark.parametrize("carry, wrong", [(1, COUNTED), (2, "join: what is carried is 0 or 1"), (P - 1, "join: what is carried is 0 or 1")])
def test_a_carry_is_no_way_out(carry: int, wrong: str) -> None:
    """Steps disappear if a carry is said that is none; the lower limb is negative then, and has no bits."""
    left, right = world.leaf(0), world.leaf(1)
    total = SpanClaim.of(world.join().claim).steps
    assert refusals(left, right, total, 0, total, 0) == set()
    assert wrong in refusals(left, right, (total - carry * LOW_LIMB) % P, carry, total, carry)
    assert ADDED in refusals(left, right, total, 0, total, carry)


def test_bits_are_bits() -> None:
    left, right, claim = world.leaf(0), world.leaf(1), world.join().claim
    total = SpanClaim.of(claim).steps
    bits = counting(total)
    place = int(np.flatnonzero(bits)[-1])
    bits[place], bits[place - 1] = 0, bits[place - 1] + 2
    parts = [*world.child(left), *world.child(right), bits, np.array([0], np.uint32)]
    assert world.refusals(JOIN, parts, claim) == {"join: a bit of a number of steps is 0 or 1"}

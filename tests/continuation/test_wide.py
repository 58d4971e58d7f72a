"""Leaves that are too tall to be joined in pairs: they are lifted into the shape of joins, and then nothing tells them from others."""
from __future__ import annotations

import pytest

from continuation.claims import RunClaim, SpanClaim
from continuation.kinds import kinds
from continuation.lowering import Lowered
from continuation.prove import Prover
from continuation.setup import Setup, build, calls_hosts, record
from continuation.verify import verify_run
from segments.heights import WIDE_LEAF
from segments.setup import shape_key
from segments.shape import Shape
from stark.errors import Rejected
from stark.profiles import get
from tests.continuation.world import NARROW as world


@pytest.fixture(scope="module")
def prover() -> Prover:
    counts = [Lowered(record(kinds([name], ())[f"leaf of {name}"], {}, key)).counts["permute"] for name, key in world.segments().items()]
    assert counts[0] < counts[1]
    return Prover(Setup(build(world.segments(), world.LAYERS, world.KERNELS, counts[0]), world.segments(), world.KERNELS), world.KERNELS)


def test_a_run_with_a_wide_leaf_is_the_run_without(prover: Prover) -> None:
    trusted = prover.trusted
    assert trusted.wide == ("2^9",) and set(trusted.layers) == {"leaf", "wide", "join", "last"}
    first, second, third = (prover.leaf(world.segment(number)) for number in range(3))
    assert [proof.kind for proof in (first, second, third)] == ["leaf of 2^7", "lift of wide leaf", "leaf of 2^7"]
    run = prover.run(prover.join(prover.join(first, second), third), world.memory())
    claim = RunClaim.of(run.claim)
    verify_run(run, claim, trusted, world.KERNELS.permute)
    other = RunClaim.of(world.run().claim)
    assert (claim.program, claim.output, claim.pc) == (other.program, other.output, other.pc) and claim.keys != other.keys
    with pytest.raises(Rejected, match="keys of this setup"):
        verify_run(run, claim, world.trusted(), world.KERNELS.permute)


def test_a_lift_says_what_the_leaf_says(prover: Prover) -> None:
    lifted = prover.leaf(world.segment(1))
    claim = SpanClaim.of(lifted.claim)
    assert claim.before == world.boundaries()[1] and claim.after == world.boundaries()[2]


@pytest.mark.parametrize("profile", ["toy", "p128"])
@pytest.mark.parametrize("size", ["toy", "2^14", "2^20"])
def test_what_calls_host_functions_has_wide_leaves(size: str, profile: str) -> None:
    """The key says it, and so does the price of the shape."""
    parameters = get(profile).segment
    plain = Shape(size, 10, parameters.hash_width)
    hosts = plain.with_hosts
    assert [calls_hosts(shape_key(shape, parameters)) for shape in (plain, hosts)] == [False, True]
    assert hosts.price - hosts.committed == WIDE_LEAF[parameters.hash_width]

"""Leaf, join, root and batch for real: honest ones verify, wrong, missing, doubled and swapped ones are refused with the sentence."""
from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from continuation.batches import RUN_BITS, BatchClaim, meeting
from continuation.claims import STATE, RunClaim, SpanClaim, close
from continuation.counts import bits_of
from continuation.digests import Digest, compress
from continuation.layout import POWER_WORDS, STATEMENT
from continuation.proofs import ContinuationProof
from continuation.verify import verify_part, verify_rollup, verify_run
from stark.errors import Malformed, Rejected
from stark.expression import P
from tests.continuation import small, thousand
from tests.continuation.world import NARROW as world

U32 = npt.NDArray[np.uint32]
PERMUTE = world.KERNELS.permute
LEAVES = "join of leaf and leaf"
RUNS = "batch of run and run"


def test_a_run_of_three_segments_becomes_one_proof() -> None:
    """The key of the join verifies proofs of its own key here: the recursion closes."""
    first, second, third = (SpanClaim.of(world.leaf(number).claim) for number in range(3))
    expected = close(first.join(second).join(third), world.memory())
    verify_run(world.run(), expected, world.trusted(), PERMUTE)
    assert expected.exit_code == (7, 0, 0, 0) and expected.status == 1
    assert [proof.kind for proof in (world.leaf(0), world.leaf(1), world.join(), world.span(), world.run())] == [
        "leaf of 2^7", "leaf of 2^9", "join of leaf and leaf", "join of join and leaf", "run of join"]


def test_a_layer_has_one_shape_and_every_kind_a_key_of_its_own() -> None:
    trusted = world.trusted()
    digests = {kind: tuple(world.made(kind).proving.key.digest.tolist()) for kind in trusted.kinds}
    assert len(set(digests.values())) == 3
    assert all(digest == tuple(trusted.layers[trusted.kinds[kind].sort.layer].digest.tolist()) for kind, digest in digests.items())
    assert len(set(trusted.digests.values())) == len(trusted.kinds) == 13


def test_any_tree_gives_the_same_claim() -> None:
    other = world.prover().join(world.leaf(0), world.prover().join(world.leaf(1), world.leaf(2)))
    assert other.kind == "join of leaf and join" and (other.claim == world.span().claim).all()
    verify_part(other, SpanClaim.of(other.claim), world.trusted(), world.setup().cap(other.kind), PERMUTE)


@pytest.mark.parametrize("seed", [1, 2])
def test_random_trees_over_many_segments_give_one_claim(seed: int) -> None:
    """Every proof on the way is verified: by the replay of the circuit that takes it in, and the last one here."""
    rng, memory, sizes = np.random.default_rng(seed), world.memory(), [small.LOG_STEPS] * 4 + [small.LOG_LONG] + [small.LOG_STEPS]
    places = small.boundaries(sizes, memory)
    spans = list(many_leaves(tuple(sizes)))
    while len(spans) > 1:
        at = int(rng.integers(len(spans) - 1))
        spans[at:at + 2] = [world.prover().join(spans[at], spans[at + 1])]
    claim = SpanClaim.of(spans[0].claim)
    assert (claim.before, claim.after) == (places[0], places[-1])
    verify_part(spans[0], claim, world.trusted(), world.setup().cap(spans[0].kind), PERMUTE)


@cache
def many_leaves(sizes: tuple[int, ...]) -> tuple[ContinuationProof, ...]:
    places = small.boundaries(sizes, world.memory())
    made = [small.prove_segment(small.segment_setup(world.KERNELS, 0, size), before, after, world.KERNELS)
            for size, (before, after) in zip(sizes, pairwise(places), strict=True)]
    return tuple(world.prover().leaf(segment) for segment in made)


def test_random_trees_verify_at_every_step() -> None:
    """With a thousand segments: make thousand."""
    thousand.run(5, trees=2, seed=3)


def test_a_rollup_of_runs_and_of_batches() -> None:
    run, prover = RunClaim.of(world.run().claim), world.prover()
    pair = BatchClaim.one(run).join(BatchClaim.one(run))
    verify_rollup(world.rollup(), pair, world.trusted(), PERMUTE)
    left, right = prover.batch(world.batch(), world.run()), prover.batch(world.run(), world.batch())
    both = prover.batch(left, right)
    assert [proof.kind for proof in (left, right, both)] == ["batch of batch and run", "batch of run and batch", "batch of batch and batch"]
    six = pair.join(BatchClaim.one(run)).join(BatchClaim.one(run).join(pair))
    verify_part(both, six, world.trusted(), world.setup().cap(both.kind), PERMUTE)
    verify_rollup(prover.rollup(both), six, world.trusted(), PERMUTE)


def test_a_run_of_one_segment_needs_no_join() -> None:
    """The only segment of a run of another program and of another shape: its proof joins a batch with the other runs."""
    ends = small.ends(seed=3)
    first, last = small.boundaries([small.LOG_LONG], ends)
    segment = small.prove_segment(small.segment_setup(world.KERNELS, 64, small.LOG_LONG), first, last, world.KERNELS)
    run = world.prover().run(world.prover().leaf(segment), ends)
    assert run.kind == "run of leaf"
    verify_run(run, RunClaim.of(run.claim), world.trusted(), PERMUTE)
    batch = world.prover().batch(run, world.run())
    assert RunClaim.of(run.claim).program != RunClaim.of(world.run().claim).program
    assert BatchClaim.of(batch.claim) == BatchClaim.one(RunClaim.of(run.claim)).join(BatchClaim.one(RunClaim.of(world.run().claim)))


@pytest.mark.parametrize("name, value", [
    ("pc", 1), ("steps", 1), ("status", 2), ("exit_code", (8, 0, 0, 0)), ("output", (0,) * 8), ("input", (0,) * 8), ("program", (1,) * 8),
    ("before", (0,) * 8), ("after", (0,) * 8)])
def test_a_run_proof_shows_one_run_only(name: str, value: object) -> None:
    claim = replace(RunClaim.of(world.run().claim), **{name: value})  # type: ignore[arg-type]
    with pytest.raises(Rejected, match="the proof is of this claim"):
        verify_run(world.run(), claim, world.trusted(), PERMUTE)
    forged = replace(world.run(), statement=np.concatenate([world.run().statement[:POWER_WORDS], claim.words]))
    with pytest.raises(Rejected):
        verify_run(forged, claim, world.trusted(), PERMUTE)


def test_every_part_of_a_proof_counts() -> None:
    proof, claim, trusted = world.run(), RunClaim.of(world.run().claim), world.trusted()
    rng = np.random.default_rng(8)
    for place in rng.integers(0, len(proof.words), 8):
        words = proof.words.copy()
        words[place] = (int(words[place]) + 1) % P
        with pytest.raises((Rejected, Malformed)):
            verify_run(replace(proof, words=words), claim, trusted, PERMUTE)
    powers = proof.statement.copy()
    powers[3] = (int(powers[3]) + 1) % P
    for statement in (powers, powers[1:], np.append(powers, np.uint32(0))):
        with pytest.raises((Rejected, Malformed)):
            verify_run(replace(proof, statement=statement), claim, trusted, PERMUTE)


def test_a_proof_of_another_kind_is_refused() -> None:
    trusted = world.trusted()
    span, run, cap = SpanClaim.of(world.span().claim), RunClaim.of(world.run().claim), world.setup().cap(world.span().kind)
    for proof in (world.span(), world.rollup(), world.batch()):
        with pytest.raises(Rejected, match="kind"):
            verify_run(proof, run, trusted, PERMUTE)
    with pytest.raises(Rejected, match="kind"):
        verify_part(world.run(), span, trusted, cap, PERMUTE)
    with pytest.raises(Rejected, match="kind"):
        verify_rollup(world.batch(), BatchClaim.of(world.batch().claim), trusted, PERMUTE)
    for renamed in (replace(world.span(), kind="run of join"), replace(world.run(), kind="run of leaf")):
        with pytest.raises((Rejected, Malformed)):
            verify_run(renamed, run, trusted, PERMUTE)
    with pytest.raises(ValueError, match="published"):
        verify_part(world.span(), span, trusted, world.setup().cap("join of leaf and leaf"), PERMUTE)


def test_keys_of_another_setup_are_refused() -> None:
    good = world.trusted()
    trusted = replace(good, digests={**good.digests, "leaf of 2^7": (1,) * 8})
    with pytest.raises(Rejected, match="keys of this setup"):
        verify_run(world.run(), RunClaim.of(world.run().claim), trusted, PERMUTE)


def test_doubled_and_swapped_children_are_refused() -> None:
    left, right, claim = world.leaf(0), world.leaf(1), world.join().claim
    assert world.refusals(LEAVES, world.pair(left, right), claim) == set()
    assert "join: the right span starts where the left one ends" in world.refusals(LEAVES, world.pair(left, left), claim)
    assert "join: the right span starts where the left one ends" in world.refusals(LEAVES, world.pair(right, left), claim)


def test_a_missing_segment_is_refused() -> None:
    parts = world.pair(world.leaf(0), world.leaf(2))
    claim = SpanClaim.of(world.join().claim)
    skipped = replace(claim, after=SpanClaim.of(world.leaf(2).claim).after, steps=2 << small.LOG_STEPS).words
    assert world.refusals(LEAVES, parts, skipped) == {"join: the right span starts where the left one ends"}


def test_two_programs_do_not_join() -> None:
    parts = world.pair(world.leaf(0), world.leaf(1, program=64))
    assert world.refusals(LEAVES, parts, world.join().claim) == {"join: both spans are of one program"}


def test_every_word_of_a_join_is_the_childrens() -> None:
    parts = world.pair(world.leaf(0), world.leaf(1))
    sentences = {0: "join: the program is that of the spans", 8: "allowed keys: the key is allowed here",
                 16: "join: the span starts with the left one", 26: "join: the span ends with the right one",
                 36: "join: the rest of a claim is empty", 53: "join: the rest of a claim is empty",
                 54: "join: the steps are those of both spans", 55: "join: the steps are those of both spans"}
    for place, sentence in sentences.items():
        claim = world.join().claim.copy()
        claim[place] += 1
        assert sentence in world.refusals(LEAVES, parts, claim)


def test_a_key_in_the_wrong_place_is_refused() -> None:
    """A leaf's proof under the name of another leaf, of a join or of a run; and the other way round."""
    claim = world.join().claim
    other = [*world.child(world.leaf(1)), *world.sums(world.leaf(0), world.leaf(1))]
    found = world.refusals(LEAVES, [*world.child(world.leaf(0), "leaf of 2^9"), *other], claim)
    assert any(sentence.startswith("constraints") for sentence in found) and not any("allowed" in sentence for sentence in found)
    honest = world.child(world.leaf(0))
    for kind in ("leaf of 2^9", "join of leaf and leaf", "run of leaf", "batch of run and run"):
        elsewhere = world.child(world.leaf(0), kind)[3]
        assert world.refusals(LEAVES, [*honest[:3], elsewhere, *other], claim) == {"allowed keys: the key is allowed here"}


def test_every_sort_has_its_own_part_of_the_list() -> None:
    """The cap of one sort with its honest path is not allowed where another sort is expected, even of the same shape."""
    refused = "allowed keys: the key is allowed here"
    assert refused in world.refusals("run of join", [*world.child(world.batch()), world.memory().words], world.run().claim)
    assert refused in world.refusals("rollup", world.child(world.span()), world.rollup().claim)
    parts = [*world.child(world.span()) * 2, world.SAME, world.TWO]
    assert refused in world.refusals("batch of batch and batch", parts, world.batch().claim)
    with pytest.raises(ValueError, match="no place"):
        world.child(world.rollup())


def test_a_foreign_list_of_keys_is_refused() -> None:
    claim = world.join().claim.copy()
    claim[8:16] = 5
    found = world.refusals(LEAVES, world.pair(world.leaf(0), world.leaf(1)), claim)
    assert found == {"allowed keys: the key is allowed here", "allowed keys: the keys are those that the child was made with"}


def test_a_part_is_no_whole_run() -> None:
    claim, memory = world.run().claim, world.memory().words
    found = world.refusals("run of join", [*world.child(world.join()), memory], claim)
    assert {"run: a run is complete", "run: the spaces after are those of the last boundary"} <= found
    found = world.refusals("run of leaf", [*world.child(world.leaf(1)), memory], claim)
    assert "run: a run starts at its entry" in found


def test_every_word_of_a_run_is_bound() -> None:
    parts = [*world.child(world.span()), world.memory().words]
    assert world.refusals("run of join", parts, world.run().claim) == set()
    sentences = {0: "the program stands for its code and its first memory", 16: "the input is the input space after",
                 24: "the output is the output space after", 32: "the status is the last one", 33: "the place is the last one",
                 34: "the exit code is the one in the system space", 38: "the state before is the state space before",
                 53: "the state after is the state space after", 54: "the steps are those of the span",
                 55: "the steps are those of the span"}
    for place, sentence in sentences.items():
        claim = world.run().claim.copy()
        claim[place] += 1
        assert world.refusals("run of join", parts, claim) == {f"run: {sentence}"}


@cache
def run_of_state(before: int, after: int, program: int = 0) -> ContinuationProof:
    """A run of one segment that leads its application from one state to another."""
    memory = world.memory()
    ends = replace(memory, before=with_state(memory.before, before), after=with_state(memory.after, after))
    first, last = small.boundaries([small.LOG_STEPS], ends)
    segment = small.prove_segment(small.segment_setup(world.KERNELS, program, small.LOG_STEPS), first, last, world.KERNELS)
    return world.prover().run(world.prover().leaf(segment), ends)


def with_state(spaces: tuple[Digest, ...], number: int) -> tuple[Digest, ...]:
    return (*spaces[:STATE], (number,) * 8, *spaces[STATE + 1:])


def batch_refusals(left: ContinuationProof, right: ContinuationProof, read: U32, **other: object) -> set[str]:
    """What the circuit says of a batch that is forced, under the claim that an honest join would have if states did not count."""
    one, two = (BatchClaim.one(RunClaim.of(proof.claim)) for proof in (left, right))
    claim = replace(BatchClaim(compress(one.runs, two.runs), one.keys, 2, int(one.last.program == two.first.program), one.first, two.last),
                    **other)  # type: ignore[arg-type]
    parts = [*world.child(left), *world.child(right), read, bits_of(claim.count, RUN_BITS)]
    return world.refusals(RUNS, parts, claim.words)


def test_runs_of_one_application_chain() -> None:
    """A state that is stale, a gap, a wrong order, a doubled run: the prover refuses, and the circuit if forced."""
    chain = "batch: neighbouring runs of one application chain"
    first, second, third = run_of_state(1, 2), run_of_state(2, 3), run_of_state(3, 4)
    assert batch_refusals(first, second, world.SAME) == set()
    for left, right in ((first, third), (second, first), (first, first), (second, second)):
        with pytest.raises(Rejected, match="neighbouring runs of one application chain"):
            world.prover().batch(left, right)
        assert batch_refusals(left, right, world.SAME) == {chain}
        lie = batch_refusals(left, right, np.arange(9, dtype=np.uint32), single=0)
        assert lie == {"batch: runs of two programs differ somewhere, or are said to be of one"}


def test_what_a_batch_says_of_applications_is_true() -> None:
    first, second, other = run_of_state(1, 2), run_of_state(2, 3), run_of_state(2, 3, program=64)
    one, two = (BatchClaim.one(RunClaim.of(proof.claim)) for proof in (first, other))
    apart = meeting(one, two)
    assert batch_refusals(first, other, apart) == set() and apart[0] == 0
    assert batch_refusals(first, other, world.SAME) == {"batch: runs that are said to be of one program are",
                                                 "batch: a single application is that of both and where they meet"}
    single = "batch: a single application is that of both and where they meet"
    assert batch_refusals(first, other, apart, single=1) == {single} == batch_refusals(first, second, world.SAME, single=0)
    for change, sentence in (({"first": one.last}, "begins with the left"), ({"last": one.last}, "ends with the right"),
                             ({"first": replace(one.first, program=(1,) * 8)}, "begins with the left")):
        (found,) = batch_refusals(first, second, world.SAME, **change)
        assert sentence in found
    whole = world.prover().batch(first, second)
    claim = BatchClaim.of(whole.claim)
    assert (claim.single, claim.first.state, claim.last.state) == (1, (1,) * 8, (3,) * 8)
    mixed = BatchClaim.of(world.prover().batch(whole, other).claim)
    assert (mixed.single, mixed.last) == (0, two.last)


def batch_of(count: int) -> ContinuationProof:
    """The words of a batch of two runs under a claim of so many: no proof of it, but all other requirements of a batch are as they were."""
    batch = world.batch()
    claim = replace(BatchClaim.of(batch.claim), count=count)
    return replace(batch, statement=np.concatenate([batch.statement[:POWER_WORDS], claim.words]))


def test_the_number_of_runs_does_not_overflow() -> None:
    """A batch that is joined with itself again and again: before its count could wrap around p there is no claim for it."""
    kind, counted, bit = "batch of batch and batch", "batch: the runs can be counted", "batch: a bit of the number of runs is 0 or 1"
    sentences = {counted, bit, "batch: all runs are counted"}

    def refusals(left: int, right: int, said: int, bits: U32) -> set[str]:
        one, two = (BatchClaim.of(batch_of(count).claim) for count in (left, right))
        claim = replace(one, runs=compress(one.runs, two.runs), count=said)
        parts = [*world.child(batch_of(left)), *world.child(batch_of(right)), world.SAME, bits]
        return world.refusals(kind, parts, claim.words) & sentences
    most = (1 << RUN_BITS) - 1
    assert refusals(most - 1, 1, most, bits_of(most, RUN_BITS)) == set()
    assert refusals(most, 1, most + 1, bits_of(0, RUN_BITS)) == {counted}
    assert refusals(most, 1, 0, bits_of(0, RUN_BITS)) == {"batch: all runs are counted"}
    assert refusals(most, 1, most + 1, np.append(bits_of(0, RUN_BITS - 1), np.uint32(2))) == {bit}
    assert refusals(P - 1, 3, 2, bits_of(2, RUN_BITS)) == set()         # what no batch can claim: its own circuit has said no
    one = BatchClaim.of(world.batch().claim)
    with pytest.raises(Rejected, match="the runs of both can be counted"):
        replace(one, count=most).join(one)


def test_segments_of_another_run_are_not_spliced_in() -> None:
    """Of the same program, at the same place: of a run on another input, whose memory is another; of another setup, whose keys are; of
    another profile, whose proofs have other lengths."""
    places = world.boundaries()
    other = [replace(place, root=(7,) * 8) for place in places[1:3]]
    segment = small.prove_segment(small.segment_setup(world.KERNELS, 0, world.SIZES[1]), other[0], other[1], world.KERNELS)
    spliced = world.prover().leaf(segment)
    claim, apart = replace(SpanClaim.of(world.join().claim), after=other[1]), "the right span starts where the left one ends"
    with pytest.raises(Rejected, match=apart):
        world.prover().join(world.leaf(0), spliced)
    assert world.refusals(LEAVES, world.pair(world.leaf(0), spliced), claim.words) == {f"join: {apart}"}
    foreign = world.leaf(1).statement.copy()
    foreign[POWER_WORDS:][8:16] = 5
    elsewhere = replace(world.leaf(1), statement=foreign)
    with pytest.raises(Rejected, match="both spans were made with the same keys"):
        world.prover().join(world.leaf(0), elsewhere)
    found = world.refusals(LEAVES, world.pair(world.leaf(0), elsewhere), world.join().claim)
    assert "allowed keys: the keys are those that the child was made with" in found
    shorter = replace(world.leaf(1), words=world.leaf(1).words[:-1])        # a proof under other parameters has another length
    with pytest.raises(Malformed, match="the tape has"):
        world.refusals(LEAVES, world.pair(world.leaf(0), shorter), world.join().claim)


def test_a_prover_refuses_before_it_proves() -> None:
    prover = world.prover()
    with pytest.raises(Rejected, match="the right span starts where the left one ends"):
        prover.join(world.leaf(1), world.leaf(0))
    with pytest.raises(Rejected, match="a run is complete"):
        prover.run(world.leaf(0), world.memory())
    broken = replace(world.segment(0), words=world.segment(0).words[::-1].copy())
    with pytest.raises(Rejected, match="leaf of 2\\^7: "):
        prover.leaf(broken)


def test_a_statement_has_one_length() -> None:
    assert all(len(proof.statement) == STATEMENT for proof in (world.leaf(0), world.join(), world.run(), world.batch()))

"""Leaf, join, root and batch for real: honest ones verify, wrong, missing, doubled and swapped ones are refused with the sentence."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from continuation.claims import BatchClaim, RunClaim, SpanClaim, close
from continuation.layout import POWER_WORDS, STATEMENT
from continuation.proofs import ContinuationProof
from continuation.prove import RunTree, fold_run
from continuation.verify import verify_rollup, verify_run, verify_span
from stark.errors import Malformed, Rejected
from stark.expression import P
from tests.continuation import world

PERMUTE = world.KERNELS.permute


def test_a_run_of_three_segments_becomes_one_proof() -> None:
    """The key of the join verifies proofs of its own key here: the recursion closes."""
    setup = world.setup()
    first, second, third = (SpanClaim.of(world.leaf(number).claim) for number in range(3))
    expected = close(first.join(second).join(third), world.memory())
    verify_run(world.root(), expected, setup.trusted, PERMUTE)
    assert expected.exit_code == (7, 0, 0, 0) and expected.status == 1
    assert [proof.role for proof in (world.leaf(0), world.join(), world.span(), world.root())] == ["leaf", "join", "join", "root"]


def test_all_circuits_have_one_shape() -> None:
    setup = world.setup()
    digests = {tuple(proving.key.digest.tolist()) for proving in setup.proving.values()}
    assert len(digests) == 1
    assert len({cap.tobytes() for cap in setup.caps.values()}) == len(setup.caps)


def test_any_tree_gives_the_same_claim() -> None:
    other = world.prover().join(world.leaf(0), world.prover().join(world.leaf(1), world.leaf(2)))
    assert (other.claim == world.span().claim).all()
    verify_span(other, SpanClaim.of(other.claim), world.setup().trusted, PERMUTE)


def test_folding_joins_as_soon_as_two_neighbours_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    class Names:
        def leaf(self, segment: str) -> str:
            return segment

        def join(self, left: str, right: str) -> str:
            calls.append(f"({left}{right})")
            return calls[-1]

        def root(self, span: str, ends: object) -> str:
            return span
    tree = RunTree(Names())  # type: ignore[arg-type]
    for name, joins in zip("abcdefg", (0, 1, 1, 3, 3, 4, 4), strict=True):
        tree.push(name)  # type: ignore[arg-type]
        assert len(calls) == joins
    assert fold_run(Names(), "abcdefg", None) == "(((ab)(cd))((ef)g))" == tree.span()  # type: ignore[arg-type,comparison-overlap]


def test_a_batch_of_runs_and_of_batches() -> None:
    run = RunClaim.of(world.root().claim)
    pair = BatchClaim.one(run).join(BatchClaim.one(run))
    verify_rollup(world.batch(), pair, world.setup().trusted, PERMUTE)
    larger = world.prover().batch(world.batch(), world.root())
    verify_rollup(larger, pair.join(BatchClaim.one(run)), world.setup().trusted, PERMUTE)


@pytest.mark.parametrize("name, value", [
    ("pc", 1), ("status", 2), ("exit_code", (8, 0, 0, 0)), ("output", (0,) * 8), ("input", (0,) * 8), ("program", (1,) * 8)])
def test_a_run_proof_shows_one_run_only(name: str, value: object) -> None:
    claim = replace(RunClaim.of(world.root().claim), **{name: value})  # type: ignore[arg-type]
    with pytest.raises(Rejected, match="the proof is of this claim"):
        verify_run(world.root(), claim, world.setup().trusted, PERMUTE)
    forged = replace(world.root(), statement=np.concatenate([world.root().statement[:POWER_WORDS], claim.words]))
    with pytest.raises(Rejected):
        verify_run(forged, claim, world.setup().trusted, PERMUTE)


def test_every_part_of_a_proof_counts() -> None:
    proof, claim, trusted = world.root(), RunClaim.of(world.root().claim), world.setup().trusted
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


def test_a_proof_of_another_role_is_refused() -> None:
    trusted = world.setup().trusted
    span, run = SpanClaim.of(world.span().claim), RunClaim.of(world.root().claim)
    with pytest.raises(Rejected, match="role"):
        verify_run(world.span(), run, trusted, PERMUTE)
    with pytest.raises(Rejected, match="role"):
        verify_span(world.root(), span, trusted, PERMUTE)
    renamed = ContinuationProof("root", world.root().statement, world.span().words)
    with pytest.raises((Rejected, Malformed)):
        verify_run(renamed, run, trusted, PERMUTE)


def test_keys_of_another_setup_are_refused() -> None:
    trusted = replace(world.setup().trusted, keys=(1,) * 8)
    with pytest.raises(Rejected, match="keys of this setup"):
        verify_run(world.root(), RunClaim.of(world.root().claim), trusted, PERMUTE)


def test_doubled_and_swapped_children_are_refused() -> None:
    left, right = world.child(world.leaf(0)), world.child(world.leaf(1))
    claim = world.join().claim
    assert world.refusals("join", [*left, *right], claim) == set()
    assert "join: the right span starts where the left one ends" in world.refusals("join", [*left, *left], claim)
    assert "join: the right span starts where the left one ends" in world.refusals("join", [*right, *left], claim)


def test_a_missing_segment_is_refused() -> None:
    parts = [*world.child(world.leaf(0)), *world.child(world.leaf(2))]
    claim = SpanClaim.of(world.join().claim)
    skipped = replace(claim, after=SpanClaim.of(world.leaf(2).claim).after).words
    assert world.refusals("join", parts, skipped) == {"join: the right span starts where the left one ends"}


def test_two_programs_do_not_join() -> None:
    parts = [*world.child(world.leaf(0)), *world.child(world.leaf(1, program=64))]
    assert world.refusals("join", parts, world.join().claim) == {"join: both spans are of one program"}


def test_every_word_of_a_join_is_the_childrens() -> None:
    parts = [*world.child(world.leaf(0)), *world.child(world.leaf(1))]
    sentences = {0: "join: the program is that of the spans", 8: "allowed keys: the key is allowed here",
                 16: "join: the span starts with the left one", 26: "join: the span ends with the right one",
                 39: "join: the rest of a claim is empty"}
    for place, sentence in sentences.items():
        claim = world.join().claim.copy()
        claim[place] += 1
        assert sentence in world.refusals("join", parts, claim)


def test_a_key_in_the_wrong_place_is_refused() -> None:
    """A leaf's proof under the name of a join, a root as a span, a span as a run."""
    claim = world.join().claim
    other = world.child(world.leaf(1))
    found = world.refusals("join", [*world.child(world.leaf(0), "join"), *other], claim)
    assert any(sentence.startswith("constraints") for sentence in found)
    renamed = world.child(world.leaf(0))[:3] + world.child(world.leaf(0), "join")[3:]
    assert world.refusals("join", [*renamed, *other], claim) == {"allowed keys: the key is allowed here"}
    assert "allowed keys: the key is allowed here" in world.refusals("join", [*world.child(world.root()), *other], claim)
    assert "allowed keys: the key is allowed here" in world.refusals("batch", world.child(world.span()) * 2, world.batch().claim)


def test_a_foreign_list_of_keys_is_refused() -> None:
    claim = world.join().claim.copy()
    claim[8:16] = 5
    found = world.refusals("join", [*world.child(world.leaf(0)), *world.child(world.leaf(1))], claim)
    assert found == {"allowed keys: the key is allowed here", "allowed keys: the keys are those that the child was made with"}


def test_a_part_is_no_whole_run() -> None:
    claim, memory = world.root().claim, world.memory().words
    found = world.refusals("root", [*world.child(world.join()), memory], claim)
    assert {"root: a run is complete", "root: the spaces after are those of the last boundary"} <= found
    found = world.refusals("root", [*world.child(world.leaf(1)), memory], claim)
    assert "root: a run starts at its entry" in found


def test_every_word_of_a_run_is_bound() -> None:
    parts = [*world.child(world.span()), world.memory().words]
    assert world.refusals("root", parts, world.root().claim) == set()
    sentences = {0: "the program stands for its code and its first memory", 16: "the input is the input space before",
                 24: "the output is the output space after", 32: "the status is the last one", 33: "the place is the last one",
                 34: "the exit code is the one in the system space", 39: "the rest of a claim is empty"}
    for place, sentence in sentences.items():
        claim = world.root().claim.copy()
        claim[place] += 1
        assert world.refusals("root", parts, claim) == {f"root: {sentence}"}


def test_a_prover_refuses_before_it_proves() -> None:
    prover = world.prover()
    with pytest.raises(Rejected, match="the right span starts where the left one ends"):
        prover.join(world.leaf(1), world.leaf(0))
    with pytest.raises(Rejected, match="a run is complete"):
        prover.root(world.leaf(0), world.memory())
    broken = replace(world.segment(0), words=world.segment(0).words[::-1].copy())
    with pytest.raises(Rejected, match="leaf: "):
        prover.leaf(broken)


def test_a_statement_has_one_length() -> None:
    assert all(len(proof.statement) == STATEMENT for proof in (world.leaf(0), world.join(), world.root(), world.batch()))

"""A small world that the tests of the continuation share: keys, segments, and a proof of every kind, each made once."""
from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from continuation.allowed import path_words
from continuation.claims import Ends
from continuation.proofs import ContinuationProof, SegmentProof
from continuation.prove import Prover
from continuation.replay import replay
from continuation.setup import Setup, build
from segments.claim import Boundary
from stark.check import Filled
from stark.kernels import load
from tests.continuation import small

U32 = npt.NDArray[np.uint32]
KERNELS = load("best")
SEGMENTS = 3


@cache
def setup() -> Setup:
    return build(small.segment_key(), small.TOY, KERNELS)


@cache
def prover() -> Prover:
    return Prover(setup(), KERNELS)


@cache
def memory() -> Ends:
    return small.ends()


@cache
def boundaries() -> list[Boundary]:
    return small.boundaries(SEGMENTS, memory())


@cache
def segment(number: int, program: int = 0) -> SegmentProof:
    proving = small.segment_setup(KERNELS, program)
    return small.prove_segment(proving, boundaries()[number], boundaries()[number + 1], KERNELS)


@cache
def leaf(number: int, program: int = 0) -> ContinuationProof:
    return prover().leaf(segment(number, program))


@cache
def join() -> ContinuationProof:
    """Of the first two segments."""
    return prover().join(leaf(0), leaf(1))


@cache
def span() -> ContinuationProof:
    """Of all segments: a join of a join and a leaf."""
    return prover().join(join(), leaf(2))


@cache
def root() -> ContinuationProof:
    return prover().root(span(), memory())


@cache
def batch() -> ContinuationProof:
    return prover().batch(root(), root())


def child(proof: ContinuationProof, role: str = "") -> list[U32]:
    """A child as a circuit reads it, under the cap and the place in the list of any role."""
    return [setup().caps[role or proof.role], proof.statement, proof.words, path_words(setup().caps, role or proof.role)]


def refusals(role: str, parts: list[U32], claim: U32) -> set[str]:
    """The sentences that fail when a circuit reads these words."""
    tape = np.concatenate([part.reshape(-1).astype(np.uint32) for part in parts])
    done = replay(setup().circuits[role].program, tape, claim, KERNELS.permute)
    return {f"{phase}: {sentence}" for _, phase, sentence in done.failed}


def tables(role: str, parts: list[U32], claim: U32) -> tuple[list[Filled], U32]:
    """The tables that a prover makes of these words, honest or not, and their statement."""
    circuit = setup().circuits[role]
    tape = np.concatenate([part.reshape(-1).astype(np.uint32) for part in parts])
    done = replay(circuit.program, tape, claim, KERNELS.permute)
    mains = circuit.fill(done.memory, KERNELS.trace_permutations)
    machine = [Filled(chip, circuit.fixed[name], mains[name]) for name, chip in circuit.chips.items()]
    return machine, circuit.statement(done.memory, claim)


def leaf_parts(number: int = 0) -> list[U32]:
    one = segment(number)
    return [one.cap, one.statement, one.words]

"""A small world that the tests of the continuation share: keys, segments, and a proof of every kind, each made once."""
from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt

from continuation.allowed import place
from continuation.claims import RUN_BITS, Ends, SpanClaim, bits_of, carry, counting
from continuation.proofs import ContinuationProof
from continuation.prove import Prover
from continuation.replay import Replayed, replay
from continuation.setup import Made, Setup, build
from continuation.verify import Trusted
from segments.claim import Boundary, SegmentProof
from stark.check import Filled
from stark.kernels import load
from stark.key import Key
from tests.continuation import small

U32 = npt.NDArray[np.uint32]
KERNELS = load("best")
SAME = np.array([1] + [0] * 8, np.uint32)           # what a batch reads of two runs of one program that meet
TWO = bits_of(2, RUN_BITS)                          # and then of the number of runs
SIZES = (small.LOG_STEPS, small.LOG_LONG, small.LOG_STEPS)         # a run of segments of two shapes
LAYERS = {"leaf": small.TOY, "wide": small.TOY, "join": small.TOY, "last": replace(small.TOY, log_blowup=2, queries=3)}


@cache
def segments() -> dict[str, Key]:
    return {f"2^{size}": small.segment_setup(KERNELS, 0, size).key for size in sorted(set(SIZES))}


@cache
def trusted() -> Trusted:
    return build(segments(), LAYERS, KERNELS)


@cache
def setup() -> Setup:
    return Setup(trusted(), segments(), KERNELS)


def made(kind: str) -> Made:
    return setup().made(kind)


@cache
def prover() -> Prover:
    return Prover(setup(), KERNELS)


@cache
def memory() -> Ends:
    return small.ends()


@cache
def boundaries() -> list[Boundary]:
    return small.boundaries(SIZES, memory())


@cache
def segment(number: int, program: int = 0) -> SegmentProof:
    proving = small.segment_setup(KERNELS, program, SIZES[number])
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
def run() -> ContinuationProof:
    return prover().run(span(), memory())


@cache
def batch() -> ContinuationProof:
    return prover().batch(run(), run())


@cache
def rollup() -> ContinuationProof:
    return prover().rollup(batch())


def child(proof: ContinuationProof, kind: str = "") -> list[U32]:
    """A child as a circuit reads it, under the cap and the place in the list of any kind."""
    path = trusted().list.path_words(place(trusted().kinds[kind or proof.kind]))
    return [setup().cap(kind or proof.kind), proof.statement, proof.words, path]


def replayed(kind: str, parts: list[U32], claim: U32) -> Replayed:
    tape = np.concatenate([part.reshape(-1).astype(np.uint32) for part in parts])
    return replay(made(kind).circuit.program, tape, claim, KERNELS.permute)


def refusals(kind: str, parts: list[U32], claim: U32) -> set[str]:
    """The sentences that fail when a circuit reads these words."""
    return {f"{phase}: {sentence}" for _, phase, sentence in replayed(kind, parts, claim).failed}


def tables(kind: str, parts: list[U32], claim: U32) -> tuple[list[Filled], U32]:
    """The tables that a prover makes of these words, honest or not, and their statement."""
    circuit, done = made(kind).circuit, replayed(kind, parts, claim)
    statement = circuit.statement(done.memory, claim)
    mains = circuit.fill(done.memory, statement, KERNELS.trace_permutations)
    machine = [Filled(chip, circuit.fixed[name], mains[name]) for name, chip in circuit.chips.items()]
    return machine, statement


def leaf_parts(number: int = 0) -> list[U32]:
    one = segment(number)
    return [one.cap, one.statement, one.words, counting(int(one.statement[-1]))]


def pair(left: ContinuationProof, right: ContinuationProof) -> list[U32]:
    """What a join reads of two children, which need not be neighbours."""
    return [*child(left), *child(right), *sums(left, right)]


def sums(left: ContinuationProof, right: ContinuationProof) -> list[U32]:
    """What a join reads behind its children: the bits of the number of steps, and what is carried."""
    total = SpanClaim.of(left.claim).steps + SpanClaim.of(right.claim).steps
    return [counting(total), np.array([carry(left.claim, right.claim)], np.uint32)]

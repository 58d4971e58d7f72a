"""A small world that the tests of the continuation share: keys, segments, and a proof of every kind, each made once. There is one for
either hash."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from continuation.allowed import place
from continuation.batches import RUN_BITS
from continuation.claims import Ends, SpanClaim
from continuation.counts import bits_of, carry, counting
from continuation.layout import FORMS
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
TWO = bits_of(2, RUN_BITS)                          # what a batch reads of two runs of one program, behind whether they are
SIZES = (small.LOG_STEPS, small.LOG_LONG, small.LOG_STEPS)         # a run of segments of two shapes
Asked = ParamSpec("Asked")
Found = TypeVar("Found")


def once(make: Callable[Concatenate[World, Asked], Found]) -> Callable[Concatenate[World, Asked], Found]:
    """What a world makes is made once."""
    @wraps(make)
    def found(world: World, *args: Asked.args, **options: Asked.kwargs) -> Found:
        asked = (make.__name__, args, tuple(options.items()))
        if asked not in world.known:
            world.known[asked] = make(world, *args, **options)
        return world.known[asked]  # type: ignore[no-any-return]
    return found


class World:
    KERNELS, TWO, SIZES = KERNELS, TWO, SIZES

    def __init__(self, width: int) -> None:
        self.width, self.form, self.known = width, FORMS[width], dict[Any, Any]()
        toy = replace(small.TOY, hash_width=width)
        last = replace(toy, log_blowup=2, queries=3, folding_grinding=0 if width == 16 else 4)      # as under p128
        self.LAYERS = {"leaf": toy, "wide": toy, "join": toy, "last": last}
        self.SAME = np.array([1] + [0] * self.form.digest, np.uint32)           # what a batch reads of two runs of one program that meet

    @once
    def segments(self) -> dict[str, Key]:
        return {f"2^{size}": small.segment_setup(KERNELS, 0, size, self.width).key for size in sorted(set(SIZES))}

    @once
    def trusted(self) -> Trusted:
        return build(self.segments(), self.LAYERS, KERNELS)

    @once
    def setup(self) -> Setup:
        return Setup(self.trusted(), self.segments(), KERNELS)

    def made(self, kind: str) -> Made:
        return self.setup().made(kind)

    @once
    def prover(self) -> Prover:
        return Prover(self.setup(), KERNELS)

    @once
    def memory(self) -> Ends:
        return small.ends(width=self.width)

    @once
    def boundaries(self) -> list[Boundary]:
        return small.boundaries(SIZES, self.memory())

    @once
    def segment(self, number: int, program: int = 0) -> SegmentProof:
        proving = small.segment_setup(KERNELS, program, SIZES[number], self.width)
        return small.prove_segment(proving, self.boundaries()[number], self.boundaries()[number + 1], KERNELS)

    @once
    def leaf(self, number: int, program: int = 0) -> ContinuationProof:
        return self.prover().leaf(self.segment(number, program))

    @once
    def join(self) -> ContinuationProof:
        """Of the first two segments."""
        return self.prover().join(self.leaf(0), self.leaf(1))

    @once
    def span(self) -> ContinuationProof:
        """Of all segments: a join of a join and a leaf."""
        return self.prover().join(self.join(), self.leaf(2))

    @once
    def run(self) -> ContinuationProof:
        return self.prover().run(self.span(), self.memory())

    @once
    def batch(self) -> ContinuationProof:
        return self.prover().batch(self.run(), self.run())

    @once
    def rollup(self) -> ContinuationProof:
        return self.prover().rollup(self.batch())

    def child(self, proof: ContinuationProof, kind: str = "") -> list[U32]:
        """A child as a circuit reads it, under the cap and the place in the list of any kind."""
        path = self.trusted().list.path_words(place(self.trusted().kinds[kind or proof.kind]))
        return [self.setup().cap(kind or proof.kind), proof.statement, proof.words, path]

    def replayed(self, kind: str, parts: list[U32], claim: U32) -> Replayed:
        tape = np.concatenate([part.reshape(-1).astype(np.uint32) for part in parts])
        return replay(self.made(kind).circuit.program, tape, claim, KERNELS.permute)

    def refusals(self, kind: str, parts: list[U32], claim: U32) -> set[str]:
        """The sentences that fail when a circuit reads these words."""
        return {f"{phase}: {sentence}" for _, phase, sentence in self.replayed(kind, parts, claim).failed}

    def tables(self, kind: str, parts: list[U32], claim: U32) -> tuple[list[Filled], U32]:
        """The tables that a prover makes of these words, honest or not, and their statement."""
        circuit, done = self.made(kind).circuit, self.replayed(kind, parts, claim)
        statement = circuit.statement(done.memory, claim)
        mains = circuit.fill(done.memory, statement, KERNELS.trace_permutations)
        machine = [Filled(chip, circuit.fixed[name], mains[name]) for name, chip in circuit.chips.items()]
        return machine, statement

    def leaf_parts(self, number: int = 0) -> list[U32]:
        one = self.segment(number)
        return [one.cap, one.statement, one.words, counting(int(one.statement[-1]))]

    def pair(self, left: ContinuationProof, right: ContinuationProof) -> list[U32]:
        """What a join reads of two children, which need not be neighbours."""
        return [*self.child(left), *self.child(right), *self.sums(left, right)]

    @staticmethod
    def sums(left: ContinuationProof, right: ContinuationProof) -> list[U32]:
        """What a join reads behind its children: the bits of the number of steps, and what is carried."""
        total = SpanClaim.of(left.claim).steps + SpanClaim.of(right.claim).steps
        return [counting(total), np.array([carry(left.claim, right.claim)], np.uint32)]


NARROW, WIDE = World(16), World(24)

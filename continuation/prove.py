"""Proving: a segment becomes a leaf, neighbours are joined, a whole run gets a root, runs become a batch. Every proof made is verified."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from continuation.allowed import path_words
from continuation.claims import BOUNDARY, BatchClaim, Ends, RunClaim, SpanClaim, boundary, close, sponge
from continuation.proofs import ContinuationProof, SegmentProof
from continuation.replay import replay
from continuation.setup import Setup
from continuation.verify import check
from stark.errors import Rejected
from stark.kernels.protocol import Kernels
from stark.prover import prove
from stark.watch import Watch

U32 = npt.NDArray[np.uint32]


class Prover:
    def __init__(self, setup: Setup, kernels: Kernels, watch: Watch | None = None) -> None:
        self.setup, self.kernels, self.watch = setup, kernels, watch or Watch()
        self.trusted, self.caps = setup.trusted, setup.caps

    def leaf(self, segment: SegmentProof) -> ContinuationProof:
        before, after = boundary(segment.statement[:BOUNDARY]), boundary(segment.statement[BOUNDARY:])
        claim = SpanClaim(sponge(segment.cap.reshape(-1).tolist()), self.setup.keys, before, after)
        return self._prove("leaf", [segment.cap, segment.statement, segment.words], claim)

    def join(self, left: ContinuationProof, right: ContinuationProof) -> ContinuationProof:
        claim = SpanClaim.of(left.claim).join(SpanClaim.of(right.claim))
        return self._prove("join", [*self._child(left), *self._child(right)], claim)

    def root(self, span: ContinuationProof, ends: Ends) -> ContinuationProof:
        claim = close(SpanClaim.of(span.claim), ends)
        return self._prove("root", [*self._child(span), ends.words], claim)

    def batch(self, left: ContinuationProof, right: ContinuationProof) -> ContinuationProof:
        claim = self.runs(left).join(self.runs(right))
        return self._prove("batch", [*self._child(left), *self._child(right)], claim)

    @staticmethod
    def runs(proof: ContinuationProof) -> BatchClaim:
        """The runs of a proof that may go into a batch."""
        return BatchClaim.of(proof.claim) if proof.role == "batch" else BatchClaim.one(RunClaim.of(proof.claim))

    def _child(self, proof: ContinuationProof) -> list[U32]:
        return [self.caps[proof.role], proof.statement, proof.words, path_words(self.caps, proof.role)]

    def _prove(self, role: str, parts: Sequence[U32], claim: SpanClaim | RunClaim | BatchClaim) -> ContinuationProof:
        circuit, kernels = self.setup.circuits[role], self.kernels
        tape = np.concatenate([part.reshape(-1).astype(np.uint32) for part in parts])
        with self.watch.stage(f"{role}: replay"):
            done = replay(circuit.program, tape, claim.words, kernels.permute)
        if done.failed:
            _, phase, sentence = done.failed[0]
            raise Rejected(f"{role}: {phase}: {sentence}", "all requirements to hold", f"{len(done.failed)} of {done.required} broken")
        statement = circuit.statement(done.memory, claim.words)
        with self.watch.stage(f"{role}: fill"):
            mains = circuit.fill(done.memory, kernels.trace_permutations)
        with self.watch.stage(f"{role}: prove"):
            proof = ContinuationProof(role, statement, prove(self.setup.proving[role], mains, statement, kernels))
        with self.watch.stage(f"{role}: verify"):
            check(proof, role, claim, self.trusted, kernels.permute)
        return proof


class RunTree:
    """Joins spans in the order of the run as soon as two neighbours of one height are there; any tree gives the same claim."""

    def __init__(self, prover: Prover) -> None:
        self.prover = prover
        self.waiting: list[tuple[int, ContinuationProof]] = []          # heights fall from left to right

    def push(self, segment: SegmentProof) -> None:
        proof, height = self.prover.leaf(segment), 0
        while self.waiting and self.waiting[-1][0] == height:
            proof, height = self.prover.join(self.waiting.pop()[1], proof), height + 1
        self.waiting.append((height, proof))

    def span(self) -> ContinuationProof:
        """All segments so far as one span."""
        if not self.waiting:
            raise ValueError("a run has at least one segment")
        proof = self.waiting[-1][1]
        for _, left in reversed(self.waiting[:-1]):
            proof = self.prover.join(left, proof)
        self.waiting = [(0, proof)] if len(self.waiting) == 1 else [(self.waiting[0][0] + 1, proof)]
        return proof


def fold_run(prover: Prover, segments: Sequence[SegmentProof], ends: Ends) -> ContinuationProof:
    """The proof of a whole run from the proofs of its segments, in order."""
    tree = RunTree(prover)
    for segment in segments:
        tree.push(segment)
    return prover.root(tree.span(), ends)

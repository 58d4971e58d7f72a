"""Proving: a segment becomes a leaf, neighbours are joined, a whole run is closed, runs become a batch.

Every proof is verified before anything is made of it: by the replay of the circuit that takes it in, or by the verifier if it is handed
out.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from continuation.allowed import place
from continuation.batches import RUN_BITS, BatchClaim, meeting
from continuation.claims import Ends, RunClaim, SpanClaim, close
from continuation.counts import bits_of, carry, counting
from continuation.kinds import LIFT, Sort, kind_of
from continuation.proofs import ContinuationProof
from continuation.replay import replay
from continuation.setup import Setup
from continuation.verify import check
from segments.claim import FORMS, Boundary, SegmentProof, digest_of
from stark.errors import Rejected
from stark.kernels.protocol import Kernels
from stark.operations import operations_of
from stark.prover import HandedOver, prove
from stark.watch import Watch

U32 = npt.NDArray[np.uint32]


class Prover:
    def __init__(self, setup: Setup, kernels: Kernels, watch: Watch | None = None) -> None:
        self.setup, self.kernels, self.watch = setup, kernels, watch or Watch()
        self.trusted = setup.trusted

    def leaf(self, segment: SegmentProof) -> ContinuationProof:
        """A span of one segment; a wide leaf is lifted at once, so that it can be joined."""
        form, words = FORMS[segment.cap.shape[1]], segment.statement.tolist()
        before, after = Boundary.of(words[form.before]), Boundary.of(words[form.after])
        program = digest_of(segment.cap, segment.level, operations_of(self.kernels.permute))
        claim = SpanClaim(program, self.setup.keys, before, after, words[form.steps])
        kind = self.trusted.leaf(segment.shape)
        proof = self._prove(kind.name, [segment.cap, segment.statement, segment.words, counting(claim.steps)], claim)
        return self._prove(LIFT.name, self._child(proof), claim) if kind.sort is Sort.WIDE else proof

    def join(self, left: ContinuationProof, right: ContinuationProof) -> ContinuationProof:
        """Of two neighbours, whatever the shapes of their segments."""
        claim = SpanClaim.of(left.claim).join(SpanClaim.of(right.claim))
        parts = [*self._child(left), *self._child(right), counting(claim.steps), np.array([carry(left.claim, right.claim)])]
        return self._prove(kind_of(Sort.JOIN, left.sort, right.sort).name, parts, claim)

    def run(self, span: ContinuationProof, ends: Ends) -> ContinuationProof:
        claim = close(SpanClaim.of(span.claim), ends)
        return self._prove(kind_of(Sort.RUN, span.sort).name, [*self._child(span), ends.words], claim)

    def batch(self, left: ContinuationProof, right: ContinuationProof) -> ContinuationProof:
        """Of runs or batches, whatever their programs and shapes."""
        one, other = self.runs(left), self.runs(right)
        claim = one.join(other)
        parts = [*self._child(left), *self._child(right), meeting(one, other), bits_of(claim.count, RUN_BITS)]
        return self._prove(kind_of(Sort.BATCH, left.sort, right.sort).name, parts, claim)

    def rollup(self, batch: ContinuationProof) -> ContinuationProof:
        """The batch in the shape that is handed out."""
        return self._prove(kind_of(Sort.ROLLUP, batch.sort).name, self._child(batch), BatchClaim.of(batch.claim))

    @staticmethod
    def runs(proof: ContinuationProof) -> BatchClaim:
        """The runs of a proof that may go into a batch."""
        return BatchClaim.of(proof.claim) if proof.sort is Sort.BATCH else BatchClaim.one(RunClaim.of(proof.claim))

    def _child(self, proof: ContinuationProof) -> list[U32]:
        path = self.trusted.list.path_words(place(self.trusted.kinds[proof.kind]))
        return [self.setup.cap(proof.kind), proof.statement, proof.words, path]

    def _prove(self, name: str, parts: Sequence[U32], claim: SpanClaim | RunClaim | BatchClaim) -> ContinuationProof:
        kernels, sort = self.kernels, self.trusted.kinds[name].sort
        with self.watch.stage(f"{sort.label}: circuit"):
            made = self.setup.made(name)
        tape = np.concatenate([part.reshape(-1).astype(np.uint32) for part in parts])
        with self.watch.stage(f"{sort.label}: replay"):
            done = replay(made.circuit.program, tape, claim.words, kernels.permute)
        if done.failed:
            _, phase, sentence = done.failed[0]
            raise Rejected(f"{name}: {phase}: {sentence}", "all requirements to hold", f"{len(done.failed)} of {done.required} broken")
        statement = made.circuit.statement(done.memory, claim.words)
        with self.watch.stage(f"{sort.label}: fill"):
            mains = made.circuit.fill(done.memory, statement, kernels.trace_permutations)
        with self.watch.stage(f"{sort.label}: prove"):
            proof = ContinuationProof(name, statement, prove(made.proving, HandedOver(mains), statement, kernels))
        if sort.layer == "last":
            with self.watch.stage(f"{sort.label}: verify"):
                check(proof, (sort,), claim, self.trusted, kernels.permute)
        return proof

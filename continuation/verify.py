"""Verifying the proof of a run or of a batch of runs. Needs numbers only: no recording, no prover, no native code."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from continuation.claims import BatchClaim, Digest, RunClaim, SpanClaim
from continuation.layout import CLAIM
from continuation.proofs import ContinuationProof
from stark.errors import Malformed, Rejected
from stark.key import Key
from stark.verifier import check_proof

U32 = npt.NDArray[np.uint32]
Permute = Callable[[U32], U32]


@dataclass(frozen=True)
class Trusted:
    """What setup publishes: the shape of all keys, the cap of each role's fixed columns, and the root of the list of keys."""

    key: Key
    caps: Mapping[str, U32]
    keys: Digest


def verify_run(proof: ContinuationProof, claim: RunClaim, trusted: Trusted, permute: Permute) -> None:
    """Malformed or Rejected unless the proof shows this run."""
    check(proof, "root", claim, trusted, permute)


def verify_rollup(proof: ContinuationProof, claim: BatchClaim, trusted: Trusted, permute: Permute) -> None:
    check(proof, "batch", claim, trusted, permute)


def verify_span(proof: ContinuationProof, claim: SpanClaim, trusted: Trusted, permute: Permute) -> None:
    """A part of a run: what provers check of each other's work before they go on with it."""
    if proof.role not in ("leaf", "join"):
        raise Rejected("the proof has the role that its claim needs", "leaf or join", proof.role)
    check(proof, proof.role, claim, trusted, permute)


def check(proof: ContinuationProof, role: str, claim: SpanClaim | RunClaim | BatchClaim, trusted: Trusted, permute: Permute) -> None:
    if proof.role != role:
        raise Rejected("the proof has the role that its claim needs", role, proof.role)
    if claim.keys != trusted.keys:
        raise Rejected("the claim is made with the keys of this setup", trusted.keys, claim.keys)
    if len(proof.claim) != CLAIM:
        raise Malformed(f"a claim has {CLAIM} words, not {len(proof.claim)}")
    if (proof.claim != claim.words).any():
        raise Rejected("the proof is of this claim", claim.words.tolist(), proof.claim.tolist())
    check_proof(trusted.key.with_cap(trusted.caps[role]), proof.statement, proof.words, permute)

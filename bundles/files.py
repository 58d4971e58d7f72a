"""Run proofs and rollup proofs as files: which payload holds what."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bundles.changes import Difference, from_words, to_words
from bundles.formats import FILE_LIMIT, Kind, ProofFile, encode_proof
from bundles.opened import NOTHING, Opened
from bundles.opened import from_words as opened_from
from bundles.rollup import batch_claim
from bundles.sent import SentProof
from continuation.batches import BatchClaim
from continuation.claims import RunClaim
from continuation.kinds import ABOVE, ROLLUP, RUNS
from continuation.layout import FORMS
from stark import profiles
from stark.errors import Malformed
from stark.profiles import Profile

RUNS_LIMIT = 1 << 10
DIFFERENCES_LIMIT = FILE_LIMIT // 4 - (1 << 19)       # words of all state differences and what opens them; the proof has room beside them
KINDS = {Kind.RUN: RUNS, Kind.ROLLUP: (ROLLUP,)}


@dataclass(frozen=True, eq=False)
class RunFile:
    """Payloads: the number of the proof's kind, the statement, the state difference, what opens it; then the packed proof."""

    profile: Profile
    proof: SentProof
    changes: Difference = ()
    opened: Opened = NOTHING

    @property
    def claim(self) -> RunClaim:
        return RunClaim.of(self.proof.claim.tolist())

    def encode(self) -> bytes:
        payloads = [number_of(self.proof), self.proof.statement, to_words(self.changes), self.opened.words]
        return encode_proof(Kind.RUN, self.profile.name, payloads, self.proof.content)


@dataclass(frozen=True, eq=False)
class RollupFile:
    """Payloads: the number of the proof's kind, the statement, the claims of the runs in order, their state differences, what opens them;
    then the packed proof."""

    profile: Profile
    proof: SentProof
    runs: tuple[RunClaim, ...]
    changes: tuple[Difference, ...]
    opened: tuple[Opened, ...]

    @property
    def claim(self) -> BatchClaim:
        """What the list of runs claims; the proof must be of this."""
        return batch_claim(self.runs)

    def encode(self) -> bytes:
        claims = np.concatenate([run.words for run in self.runs])
        changes = np.concatenate([to_words(each) for each in self.changes])
        opened = np.concatenate([each.words for each in self.opened])
        payloads = [number_of(self.proof), self.proof.statement, claims, changes, opened]
        return encode_proof(Kind.ROLLUP, self.profile.name, payloads, self.proof.content)


def number_of(proof: SentProof) -> npt.NDArray[np.uint32]:
    """How a file names the kind of its proof."""
    return np.array([ABOVE[proof.kind].number], np.uint32)


def read_proof(file: ProofFile) -> RunFile | RollupFile:
    """Malformed unless the payloads have the form of their kind."""
    expected = {Kind.RUN: 4, Kind.ROLLUP: 5}.get(file.kind)
    if expected is None:
        raise Malformed(f"a {file.kind.name.lower()} proof is not a proof of a run or of a rollup")
    if len(file.payloads) != expected:
        raise Malformed(f"a {file.kind.name.lower()} proof has {expected} payloads, not {len(file.payloads)}")
    number, statement = file.payloads[:2]
    profile, kinds = profiles.get(file.profile), {one.number: one for one in KINDS[file.kind]}
    if len(number) != 1 or int(number[0]) not in kinds:
        raise Malformed("the proof file names no kind of proof that exists")
    form = FORMS[profile.hash.width]
    if len(statement) != form.statement:
        raise Malformed(f"a statement has {form.statement} words, not {len(statement)}")
    proof = SentProof(kinds[int(number[0])].name, statement, file.packed)
    if file.kind == Kind.RUN:
        return RunFile(profile, proof, from_words(file.payloads[2], 1)[0], opened_from(file.payloads[3], 1, form.digest)[0])
    claims = file.payloads[2]
    if not 2 * form.claim <= len(claims) <= RUNS_LIMIT * form.claim or len(claims) % form.claim:
        raise Malformed(f"{len(claims)} words are no list of at least two runs")
    runs = tuple(RunClaim.of(row) for row in claims.reshape(-1, form.claim).tolist())
    if any((run.words != row).any() for run, row in zip(runs, claims.reshape(-1, form.claim), strict=True)):
        raise Malformed("the claim of a run has words without a meaning")
    return RollupFile(profile, proof, runs, from_words(file.payloads[3], len(runs)), opened_from(file.payloads[4], len(runs), form.digest))

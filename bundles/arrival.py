"""Looking at results that somebody else made, before anything is built upon them: each is a valid proof about its piece of this run."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bundles.checking import check_differences
from bundles.files import RunFile, read_proof
from bundles.formats import FILE_LIMIT, decode_proof
from bundles.keys import claimed_program, shapes_of
from bundles.tasks import Task
from bundles.work import Work
from continuation.allowed import digest_of_cap
from continuation.claims import SpanClaim
from continuation.verify import verify_part, verify_run
from segments.claim import FORMS
from segments.memory_tree import wide
from segments.openings import input_digest, output_digest
from segments.verify import is_of_program
from stark.errors import Malformed, Rejected
from stark.verifier import check_proof

U32 = npt.NDArray[np.uint32]
CAP_LIMIT = 1 << 16             # bytes


class Arrival:
    """What arrives for one job. `work` gives keys and the store; it carries out no task here."""

    def __init__(self, work: Work) -> None:
        self.work, self.form = work, FORMS[work.keys.profile.hash.digest]
        self.caps: dict[str, U32] = {}

    def check(self, task: Task, inputs: Sequence[bytes], digest: bytes, cap: bytes) -> None:
        """Malformed or Rejected unless the file of this digest is a proof of what the task was about, given these inputs. `cap` is the
        digest of a file with the cap of its key, which must be that of the published key."""
        self.work.see(task)
        if task.kind == "segment":
            self.segment(task, digest)
        elif task.kind == "root":
            self.run(digest)
        else:
            self.span(task, inputs, digest, cap)

    def segment(self, task: Task, digest: bytes) -> None:
        """Between the right instructions; that the memories of neighbours fit together is checked by the joins."""
        work, proof = self.work, self.work.artefacts.segment(task, digest)
        key = work.proving.of(shapes_of(work.keys.profile)[proof.shape]).key
        if not is_of_program(proof, key):
            raise Rejected("the proof is about the program of this bundle", "its cap and level", "others")
        before, after = work.bundle.entry(task.first), work.bundle.entry(task.last)
        wanted = [before.pc, before.status, after.pc, after.status]
        behind = self.form.boundary
        if (said := proof.statement[[0, 1, behind, behind + 1]].tolist()) != wanted:
            raise Rejected(f"the proof is about {task}", wanted, said)
        check_proof(key, proof.statement, proof.words, work.kernels.permute)

    def span(self, task: Task, inputs: Sequence[bytes], digest: bytes, cap: bytes) -> None:
        """From where its first input begins to where its last one ends."""
        work, proof = self.work, self.work.artefacts.span(task, digest)
        claim = SpanClaim.of(proof.claim.tolist())
        if task.kind == "leaf":
            statement = work.artefacts.segment(task.inputs[0], inputs[0]).statement.tolist()
            wanted, steps = statement[:self.form.steps], statement[self.form.steps]
        else:
            spans = [work.artefacts.span(needed, there) for needed, there in zip(task.inputs, inputs, strict=True)]
            parts = [SpanClaim.of(span.claim.tolist()) for span in spans]
            wanted, steps = [*parts[0].before.words, *parts[-1].after.words], sum(part.steps for part in parts)
        if ([*claim.before.words, *claim.after.words], claim.steps) != (wanted, steps):
            raise Rejected(f"the proof is about {task}", "the ends and the steps of its inputs", "others")
        if proof.kind not in self.caps:
            content = work.artefacts.store.get(cap, f"the cap of the {proof.kind}", CAP_LIMIT)
            if len(content) % (4 * self.form.digest):
                raise Malformed("a cap is a list of digests")
            words = np.frombuffer(content, "<u4").astype(np.uint32).reshape(-1, self.form.digest)
            if digest_of_cap(words) != work.trusted.digests.get(proof.kind):
                raise Rejected("the key is the published one", f"that of the {proof.kind}", "another one")
            self.caps[proof.kind] = words
        verify_part(proof, claim, work.trusted, self.caps[proof.kind], work.kernels.permute)

    def run(self, digest: bytes) -> RunFile:
        work = self.work
        file = read_proof(decode_proof(work.artefacts.store.get(digest, "the run proof", FILE_LIMIT)))
        if not isinstance(file, RunFile):
            raise Malformed("it is no run proof")
        permute, claim = wide(work.kernels, work.keys.profile.hash), file.claim
        wanted = (claimed_program(work.program, work.keys.profile, work.kernels), input_digest(work.bundle.input(), permute),
                  output_digest(work.bundle.output(), permute))
        if (claim.program, claim.input, claim.output) != wanted:
            raise Rejected("the proof is of this bundle's run", "its program, input and output", "others")
        verify_run(file.proof.opened(work.trusted, work.kernels.permute), claim, work.trusted, work.kernels.permute)
        check_differences(file, work.kernels)
        if list(file.changes) != list(work.bundle.difference()):
            raise Rejected("the proof has the state difference of this bundle's run", "that", "another one")
        return file

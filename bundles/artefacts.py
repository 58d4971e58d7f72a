"""Results of tasks as bytes: proofs of segments and of spans, in the format of proof files. The result of a root is a run proof file."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bundles.formats import FILE_LIMIT, Kind, decode_proof, encode_proof
from bundles.keys import RunKeys, shapes_of
from bundles.store import Store
from bundles.tasks import Task
from continuation.kinds import ABOVE, Sort
from continuation.layout import FORMS
from continuation.proofs import ContinuationProof
from segments.claim import FORMS as SEGMENT_FORMS
from segments.claim import SegmentProof
from stark.errors import Malformed
from stark.profiles import Profile

U32 = npt.NDArray[np.uint32]
KINDS = {"segment": Kind.SEGMENT, "leaf": Kind.LEAF, "join": Kind.JOIN}


class Damaged(Malformed):
    """The result of a task cannot be used; the task can be done again."""

    def __init__(self, task: Task, reason: object) -> None:
        super().__init__(f"the result of {task} cannot be used: {reason}")
        self.task = task


def names_of(profile: Profile) -> tuple[list[str], list[str]]:
    """What the numbers in results stand for: shapes of segments, and kinds of spans."""
    shapes = list(shapes_of(profile))
    return shapes, [*ABOVE, *(f"{Sort.LEAF.label} of {shape}" for shape in shapes)]


class Artefacts:
    """The results of one job. What comes from the store has the digest that the journal names, and the form of its task."""

    def __init__(self, store: Store, keys: RunKeys) -> None:
        self.store, self.keys = store, keys
        self.shapes, self.kinds = names_of(keys.profile)
        kind = keys.profile.hash
        self.digest, spans = kind.digest, FORMS[kind.width].statement
        self.statements = {"segment": SEGMENT_FORMS[kind.digest].words, "leaf": spans, "join": spans}

    def put_segment(self, task: Task, proof: SegmentProof) -> bytes:
        """Payloads: the number of the shape and the level, the cap, the statement, the words."""
        shape = np.array([self.shapes.index(proof.shape), proof.level], np.uint32)
        return self._put(task, [shape, proof.cap.reshape(-1), proof.statement, proof.words])

    def put(self, task: Task, proof: ContinuationProof) -> bytes:
        """Payloads: the number of the kind, the statement, the words."""
        return self._put(task, [np.array([self.kinds.index(proof.kind)], np.uint32), proof.statement, proof.words])

    def segment(self, task: Task, digest: bytes) -> SegmentProof:
        """The program's cap comes with it; a foreign one is refused where spans are joined, and by the root's claim."""
        (shape, level), cap, statement, words = self._get(task, digest, 4, 2, len(self.shapes))
        if len(cap) % self.digest:
            raise Damaged(task, "its cap is no list of digests")
        return SegmentProof(self.shapes[int(shape)], cap.reshape(-1, self.digest), statement, words, int(level))

    def span(self, task: Task, digest: bytes) -> ContinuationProof:
        kind, statement, words = self._get(task, digest, 3, 1, len(self.kinds))
        return ContinuationProof(self.kinds[int(kind[0])], statement, words)

    def _put(self, task: Task, payloads: Sequence[U32]) -> bytes:
        return self.store.put(encode_proof(KINDS[task.kind], self.keys.profile.name, payloads))

    def _get(self, task: Task, digest: bytes, payloads: int, numbers: int, names: int) -> tuple[U32, ...]:
        """So many payloads, of which the first has so many numbers and names one of so many; the last but one is the statement."""
        try:
            file = decode_proof(self.store.get(digest, f"the result of {task}", FILE_LIMIT))
            if (file.kind, file.profile) != (KINDS[task.kind], self.keys.profile.name):
                raise Malformed(f"it is a {file.kind.name.lower()} proof of profile {file.profile}")
            found = file.payloads
            if (len(found), [len(part) for part in found[:1]], len(found[-2])) != (payloads, [numbers], self.statements[task.kind]):
                raise Malformed("it is of another shape")
            if int(found[0][0]) >= names:
                raise Malformed("it is of a kind that does not exist")
        except Malformed as error:
            raise Damaged(task, error) from None
        return found

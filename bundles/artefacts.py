"""Results of tasks as bytes: proofs of segments and of spans, in the format of proof files. The result of a root is a run proof file."""
from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from bundles.formats import FILE_LIMIT, Kind, ProofFile, decode_proof, encode_proof
from bundles.keys import RunKeys, shapes_of
from bundles.store import Store
from bundles.tasks import Task
from continuation.kinds import ABOVE, Sort
from continuation.layout import FORMS
from continuation.proofs import ContinuationProof
from segments.claim import FORMS as SEGMENT_FORMS
from segments.claim import SegmentProof
from stark import profiles
from stark.errors import Malformed
from stark.profiles import Profile

U32 = npt.NDArray[np.uint32]
KINDS = {"segment": Kind.SEGMENT, "leaf": Kind.LEAF, "join": Kind.JOIN}


class Damaged(Malformed):
    """The result of a task cannot be used; the task can be done again."""

    def __init__(self, task: Task, reason: object) -> None:
        super().__init__(f"the result of {task} cannot be used: {reason}")
        self.task = task


@cache
def names_of(profile: Profile) -> tuple[list[str], list[str]]:
    """What the numbers in results stand for: shapes of segments, and kinds of spans."""
    shapes = list(shapes_of(profile))
    return shapes, [*ABOVE, *(f"{Sort.LEAF.label} of {shape}" for shape in shapes)]


def piece_of(file: ProofFile) -> SegmentProof | ContinuationProof:
    """The proof of a segment, or of a span; Malformed if the file does not have the form of one. What it says is not checked."""
    profile, found = profiles.get(file.profile), file.payloads
    (shapes, kinds), kind, segment = names_of(profile), profile.hash, file.kind == Kind.SEGMENT
    if file.kind not in KINDS.values():
        raise Malformed(f"it is a {file.kind.name.lower()} proof, and none of a piece of a run")
    count, numbers, statement = (4, 2, SEGMENT_FORMS[kind.digest].words) if segment else (3, 1, FORMS[kind.width].statement)
    if len(found) != count or (len(found[0]), len(found[-2])) != (numbers, statement) or file.packed:
        raise Malformed("it is of another shape")
    names, number = shapes if segment else kinds, int(found[0][0])
    if number >= len(names):
        raise Malformed("it is of a kind that does not exist")
    if not segment:
        return ContinuationProof(names[number], found[1], found[2])
    if len(found[1]) % kind.digest:
        raise Malformed("its cap is no list of digests")
    return SegmentProof(names[number], found[1].reshape(-1, kind.digest), found[2], found[3], int(found[0][1]))


class Artefacts:
    """The results of one job. What comes from the store has the digest that the journal names, and the form of its task."""

    def __init__(self, store: Store, keys: RunKeys) -> None:
        self.store, self.keys = store, keys
        self.shapes, self.kinds = names_of(keys.profile)

    def put_segment(self, task: Task, proof: SegmentProof) -> bytes:
        """Payloads: the number of the shape and the level, the cap, the statement, the words."""
        shape = np.array([self.shapes.index(proof.shape), proof.level], np.uint32)
        return self._put(task, [shape, proof.cap.reshape(-1), proof.statement, proof.words])

    def put(self, task: Task, proof: ContinuationProof) -> bytes:
        """Payloads: the number of the kind, the statement, the words."""
        return self._put(task, [np.array([self.kinds.index(proof.kind)], np.uint32), proof.statement, proof.words])

    def segment(self, task: Task, digest: bytes) -> SegmentProof:
        """The program's cap comes with it; a foreign one is refused where spans are joined, and by the root's claim."""
        found = self._get(task, digest)
        assert isinstance(found, SegmentProof)
        return found

    def span(self, task: Task, digest: bytes) -> ContinuationProof:
        found = self._get(task, digest)
        assert isinstance(found, ContinuationProof)
        return found

    def _put(self, task: Task, payloads: Sequence[U32]) -> bytes:
        return self.store.put(encode_proof(KINDS[task.kind], self.keys.profile.name, payloads))

    def _get(self, task: Task, digest: bytes) -> SegmentProof | ContinuationProof:
        """The proof of a segment if the task is to make one, and otherwise of a span."""
        try:
            file = decode_proof(self.store.get(digest, f"the result of {task}", FILE_LIMIT))
            if (file.kind, file.profile) != (KINDS[task.kind], self.keys.profile.name):
                raise Malformed(f"it is a {file.kind.name.lower()} proof of profile {file.profile}")
            return piece_of(file)
        except Malformed as error:
            raise Damaged(task, error) from None

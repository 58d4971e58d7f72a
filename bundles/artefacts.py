"""Results of tasks as bytes: proofs of segments and of spans, in the format of proof files. The result of a root is a run proof file."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bundles.formats import FILE_LIMIT, Kind, decode_proof, encode_proof
from bundles.keys import RunKeys, name_of
from bundles.store import Store
from bundles.tasks import Task
from continuation.claims import BOUNDARY
from continuation.kinds import LEAF_PREFIX, Sort, kind_of
from continuation.layout import STATEMENT
from continuation.proofs import ContinuationProof, SegmentProof
from stark.errors import Malformed

U32 = npt.NDArray[np.uint32]
KINDS = {"segment": Kind.SEGMENT, "leaf": Kind.LEAF, "join": Kind.JOIN}
SORTS = {"leaf": Sort.LEAF, "join": Sort.JOIN}
STATEMENTS = {"segment": 2 * BOUNDARY, "leaf": STATEMENT, "join": STATEMENT}


class Damaged(Malformed):
    """The result of a task cannot be used; the task can be done again."""

    def __init__(self, task: Task, reason: object) -> None:
        super().__init__(f"the result of {task} cannot be used: {reason}")
        self.task = task


class Artefacts:
    """The results of one job. What comes from the store has the digest that the journal names, and the form of its task."""

    def __init__(self, store: Store, keys: RunKeys) -> None:
        self.store, self.keys = store, keys

    def put(self, task: Task, statement: U32, words: U32) -> bytes:
        return self.store.put(encode_proof(KINDS[task.kind], self.keys.profile.name, [statement, words]))

    def segment(self, task: Task, digest: bytes, cap: U32) -> SegmentProof:
        """`cap` is that of the program's key, which the prover knows by itself."""
        statement, words = self._get(task, digest)
        return SegmentProof(name_of(self.keys.shape), cap, statement, words)

    def span(self, task: Task, digest: bytes) -> ContinuationProof:
        return ContinuationProof(self.kind(task), *self._get(task, digest))

    def kind(self, task: Task) -> str:
        """The kind of the proof that a task makes follows from the task."""
        if task.kind == "leaf":
            return LEAF_PREFIX + name_of(self.keys.shape)
        return kind_of(Sort.JOIN, *(SORTS[needed.kind] for needed in task.inputs)).name

    def _get(self, task: Task, digest: bytes) -> tuple[U32, U32]:
        try:
            file = decode_proof(self.store.get(digest, f"the result of {task}", FILE_LIMIT))
            if (file.kind, file.profile) != (KINDS[task.kind], self.keys.profile.name):
                raise Malformed(f"it is a {file.kind.name.lower()} proof of profile {file.profile}")
            return self._parts(task, file.payloads)
        except Malformed as error:
            raise Damaged(task, error) from None

    def _parts(self, task: Task, payloads: Sequence[U32]) -> tuple[U32, U32]:
        if len(payloads) != 2 or len(payloads[0]) != STATEMENTS[task.kind]:
            raise Malformed("it is of another shape")
        return payloads[0], payloads[1]

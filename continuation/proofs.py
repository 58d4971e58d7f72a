"""A proof of the continuation: its kind, its statement and its words."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from continuation.kinds import ABOVE, Sort
from continuation.layout import of_statement
from stark.key import Key
from stark.verifier import check_proof

U32 = npt.NDArray[np.uint32]
Permute = Callable[[U32], U32]


class Proof(Protocol):
    """What can be verified: the words of a proof, or the bytes in which it is handed out."""

    @property
    def kind(self) -> str: ...

    @property
    def claim(self) -> U32: ...

    def check(self, key: Key, permute: Permute) -> None: ...


@dataclass(frozen=True, eq=False)
class ContinuationProof:
    kind: str                   # a name, see continuation/kinds.py
    statement: U32              # the published powers of the batching challenges, then the claim
    words: U32

    @property
    def claim(self) -> U32:
        return self.statement[of_statement(len(self.statement)).power_words:]

    def check(self, key: Key, permute: Permute) -> None:
        """Malformed or Rejected unless it proves its statement under this key."""
        check_proof(key, self.statement, self.words, permute)

    @property
    def sort(self) -> Sort:
        if self.kind in ABOVE:
            return ABOVE[self.kind].sort
        return Sort.WIDE if self.kind.startswith(Sort.WIDE.label) else Sort.LEAF

"""A proof of the continuation as it is handed out: its kind, its statement, and its words as stark/codec.py packs them."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from continuation.layout import of_statement
from continuation.proofs import ContinuationProof, Permute
from continuation.verify import Trusted
from stark.codec import check_packed, decode, encode
from stark.key import Key

U32 = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class SentProof:
    """Says what it claims without being unpacked. `content` is Malformed for most statements and keys but its own."""

    kind: str
    statement: U32
    content: bytes

    @staticmethod
    def of(proof: ContinuationProof, trusted: Trusted, permute: Permute) -> SentProof:
        return SentProof(proof.kind, proof.statement, encode(trusted.key(proof.kind), proof.statement, proof.words, permute))

    @property
    def claim(self) -> U32:
        return self.statement[of_statement(len(self.statement)).power_words:]

    def check(self, key: Key, permute: Permute) -> None:
        """Malformed or Rejected unless it proves its statement under this key."""
        check_packed(key, self.statement, self.content, permute)

    def opened(self, trusted: Trusted, permute: Permute) -> ContinuationProof:
        """With the words that a verifier reads; Malformed if there are none."""
        return ContinuationProof(self.kind, self.statement, decode(trusted.key(self.kind), self.statement, self.content, permute))

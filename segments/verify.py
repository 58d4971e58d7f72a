"""Verifying one segment: the words prove the claim under the key of the program."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from segments.claim import SegmentClaim, SegmentProof, equal
from segments.setup import PROGRAM, program_level, program_words
from stark.key import Key
from stark.verifier import check_proof, key_cap

U32 = npt.NDArray[np.uint32]


def verify_segment(key: Key, claim: SegmentClaim, words: U32, permute: Callable[[U32], U32]) -> None:
    """Malformed or Rejected unless these words prove the claim. `key` is that of the program with its commitment (segments.setup)."""
    equal("the claim is about the program of the key", claim.program, program_words(key))
    check_proof(key, np.array(claim.words, np.uint32), words, permute)


def is_of_program(proof: SegmentProof, key: Key) -> bool:
    """Whether the proof names the instructions of this key. Nothing that it names is hashed for that, however long it is."""
    return np.array_equal(proof.cap, key_cap(key, PROGRAM)) and proof.level == program_level(key)

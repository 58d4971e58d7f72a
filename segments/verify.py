"""Verifying one segment: the words prove the claim under the key of the program."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from segments.claim import SegmentClaim, equal
from segments.setup import program_words
from stark.key import Key
from stark.verifier import check_proof

U32 = npt.NDArray[np.uint32]


def verify_segment(key: Key, claim: SegmentClaim, words: U32, permute: Callable[[U32], U32]) -> None:
    """Malformed or Rejected unless these words prove the claim. `key` is that of the program with its commitment (segments.setup)."""
    equal("the claim is about the program of the key", claim.program, program_words(key))
    check_proof(key, np.array(claim.words, np.uint32), words, permute)

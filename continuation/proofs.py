"""A proof of the continuation: the role of its key, its statement and its words."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from continuation.layout import POWER_WORDS

U32 = npt.NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class ContinuationProof:
    role: str
    statement: U32              # the published powers of the batching challenges, then the claim
    words: U32

    @property
    def claim(self) -> U32:
        return self.statement[POWER_WORDS:]


@dataclass(frozen=True, eq=False)
class SegmentProof:
    """What a leaf is made of: the cap of the segment key's fixed columns, the boundaries, the words of the proof."""

    cap: U32
    statement: U32
    words: U32

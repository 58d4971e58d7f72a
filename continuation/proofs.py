"""A proof of the continuation: its kind, its statement and its words."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from continuation.kinds import ABOVE, Sort
from continuation.layout import POWER_WORDS

U32 = npt.NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class ContinuationProof:
    kind: str                   # a name, see continuation/kinds.py
    statement: U32              # the published powers of the batching challenges, then the claim
    words: U32

    @property
    def claim(self) -> U32:
        return self.statement[POWER_WORDS:]

    @property
    def sort(self) -> Sort:
        return ABOVE[self.kind].sort if self.kind in ABOVE else Sort.LEAF


@dataclass(frozen=True, eq=False)
class SegmentProof:
    """What a leaf is made of: the name of the segment's shape, the cap of the program's table, the boundaries, the words of the proof."""

    shape: str
    cap: U32
    statement: U32
    words: U32

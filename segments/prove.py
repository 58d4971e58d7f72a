"""Proving one segment: its tables are filled, and the prover shows that they satisfy the key."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segments.claim import SegmentClaim
from segments.fill import Segment
from segments.setup import program_words
from stark.kernels.protocol import Kernels
from stark.prover import prove
from stark.setup import ProvingKey
from stark.watch import Watch


@dataclass(frozen=True)
class SegmentProof:
    """A claim and the words that prove it."""

    claim: SegmentClaim
    words: npt.NDArray[np.uint32]


def prove_segment(proving: ProvingKey, segment: Segment, kernels: Kernels, watch: Watch | None = None) -> SegmentProof:
    claim = SegmentClaim(program_words(proving.key), segment.before, segment.after)
    return SegmentProof(claim, prove(proving, segment.mains, segment.public, kernels, watch))

"""What the prover hands to the kernels for one chip's part of the quotient; see stark/kernels/protocol.py."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stark.flat import FlatChip
from stark.kernels.protocol import Commitment

U32 = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Job:
    flat: FlatChip
    log_height: int
    fixed: tuple[Commitment, int] | None
    main: tuple[Commitment, int] | None
    logup: tuple[Commitment, int] | None
    public: U32
    gamma: U32
    beta: U32
    total: U32
    weights: U32

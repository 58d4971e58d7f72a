"""Permutations on words of 64 bits, as the memory's trees have them."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stark.kernels.protocol import Kernels
from stark.operations import Operations, operations_of

U64 = npt.NDArray[np.uint64]
Permute = Callable[[U64], U64]


@dataclass(frozen=True)
class Wide:
    """That of a kernel set."""

    kernels: Kernels

    def __call__(self, states: U64) -> U64:
        return self.kernels.permute(states.astype(np.uint32)).astype(np.uint64)


def operations_with(permute: Permute) -> Operations:
    """On words of 32 bits, those of the kernel set if it is of one."""
    if isinstance(permute, Wide):
        return operations_of(permute.kernels.permute)
    return Operations(lambda states: permute(states.astype(np.uint64)).astype(np.uint32))

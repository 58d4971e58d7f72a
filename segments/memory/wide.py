"""Permutations on words of 64 bits, as the memory's trees have them, and which hash they are of."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stark.kernels.protocol import Kernels
from stark.operations import Operations, operations_of
from stark.poseidon2 import HASHES, Hash

U64 = npt.NDArray[np.uint64]
Permute = Callable[[U64], U64]


@dataclass(frozen=True)
class Wide:
    """That of a kernel set, for trees of this hash."""

    kernels: Kernels
    kind: Hash = HASHES[16]

    def __call__(self, states: U64) -> U64:
        return self.kernels.permute(states.astype(np.uint32)).astype(np.uint64)


def hash_of(permute: Permute) -> Hash:
    """What a tree is made with that is given this permutation: a plain function is of the hash of width 16."""
    return permute.kind if isinstance(permute, Wide) else HASHES[16]


def operations_with(permute: Permute) -> Operations:
    """On words of 32 bits, those of the kernel set if it is of one."""
    if isinstance(permute, Wide):
        return operations_of(permute.kernels.permute)
    return Operations(lambda states: permute(states.astype(np.uint64)).astype(np.uint32))

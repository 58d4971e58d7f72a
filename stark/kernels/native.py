"""The kernel set in Rust, by way of the distribution `longrun-native`."""
from __future__ import annotations

from stark.kernels.protocol import Kernels


def NativeKernels(threads: int) -> Kernels:
    raise NotImplementedError("the native kernels are not there yet")

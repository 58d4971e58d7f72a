"""Kernel sets: `load` gives one. This is the only seam between longrun and its Rust crate.

`reference` is numpy and always there; `native` needs the distribution `longrun-native`; `best` takes native where it is installed.
"""
from __future__ import annotations

import importlib.util

from stark.kernels.protocol import Kernels


def has_native() -> bool:
    return importlib.util.find_spec("longrun_native") is not None


def load(name: str = "best", threads: int = 1) -> Kernels:
    """A kernel set by name; `threads` is for the native set and changes no result."""
    if threads < 1:
        raise ValueError(f"there is at least one thread, not {threads}")
    if name == "best":
        name = "native" if has_native() else "reference"
    if name == "reference":
        from stark.kernels.reference import ReferenceKernels
        return ReferenceKernels()
    if name == "native":
        if not has_native():
            raise ValueError("the native kernels are not installed (longrun-native); \"best\" takes what is there")
        from stark.kernels.native import NativeKernels
        return NativeKernels(threads)
    raise ValueError(f"no kernel set is called {name}; there are best, native, reference")

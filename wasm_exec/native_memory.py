"""The memories of a machine as arrays, and what the system is told about them."""

from __future__ import annotations

import ctypes
import mmap
import sys
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import wasmtime

Bytes = npt.NDArray[np.uint8]
DONT_NEED, HUGE_PAGES = 4, 14  # advices of Linux
MANY_BYTES = 1 << 21


class Buffer:
    """The bytes of a memory for numpy. They live as long as the store, which every array made from them keeps alive."""

    def __init__(self, store: wasmtime.Store, memory: wasmtime.Memory) -> None:
        self.store = store
        place = ctypes.cast(memory.data_ptr(store), ctypes.c_void_p).value
        self.__array_interface__ = {"data": (place, False), "shape": (memory.data_len(store),), "typestr": "|u1", "version": 3}


def copy_to(memory: Bytes, content: Bytes) -> None:
    """Puts the content at the beginning of a fresh part of a memory."""
    if len(content) >= MANY_BYTES:
        prefer_huge_pages(memory[: len(content)])
    memory[: len(content)] = content


@lru_cache(maxsize=1)
def system_calls() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def advise(memory: Bytes, advice: int) -> bool:
    """Whether the system heard it, for all pages that this memory has a part in."""
    if sys.platform != "linux" or not len(memory):
        return False
    first = memory.ctypes.data // mmap.PAGESIZE * mmap.PAGESIZE
    size = memory.ctypes.data + len(memory) - first
    return bool(system_calls().madvise(ctypes.c_void_p(first), ctypes.c_size_t(size), advice) == 0)


def prefer_huge_pages(memory: Bytes) -> None:
    """Asks for large pages, which are there sooner than many small ones. Without them it works as well."""
    advise(memory, HUGE_PAGES)


def emptied(memory: Bytes) -> bool:
    """Gives a whole memory back to the system, so that it is all zeros and takes no room; False if the system cannot do that."""
    return not len(memory) or advise(memory, DONT_NEED)

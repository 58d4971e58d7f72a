"""Checks of shapes that both kernel sets make before they compute."""
from __future__ import annotations

import numpy as np

from stark.field import P
from stark.kernels.protocol import U8, U32, U64, Indices


def log2_exact(size: int) -> int:
    """log2 of a power of two."""
    if size < 1 or size & (size - 1):
        raise ValueError(f"{size} is not a power of two")
    return size.bit_length() - 1


def shaped(array: U32, *shape: int | None) -> U32:
    """The array as contiguous canonical uint32, if its shape is this one (None: any length)."""
    if array.dtype != np.uint32 or not array.flags.carray:          # np.require says the same, ten times slower
        array = np.require(array, np.uint32, ["C", "A"])
    if len(array.shape) != len(shape):
        raise ValueError(f"expected an array of shape {shape}, got {array.shape}")
    for want, have in zip(shape, array.shape, strict=True):
        if want is not None and want != have:
            raise ValueError(f"expected an array of shape {shape}, got {array.shape}")
    if array.size and np.maximum.reduce(array, axis=None) >= P:     # array.max() says the same, twice as slow for a few words
        raise ValueError("a word is not canonical")
    return array


def check_accesses(addresses: Indices, left: U64, pages: Indices, cells: U64, times: U32) -> None:
    """That these say something about every access and every cell of every page."""
    if left.shape != (len(addresses),) or cells.shape != (32 * len(pages),) or times.shape != cells.shape:
        raise ValueError("an access leaves a word, and a page has 32 cells with a time each")


def check_instructions(fetched: U32, chip: U8, counts: U32, chips: int) -> None:
    """That every step is one of an instruction that has a chip, and counts."""
    if counts.shape[1:] != chip.shape:
        raise ValueError("counts for each instruction")
    if len(fetched) and (fetched.max() >= len(chip) or chip[fetched].max() >= chips):
        raise ValueError("a step of no instruction, or of one without a chip")


def check_table(table: U32) -> None:
    """That the words of each column are a slice of their own: kernels write them as such."""
    columns, rows = table.shape
    if not table.flags.aligned or not table.flags.writeable or (columns and rows > 1 and table.strides[1] != table.itemsize):
        raise ValueError("the words of a column follow each other")
    if columns > 1 and abs(table.strides[0]) < rows * table.itemsize:
        raise ValueError("two columns share words")

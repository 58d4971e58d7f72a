"""The pages that changed between two boundaries, as bytes: a count, the sorted page addresses, then 32 cells for each."""
from __future__ import annotations

import numpy as np

from bundles.store import Store
from stark.errors import Malformed
from wasm_exec.changes import Changes, Parts
from wasm_exec.spaces import (
    CELL_BYTES,
    FRAME_POINTER_LIMIT,
    FRAME_SLOTS_LIMIT,
    MEMORY_PAGES_LIMIT,
    PAGE_BYTES,
    PAGE_CELLS,
    Space,
    size_in_bytes,
)

HEAD = 4
KEY = 8
SNAPSHOT_LIMIT = 1 << 30


def pages_of(space: int) -> int:
    """How many pages of a space can exist at all."""
    if space in (Space.FRAMES32, Space.FRAMES64):
        return (FRAME_POINTER_LIMIT + FRAME_SLOTS_LIMIT) // PAGE_CELLS
    return size_in_bytes(space, MEMORY_PAGES_LIMIT) // PAGE_BYTES


def encode_pages(pages: Changes) -> bytes:
    parts = list(pages.parts.items())
    keys = [np.stack([np.full(len(numbers), space), numbers], axis=1).astype("<u4").tobytes() for space, (numbers, _) in parts]
    return b"".join([len(pages).to_bytes(HEAD, "little"), *keys, *(rows.astype("<u8").tobytes() for _, (_, rows) in parts)])


def size_of(count: int) -> int:
    """The bytes of so many pages."""
    return HEAD + count * (KEY + CELL_BYTES * PAGE_CELLS)


def decode_pages(content: bytes, what: str) -> Changes:
    """The pages of canonical bytes; Malformed if they are anything else."""
    count = int.from_bytes(content[:HEAD], "little")
    if len(content) != size_of(count):
        raise Malformed(f"{what}: {len(content)} bytes are not {count} pages")
    keys = np.frombuffer(content, "<u4", 2 * count, HEAD).reshape(count, 2).astype(np.int64)
    cells = np.frombuffer(content, "<u8", count * PAGE_CELLS, HEAD + KEY * count).astype(np.uint64).reshape(count, PAGE_CELLS)
    parts = {int(space): (keys[here, 1], cells[here]) for space in Space if (here := keys[:, 0] == space).any()}
    changes = Changes(parts)
    if len(changes) < count or any(numbers.max() >= pages_of(space) for space, (numbers, _) in parts.items()):
        raise Malformed(f"{what}: a page that does not exist")
    if (np.diff(keys[:, 0]) < 0).any() or any((np.diff(numbers) <= 0).any() for numbers, _ in parts.values()):
        raise Malformed(f"{what}: the pages are not in order")
    return changes


class Stored(Changes):
    """Pages in a file of a store, read and checked whenever somebody asks for them."""

    def __init__(self, store: Store, digest: bytes, what: str) -> None:
        self.store, self.digest, self.what = store, digest, what

    @property
    def parts(self) -> Parts:
        return decode_pages(self.store.get(self.digest, self.what, SNAPSHOT_LIMIT), self.what).parts

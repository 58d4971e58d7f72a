"""The changed pages of a run that is being recorded: in memory as long as they are few, then in a file without a name, which goes with
the recording. So the memory that a recording takes does not grow with its length."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np

from wasm_exec.changes import Changes, Parts
from wasm_exec.kept_files import own_folder
from wasm_exec.spaces import PAGE_BYTES, PAGE_CELLS

ROOM = 1 << 26  # bytes of pages that stay in memory
NUMBER_BYTES = 8


class Spool:
    def __init__(self, folder: Path) -> None:
        self.folder, self.taken, self.end = folder, 0, 0
        self.file: IO[bytes] | None = None

    def kept(self, changes: Changes) -> Changes:
        """The same pages, wherever they are from now on."""
        size = len(changes) * (NUMBER_BYTES + PAGE_BYTES)
        if self.taken + size <= ROOM:
            self.taken += size
            return changes
        if self.file is None:
            own_folder(self.folder)
            self.file = tempfile.TemporaryFile(dir=self.folder)
        start, self.end = self.end, self.end + size
        for numbers, cells in changes.parts.values():
            self.file.write(numbers.astype(np.int64).tobytes() + cells.tobytes())
        self.file.flush()
        return Spooled(self.file, start, size, {space: len(numbers) for space, (numbers, _) in changes.parts.items()})


class Spooled(Changes):
    """Pages in such a file, read whenever somebody asks for them."""

    def __init__(self, file: IO[bytes], start: int, size: int, counts: Mapping[int, int]) -> None:
        self.file, self.start, self.size, self.counts = file, start, size, counts

    @property
    def parts(self) -> Parts:
        content, at, out = os.pread(self.file.fileno(), self.size, self.start), 0, {}
        for space, count in self.counts.items():
            cells = at + NUMBER_BYTES * count
            rows = np.frombuffer(content, np.uint64, count * PAGE_CELLS, cells).reshape(count, PAGE_CELLS)
            out[space] = np.frombuffer(content, np.int64, count, at), rows
            at = cells + PAGE_BYTES * count
        return out

    def __len__(self) -> int:
        return sum(self.counts.values())

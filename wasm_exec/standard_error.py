"""What a WASI program writes to standard error, for whoever records it: it is no part of the output, of what is kept, or of any claim.

Routines drop it; the recorder listens where the routine begins.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from wasm_exec.program import Program

if TYPE_CHECKING:
    from wasm_exec.native_memory import Bytes  # needs wasmtime, which who verifies may do without

CALL, ERRORS = "fd_write", 2        # the routine, and the descriptor
PART_BYTES, VECTOR_BYTES = 1 << 16, 8
VECTORS_LIMIT = 1 << 10             # of one call
KEPT_BYTES = 1 << 20
Part = tuple[int, bytes]


def entered_at(program: Program) -> int | None:
    """The pc at which the routine begins, if the program has it."""
    return next((one.start for one in program.functions if one.name == CALL and one.index not in program.guest_functions), None)


def written(guest: Bytes, vectors: int, count: int) -> bytes:
    """What the vectors at this address name, as far as they lie in the memory; of one call at most so many bytes."""
    found = b""
    for place in range(vectors, vectors + VECTOR_BYTES * min(count, VECTORS_LIMIT), VECTOR_BYTES):
        if place + VECTOR_BYTES > len(guest) or len(found) > PART_BYTES:
            break
        pointer, length = np.frombuffer(guest[place : place + VECTOR_BYTES].tobytes(), "<u4").tolist()
        found += guest[pointer : pointer + min(length, PART_BYTES)].tobytes()
    return found[:PART_BYTES]


class Heard:
    """What was written, each with how far the input had been read; of very much only the last part."""

    def __init__(self) -> None:
        self.parts: deque[Part] = deque()
        self.size = 0

    def add(self, cursor: int, content: bytes) -> None:
        self.parts.append((cursor, content))
        self.size += len(content)
        while self.size > KEPT_BYTES:
            self.size -= len(self.parts.popleft()[1])

    def taken(self) -> list[Part]:
        """What there is, which is then no longer here."""
        found = list(self.parts)
        self.parts.clear()
        self.size = 0
        return found


def joined(parts: Iterable[Part]) -> bytes:
    return b"".join(content for _, content in parts)

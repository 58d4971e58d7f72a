"""What a run may take: bytes from outside, each at the address of the space of the input where the program's entry takes it to.

A run begins with an empty space of the input. Only the entry of a program takes (`runtime.take_cells`): that of a command all of its
input, first its length, that of a session one event after the other. It takes a word at a time with TAKE32, of which the proof says
nothing but that some word came. So what was not taken yet is nowhere in the memory, and a run up to there is the same whatever follows.
"""

from __future__ import annotations

from wasm_exec.program import Program
from wasm_exec.session_driver import SIZE_BYTES
from wasm_exec.spaces import CELL_BYTES
from wasm_exec.wasi_input import HEADER_BYTES, MAGIC, Header

SIZE_PLACE = Header.PLACES["size"]


def padded(length: int) -> int:
    """Where the next part of the input of a session begins: containers and events fill whole cells."""
    return -(-length // CELL_BYTES) * CELL_BYTES


def offered(program: Program, content: bytes) -> bytes:
    """The space of the input as a run on this content can find it."""
    return bytes(CELL_BYTES) + content[: whole(content)] if program.events else len(content).to_bytes(CELL_BYTES, "little") + content


def whole(content: bytes) -> int:
    """The bytes of a session's input up to the end of the last event that is there whole."""
    end = 0
    if content.startswith(MAGIC):
        size = int.from_bytes(content[SIZE_PLACE : SIZE_PLACE + 4], "little")
        if len(content) < max(size, HEADER_BYTES):
            return 0
        end = padded(max(size, HEADER_BYTES))
    while True:
        size = int.from_bytes(content[end : end + SIZE_BYTES], "little")
        if not size or end + SIZE_BYTES + size > len(content):
            return min(end, len(content))
        end = padded(end + SIZE_BYTES + size)

"""Translations of large modules, kept by digest in a folder of the user. Whatever is wrong with a file there is as if it were not there.

They spare whoever records and proves to translate a module in every process. Who verifies translates the module himself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from typing import Any

import msgpack
import numpy as np

from wasm_exec.kept_files import KeptFiles, folder_of, our_code
from wasm_exec.program import FIELDS, EventExport, Function, Program
from wasm_exec.trace import U32, U64

SIZE_LIMIT = 1 << 28  # bytes of all files together
WORTH_KEEPING = 1 << 16  # bytes of a module; smaller ones are translated in no time


def circumstances() -> bytes:
    """Everything besides the module that decides what its translation is: our code, and numpy, which writes the arrays."""
    return repr((our_code(), np.__version__)).encode()


class ProgramCache(KeptFiles):
    """Of such files."""

    def program(self, wasm: bytes, sizes_of_blocks: tuple[int, int], translate: Callable[[], Program]) -> Program:
        """What `translate` gives for this module and these sizes."""
        if self.folder is None or len(wasm) < WORTH_KEEPING:
            return translate()
        what = named(wasm, sizes_of_blocks)
        content = self.find(what)
        found = None if content is None else decoded(content)
        if found is None:
            found = translate()
            self.keep(what, encoded(found), SIZE_LIMIT)
        return found

    def is_kept(self, wasm: bytes, sizes_of_blocks: tuple[int, int]) -> bool:
        return self.has(named(wasm, sizes_of_blocks))


def named(wasm: bytes, sizes_of_blocks: tuple[int, int]) -> bytes:
    """What determines a translation."""
    return circumstances() + repr(sizes_of_blocks).encode() + wasm


def encoded(program: Program) -> bytes:
    """All of a program that has no exports for a caller from outside."""
    if program.exports:
        raise ValueError("a program with exports is not kept")
    packed: bytes = msgpack.packb({
        "instructions": written(program.instructions, "<u4"),
        "memory": (program.memory_pages, program.memory_limit),
        "data": [(page, written(cells, "<u8")) for page, cells in program.data.items()],
        "globals": written(np.array(program.globals, np.uint64), "<u8"),
        "functions": [astuple(function) for function in program.functions],
        "block_starts": written(program.block_starts, "<u4"),
        "entry": program.entry,
        "constants": [(*place, written(cells, "<u8")) for place, cells in program.constants.items()],
        "events": [astuple(event) for event in program.events],
        "offsets": written(program.offsets, "<u4"),
        "guest_functions": (program.guest_functions.start, program.guest_functions.stop),
    })
    return packed


def decoded(content: bytes) -> Program | None:
    """None if these bytes are not what `encoded` wrote."""
    try:
        found = msgpack.unpackb(content, use_list=False, strict_map_key=False)
        pages, limit = found["memory"]
        return Program(
            words(found["instructions"]).reshape(-1, len(FIELDS)),
            pages,
            {page: cells(content) for page, content in found["data"]},
            tuple(cells(found["globals"]).tolist()),
            tuple(Function(*given) for given in found["functions"]),
            words(found["block_starts"]),
            found["entry"],
            limit,
            {(space, page): cells(content) for space, page, content in found["constants"]},
            {},
            tuple(EventExport(*given) for given in found["events"]),
            words(found["offsets"]),
            range(*found["guest_functions"]),
        )
    except (ValueError, TypeError, LookupError, msgpack.exceptions.UnpackException):
        return None


def written(numbers: Any, form: str) -> bytes:
    return bytes(numbers.astype(form).tobytes())


def words(content: bytes) -> U32:
    return np.frombuffer(content, "<u4").astype(np.uint32)


def cells(content: bytes) -> U64:
    return np.frombuffer(content, "<u8").astype(np.uint64)


STANDARD = ProgramCache(folder_of("programs"))  # `STANDARD.folder = None` switches it off

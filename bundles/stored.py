"""A run that goes on from cells in files. Whoever can write the files can put in what no run ever left; that ends in one kind of error."""
from __future__ import annotations

import contextlib
from collections.abc import Iterator

from stark.errors import Malformed
from wasm_exec.changes import Changes
from wasm_exec.execute import NOWHERE
from wasm_exec.image import MemoryImage
from wasm_exec.program import Program
from wasm_exec.spaces import FRAME_POINTER_LIMIT, PAGES_PER_WASM_PAGE, Space, SystemCell


def take_pages(program: Program, image: MemoryImage, pages: Changes, what: str) -> None:
    """Puts stored pages into the memory; Malformed if it would be larger than this program's can be, or if pages lie behind its end."""
    pages = Changes(pages.parts)        # read once, if they lie in a file
    image.apply(pages)
    grown = image.read_cell(Space.SYSTEM, SystemCell.GROWN_PAGES)
    if grown > (program.memory_limit - program.memory_pages) * PAGES_PER_WASM_PAGE:
        raise Malformed(f"{what}: the memory has a size that it cannot reach")
    size = image.memory_pages * PAGES_PER_WASM_PAGE + grown
    if any(numbers.max(initial=-1) >= size for numbers, _ in pages.of(Space.LINEAR).parts.values()):
        raise Malformed(f"{what}: a page behind the end of the memory")


def is_place(program: Program, pc: int, fp: int) -> bool:
    """Whether some run of the program could be cut here."""
    return pc in program.block_starts and 0 <= fp < FRAME_POINTER_LIMIT


def require_place(program: Program, pc: int, fp: int, what: str) -> None:
    if not is_place(program, pc, fp):
        raise Malformed(f"{what}: this is no place in the program, it was damaged")


@contextlib.contextmanager
def going_on(what: str) -> Iterator[None]:
    """Cells that look like others can still lead out of the program: a return to nowhere, a file that is open and is none."""
    try:
        yield
    except NOWHERE as error:
        raise Malformed(f"{what}: what is stored leads nowhere ({type(error).__name__}), it was damaged") from error

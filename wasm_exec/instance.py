"""Compiled recorder modules, and one of them at work: its memories filled from an image, run, and read out again."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import wasmtime

from wasm_exec.cutting import START_HASHES, Blocks
from wasm_exec.emit_module import ModuleEmitter, chunks_of, lanes_of
from wasm_exec.expand import Expander
from wasm_exec.image import MemoryImage
from wasm_exec.program import Program
from wasm_exec.record_shape import Shape
from wasm_exec.recorder_layout import (
    FRAME_CELLS,
    SLOT_BYTES,
    STATE_HASHES,
    STATE_HIGH,
    STATE_IDS,
    STATE_LOG,
    STATE_LOW,
    STATE_WORDS,
    Layout,
)
from wasm_exec.recording import Touched
from wasm_exec.spaces import CELL_BYTES, PAGE_CELLS, PAGES_PER_WASM_PAGE, WASM_PAGE_BYTES, Space, SystemCell
from wasm_exec.trace import U32, U64, Trace

Bytes = npt.NDArray[np.uint8]
CHUNK_BLOCKS = 2000
WORDS_PER_STEP = 9  # a step logs at most three operands, a result and two cells; the frame pointer is logged once for a block


class Compiled:
    """The two recorder modules of a program, made when they are first needed."""

    def __init__(self, program: Program, chunk_blocks: int = CHUNK_BLOCKS) -> None:
        self.program = program
        self.engine = wasmtime.Engine()
        self.blocks = Blocks(program)
        self.layout = Layout(len(program.instructions))
        self.lanes = lanes_of(program)
        self.modules: dict[bool, tuple[wasmtime.Module, list[Shape]]] = {}
        self.chunks = chunks_of(program, self.blocks, chunk_blocks)
        self.dispatch = self.dispatch_table()

    def module(self, logging: bool) -> tuple[wasmtime.Module, list[Shape]]:
        if logging not in self.modules:
            emitted = ModuleEmitter(self.program, self.blocks, self.chunks, logging).emit()
            self.modules[logging] = wasmtime.Module(self.engine, emitted.wasm), emitted.shapes
        return self.modules[logging]

    def dispatch_table(self) -> U32:
        """For the pc of every block: the number of its chunk, and its own number in it."""
        table = np.zeros((len(self.program.instructions), 2), dtype=np.uint32)
        for index, chunk in enumerate(self.chunks):
            starts = self.blocks.starts[chunk.first : chunk.first + chunk.count]
            table[starts, 0] = index
            table[starts, 1] = np.arange(chunk.count)
        return table


@lru_cache(maxsize=8)
def compiled(program: Program) -> Compiled:
    return Compiled(program)


class Instance:
    """A fresh recorder whose memories are the cells of an image."""

    def __init__(self, compiled: Compiled, image: MemoryImage, logging: bool) -> None:
        self.program = compiled.program
        self.compiled = compiled
        self.layout = compiled.layout
        self.logging = logging
        self.store = wasmtime.Store(compiled.engine)
        module, self.shapes = compiled.module(logging)
        self.exports = wasmtime.Instance(self.store, module, []).exports(self.store)
        self.guest = self.view("guest")
        self.machine = self.view("machine")
        self.restore(image)

    def view(self, name: str) -> Bytes:
        memory = self.exports[name]
        assert isinstance(memory, wasmtime.Memory)
        buffer: Any = memory.get_buffer_ptr(self.store)
        return np.frombuffer(buffer, dtype=np.uint8)

    def part(self, start: int, size: int, kind: Any) -> npt.NDArray[Any]:
        return self.machine[start : start + size].view(kind)

    def restore(self, image: MemoryImage) -> None:
        linear = image.cells[Space.LINEAR].view(np.uint8)[: len(self.guest)]
        self.guest[: len(linear)] = linear
        for space in Layout.OTHERS:
            cells = image.cells[space][: Layout.pages(space) * PAGE_CELLS].view(np.uint8)
            self.part(self.layout.base[space], len(cells), np.uint8)[:] = cells
        frames, links = image.cells[Space.FRAMES32][:FRAME_CELLS], image.cells[Space.FRAMES64][:FRAME_CELLS]
        self.part(self.layout.base[Space.FRAMES32], SLOT_BYTES * len(frames), np.uint32)[:] = frames
        self.part(self.layout.base[Space.FRAMES64], CELL_BYTES * len(links), np.uint64)[:] = links
        self.part(self.layout.dispatch, 8 * len(self.compiled.dispatch), np.uint32)[:] = self.compiled.dispatch.reshape(-1)

    def state32(self, offset: int) -> int:
        return int(self.part(offset, 4, np.int32)[0])

    def set_state32(self, offset: int, value: int) -> None:
        self.part(offset, 4, np.int32)[0] = value

    def prepare_log(self, steps: int) -> tuple[int, int]:
        """Makes the log large enough for so many steps; the numbers of blocks come first, then the records."""
        start = 4 * steps
        memory = self.exports["log"]
        assert isinstance(memory, wasmtime.Memory)
        missing = start + 4 * WORDS_PER_STEP * steps - memory.data_len(self.store)
        if missing > 0:
            memory.grow(self.store, -(-missing // WASM_PAGE_BYTES))
        return start, 0

    def run(self, pc: int, fp: int, words: list[int], hashes: int, log_steps: int) -> int:
        self.set_state32(STATE_HASHES, hashes - START_HASHES)
        self.set_state32(STATE_LOW, 0x7FFFFFFF)
        self.set_state32(STATE_HIGH, -1)
        self.part(self.layout.flags[Space.SYSTEM], 1, np.uint8)[0] = 3
        chunk, block = self.compiled.dispatch[pc].tolist()
        run = self.exports["run"]
        assert isinstance(run, wasmtime.Func)
        handed_on = [SLOT_BYTES * fp, *words, *(self.prepare_log(log_steps) if self.logging else ())]
        return int(run(self.store, *handed_on, block, chunk))

    def words(self) -> list[int]:
        return [int(word) for word in self.part(STATE_WORDS, 8 * len(self.compiled.lanes), np.uint64)]

    def flagged(self, space: int) -> npt.NDArray[np.int64]:
        """The pages of a space that were touched; the flags are cleared."""
        linear = space == Space.LINEAR
        count = self.program.memory_pages * PAGES_PER_WASM_PAGE + self.grown_pages() if linear else Layout.pages(space)
        flags = self.part(self.layout.flags[space], count, np.uint8)
        found = np.flatnonzero(flags)
        flags[found] = 0
        levels = Layout.levels(space)
        marks, nodes = self.part(self.layout.marks[space], 1 << levels, np.uint8), found + (1 << levels)
        for _ in range(levels):
            nodes = nodes >> 1
            nodes = nodes[np.diff(nodes, prepend=0) > 0]
            marks[nodes] = 0
        return found

    def grown_pages(self) -> int:
        place = self.layout.base[Space.SYSTEM] + CELL_BYTES * SystemCell.GROWN_PAGES
        return int(self.part(place, CELL_BYTES, np.uint64)[0])

    def touched(self) -> Touched:
        result: Touched = {}
        for space in (Space.LINEAR, *Layout.OTHERS):
            pages = self.flagged(space)
            if space == Space.LINEAR:
                cells: U64 = self.guest.view(np.uint64)
            else:
                cells = self.part(self.layout.base[space], Layout.pages(space) * PAGE_CELLS * CELL_BYTES, np.uint64)
            result[space] = pages, cells.reshape(-1, PAGE_CELLS)[pages]
        low, high = self.state32(STATE_LOW), self.state32(STATE_HIGH)
        pages, first, count = np.arange(low, high + 1), low * PAGE_CELLS, (high + 1 - low) * PAGE_CELLS
        slots = self.part(self.layout.base[Space.FRAMES32] + SLOT_BYTES * first, SLOT_BYTES * count, np.uint32)
        links = self.part(self.layout.base[Space.FRAMES64] + CELL_BYTES * first, CELL_BYTES * count, np.uint64)
        result[Space.FRAMES32] = pages, slots.astype(np.uint64).reshape(-1, PAGE_CELLS)
        result[Space.FRAMES64] = pages, links.copy().reshape(-1, PAGE_CELLS)
        return result

    def trace(self, log_steps: int) -> Trace:
        log = self.view("log").view(np.uint32)
        start, first = self.prepare_log(log_steps)
        identifiers = log[first // 4 : self.state32(STATE_IDS) // 4]
        records = log[start // 4 : self.part(STATE_LOG, 4, np.uint32)[0] // 4]
        return Expander(self.program, self.compiled.blocks, self.shapes).trace(identifiers, records)

"""Compiled recorder modules, and one of them at work: its memories filled from an image, run, and read out again."""

from __future__ import annotations

import errno
import weakref
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import wasmtime

from wasm_exec.cutting import START_HASHES, Blocks
from wasm_exec.emit_module import module_of
from wasm_exec.emit_plan import Plan, chunks_of, lanes_of
from wasm_exec.image import MemoryImage
from wasm_exec.module_cache import STANDARD, ModuleCache
from wasm_exec.native_memory import Buffer, Bytes, copy_to, emptied, prefer_huge_pages
from wasm_exec.program import Program
from wasm_exec.recorder_layout import (
    FRAME_CELLS,
    SLOT_BYTES,
    STATE_BLOCK,
    STATE_CELLS,
    STATE_CHUNK,
    STATE_EXTRA_ROW,
    STATE_FP,
    STATE_HASHES,
    STATE_HIGH,
    STATE_LOW,
    STATE_MARKED,
    STATE_MEMORY_ROW,
    STATE_ROW,
    STATE_TOUCHED,
    STATE_WORDS,
    Layout,
)
from wasm_exec.recording import Touched
from wasm_exec.spaces import CELL_BYTES, PAGE_CELLS, Space, SystemCell
from wasm_exec.standard_error import Heard, written
from wasm_exec.trace import U32, U64, Trace
from wasm_exec.trace_columns import EXTRA_ROW_BYTES, MEMORY_ROW_BYTES, ROW_BYTES, trace_of

CHUNK_BLOCKS = 2000
WORTH_KEEPING = 2000  # instructions; smaller programs compile in no time
PAGE_BITS_OF_ENTRY = 24  # of an entry in the list of touched pages; the space is above
WRITTEN = 3  # the flag of such a page
GUARD_BYTES = 1 << 32
NO_ADDRESSES = f"os error {errno.ENOMEM}"


def roomy_engine() -> wasmtime.Engine:
    """Behind every memory lie unused addresses enough for any index plus any offset, so that no access needs a test of its own."""
    config = wasmtime.Config()
    config.memory_guard_size = GUARD_BYTES
    return wasmtime.Engine(config)


class Compiled:
    """The two recorder modules of a program, made when they are first needed."""

    def __init__(self, program: Program, chunk_blocks: int = CHUNK_BLOCKS, cache: ModuleCache = STANDARD) -> None:
        self.program = program
        self.cache = cache
        self.engine = roomy_engine()
        self.blocks = Blocks(program)
        self.layout = Layout(len(program.instructions))
        self.lanes = lanes_of(program)
        self.modules: dict[bool, wasmtime.Module] = {}
        self.chunks = chunks_of(program, self.blocks, chunk_blocks)
        self.dispatch = self.dispatch_table()

    def module(self, tracing: bool) -> wasmtime.Module:
        if tracing not in self.modules:
            what = self.what(tracing)
            cache = self.cache if len(self.program.instructions) >= WORTH_KEEPING else ModuleCache(None)
            self.modules[tracing] = cache.module(self.engine, what, lambda: self.emit(tracing))
        return self.modules[tracing]

    def what(self, tracing: bool) -> bytes:
        """Decides what the module is."""
        limits = (tracing, self.program.memory_limit, self.chunks)
        return self.program.encode() + self.program.block_starts.tobytes() + repr(limits).encode()

    def is_kept(self) -> bool:
        """Whether the module that counts was compiled before."""
        return False in self.modules or self.cache.is_kept(self.what(False))

    def emit(self, tracing: bool) -> bytes:
        return module_of(Plan(self.program, self.blocks, self.chunks, tracing))

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


class Spare:
    """At most one tracing machine that is not at work. The memory of its trace has been written before: that of a new one costs more
    than all steps of a segment, because the system has to clear it page by page."""

    def __init__(self) -> None:
        self.kept: list[Instance] = []

    def take(self, compiled: Compiled) -> Instance | None:
        try:
            found = self.kept.pop()
        except IndexError:
            return None
        return found if found.compiled is compiled else None

    def keep(self, instance: Instance) -> None:
        """When nobody has an array of its trace any more. Its other memories are as new."""
        if emptied(instance.guest) and emptied(instance.machine):
            self.kept[:] = [instance]


SPARE = Spare()


def tracing_instance(compiled: Compiled, image: MemoryImage) -> Instance:
    found = SPARE.take(compiled)
    if found is None:
        return Instance(compiled, image, tracing=True)
    found.restore(image)
    return found


def begun(store: wasmtime.Store, module: wasmtime.Module, imports: list[Any]) -> wasmtime.Instance:
    """MemoryError if this process may not have so many addresses, which are far more than bytes (`ulimit -v`)."""
    try:
        return wasmtime.Instance(store, module, imports)
    except wasmtime.WasmtimeError as error:
        if NO_ADDRESSES in str(error):
            raise MemoryError from None
        raise


class Instance:
    """A fresh recorder whose memories are the cells of an image."""

    def __init__(self, compiled: Compiled, image: MemoryImage, tracing: bool) -> None:
        self.program = compiled.program
        self.compiled = compiled
        self.layout = compiled.layout
        self.tracing = tracing
        self.store = wasmtime.Store(compiled.engine)
        self.heard = Heard()
        self.raised: BaseException | None = None       # while it was listening
        module = compiled.module(tracing)
        self.exports = begun(self.store, module, [self.ear()] * len(module.imports)).exports(self.store)
        self.guest = self.view("guest")
        self.machine = self.view("machine")
        self.restore(image)

    def ear(self) -> wasmtime.Func:
        """What the module calls when the program writes to standard error. The store must not hold the instance."""
        instance = weakref.ref(self)

        def heard(frame: int) -> None:
            found = instance()
            if found is not None:
                try:
                    found.hear(frame)
                except BaseException as error:      # would be lost in between
                    found.raised = error
        return wasmtime.Func(self.store, wasmtime.FuncType([wasmtime.ValType.i32()], []), heard)

    def hear(self, frame: int) -> None:
        """`frame`: the address of the frame, whose first slots are the arguments."""
        _, vectors, count, _ = self.part(self.layout.base[Space.FRAMES32] + frame, 4 * SLOT_BYTES, np.uint32).tolist()
        cursor = self.part(self.layout.base[Space.SYSTEM] + CELL_BYTES * SystemCell.INPUT_CURSOR, CELL_BYTES, np.uint64)[0]
        self.heard.add(int(cursor), written(self.guest, vectors, count))

    def view(self, name: str) -> Bytes:
        memory = self.exports[name]
        assert isinstance(memory, wasmtime.Memory)
        return np.asarray(Buffer(self.store, memory))

    def part(self, start: int, size: int, kind: Any) -> npt.NDArray[Any]:
        return self.machine[start : start + size].view(kind)

    def restore(self, image: MemoryImage) -> None:
        linear = image.cells[Space.LINEAR].view(np.uint8)[: len(self.guest)]
        copy_to(self.guest, linear)
        for space in Layout.OTHERS:
            cells = image.cells[space][: Layout.pages(space) * PAGE_CELLS].view(np.uint8)
            copy_to(self.part(self.layout.base[space], len(cells), np.uint8), cells)
        offered = np.frombuffer(image.offered, np.uint8)[: Layout.pages(Space.INPUT) * PAGE_CELLS * CELL_BYTES]
        copy_to(self.part(self.layout.offered, len(offered), np.uint8), offered)
        frames, links = image.cells[Space.FRAMES32][:FRAME_CELLS], image.cells[Space.FRAMES64][:FRAME_CELLS]
        self.part(self.layout.base[Space.FRAMES32], SLOT_BYTES * len(frames), np.uint32)[:] = frames
        self.part(self.layout.base[Space.FRAMES64], CELL_BYTES * len(links), np.uint64)[:] = links
        self.part(self.layout.dispatch, 8 * len(self.compiled.dispatch), np.uint32)[:] = self.compiled.dispatch.reshape(-1)

    def state32(self, offset: int) -> int:
        return int(self.part(offset, 4, np.int32)[0])

    def set_state32(self, offset: int, value: int) -> None:
        self.part(offset, 4, np.int32)[0] = value

    def run(self, pc: int, fp: int, words: list[int], hashes: int) -> int:
        """Runs one segment; the state says where it stopped."""
        chunk, block = self.compiled.dispatch[pc].tolist()
        state = {STATE_FP: SLOT_BYTES * fp, STATE_BLOCK: block, STATE_CHUNK: chunk, STATE_LOW: 0x7FFFFFFF, STATE_HIGH: -1,
                 STATE_ROW: 0, STATE_EXTRA_ROW: 0, STATE_MEMORY_ROW: 0, STATE_CELLS: 0, STATE_HASHES: hashes - START_HASHES,
                 STATE_TOUCHED: 1, STATE_MARKED: 0}  # the page of the frame pointer is touched
        for place, value in state.items():
            self.set_state32(place, value)
        self.part(STATE_WORDS, 8 * len(words), np.uint64)[:] = words
        self.part(self.layout.flags[Space.SYSTEM], 1, np.uint8)[0] = WRITTEN
        self.part(self.layout.touched, 4, np.uint32)[0] = Space.SYSTEM << PAGE_BITS_OF_ENTRY
        run = self.exports["run"]
        assert isinstance(run, wasmtime.Func)
        answer = int(run(self.store))
        if self.raised is not None:
            raise self.raised
        return answer

    def words(self) -> list[int]:
        return [int(word) for word in self.part(STATE_WORDS, 8 * len(self.compiled.lanes), np.uint64)]

    def flagged(self) -> dict[int, npt.NDArray[np.int64]]:
        """The touched pages of every space but those of frames, in order; flags and marks are cleared."""
        entries = np.sort(self.part(self.layout.touched, 4 * self.state32(STATE_TOUCHED), np.uint32)).astype(np.int64)
        spaces, pages = entries >> PAGE_BITS_OF_ENTRY, entries & (1 << PAGE_BITS_OF_ENTRY) - 1
        ends = np.searchsorted(spaces, np.arange(max(Space) + 2))
        result = {}
        for space in Space:
            found = pages[ends[space] : ends[space + 1]]
            if len(found):
                self.machine[self.layout.flags[space] + found] = 0
                result[int(space)] = found
        self.machine[self.part(self.layout.marked, 4 * self.state32(STATE_MARKED), np.uint32)] = 0
        return result

    def touched(self) -> Touched:
        result: Touched = {}
        for space, pages in self.flagged().items():
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

    def expect_many_rows(self) -> None:
        """The trace will be long."""
        prefer_huge_pages(self.view("trace"))

    def trace(self) -> Trace:
        memory = self.view("trace")
        assert isinstance(memory.base, Buffer)
        weakref.finalize(memory.base, SPARE.keep, self).atexit = False

        def part(start: int, size: int, kind: type[Any]) -> npt.NDArray[Any]:
            return memory[start : start + size].view(kind)

        rows = self.state32(STATE_ROW) // ROW_BYTES
        return trace_of(part, rows, self.state32(STATE_EXTRA_ROW) // EXTRA_ROW_BYTES, self.state32(STATE_MEMORY_ROW) // MEMORY_ROW_BYTES,
                        self.state32(STATE_CELLS) // CELL_BYTES)

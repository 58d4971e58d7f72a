"""The fast engine: the recorder module of a program, run by wasmtime one segment at a time.

Counting and logging are two modules with the same cuts. A segment that ends in a trap is run once more with exactly the rows
that it had used before the last block, so that it is cut there, and the interpreter executes the rest of the block.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import wasmtime

from wasm_exec.cutting import PAGES_LIMIT, ROWS_LIMIT, Blocks, Budget
from wasm_exec.emit_block import Shape
from wasm_exec.emit_module import CUT, HALTED, TRAPPED, ModuleEmitter
from wasm_exec.errors import BudgetTooSmall
from wasm_exec.expand import Expander
from wasm_exec.image import MemoryImage
from wasm_exec.instructions import Family
from wasm_exec.interpreter import Interpreter
from wasm_exec.program import Program
from wasm_exec.recorder_layout import (
    FRAME_CELLS,
    LANES,
    SLOT_BYTES,
    STATE_BLOCK,
    STATE_FP,
    STATE_HIGH,
    STATE_IDS,
    STATE_LOG,
    STATE_LOW,
    STATE_PAGES,
    STATE_WORDS,
    Layout,
    pack,
    unpack,
)
from wasm_exec.recording import SegmentEnd, Status, Touched
from wasm_exec.spaces import CELL_BYTES, PAGE_CELLS, PAGES_PER_WASM_PAGE, WASM_PAGE_BYTES, Space, SystemCell
from wasm_exec.trace import U32, U64, Trace

Bytes = npt.NDArray[np.uint8]
WORDS_PER_STEP = 9  # a step logs at most three operands, a result and two cells; the frame pointer is logged once for a block


class Compiled:
    """The two recorder modules of a program, made when they are first needed."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.engine = wasmtime.Engine()
        self.blocks = Blocks(program)
        self.layout = Layout(len(program.instructions))
        self.modules: dict[bool, tuple[wasmtime.Module, list[Shape]]] = {}
        self.dispatch = self.dispatch_table(program)

    def module(self, logging: bool) -> tuple[wasmtime.Module, list[Shape]]:
        if logging not in self.modules:
            emitted = ModuleEmitter(self.program, self.blocks, logging).emit()
            self.modules[logging] = wasmtime.Module(self.engine, emitted.wasm), emitted.shapes
        return self.modules[logging]

    def dispatch_table(self, program: Program) -> U32:
        """For the pc of every block: the number of its function, and its own number in it."""
        table = np.zeros((len(program.instructions), 2), dtype=np.uint32)
        starts = np.array(self.blocks.starts, dtype=np.uint32)
        functions = np.searchsorted(program.function_starts, starts, side="right") - 1
        first = np.searchsorted(starts, program.function_starts[functions])
        table[starts, 0] = functions
        table[starts, 1] = np.arange(len(starts)) - first
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

    def run(self, pc: int, fp: int, words: list[int], pages: int, log_steps: int) -> int:
        self.set_state32(STATE_PAGES, pages - 1)  # the page of the frame pointer
        self.set_state32(STATE_LOW, 0x7FFFFFFF)
        self.set_state32(STATE_HIGH, -1)
        self.part(self.layout.flags[Space.SYSTEM], 1, np.uint8)[0] = 3
        function, block = self.compiled.dispatch[pc].tolist()
        run = self.exports["run"]
        assert isinstance(run, wasmtime.Func)
        handed_on = [SLOT_BYTES * fp, *words, *(self.prepare_log(log_steps) if self.logging else ())]
        return int(run(self.store, *handed_on, block, function))

    def words(self) -> list[int]:
        return [int(word) for word in self.part(STATE_WORDS, 8 * len(LANES), np.uint64)]

    def flagged(self, space: int) -> npt.NDArray[np.int64]:
        """The pages of a space that were touched; the flags are cleared."""
        linear = space == Space.LINEAR
        count = self.program.memory_pages * PAGES_PER_WASM_PAGE if linear else Layout.pages(space)
        flags = self.part(self.layout.flags[space], count, np.uint8)
        found = np.flatnonzero(flags)
        flags[found] = 0
        return found

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


class Recorder:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.compiled = compiled(program)
        self.image = MemoryImage(program.memory_pages)
        self.counting: Instance | None = None

    def restore(self, image: MemoryImage) -> None:
        self.image = image
        self.counting = None

    def segment(self, pc: int, fp: int, budget: Budget, traced: bool) -> SegmentEnd:
        instance = self.counting
        if instance is None or traced:
            instance = Instance(self.compiled, self.image, traced)
        self.counting = None if traced else instance
        log_steps = sum(budget.rows.values())
        limits = pack(budget.rows)
        answer = instance.run(pc, fp, limits, budget.pages, log_steps)
        used = self.used(instance, limits, charged=answer in (CUT, TRAPPED))
        if answer == TRAPPED:
            return self.trapped(pc, fp, used, budget.pages, traced, log_steps)
        steps = sum(unpack(used).values()) + (answer == HALTED)
        block = instance.state32(STATE_BLOCK)
        if answer == HALTED:
            stop, status = self.compiled.blocks.members[block][-1], Status.EXITED
        else:
            stop, status = self.compiled.blocks.starts[block], Status.RUNNING
        if not steps:
            raise BudgetTooSmall(pc)
        frame_pointer = self.store_frame_pointer(instance)
        trace = instance.trace(log_steps) if traced else None
        return SegmentEnd(stop, frame_pointer, int(status), steps, instance.touched(), trace)

    def used(self, instance: Instance, limits: list[int], charged: bool) -> list[int]:
        """The rows used up, as packed words, without those of a block that was charged but did not run to its end."""
        rows = self.compiled.blocks.rows[instance.state32(STATE_BLOCK)]
        costs = pack({family: int(rows[family]) for family in Family}) if charged else [0] * len(LANES)
        words = zip(limits, instance.words(), costs, strict=True)
        return [(limit - word - cost) % (1 << 64) for limit, word, cost in words]

    def store_frame_pointer(self, instance: Instance) -> int:
        frame_pointer = instance.state32(STATE_FP) // SLOT_BYTES
        place = instance.layout.base[Space.SYSTEM] + CELL_BYTES * SystemCell.FRAME_POINTER
        instance.part(place, CELL_BYTES, np.uint64)[0] = frame_pointer
        return frame_pointer

    def trapped(self, pc: int, fp: int, used: list[int], pages: int, traced: bool, log_steps: int) -> SegmentEnd:
        """Runs again up to the block that traps, and interprets it."""
        instance = Instance(self.compiled, self.image, traced)
        instance.run(pc, fp, used, pages, log_steps)
        start = self.compiled.blocks.starts[instance.state32(STATE_BLOCK)]
        frame_pointer = self.store_frame_pointer(instance)
        parts = [instance.trace(log_steps)] if traced else []
        touched = instance.touched()
        image = self.image.copy()
        for space, (numbers, cells) in touched.items():
            image.set_rows(space, numbers, cells)
        interpreter = Interpreter(self.program, self.compiled.blocks)
        interpreter.restore(image)
        end = interpreter.segment(start, frame_pointer, Budget.uniform(ROWS_LIMIT, PAGES_LIMIT), traced)
        for space, (numbers, cells) in end.touched.items():
            image.set_rows(space, numbers, cells)
            numbers = np.union1d(numbers, touched[space][0]).astype(np.int64) if space in touched else numbers
            touched[space] = numbers, image.rows(space, numbers)
        if end.trace is not None:
            parts.append(end.trace)
        steps = sum(unpack(used).values()) + end.steps
        return SegmentEnd(end.pc, end.fp, end.status, steps, touched, Trace.join(parts) if traced else None)

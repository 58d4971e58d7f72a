"""The fast engine: the recorder module of a program, run by wasmtime one segment at a time.

Counting and tracing are two modules with the same cuts. A segment that ends in a trap is run once more with exactly the rows
that it had used before the last block, so that it is cut there, and the interpreter executes the rest of the block.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wasm_exec.cutting import Budget
from wasm_exec.emit_chunk import CUT, HALTED, TRAPPED
from wasm_exec.errors import BudgetTooSmall
from wasm_exec.image import MemoryImage
from wasm_exec.instance import Compiled, Instance, compiled, tracing_instance
from wasm_exec.instructions import BY_NAME
from wasm_exec.interpreter import Interpreter
from wasm_exec.program import Program
from wasm_exec.recorder_layout import SLOT_BYTES, STATE_BLOCK, STATE_FP
from wasm_exec.recording import SegmentEnd, Status
from wasm_exec.spaces import CELL_BYTES, Space, SystemCell
from wasm_exec.trace import Trace

MANY_ROWS = 1 << 18


class Recorder:
    def __init__(self, program: Program, modules: Compiled | None = None) -> None:
        self.program = program
        self.compiled = modules or compiled(program)
        self.lanes = self.compiled.lanes
        self.image = MemoryImage(program.memory_pages)
        self.counting: Instance | None = None
        self.budget: Budget | None = None
        self.limits: list[int] = []  # its rows, packed

    def restore(self, image: MemoryImage) -> None:
        self.image = image
        self.counting = None

    def segment(self, pc: int, fp: int, budget: Budget, traced: bool) -> SegmentEnd:
        instance = self.counting
        if instance is None or traced:
            instance = self.fresh(traced)
        self.counting = None if traced else instance
        if traced and sum(budget.rows.values()) >= MANY_ROWS:
            instance.expect_many_rows()
        if budget is not self.budget:
            self.budget, self.limits = budget, self.lanes.pack(budget.rows)
        limits = self.limits
        answer = instance.run(pc, fp, limits, budget.hashes)
        used = self.used(instance, limits, charged=answer in (CUT, TRAPPED))
        if answer == TRAPPED:
            return replace(self.trapped(pc, fp, used, budget.hashes, traced), errors=instance.heard.taken())
        rows = self.lanes.unpack(used)
        steps = sum(rows.values()) + (answer == HALTED)
        block = instance.state32(STATE_BLOCK)
        if answer == HALTED:
            stop = self.compiled.blocks.members[block][-1]
            status = Status.PAUSED if self.program.column("op")[stop] == BY_NAME["PAUSE"].number else Status.EXITED
        else:
            stop, status = self.compiled.blocks.starts[block], Status.RUNNING
        if not steps:
            raise BudgetTooSmall(pc)
        frame_pointer = self.store_frame_pointer(instance)
        trace = instance.trace() if traced else None
        return SegmentEnd(stop, frame_pointer, int(status), steps, rows, instance.touched(), trace, instance.heard.taken())

    def fresh(self, traced: bool) -> Instance:
        return tracing_instance(self.compiled, self.image) if traced else Instance(self.compiled, self.image, tracing=False)

    def used(self, instance: Instance, limits: list[int], charged: bool) -> list[int]:
        """The rows used up, as packed words, without those of a block that was charged but did not run to its end."""
        rows = self.compiled.blocks.rows[instance.state32(STATE_BLOCK)].tolist()
        costs = self.lanes.pack(rows) if charged else [0] * len(self.lanes)
        words = zip(limits, instance.words(), costs, strict=True)
        return [(limit - word - cost) % (1 << 64) for limit, word, cost in words]

    def store_frame_pointer(self, instance: Instance) -> int:
        frame_pointer = instance.state32(STATE_FP) // SLOT_BYTES
        place = instance.layout.base[Space.SYSTEM] + CELL_BYTES * SystemCell.FRAME_POINTER
        instance.part(place, CELL_BYTES, np.uint64)[0] = frame_pointer
        return frame_pointer

    def trapped(self, pc: int, fp: int, used: list[int], hashes: int, traced: bool) -> SegmentEnd:
        """Runs again up to the block that traps, and interprets it."""
        instance = self.fresh(traced)
        instance.run(pc, fp, used, hashes)
        start = self.compiled.blocks.starts[instance.state32(STATE_BLOCK)]
        frame_pointer = self.store_frame_pointer(instance)
        parts = [instance.trace()] if traced else []
        touched = instance.touched()
        image = self.image.copy()
        for space, (numbers, cells) in touched.items():
            image.set_rows(space, numbers, cells)
        interpreter = Interpreter(self.program, self.compiled.blocks)
        interpreter.restore(image)
        end = interpreter.segment(start, frame_pointer, Budget.unlimited(), traced)
        for space, (numbers, cells) in end.touched.items():
            image.set_rows(space, numbers, cells)
            numbers = np.union1d(numbers, touched[space][0]).astype(np.int64) if space in touched else numbers
            touched[space] = numbers, image.rows(space, numbers)
        if end.trace is not None:
            parts.append(end.trace)
        before = self.lanes.unpack(used)
        rows = {family: before.get(family, 0) + count for family, count in end.rows.items()}
        steps = sum(before.values()) + end.steps
        return SegmentEnd(end.pc, end.fp, end.status, steps, rows, touched, Trace.join(parts) if traced else None)

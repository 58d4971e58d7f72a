"""The slow interpreter: one step after the other, in the words of the table. It decides what a program does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wasm_exec.cutting import Blocks, Budget, Meter
from wasm_exec.errors import BudgetTooSmall, Trap, TrapKind
from wasm_exec.hosts import HOSTS
from wasm_exec.image import MemoryImage
from wasm_exec.instructions import BY_NUMBER, ENTERING, MASK, Family, Operation, Use
from wasm_exec.program import Program
from wasm_exec.recording import SegmentEnd, Status, Touched
from wasm_exec.spaces import (
    CELL_BYTES,
    FRAME_POINTER_LIMIT,
    FRAME_SLOTS_LIMIT,
    PAGE_BYTES,
    PAGE_CELLS,
    WASM_PAGE_BYTES,
    Space,
    SystemCell,
    size_in_bytes,
)
from wasm_exec.trace import COLUMNS, EXTRA, MEMORY, U64, Trace

READ_FROM = {Use.READ: Space.FRAMES32, Use.READ64: Space.FRAMES64}


@dataclass(slots=True)
class Step:
    """The event of one step, in the words of Trace; `d` may be a link."""

    pc: int
    fp: int
    a: int = 0
    b: int = 0
    c: int = 0
    d: int = 0
    address: int = 0
    cell0: int = 0
    cell1: int = 0
    cells: tuple[int, ...] = ()


@dataclass(frozen=True)
class Decoded:
    """An instruction with its fields taken apart."""

    operation: Operation
    d: int
    a: int
    b: int
    i: int
    j: int
    next: int

    @property
    def immediate(self) -> int:
        return self.operation.immediate(self.a, self.b, self.i, self.j)

    @property
    def target(self) -> int:
        """Where a branch goes when it is taken."""
        return self.d if self.operation.target == "d" else self.i


class Interpreter:
    def __init__(self, program: Program, blocks: Blocks | None = None) -> None:
        self.program = program
        self.blocks = blocks or Blocks(program)
        self.decoded = [Decoded(BY_NUMBER[row[1]], *row[2:]) for row in program.instructions.tolist()]
        self.pc = self.fp = 0
        self.status = int(Status.RUNNING)
        self.arrays: dict[int, U64] = {}
        self.cells: dict[int, memoryview] = {}
        self.bytes: dict[int, memoryview] = {}
        self.filled: dict[int, int] = {}  # cells that came from an image
        self.dirty: dict[int, list[npt.NDArray[np.int64]]] = {}  # pages touched since

    def restore(self, image: MemoryImage) -> None:
        for space in Space:
            if space in self.arrays:
                self.clear(space)
            else:
                frames = space in (Space.FRAMES32, Space.FRAMES64)
                limit = size_in_bytes(space, self.program.memory_limit) // CELL_BYTES
                self.arrays[space] = np.zeros(FRAME_POINTER_LIMIT + FRAME_SLOTS_LIMIT if frames else limit, dtype=np.uint64)
                self.cells[space] = self.arrays[space].data
                self.bytes[space] = self.arrays[space].data.cast("B")
            known = image.cells[space][: len(self.arrays[space])]
            self.arrays[space][: len(known)] = known
            self.filled[space], self.dirty[space] = len(known), []
        self.offered = image.offered

    def clear(self, space: int) -> None:
        """Forgets what is in the cells. New arrays would do as well, but take much longer."""
        array = self.arrays[space]
        array[: self.filled[space]] = 0
        for pages in self.dirty[space]:
            array.reshape(-1, PAGE_CELLS)[pages] = 0

    def segment(self, pc: int, fp: int, budget: Budget, traced: bool) -> SegmentEnd:
        meter = Meter(self.blocks, budget)
        self.pc, self.fp, self.status = pc, fp, int(Status.RUNNING)
        meter.enter(fp, self.program.function_at(pc).frame)
        steps = 0
        events: list[Step] = []
        rows: Counter[Family] = Counter()
        while self.status == Status.RUNNING:
            block = self.blocks.index.get(self.pc)
            if block is not None and not meter.admit(block):
                if steps == 0:
                    raise BudgetTooSmall(self.pc)
                break
            event = self.step()
            steps += 1
            rows[self.decoded[event.pc].operation.family] += 1
            if traced:
                events.append(event)
            self.observe(meter, event)
        del rows[Family.HALT]
        self.cells[Space.SYSTEM][SystemCell.FRAME_POINTER] = self.fp
        touched: Touched = {}
        for space, found in meter.touched_pages().items():
            pages = np.array(found, dtype=np.int64)
            touched[space] = pages, self.arrays[space].reshape(-1, PAGE_CELLS)[pages]
            self.dirty[space].append(pages)
        return SegmentEnd(self.pc, self.fp, self.status, steps, rows, touched, self.trace_of(events) if traced else None)

    def observe(self, meter: Meter, event: Step) -> None:
        """Tells the meter what a step has touched; a step that trapped has touched nothing."""
        if self.status != Status.RUNNING:
            return
        instruction = self.decoded[event.pc]
        if instruction.operation.width:
            space = instruction.d if instruction.operation.operands["d"] is Use.SPACE else instruction.b
            meter.touch(space, event.address, instruction.operation.width)
        elif instruction.operation.family is Family.GROW:
            meter.touch(Space.LINEAR, self.linear_bytes() - 1, 1)
        elif instruction.operation.family in ENTERING:
            meter.enter(self.fp, self.program.function_at(self.pc).frame)

    def step(self) -> Step:
        """Executes one instruction. A trap changes nothing but the status."""
        instruction = self.decoded[self.pc]
        event = Step(self.pc, self.fp)
        event.a = self.operand(instruction, "a", instruction.a)
        event.b = self.operand(instruction, "b", instruction.b)
        event.c = self.operand(instruction, "i", instruction.i)
        try:
            FAMILIES[instruction.operation.family](self, instruction, event)
        except Trap as trap:
            self.status = Status.TRAPPED + trap.kind
        return event

    def operand(self, instruction: Decoded, name: str, slot: int) -> int:
        """The value of the slot, or 0 if the field is no slot that is read."""
        space = READ_FROM.get(instruction.operation.operands.get(name, Use.KIND))
        return 0 if space is None else self.cells[space][self.fp + slot]

    def write(self, instruction: Decoded, event: Step, value: int) -> None:
        event.d = value
        wide = instruction.operation.operands["d"] is Use.WRITE64
        self.cells[Space.FRAMES64 if wide else Space.FRAMES32][self.fp + instruction.d] = value
        self.pc = instruction.next

    def compute(self, instruction: Decoded, event: Step) -> None:
        operation = instruction.operation
        b = instruction.immediate if operation.has_immediate else event.b
        self.write(instruction, event, operation.meaning(event.a, b, event.c))

    def branch(self, instruction: Decoded, event: Step) -> None:
        operation = instruction.operation
        b = instruction.immediate if operation.has_immediate else event.b
        self.pc = instruction.target if operation.meaning(event.a, b, 0) else instruction.next

    def compare(self, instruction: Decoded, event: Step) -> None:
        if instruction.operation.target:
            self.branch(instruction, event)
        else:
            self.compute(instruction, event)

    def access(self, instruction: Decoded, event: Step, space: int) -> None:
        """Fills in the address and the cells, or traps."""
        event.address = event.a + instruction.immediate
        width = instruction.operation.width
        if event.address + width > (self.linear_bytes() if space == Space.LINEAR else size_in_bytes(space, 0)):
            raise Trap(TrapKind.OUT_OF_BOUNDS)
        first, last = event.address // CELL_BYTES, (event.address + width - 1) // CELL_BYTES
        event.cell0 = self.cells[space][first]
        if last != first:
            event.cell1 = self.cells[space][last]

    def linear_bytes(self) -> int:
        """The size of the linear memory now."""
        return self.program.memory_pages * WASM_PAGE_BYTES + self.cells[Space.SYSTEM][SystemCell.GROWN_PAGES] * PAGE_BYTES

    def grow(self, instruction: Decoded, event: Step) -> None:
        """One more page of linear memory exists. The routine that does this keeps to the limit of the memory."""
        event.cell0 = self.cells[Space.SYSTEM][SystemCell.GROWN_PAGES]
        self.cells[Space.SYSTEM][SystemCell.GROWN_PAGES] = event.cell0 + 1
        self.pc = instruction.next

    def host(self, instruction: Decoded, event: Step) -> None:
        """A host function on slots of this frame."""
        host, first = HOSTS[instruction.operation.name], self.fp + instruction.d
        frames = self.cells[Space.FRAMES64]
        event.cells = tuple(frames[first : first + host.cells])
        for place, value in enumerate(host.meaning(event.cells)):
            frames[first + place] = value
        self.pc = instruction.next

    def load(self, instruction: Decoded, event: Step) -> None:
        self.access(instruction, event, instruction.b)
        found = bytes(self.bytes[instruction.b][event.address : event.address + instruction.operation.width])
        self.write(instruction, event, instruction.operation.meaning(int.from_bytes(found, "little"), 0, 0))

    def store(self, instruction: Decoded, event: Step) -> None:
        self.access(instruction, event, instruction.d)
        if instruction.operation.name == "TAKE32":
            event.b = int.from_bytes(self.offered[event.address : event.address + instruction.operation.width], "little")
        width = instruction.operation.width
        value = instruction.operation.meaning(event.a, event.b, 0)
        self.bytes[instruction.d][event.address : event.address + width] = value.to_bytes(width, "little")
        self.pc = instruction.next

    def call(self, instruction: Decoded, event: Step) -> None:
        if instruction.operation.name == "RETURN":
            event.d = self.cells[Space.FRAMES64][self.fp]
            self.pc, self.fp = event.d & 0xFFFFFFFF, event.d >> 32
            return
        frame_pointer = self.fp + instruction.d
        if frame_pointer >= FRAME_POINTER_LIMIT:
            raise Trap(TrapKind.EXHAUSTION)
        event.d = instruction.next | self.fp << 32
        self.cells[Space.FRAMES64][frame_pointer] = event.d
        self.pc, self.fp = event.a if instruction.operation.family is Family.INDIRECT else instruction.i, frame_pointer

    def halt(self, instruction: Decoded, event: Step) -> None:
        if instruction.operation.name == "TRAP":
            raise Trap(TrapKind(instruction.i))
        self.status = Status.PAUSED if instruction.operation.name == "PAUSE" else Status.EXITED

    def trace_of(self, events: list[Step]) -> Trace:
        columns = {name: np.array([getattr(event, name) & MASK for event in events], dtype=np.uint32) for name in COLUMNS}
        pairs = [(event, self.decoded[event.pc].operation) for event in events]
        extra = [[event.a >> 32, event.b >> 32, event.d >> 32, event.c] for event, operation in pairs if operation.has_extra]
        memory = [[event.address, event.cell0, event.cell1] for event, operation in pairs if operation.has_memory]
        cells = [value for event in events for value in event.cells]
        return Trace.of(columns | {"extra": np.array(extra, dtype=np.uint32).reshape(-1, len(EXTRA)),
                                   "memory": np.array(memory, dtype=np.uint64).reshape(-1, len(MEMORY)),
                                   "cells": np.array(cells, dtype=np.uint64)})


FAMILIES: dict[Family, Callable[[Interpreter, Decoded, Step], None]] = {
    **dict.fromkeys(Family, Interpreter.compute),
    Family.BRANCH: Interpreter.branch,
    Family.COMPARE: Interpreter.compare,
    Family.COMPARE64: Interpreter.compare,
    Family.LOAD: Interpreter.load,
    Family.STORE: Interpreter.store,
    Family.LOAD64: Interpreter.load,
    Family.STORE64: Interpreter.store,
    Family.CALL: Interpreter.call,
    Family.INDIRECT: Interpreter.call,
    Family.GROW: Interpreter.grow,
    Family.SHA256: Interpreter.host,
    Family.POSEIDON2: Interpreter.host,
    Family.MULMOD: Interpreter.host,
    Family.KECCAK: Interpreter.host,
    Family.HALT: Interpreter.halt,
}

"""Rows of the trace in the recorder's code for one basic block.

When tracing, every step writes the whole of its rows of the trace, zeros where it has no use for a column: the memory may still have
another trace in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wasm_exec.emit import Code
from wasm_exec.instructions import Operation
from wasm_exec.recorder_layout import SLOT_BYTES, TRACE
from wasm_exec.trace import EXTRA, MEMORY
from wasm_exec.trace_columns import BASE, EXTRA_BASE, EXTRA_ROW_BYTES, MEMORY_BASE, MEMORY_ROW_BYTES, ROW_BYTES


@dataclass
class Frame:
    """Which parameters and locals of the emitted function hold what."""

    fp: int  # frame pointer * SLOT_BYTES
    block: int
    row: int | None  # number of the block's first row * ROW_BYTES
    extra_row: int | None  # that in `extra` of the trace * EXTRA_ROW_BYTES
    memory_row: int | None  # that in `memory` of the trace * MEMORY_ROW_BYTES
    places: int | None  # the frame pointer four times, as it stands in the rows
    address: int
    link: int
    pool: dict[int, list[int]]  # by type
    touch: dict[int, int]  # helper functions by space
    hosts: dict[str, int]  # host functions by name


class BlockRows:
    def __init__(self, code: Code, frame: Frame) -> None:
        self.code = code
        self.frame = frame
        self.short: set[int] = set()  # locals of 64 bits whose upper half is known to be 0
        self.steps = self.extras = self.memories = 0  # of this block, so far: steps, and rows of `extra` and `memory` before this step
        self.has_extra = self.has_memory = False  # this step
        self.halves: dict[str, int] = {}  # of this step: locals of 64 bits for a, b, d that can have an upper half, and the local for c

    def begin_rows(self, pcs: list[int], operations: list[Operation]) -> None:
        """The block begins: says where its steps are, four or two at a time, and puts zeros where they write nothing. What reaches beyond
        the block is written over by the next one. Two positions are a number in the code; four at a time would be loaded from beside it,
        which takes a fifth longer where blocks are short."""
        code, row, places, both = self.code, self.frame.row, self.frame.places, self.frame.link
        if row is None or places is None:
            return
        code.get(self.frame.fp).const32(SLOT_BYTES.bit_length() - 1).op("i32.shr_u")
        if len(pcs) > 2:
            code.four_times().tee(places).first_half().set(both)
        else:
            code.op("i64.extend_i32_u").const64(1 << 32 | 1).op("i64.mul").set(both)
        for first in range(0, len(pcs), 2):
            code.get(row).const64(sum(pc << 32 * place for place, pc in enumerate(pcs[first : first + 2])))
            code.access("i64.store", TRACE, BASE["pc"] + ROW_BYTES * first)
        for first in range(0, len(pcs), 4):
            offset = ROW_BYTES * first
            if len(pcs) - first > 2:
                code.get(row, places).store128(TRACE, BASE["fp"] + offset)
            else:
                code.get(row, both).access("i64.store", TRACE, BASE["fp"] + offset)
            for column in ("a", "b", "d"):
                empty = [place for place, operation in enumerate(operations[first : first + 4]) if column not in operation.traced]
                self.put_zeros(empty, BASE[column] + offset)

    def put_zeros(self, rows: list[int], start: int) -> None:
        """Into these of four rows at least; the others are written later."""
        if not rows or self.frame.row is None:
            return
        self.code.get(self.frame.row)
        if len(rows) == 1:
            self.code.const32(0).access("i32.store", TRACE, start + ROW_BYTES * rows[0])
        elif rows[-1] - rows[0] == 1:
            self.code.const64(0).access("i64.store", TRACE, start + ROW_BYTES * rows[0])
        else:
            self.code.zeros128().store128(TRACE, start)

    def begin_row(self, operation: Operation) -> None:
        """A step begins; its rows are the next ones."""
        self.end_row()
        self.steps += 1
        self.extras, self.memories = self.extras + self.has_extra, self.memories + self.has_memory
        self.has_extra, self.has_memory = operation.has_extra, operation.has_memory

    def note(self, column: str, local: int, wide: bool) -> None:
        """Puts the value of a local into this column of the row of the step, when tracing."""
        if self.frame.row is None:
            return
        if column not in EXTRA:
            self.code.get(self.frame.row, local)
            self.code.access("i64.store32" if wide else "i32.store", TRACE, BASE[column] + ROW_BYTES * (self.steps - 1))
        if column in EXTRA or wide and local not in self.short:
            self.halves[column] = local

    def end_row(self) -> None:
        """The row of the step in `extra`, two of its columns at a time."""
        row = self.frame.extra_row
        if row is None or not self.has_extra:
            return
        start = EXTRA_BASE + EXTRA_ROW_BYTES * self.extras
        if not self.halves:
            self.code.get(row).zeros128().store128(TRACE, start)
            return
        for place, (low, high) in enumerate((("a", "b"), ("d", "c"))):
            self.code.get(row)
            if low in self.halves:
                self.code.get(self.halves[low]).const64(32).op("i64.shr_u")
            if high in self.halves:
                self.code.get(self.halves[high])
                if high == "c":
                    self.code.op("i64.extend_i32_u").const64(32).op("i64.shl")
                else:
                    self.code.const64(0xFFFFFFFF << 32).op("i64.and")
            if low in self.halves and high in self.halves:
                self.code.op("i64.or")
            elif low not in self.halves and high not in self.halves:
                self.code.const64(0)
            self.code.access("i64.store", TRACE, start + 8 * place)
        self.halves = {}

    def note_memory(self, column: str, value: Callable[[], Code] | None = None) -> None:
        """Puts the value, or zero, into this column of the row of `memory`, when tracing."""
        if self.frame.memory_row is not None:
            code = self.code.get(self.frame.memory_row)
            (code.const64(0) if value is None else value()).access(
                "i64.store", TRACE, MEMORY_BASE + MEMORY_ROW_BYTES * self.memories + 8 * MEMORY.index(column))

    def end_rows(self) -> None:
        """The block has run to its end: its rows stay."""
        self.end_row()
        for local, count, size in (
            (self.frame.row, self.steps, ROW_BYTES), (self.frame.extra_row, self.extras + self.has_extra, EXTRA_ROW_BYTES),
            (self.frame.memory_row, self.memories + self.has_memory, MEMORY_ROW_BYTES),
        ):
            if local is not None and count:
                self.code.get(local).const32(size * count).op("i32.add").set(local)

"""Slots and the log in the recorder's code for one basic block: a slot is read once and written once, in between its value is a local.

When logging, a block writes one record of fixed size: the frame pointer, every slot value that it reads from outside, every result
that is not known from those, and the cells that it is about to change or read.
"""

from __future__ import annotations

from dataclasses import dataclass

from wasm_exec.emit import I32, I64, Code
from wasm_exec.instructions import Use
from wasm_exec.interpreter import Decoded
from wasm_exec.record_shape import Known, Shape, Source
from wasm_exec.recorder_layout import LINK_BYTES, LOG, MACHINE, SLOT_BYTES, Layout
from wasm_exec.spaces import Space

Slot = tuple[int, bool]  # number, whether 64 bits


@dataclass
class Frame:
    """Which parameters and locals of the emitted function hold what."""

    fp: int  # frame pointer * SLOT_BYTES
    block: int
    log: int | None
    ids: int | None
    address: int
    link: int
    pool: dict[int, list[int]]  # by type
    touch: dict[int, int]  # helper functions by space


class BlockSlots:
    def __init__(self, code: Code, frame: Frame, layout: Layout, memory_pages: int, number: int, trap_depth: int) -> None:
        self.code = code
        self.frame = frame
        self.layout = layout
        self.memory_pages = memory_pages
        self.number = number  # of the block in its function
        self.trap_depth = trap_depth
        self.used = {I32: 0, I64: 0}
        self.locals: dict[Slot, int] = {}
        self.sources: dict[Slot, Source] = {}
        self.dirty: dict[Slot, None] = {}
        self.shape = Shape()
        self.row: dict[str, Source] = {}

    # Slots

    def fresh(self, wide: bool) -> int:
        kind = I64 if wide else I32
        pool = self.frame.pool[kind]
        if self.used[kind] == len(pool):
            pool.append(self.code.new_local(kind))
        self.used[kind] += 1
        return pool[self.used[kind] - 1]

    def put_address(self, wide: bool) -> None:
        """The byte address of the frame, on the stack."""
        self.code.get(self.frame.fp)
        if wide:
            self.code.const32(1).op("i32.shl")

    def read(self, slot: Slot) -> int:
        """The local with the value of a slot."""
        if slot not in self.locals:
            wide = slot[1]
            local = self.fresh(wide)
            self.put_address(wide)
            self.code.access("i64.load" if wide else "i32.load", MACHINE, self.slot_offset(slot)).set(local)
            self.locals[slot] = local
            self.sources[slot] = self.log_value(local, wide)
        return self.locals[slot]

    def operand(self, name: str, item: Decoded, field: str = "") -> int:
        field = field or name
        slot = getattr(item, field), item.operation.operands[field] is Use.READ64
        local = self.read(slot)
        self.row[name] = self.sources[slot]
        return local

    def write(self, item: Decoded, source: Source | None = None) -> None:
        """The value on the stack becomes the value of slot d."""
        slot = item.d, item.operation.operands["d"] is Use.WRITE64
        local = self.fresh(slot[1])
        self.code.set(local)
        self.locals[slot] = local
        self.sources[slot] = self.log_value(local, slot[1]) if source is None else source
        self.row["d"] = self.sources[slot]
        self.dirty[slot] = None

    def flush(self) -> None:
        for slot in self.dirty:
            self.put_address(slot[1])
            self.code.get(self.locals[slot]).access("i64.store" if slot[1] else "i32.store", MACHINE, self.slot_offset(slot))

    def slot_offset(self, slot: Slot) -> int:
        number, wide = slot
        return self.layout.base[Space.FRAMES64] + LINK_BYTES * number if wide else self.layout.base[Space.FRAMES32] + SLOT_BYTES * number

    # The log

    def log_value(self, local: int, wide: bool) -> Source:
        if self.frame.log is None:
            return Known(0)
        place = self.shape.take(2 if wide else 1)
        self.code.get(self.frame.log, local).access("i64.store" if wide else "i32.store", LOG, 4 * place.position)
        return place

    def begin_record(self, identifier: int) -> None:
        if self.frame.log is None or self.frame.ids is None:
            return
        self.code.get(self.frame.ids).const32(identifier).access("i32.store", LOG, 0)
        self.code.get(self.frame.ids).const32(4).op("i32.add").set(self.frame.ids)
        self.code.get(self.frame.log, self.frame.fp).access("i32.store", LOG, 0)

    def end_record(self) -> None:
        if self.frame.log is not None:
            self.code.get(self.frame.log).const32(4 * self.shape.size).op("i32.add").set(self.frame.log)

    # Traps: the segment is run again up to this block, and the interpreter does the rest

    def trap_if(self) -> None:
        self.code.block("if")
        self.trap(1)
        self.code.end()

    def trap(self, inside: int = 0) -> None:
        self.code.const32(self.number).set(self.frame.block).branch("br", self.trap_depth + inside)

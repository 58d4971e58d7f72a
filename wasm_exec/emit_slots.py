"""Slots in the recorder's code for one basic block: each is read once and written once, in between its value is a local."""

from __future__ import annotations

from wasm_exec.emit import I32, I64, Code
from wasm_exec.emit_rows import BlockRows, Frame
from wasm_exec.instructions import Use
from wasm_exec.interpreter import Decoded
from wasm_exec.recorder_layout import LINK_BYTES, MACHINE, SLOT_BYTES, Layout
from wasm_exec.spaces import Space

Slot = tuple[int, bool]  # number, whether 64 bits


class BlockSlots(BlockRows):
    def __init__(self, code: Code, frame: Frame, layout: Layout, memory_pages: int, number: int, trap_depth: int) -> None:
        super().__init__(code, frame)
        self.layout = layout
        self.memory_pages = memory_pages
        self.number = number  # of the block in its function
        self.trap_depth = trap_depth
        self.used = {I32: 0, I64: 0}
        self.locals: dict[Slot, int] = {}
        self.dirty: dict[Slot, None] = {}

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
        return self.locals[slot]

    def operand(self, name: str, item: Decoded, field: str = "") -> int:
        field = field or name
        slot = getattr(item, field), item.operation.operands[field] is Use.READ64
        local = self.read(slot)
        self.note(name, local, slot[1])
        return local

    def write(self, item: Decoded) -> None:
        """The value on the stack becomes the value of slot d."""
        slot = item.d, item.operation.operands["d"] is Use.WRITE64
        short = slot[1] and self.is_short(item)
        local = self.fresh(slot[1])
        if short:
            self.short.add(local)
        self.code.set(local)
        self.locals[slot] = local
        self.note("d", local, slot[1])
        self.dirty[slot] = None

    def is_short(self, item: Decoded) -> bool:
        """Whether the upper half of what this operation writes is 0, whatever it reads. That half of a fresh trace is 0 already."""
        match item.operation.name:
            case "EXTEND_U" | "CLZ64" | "CTZ64" | "POPCNT64":
                return True
            case "CONST64" | "AND64I":
                return not item.immediate >> 32
            case "SHR_U64I":
                return item.immediate >= 32
            case "COPY64":
                return self.locals.get((item.a, True)) in self.short
            case "AND64":
                return bool(self.short & {self.locals.get((item.a, True)), self.locals.get((item.b, True))})
            case "OR64" | "XOR64" | "SELECT64":
                return self.short >= {self.locals.get((item.a, True)), self.locals.get((item.b, True))}
            case _:
                return False

    def flush(self) -> None:
        for slot in self.dirty:
            self.put_address(slot[1])
            self.code.get(self.locals[slot]).access("i64.store" if slot[1] else "i32.store", MACHINE, self.slot_offset(slot))

    def slot_offset(self, slot: Slot) -> int:
        number, wide = slot
        return self.layout.base[Space.FRAMES64] + LINK_BYTES * number if wide else self.layout.base[Space.FRAMES32] + SLOT_BYTES * number

    # Traps: the segment is run again up to this block, and the interpreter does the rest

    def trap_if(self) -> None:
        self.code.block("if")
        self.trap(1)
        self.code.end()

    def trap(self, inside: int = 0) -> None:
        self.code.const32(self.number).set(self.frame.block).branch("br", self.trap_depth + inside)

"""The recorder's code for one basic block: slots are read once and written once, values live in locals in between.

When logging, a block writes one record of fixed size: the frame pointer, every slot value that it reads from outside, every result
that is not known from those, and the cells that it is about to change or read.
"""

from __future__ import annotations

from dataclasses import dataclass

from wasm_exec.emit import I32, I64, Code
from wasm_exec.instructions import Family, Use
from wasm_exec.interpreter import Decoded
from wasm_exec.record_shape import Known, Shape, Source
from wasm_exec.recorder_layout import GUEST, LINK_BYTES, LOG, MACHINE, SLOT_BYTES, Layout
from wasm_exec.spaces import CELL_BYTES, FRAME_POINTER_LIMIT, PAGE_BITS, WASM_PAGE_BYTES, Space, SystemCell, size_in_bytes

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


PLAIN = "ADD SUB MUL DIV_U DIV_S REM_U REM_S AND OR XOR SHL SHR_U SHR_S ROTL ROTR EQ NE LT_U LT_S GE_U GE_S CLZ CTZ POPCNT".split()
WASM_NAMES = {name + suffix: f"{kind}.{name.lower()}" for name in PLAIN for kind, suffix in (("i32", ""), ("i64", "64"))}
WASM_NAMES |= {name + "I": text for name, text in WASM_NAMES.items()}
WASM_NAMES |= {"LOAD32": "i32.load", "STORE32": "i32.store", "LOAD64": "i64.load", "STORE64": "i64.store"}
WASM_NAMES |= {"WRAP": "i32.wrap_i64", "EXTEND_U": "i64.extend_i32_u", "EXTEND_S": "i64.extend_i32_s"}
WASM_NAMES |= {f"{kind}{bits}{sign}": f"i32.{kind.lower()}{bits}{sign.lower()}"
               for kind, signs in (("LOAD", ("_U", "_S")), ("STORE", ("",))) for bits in (8, 16) for sign in signs}


class BlockEmitter:
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

    # Instructions

    def instruction(self, item: Decoded) -> None:
        """Everything but branches, calls and halts, which the dispatcher adds."""
        self.row = {}
        self.shape.steps.append(self.row)
        match item.operation.family:
            case Family.LOAD | Family.LOAD64:
                self.load(item)
            case Family.STORE | Family.STORE64:
                self.store(item)
            case Family.DIV | Family.DIV64:
                self.divide(item)
            case Family.MOVE | Family.SELECT | Family.MOVE64 | Family.SELECT64:
                self.move(item)
            case Family.GROW:
                self.grow()
            case _:
                self.compute(item)

    def compute(self, item: Decoded) -> None:
        self.code.get(self.operand("a", item))
        operands = item.operation.operands
        if item.operation.has_immediate:
            self.constant(item.immediate, operands["a"] is Use.READ64)
        elif "b" in operands:
            self.code.get(self.operand("b", item))
        if item.operation.name == "MULHIGH64":
            self.code.multiply_wide().set(self.frame.link).op("drop").get(self.frame.link)
        else:
            self.code.op(WASM_NAMES[item.operation.name])
        self.write(item)

    def constant(self, value: int, wide: bool) -> None:
        if wide:
            self.code.const64(value)
        else:
            self.code.const32(value)

    def divide(self, item: Decoded) -> None:
        wide = item.operation.family is Family.DIV64
        kind = "i64" if wide else "i32"
        a, b = self.operand("a", item), self.operand("b", item)
        self.code.get(b).op(f"{kind}.eqz")
        if item.operation.name.startswith("DIV_S"):
            self.code.get(a)
            self.constant(1 << (63 if wide else 31), wide)
            self.code.op(f"{kind}.eq").get(b)
            self.constant(-1, wide)
            self.code.op(f"{kind}.eq", "i32.and", "i32.or")
        self.trap_if()
        self.code.get(a, b).op(WASM_NAMES[item.operation.name])
        self.write(item)

    def move(self, item: Decoded) -> None:
        match item.operation.name:
            case "CONST" | "CONST64":
                self.constant(item.immediate, item.operation.name == "CONST64")
                self.write(item, Known(item.immediate))
            case "COPY" | "COPY64":
                self.code.get(self.operand("a", item))
                self.write(item, self.row["a"])
            case _:
                self.code.get(self.operand("a", item), self.operand("b", item), self.operand("c", item, "i")).op("select")
                self.write(item)

    def grow(self) -> None:
        """Counts one page more in its system cell, and touches it."""
        code, cell = self.code, self.layout.base[Space.SYSTEM] + CELL_BYTES * SystemCell.GROWN_PAGES
        code.const32(0).access("i64.load", MACHINE, cell).set(self.frame.address)
        if self.frame.log is not None:
            place = self.shape.take(2)
            self.row["cell0"] = place
            code.get(self.frame.log, self.frame.address).access("i64.store", LOG, 4 * place.position)
        code.const32(0).get(self.frame.address).const64(1).op("i64.add").access("i64.store", MACHINE, cell)
        code.get(self.frame.address).const64(PAGE_BITS).op("i64.shl").const64(self.memory_pages * WASM_PAGE_BYTES).op("i64.add")
        code.const64(0).const32(3).call(self.frame.touch[Space.LINEAR]).op("drop")

    def load(self, item: Decoded) -> None:
        a = self.operand("a", item)
        self.locate(item, a, item.b, written=False)
        memory, base = self.place(item.b)
        self.code.get(a).access(WASM_NAMES[item.operation.name], memory, base + item.immediate)
        self.write(item)

    def store(self, item: Decoded) -> None:
        a, b = self.operand("a", item), self.operand("b", item)
        self.locate(item, a, item.d, written=True)
        memory, base = self.place(item.d)
        self.code.get(a, b).access(WASM_NAMES[item.operation.name], memory, base + item.immediate)

    def place(self, space: int) -> tuple[int, int]:
        return (GUEST, 0) if space == Space.LINEAR else (MACHINE, self.layout.base[space])

    def locate(self, item: Decoded, a: int, space: int, written: bool) -> None:
        """Tests the bounds, marks the pages, logs the cells."""
        code, width, address = self.code, item.operation.width, self.frame.address
        code.get(a).op("i64.extend_i32_u")
        if item.immediate:
            code.const64(item.immediate).op("i64.add")
        code.set(address)
        if space != Space.LINEAR:
            code.get(address).const64(size_in_bytes(space, self.memory_pages) - width).op("i64.gt_u")
            self.trap_if()
        flags = self.layout.flags[space]
        code.get(address).const64(PAGE_BITS).op("i64.shr_u", "i32.wrap_i64").access("i32.load8_u", MACHINE, flags)
        if width > 1:
            code.get(address).const64(width - 1).op("i64.add").const64(PAGE_BITS).op("i64.shr_u", "i32.wrap_i64")
            code.access("i32.load8_u", MACHINE, flags).op("i32.and")
        if written:
            code.const32(2).op("i32.and")
        code.op("i32.eqz").block("if")
        code.get(address).const64(width - 1).const32(3 if written else 1).call(self.frame.touch[space])
        code.block("if")
        self.trap(2)
        code.end().end()
        if self.frame.log is not None:
            self.log_cell("cell0", space, 0)
            if width > 1:
                self.log_cell("cell1", space, width - 1)

    def log_cell(self, name: str, space: int, ahead: int) -> None:
        """The cell of the byte `ahead` of the address. The reader of the log drops cell1 when it is the same cell."""
        assert self.frame.log is not None
        memory, base = self.place(space)
        place = self.shape.take(2)
        self.row[name] = place
        self.code.get(self.frame.log, self.frame.address)
        if ahead:
            self.code.const64(ahead).op("i64.add")
        self.code.op("i32.wrap_i64").const32(-CELL_BYTES).op("i32.and").access("i64.load", memory, base)
        self.code.access("i64.store", LOG, 4 * place.position)

    # Steps that end a block; the slots have been flushed when control leaves

    def condition(self, item: Decoded) -> int:
        self.row = {}
        self.shape.steps.append(self.row)
        return self.operand("a", item)

    def call(self, item: Decoded) -> None:
        self.shape.steps.append({})
        self.enter(item)

    def enter(self, item: Decoded) -> None:
        """Writes the link, if the frame of the callee fits."""
        code, grow = self.code, SLOT_BYTES * item.d
        code.get(self.frame.fp).const32(SLOT_BYTES * FRAME_POINTER_LIMIT - grow).op("i32.ge_s")
        self.trap_if()
        self.flush()
        offset = self.layout.base[Space.FRAMES64] + LINK_BYTES * item.d
        code.get(self.frame.fp).const32(1).op("i32.shl")
        code.get(self.frame.fp).op("i64.extend_i32_u").const64(30).op("i64.shl").const64(item.next).op("i64.or")
        code.access("i64.store", MACHINE, offset)
        self.end_record()

    def leave(self) -> None:
        """Reads the link into its local."""
        row: dict[str, Source] = {}
        self.shape.steps.append(row)
        self.flush()
        self.code.get(self.frame.fp).const32(1).op("i32.shl").access("i64.load", MACHINE, self.layout.base[Space.FRAMES64])
        self.code.set(self.frame.link)
        if self.frame.log is not None:
            place = self.shape.take(2)
            row["link"] = place
            self.code.get(self.frame.log, self.frame.link).access("i64.store", LOG, 4 * place.position)
        self.end_record()


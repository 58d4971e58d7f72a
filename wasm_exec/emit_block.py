"""The recorder's code for the instructions of one basic block. Slots are in emit_slots, rows of the trace in emit_rows."""

from __future__ import annotations

from wasm_exec.emit import Code
from wasm_exec.emit_slots import BlockSlots
from wasm_exec.instructions import JUMPING, Family, Use
from wasm_exec.interpreter import Decoded
from wasm_exec.recorder_layout import GUEST, LINK_BYTES, MACHINE, SLOT_BYTES, STATE_CELLS, TRACE
from wasm_exec.spaces import CELL_BYTES, FRAME_POINTER_LIMIT, PAGE_BITS, WASM_PAGE_BYTES, Space, SystemCell, size_in_bytes
from wasm_exec.trace_columns import CELLS_BASE

PLAIN = "ADD SUB MUL DIV_U DIV_S REM_U REM_S AND OR XOR SHL SHR_U SHR_S ROTL ROTR EQ NE LT_U LT_S GE_U GE_S CLZ CTZ POPCNT".split()
WASM_NAMES = {name + suffix: f"{kind}.{name.lower()}" for name in PLAIN for kind, suffix in (("i32", ""), ("i64", "64"))}
WASM_NAMES |= {name + "I": text for name, text in WASM_NAMES.items()}
WASM_NAMES |= {"LOAD32": "i32.load", "STORE32": "i32.store", "LOAD64": "i64.load", "STORE64": "i64.store"}
WASM_NAMES |= {"WRAP": "i32.wrap_i64", "EXTEND_U": "i64.extend_i32_u", "EXTEND_S": "i64.extend_i32_s"}
WASM_NAMES |= {f"{kind}{bits}{sign}": f"i32.{kind.lower()}{bits}{sign.lower()}"
               for kind, signs in (("LOAD", ("_U", "_S")), ("STORE", ("",))) for bits in (8, 16) for sign in signs}


class BlockEmitter(BlockSlots):
    # Instructions

    def instruction(self, item: Decoded) -> None:
        """Everything but branches, calls and halts, which the dispatcher adds."""
        self.begin_row(item.operation)
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
            case Family.SHA256 | Family.POSEIDON2 | Family.MULMOD | Family.KECCAK:
                self.host(item)
            case _:
                self.compute(item)

    def compute(self, item: Decoded) -> None:
        self.operands(item)
        if item.operation.name == "MULHIGH64":
            self.code.multiply_wide().set(self.frame.link).op("drop").get(self.frame.link)
        else:
            self.code.op(WASM_NAMES[item.operation.name])
        self.write(item)

    def operands(self, item: Decoded) -> None:
        """Puts slot a on the stack, and slot b or the immediate, if there is one."""
        self.code.get(self.operand("a", item))
        operands = item.operation.operands
        if item.operation.has_immediate:
            self.constant(item.immediate, operands["a"] is Use.READ64)
        elif "b" in operands:
            self.code.get(self.operand("b", item))

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
                self.write(item)
            case "COPY" | "COPY64":
                self.code.get(self.operand("a", item))
                self.write(item)
            case _:
                self.code.get(self.operand("a", item), self.operand("b", item), self.operand("c", item, "i")).op("select")
                self.write(item)

    def grow(self) -> None:
        """Counts one page more in its system cell, and touches it."""
        code, cell = self.code, self.layout.base[Space.SYSTEM] + CELL_BYTES * SystemCell.GROWN_PAGES
        code.const32(0).access("i64.load", MACHINE, cell).set(self.frame.address)
        self.note_memory("address")
        self.note_memory("cell0", lambda: code.get(self.frame.address))
        self.note_memory("cell1")
        code.const32(0).get(self.frame.address).const64(1).op("i64.add").access("i64.store", MACHINE, cell)
        code.get(self.frame.address).const64(PAGE_BITS).op("i64.shl").const64(self.memory_pages * WASM_PAGE_BYTES).op("i64.add")
        code.const64(0).const32(3).call(self.frame.touch[Space.LINEAR]).op("drop")

    def host(self, item: Decoded) -> None:
        """Slots go to memory, where the function finds them. What they hold before is noted when tracing."""
        code, cells = self.code, item.operation.cells
        self.flush()
        self.dirty.clear()
        if self.frame.row is not None:
            code.const32(0).access("i32.load", MACHINE, STATE_CELLS).const32(CELLS_BASE).op("i32.add")
            self.put_cell_address(item.d)
            code.const32(CELL_BYTES * cells).copy_memory(TRACE, MACHINE)
            code.const32(0).const32(0).access("i32.load", MACHINE, STATE_CELLS).const32(CELL_BYTES * cells).op("i32.add")
            code.access("i32.store", MACHINE, STATE_CELLS)
        self.put_cell_address(item.d)
        code.call(self.frame.hosts[item.operation.name])
        for slot in range(item.d, item.d + cells):
            self.locals.pop((slot, True), None)

    def put_cell_address(self, slot: int) -> None:
        self.put_address(True)
        self.code.const32(self.slot_offset((slot, True))).op("i32.add")

    def load(self, item: Decoded) -> None:
        a = self.operand("a", item)
        self.locate(item, a, item.b, written=False)
        memory, base = self.place(item.b)
        self.code.get(a).access(WASM_NAMES[item.operation.name], memory, base + item.immediate)
        self.write(item)

    def store(self, item: Decoded) -> None:
        a = self.operand("a", item)
        takes = item.operation.name == "TAKE32"
        b = self.fresh(False) if takes else self.operand("b", item)
        self.locate(item, a, item.d, written=True)
        memory, base = self.place(item.d)
        if takes:
            self.code.get(a).access("i32.load", MACHINE, self.layout.offered + item.immediate).set(b)
            self.note("b", b, False)
        self.code.get(a, b).access(WASM_NAMES["STORE32" if takes else item.operation.name], memory, base + item.immediate)

    def place(self, space: int) -> tuple[int, int]:
        return (GUEST, 0) if space == Space.LINEAR else (MACHINE, self.layout.base[space])

    def locate(self, item: Decoded, a: int, space: int, written: bool) -> None:
        """Tests the bounds, marks the pages, notes the cells."""
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
        if self.frame.row is not None:
            self.note_memory("address", lambda: code.get(address))
            self.note_memory("cell0", lambda: self.cell(space, 0))
            self.note_memory("cell1")
            if width > 1:
                code.get(address).op("i32.wrap_i64").const32(CELL_BYTES - 1).op("i32.and").const32(CELL_BYTES - width).op("i32.gt_u")
                code.block("if")
                self.note_memory("cell1", lambda: self.cell(space, width - 1))
                code.end()

    def cell(self, space: int, ahead: int) -> Code:
        """The cell of the byte `ahead` of the address, on the stack."""
        memory, base = self.place(space)
        self.code.get(self.frame.address).const64(ahead).op("i64.add", "i32.wrap_i64").const32(-CELL_BYTES).op("i32.and")
        return self.code.access("i64.load", memory, base)

    # Steps that end a block; the slots have been flushed when control leaves

    def condition(self, item: Decoded) -> int:
        self.begin_row(item.operation)
        return self.operand("a", item)

    def taken(self, item: Decoded) -> None:
        """Puts on the stack whether a branch is taken."""
        self.begin_row(item.operation)
        self.operands(item)
        match item.operation.name:
            case "BRNZ":
                pass
            case "BRZ":
                self.code.op("i32.eqz")
            case name:
                self.code.op(WASM_NAMES[name.removeprefix(JUMPING)])

    def enter(self, item: Decoded) -> None:
        """Writes the link, if the frame of the callee fits."""
        code, grow = self.code, SLOT_BYTES * item.d
        code.get(self.frame.fp).const32(SLOT_BYTES * FRAME_POINTER_LIMIT - grow).op("i32.ge_s")
        self.trap_if()
        self.flush()
        offset = self.layout.base[Space.FRAMES64] + LINK_BYTES * item.d
        code.get(self.frame.fp).const32(1).op("i32.shl")
        code.get(self.frame.fp).op("i64.extend_i32_u").const64(30).op("i64.shl").const64(item.next).op("i64.or").tee(self.frame.link)
        code.access("i64.store", MACHINE, offset)
        self.note("d", self.frame.link, wide=True)
        self.end_rows()

    def leave(self, item: Decoded) -> None:
        """Reads the link into its local."""
        self.begin_row(item.operation)
        self.flush()
        self.code.get(self.frame.fp).const32(1).op("i32.shl").access("i64.load", MACHINE, self.layout.base[Space.FRAMES64])
        self.code.set(self.frame.link)
        self.note("d", self.frame.link, wide=True)
        self.end_rows()


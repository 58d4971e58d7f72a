"""Routines in register code that read, write, grow, fill and copy tables, and find the function of an indirect call."""

from __future__ import annotations

from wasm_exec.assembler import Assembler, Label
from wasm_exec.errors import TrapKind
from wasm_exec.places import Sized
from wasm_exec.routines_memory import copy_loop, put_size, require_range
from wasm_exec.spaces import CELL_BYTES, Space

CELL_SHIFT = CELL_BYTES.bit_length() - 1
TYPE_OFFSET = 4  # in the cell of a function


def require_index(code: Assembler, table: Sized, index: int, test: int, kind: TrapKind) -> None:
    """Traps unless the index is in the table."""
    known = Label()
    put_size(code, table, test)
    code.emit("JUMP_LT_U", a=index, b=test, target=known)
    code.emit("TRAP", condition=kind)
    code.place(known)


def function_of(table: Sized, type_number: int) -> Assembler:
    """call_indirect: index -> pc of a function of this type."""
    code = Assembler("table.function")
    index, test = 0, 1
    right, present = Label(), Label()
    require_index(code, table, index, test, TrapKind.UNDEFINED_ELEMENT)
    code.emit("SHLI", d=index, a=index, immediate=CELL_SHIFT)
    code.emit("LOAD32", d=index, a=index, b=Space.TABLES, immediate=table.base)
    code.emit("LOAD32", d=test, a=index, b=Space.TABLES, immediate=TYPE_OFFSET)
    code.emit("JUMP_EQI", a=test, immediate=type_number, target=right)
    code.emit("BRNZ", a=index, target=present)
    code.emit("TRAP", condition=TrapKind.UNINITIALIZED_ELEMENT)
    code.place(present)
    code.emit("TRAP", condition=TrapKind.INDIRECT_CALL_MISMATCH)
    code.place(right)
    code.emit("LOAD32", d=0, a=index, b=Space.TABLES)
    code.emit("RETURN")
    return code


def get(table: Sized) -> Assembler:
    code = Assembler("table.get")
    index, test = 0, 1
    require_index(code, table, index, test, TrapKind.TABLE_OUT_OF_BOUNDS)
    code.emit("SHLI", d=index, a=index, immediate=CELL_SHIFT)
    code.emit("LOAD32", d=0, a=index, b=Space.TABLES, immediate=table.base)
    code.emit("RETURN")
    return code


def put(table: Sized) -> Assembler:
    """table.set: (index, value)"""
    code = Assembler("table.set")
    index, value, test = 0, 1, 2
    require_index(code, table, index, test, TrapKind.TABLE_OUT_OF_BOUNDS)
    code.emit("SHLI", d=index, a=index, immediate=CELL_SHIFT)
    code.emit("STORE32", d=Space.TABLES, a=index, b=value, immediate=table.base)
    code.emit("RETURN")
    return code


def fill_loop(code: Assembler, table: Sized, place: int, value: int, count: int) -> None:
    """`count` entries from the entry `place` on; both slots are used up."""
    again, done = Label(), Label()
    code.emit("SHLI", d=place, a=place, immediate=CELL_SHIFT)
    code.emit("BRZ", a=count, target=done)
    code.place(again)
    code.emit("STORE32", d=Space.TABLES, a=place, b=value, immediate=table.base)
    code.emit("ADDI", d=place, a=place, immediate=CELL_BYTES)
    code.emit("ADDI", d=count, a=count, immediate=0xFFFFFFFF)
    code.emit("BRNZ", a=count, target=again)
    code.place(done)


def fill(table: Sized) -> Assembler:
    """(index, value, count)"""
    code = Assembler("table.fill")
    place, value, count, size, test = 0, 1, 2, 3, 4
    put_size(code, table, size)
    require_range(code, place, count, size, test, TrapKind.TABLE_OUT_OF_BOUNDS)
    fill_loop(code, table, place, value, count)
    code.emit("RETURN")
    return code


def grow(table: Sized) -> Assembler:
    """(value, count) -> how many entries there were, or -1"""
    code = Assembler("table.grow")
    value, count, old, test, zero = 0, 1, 2, 3, 4
    fits = Label()
    assert table.global_index is not None
    put_size(code, table, old)
    code.emit("CONST", d=test, immediate=table.limit)
    code.emit("SUB", d=test, a=test, b=old)
    code.emit("JUMP_GE_U", a=test, b=count, target=fits)
    code.emit("CONST", d=0, immediate=0xFFFFFFFF)
    code.emit("RETURN")
    code.place(fits)
    code.emit("CONST", d=zero)
    code.emit("ADD", d=test, a=old, b=count)
    code.emit("STORE32", d=Space.GLOBALS, a=zero, b=test, immediate=CELL_BYTES * table.global_index)
    code.emit("COPY", d=test, a=old)
    fill_loop(code, table, test, value, count)
    code.emit("COPY", d=0, a=old)
    code.emit("RETURN")
    return code


def copy(target: Sized, source: Sized) -> Assembler:
    """table.copy and table.init: (to, from, count); tables may overlap with themselves."""
    code = Assembler("table.copy")
    to, start, count, size, test, scratch = 0, 1, 2, 3, 4, 5
    backwards = Label()
    for sized, place in ((target, to), (source, start)):
        put_size(code, sized, size)
        require_range(code, place, count, size, test, TrapKind.TABLE_OUT_OF_BOUNDS)
    code.emit("LT_U", d=test, a=start, b=to)
    for slot in (to, start, count):
        code.emit("SHLI", d=slot, a=slot, immediate=CELL_SHIFT)
    code.emit("BRNZ", a=test, target=backwards)
    copy_loop(code, Space.TABLES, start, source.base, Space.TABLES, to, target.base, count, scratch, CELL_BYTES)
    code.emit("RETURN")
    code.place(backwards)
    for slot in (to, start):
        code.emit("ADD", d=slot, a=slot, b=count)
    copy_loop(code, Space.TABLES, start, source.base, Space.TABLES, to, target.base, count, scratch, CELL_BYTES, forward=False)
    code.emit("RETURN")
    return code

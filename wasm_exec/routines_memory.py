"""Routines in register code that grow, fill, copy and initialise linear memory. Every step costs one row, whatever the length."""

from __future__ import annotations

from wasm_exec.assembler import Assembler, Label
from wasm_exec.errors import TrapKind
from wasm_exec.places import Sized
from wasm_exec.spaces import CELL_BYTES, PAGES_PER_WASM_PAGE, WASM_PAGE_BYTES, Space, SystemCell

GROWN = CELL_BYTES * SystemCell.GROWN_PAGES
PAGE_SHIFT = WASM_PAGE_BYTES.bit_length() - 1
UNROLLED_SHIFT = 3
GROWN_SHIFT = PAGES_PER_WASM_PAGE.bit_length() - 1


def put_size(code: Assembler, sized: Sized, slot: int) -> None:
    """The size of a table or segment into a slot."""
    code.emit("CONST", d=slot, immediate=sized.size if sized.global_index is None else 0)
    if sized.global_index is not None:
        code.emit("LOAD32", d=slot, a=slot, b=Space.GLOBALS, immediate=CELL_BYTES * sized.global_index)


def put_memory_bytes(code: Assembler, minimum: int, grows: bool, slot: int) -> None:
    code.emit("CONST", d=slot, immediate=0 if grows else minimum << PAGE_SHIFT)
    if grows:
        code.emit("LOAD32", d=slot, a=slot, b=Space.SYSTEM, immediate=GROWN)
        code.emit("SHLI", d=slot, a=slot, immediate=PAGE_SHIFT - GROWN_SHIFT)
        code.emit("ADDI", d=slot, a=slot, immediate=minimum << PAGE_SHIFT)


def require_range(code: Assembler, place: int, count: int, size: int, test: int, kind: TrapKind) -> None:
    """Traps unless place + count <= size, without an overflow."""
    fits, end = Label(), Label()
    code.emit("JUMP_LT_U", a=size, b=count, target=fits)
    code.emit("SUB", d=test, a=size, b=count)
    code.emit("JUMP_GE_U", a=test, b=place, target=end)
    code.place(fits)
    code.emit("TRAP", condition=kind)
    code.place(end)


def copy_loop(
    code: Assembler, source: Space, from_slot: int, from_offset: int, target: Space, to_slot: int, to_offset: int, count: int,
    scratch: int, width: int, forward: bool = True,
) -> None:
    """Moves pieces of `width` bytes while there are so many; the slots are used up. Backwards, the slots point behind the bytes."""
    value = scratch
    again, done = Label(), Label()
    step = width if forward else -width
    code.emit("JUMP_LT_UI", a=count, immediate=width, target=done)
    code.place(again)
    for slot in () if forward else (from_slot, to_slot):
        code.emit("ADDI", d=slot, a=slot, immediate=step)
    code.emit("LOAD32" if width > 1 else "LOAD8_U", d=value, a=from_slot, b=source, immediate=from_offset)
    code.emit("STORE32" if width > 1 else "STORE8", d=target, a=to_slot, b=value, immediate=to_offset)
    for slot in (from_slot, to_slot) if forward else ():
        code.emit("ADDI", d=slot, a=slot, immediate=step)
    code.emit("ADDI", d=count, a=count, immediate=-width)
    code.emit("JUMP_GE_UI", a=count, immediate=width, target=again)
    code.place(done)


def grow(minimum: int, limit: int) -> Assembler:
    """Pages of 64 KiB -> how many there were, or -1. It brings one page of the machine after the other into being."""
    code = Assembler("memory.grow")
    delta, zero, old, test, count = 0, 1, 2, 3, 4
    fits, again, done = Label(), Label(), Label()
    code.emit("CONST", d=zero)
    code.emit("LOAD32", d=old, a=zero, b=Space.SYSTEM, immediate=GROWN)
    code.emit("SHR_UI", d=old, a=old, immediate=GROWN_SHIFT)
    code.emit("ADDI", d=old, a=old, immediate=minimum)
    code.emit("CONST", d=test, immediate=limit)
    code.emit("SUB", d=test, a=test, b=old)
    code.emit("JUMP_GE_U", a=test, b=delta, target=fits)
    code.emit("CONST", d=0, immediate=0xFFFFFFFF)
    code.emit("RETURN")
    code.place(fits)
    code.emit("SHLI", d=count, a=delta, immediate=GROWN_SHIFT - UNROLLED_SHIFT)
    code.emit("BRZ", a=count, target=done)
    code.place(again)
    for _ in range(1 << UNROLLED_SHIFT):
        code.emit("GROW")
    code.emit("ADDI", d=count, a=count, immediate=0xFFFFFFFF)
    code.emit("BRNZ", a=count, target=again)
    code.place(done)
    code.emit("COPY", d=0, a=old)
    code.emit("RETURN")
    return code


def fill(minimum: int, grows: bool) -> Assembler:
    """(place, byte, count)"""
    code = Assembler("memory.fill")
    place, value, count, size, test = 0, 1, 2, 3, 4
    put_memory_bytes(code, minimum, grows, size)
    require_range(code, place, count, size, test, TrapKind.OUT_OF_BOUNDS)
    code.emit("ANDI", d=value, a=value, immediate=0xFF)
    code.emit("CONST", d=test, immediate=0x01010101)
    code.emit("MUL", d=value, a=value, b=test)
    for width, store in ((4, "STORE32"), (1, "STORE8")):
        again, done = Label(), Label()
        code.emit("JUMP_LT_UI", a=count, immediate=width, target=done)
        code.place(again)
        code.emit(store, d=Space.LINEAR, a=place, b=value)
        code.emit("ADDI", d=place, a=place, immediate=width)
        code.emit("ADDI", d=count, a=count, immediate=-width)
        code.emit("JUMP_GE_UI", a=count, immediate=width, target=again)
        code.place(done)
    code.emit("RETURN")
    return code


def copy(minimum: int, grows: bool) -> Assembler:
    """(to, from, count); the two may overlap."""
    code = Assembler("memory.copy")
    to, source, count, size, test, scratch = 0, 1, 2, 3, 4, 5
    backwards = Label()
    put_memory_bytes(code, minimum, grows, size)
    for place in (to, source):
        require_range(code, place, count, size, test, TrapKind.OUT_OF_BOUNDS)
    code.emit("JUMP_LT_U", a=source, b=to, target=backwards)
    for width in (4, 1):
        copy_loop(code, Space.LINEAR, source, 0, Space.LINEAR, to, 0, count, scratch, width)
    code.emit("RETURN")
    code.place(backwards)
    for slot in (to, source):
        code.emit("ADD", d=slot, a=slot, b=count)
    for width in (4, 1):
        copy_loop(code, Space.LINEAR, source, 0, Space.LINEAR, to, 0, count, scratch, width, forward=False)
    code.emit("RETURN")
    return code


def initialise(segment: Sized, minimum: int, grows: bool) -> Assembler:
    """memory.init: (to, from, count)"""
    code = Assembler("memory.init")
    to, source, count, size, test, scratch = 0, 1, 2, 3, 4, 5
    put_memory_bytes(code, minimum, grows, size)
    require_range(code, to, count, size, test, TrapKind.OUT_OF_BOUNDS)
    put_size(code, segment, size)
    require_range(code, source, count, size, test, TrapKind.OUT_OF_BOUNDS)
    for width in (4, 1):
        copy_loop(code, Space.SEGMENTS, source, segment.base, Space.LINEAR, to, 0, count, scratch, width)
    code.emit("RETURN")
    return code

"""The three primitives of module `longrun` and the entry stub, written in register code.

A routine gets its parameters in slots 0, 1, … and leaves its result in slot 0, as every function does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from wasm_exec.assembler import Assembler, Label
from wasm_exec.errors import TrapKind
from wasm_exec.spaces import CELL_BYTES, INPUT_LIMIT, OUTPUT_LIMIT, Space, SystemCell

if TYPE_CHECKING:
    from wasm_exec.translate_blocks import Surroundings

EXIT_CODE = CELL_BYTES * SystemCell.EXIT_CODE
INPUT_CURSOR = CELL_BYTES * SystemCell.INPUT_CURSOR
EXPORT_FRAME = 1
OUTPUT_LENGTH = CELL_BYTES * SystemCell.OUTPUT_LENGTH
LOG_CELLS_AT_ONCE, WORD_BYTES = 3, 4


def take(code: Assembler, place: int, offset: int = 0) -> None:
    """Four bytes of the input come to a place, of the content or, with offset -8, of the space. Nobody but an entry may do this."""
    code.emit("TAKE32", d=Space.INPUT, a=place, immediate=CELL_BYTES + offset)


def take_cells(code: Assembler, place: int, cells: int, many: int) -> None:
    """So many cells of the content come from a place on, which ends behind them; all three slots are used up."""
    code.emit("SHR_UI", d=many, a=cells, immediate=LOG_CELLS_AT_ONCE)
    code.emit("ANDI", d=cells, a=cells, immediate=(1 << LOG_CELLS_AT_ONCE) - 1)
    for left, count in ((many, 1 << LOG_CELLS_AT_ONCE), (cells, 1)):
        again, done = Label(), Label()
        code.emit("BRZ", a=left, target=done)
        code.place(again)
        for offset in range(0, CELL_BYTES * count, WORD_BYTES):
            take(code, place, offset)
        code.emit("ADDI", d=place, a=place, immediate=CELL_BYTES * count)
        code.emit("ADDI", d=left, a=left, immediate=-1)
        code.emit("BRNZ", a=left, target=again)
        code.place(done)


def take_input(code: Assembler, zero: int) -> None:
    """All of the input of a command: its length, then the cells that hold so many bytes. The five slots behind `zero` are used up."""
    length, place, cells, test = range(zero + 1, zero + 5)
    fits = Label()
    code.emit("CONST", d=zero)
    take(code, zero, -CELL_BYTES)
    code.emit("LOAD32", d=length, a=zero, b=Space.INPUT)
    code.emit("JUMP_LT_UI", a=length, immediate=INPUT_LIMIT + 1, target=fits)
    code.emit("TRAP", condition=TrapKind.BAD_EVENT)
    code.place(fits)
    code.emit("ADDI", d=cells, a=length, immediate=CELL_BYTES - 1)
    code.emit("SHR_UI", d=cells, a=cells, immediate=CELL_BYTES.bit_length() - 1)
    code.emit("CONST", d=place)
    take_cells(code, place, cells, test)


def entry_stub(start: int | None, main: int, returns_code: bool) -> Assembler:
    """pc 0: the input, the start function, the main function, then the exit code."""
    code = Assembler("entry")
    zero, callee = 0, 1
    take_input(code, zero)
    for function in [main] if start is None else [start, main]:
        code.emit("CALL", d=callee, callee=function)
    code.emit("CONST", d=zero, immediate=0)
    code.emit("STORE32", d=Space.SYSTEM, a=zero, b=callee if returns_code else zero, immediate=EXIT_CODE)
    code.emit("HALT")
    return code


def instantiation_stub(start: int | None) -> Assembler:
    """pc 0 of a module whose functions are called one by one: only the start function."""
    code = Assembler("entry")
    if start is not None:
        code.emit("CALL", d=EXPORT_FRAME, callee=start)
    code.emit("HALT")
    return code


def export_stub(name: str, function: int) -> Assembler:
    """A way to call a function from outside: parameters and results are in the frame EXPORT_FRAME."""
    code = Assembler(f"call {name}")
    code.emit("CALL", d=EXPORT_FRAME, callee=function)
    code.emit("HALT")
    return code


def trap_stub(kind: TrapKind) -> Assembler:
    """pc 0 of a module that cannot begin. It takes its input like any other, so that its claim names it."""
    code = Assembler("entry")
    take_input(code, 0)
    code.emit("TRAP", condition=kind)
    return code


def halt() -> Assembler:
    code = Assembler("longrun.halt")
    exit_code, zero = 0, 1
    code.emit("CONST", d=zero, immediate=0)
    code.emit("STORE32", d=Space.SYSTEM, a=zero, b=exit_code, immediate=EXIT_CODE)
    code.emit("HALT")
    return code


def copy_bytes(code: Assembler, source: Space, from_slot: int, from_offset: int, target: Space, to_slot: int, to_offset: int,
               count: int, scratch: int) -> None:
    """Copies `count` bytes, four at a time while there are four; the three slots and `scratch` are used up."""
    value = scratch
    for width, suffix in ((4, "32"), (1, "8")):
        again, done = Label(), Label()
        load = "LOAD32" if width == 4 else "LOAD8_U"
        code.emit("JUMP_LT_UI", a=count, immediate=width, target=done)
        code.place(again)
        code.emit(load, d=value, a=from_slot, b=source, immediate=from_offset)
        code.emit("STORE" + suffix, d=target, a=to_slot, b=value, immediate=to_offset)
        code.emit("ADDI", d=from_slot, a=from_slot, immediate=width)
        code.emit("ADDI", d=to_slot, a=to_slot, immediate=width)
        code.emit("ADDI", d=count, a=count, immediate=-width)
        code.emit("JUMP_GE_UI", a=count, immediate=width, target=again)
        code.place(done)


def read_input(end: int | None = None) -> Assembler:
    """Copies the next min(len, what is left) bytes of the input to ptr and returns how many. In a session the part that may be read
    ends where the global `end` says."""
    code = Assembler("longrun.read_input")
    pointer, length, zero, cursor, left, test, count, target, scratch = 0, 1, 2, 3, 4, 5, 6, 7, 8
    code.emit("CONST", d=zero, immediate=0)
    code.emit("LOAD32", d=cursor, a=zero, b=Space.SYSTEM, immediate=INPUT_CURSOR)
    if end is None:
        code.emit("LOAD32", d=left, a=zero, b=Space.INPUT, immediate=0)
    else:
        code.emit("LOAD32", d=left, a=zero, b=Space.GLOBALS, immediate=CELL_BYTES * end)
    code.emit("SUB", d=left, a=left, b=cursor)
    code.emit("LT_U", d=test, a=left, b=length)
    code.emit("SELECT", d=length, a=left, b=length, condition=test)
    code.emit("COPY", d=target, a=pointer)
    code.emit("COPY", d=count, a=length)
    code.emit("ADD", d=test, a=cursor, b=length)
    code.emit("STORE32", d=Space.SYSTEM, a=zero, b=test, immediate=INPUT_CURSOR)
    copy_bytes(code, Space.INPUT, cursor, CELL_BYTES, Space.LINEAR, target, 0, count, scratch)
    code.emit("COPY", d=0, a=length)
    code.emit("RETURN")
    return code


def write_output() -> Assembler:
    """Appends len bytes from ptr to the output; more than the limit is the trap `output_full`."""
    code = Assembler("longrun.write_output")
    pointer, length, zero, end, room, place, scratch = 0, 1, 2, 3, 4, 5, 6
    fits = Label()
    code.emit("CONST", d=zero, immediate=0)
    code.emit("LOAD32", d=place, a=zero, b=Space.SYSTEM, immediate=OUTPUT_LENGTH)
    code.emit("CONST", d=room, immediate=OUTPUT_LIMIT)
    code.emit("SUB", d=room, a=room, b=place)
    code.emit("JUMP_GE_U", a=room, b=length, target=fits)
    code.emit("TRAP", condition=TrapKind.OUTPUT_FULL)
    code.place(fits)
    code.emit("ADD", d=end, a=place, b=length)
    copy_bytes(code, Space.LINEAR, pointer, 0, Space.OUTPUT, place, CELL_BYTES, length, scratch)
    code.emit("STORE32", d=Space.OUTPUT, a=zero, b=end, immediate=0)
    code.emit("STORE32", d=Space.SYSTEM, a=zero, b=end, immediate=OUTPUT_LENGTH)
    code.emit("RETURN")
    return code


def copy_input() -> Assembler:
    """(ptr, place, len): bytes of the input from a place on, wherever the cursor is. The caller keeps to what is there."""
    code = Assembler("copy_input")
    pointer, place, length, scratch = 0, 1, 2, 3
    copy_bytes(code, Space.INPUT, place, CELL_BYTES, Space.LINEAR, pointer, 0, length, scratch)
    code.emit("RETURN")
    return code


def is_session(session: bool) -> Assembler:
    code = Assembler("is_session")
    code.emit("CONST", d=0, immediate=int(session))
    code.emit("RETURN")
    return code


def by_hand(around: Surroundings, name: str) -> Assembler:
    return BY_HAND[name](around)


EVENT_END = "word_event_end"
BY_HAND: dict[str, Callable[[Surroundings], Assembler]] = {
    "read_input": lambda around: read_input(around.places.state(EVENT_END, (0,)) if around.session else None),
    "write_output": lambda around: write_output(),
    "halt": lambda around: halt(),
    "copy_input": lambda around: copy_input(),
    "is_session": lambda around: is_session(around.session),
}

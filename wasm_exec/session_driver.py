"""The driver of a session in register code: it takes one event after the other from outside and calls the export that it names.

The input is a container of WASI, or nothing, and then records: four bytes with the size of the rest, four with the number of the
export, eight for each argument, the payload; zeros up to a multiple of eight. The driver takes a record into the space of the input
when it has come to it, each word once, at a cursor that only grows, and counts it in cell 0. Where it is told that there is none, the
run is paused. So more records can be appended to the input, and nothing before that moment would have happened otherwise. The
output gets a record for each event: size of the rest, eight bytes for each result, what the event wrote.
"""

from __future__ import annotations

from wasm_exec.assembler import Assembler, Label
from wasm_exec.errors import TrapKind
from wasm_exec.module import FunctionType
from wasm_exec.runtime import EXIT_CODE, INPUT_CURSOR, OUTPUT_LENGTH, WORD_BYTES, take, take_cells
from wasm_exec.spaces import CELL_BYTES, INPUT_LIMIT, OUTPUT_LIMIT, Space
from wasm_exec.translate_blocks import widths
from wasm_exec.values import places
from wasm_exec.wasi_input import HEADER_BYTES, MAGIC, Header

CLOSE = 0xFFFFFFFF  # the number of the event that ends a session
SIZE_BYTES, NUMBER_BYTES, VALUE_BYTES = 4, 4, 8
LEAST_BYTES = SIZE_BYTES + NUMBER_BYTES
CELL_SHIFT = CELL_BYTES.bit_length() - 1
FRAME = 8  # of what driver and stubs call


def driver(before: list[int], stubs: list[int], end: int) -> Assembler:
    """pc 0 of a session: the functions `before` the first event, then `stubs[number]` for every event. `end` is the global that says
    where the payload of the current event ends."""
    code = Assembler("entry")
    zero, cursor, behind, test, size, number, place, begun = range(FRAME)
    again, begin, pause, bad, close = (Label() for _ in range(5))
    code.emit("CONST", d=zero)
    code.emit("CONST", d=cursor)
    code.emit("CONST", d=begun)
    take_container(code, zero, cursor, test, size, number, pause, bad, end)
    code.place(again)
    take_event(code, zero, cursor, behind, test, size, number, place, pause, bad)
    if before:
        code.emit("BRNZ", a=begun, target=begin)
        code.emit("CONST", d=begun, immediate=1)
        for function in before:
            code.emit("CALL", d=FRAME, callee=function)
        code.place(begin)
    code.emit("JUMP_LT_UI", a=size, immediate=NUMBER_BYTES, target=bad)
    code.emit("LOAD32", d=number, a=cursor, b=Space.INPUT, immediate=CELL_BYTES + SIZE_BYTES)
    code.emit("ADDI", d=test, a=cursor, immediate=LEAST_BYTES)
    code.emit("STORE32", d=Space.SYSTEM, a=zero, b=test, immediate=INPUT_CURSOR)
    code.emit("ADDI", d=test, a=cursor, immediate=SIZE_BYTES)
    code.emit("ADD", d=test, a=test, b=size)
    code.emit("STORE32", d=Space.GLOBALS, a=zero, b=test, immediate=CELL_BYTES * end)
    code.emit("COPY", d=cursor, a=behind)
    code.emit("JUMP_EQI", a=number, immediate=CLOSE, target=close)
    code.emit("JUMP_GE_UI", a=number, immediate=len(stubs), target=bad)
    call_one(code, stubs, number, test, again)
    code.place(close)
    code.emit("JUMP_NEI", a=size, immediate=NUMBER_BYTES, target=bad)
    code.emit("STORE32", d=Space.SYSTEM, a=zero, b=zero, immediate=EXIT_CODE)
    code.emit("HALT")
    code.place(bad)
    code.emit("TRAP", condition=TrapKind.BAD_EVENT)
    code.place(pause)
    code.emit("PAUSE")
    return code


def take_container(code: Assembler, zero: int, cursor: int, test: int, size: int, cells: int, pause: Label, bad: Label, end: int) -> None:
    """Takes the container, if the first word is that of one, and puts the cursor behind it."""
    none = Label()
    first, second = (int.from_bytes(MAGIC[place : place + WORD_BYTES], "little") for place in (0, WORD_BYTES))
    known = Header.PLACES["size"] + CELL_BYTES  # so many bytes are taken when it is known how many there are
    take(code, zero)
    code.emit("LOAD32", d=size, a=zero, b=Space.INPUT, immediate=CELL_BYTES)
    code.emit("BRZ", a=size, target=pause)
    code.emit("JUMP_NEI", a=size, immediate=first, target=none)
    for place in range(WORD_BYTES, known, WORD_BYTES):
        take(code, zero, place)
    code.emit("LOAD32", d=size, a=zero, b=Space.INPUT, immediate=CELL_BYTES + WORD_BYTES)
    code.emit("JUMP_NEI", a=size, immediate=second, target=bad)
    code.emit("LOAD32", d=size, a=zero, b=Space.INPUT, immediate=CELL_BYTES + Header.PLACES["size"])
    code.emit("JUMP_GE_UI", a=size, immediate=INPUT_LIMIT + 1, target=bad)
    code.emit("JUMP_LT_UI", a=size, immediate=HEADER_BYTES, target=bad)
    code.emit("ADDI", d=cells, a=size, immediate=CELL_BYTES - 1 - known)
    code.emit("SHR_UI", d=cells, a=cells, immediate=CELL_SHIFT)
    code.emit("CONST", d=cursor, immediate=known)
    take_cells(code, cursor, cells, test)
    code.emit("STORE32", d=Space.INPUT, a=zero, b=cursor)
    code.emit("STORE32", d=Space.SYSTEM, a=zero, b=cursor, immediate=INPUT_CURSOR)
    code.emit("STORE32", d=Space.GLOBALS, a=zero, b=cursor, immediate=CELL_BYTES * end)
    code.place(none)


def take_event(code: Assembler, zero: int, cursor: int, behind: int, test: int, size: int, cells: int, place: int, pause: Label,
               bad: Label) -> None:
    """Takes the record at the cursor, whole, and counts it. `behind` becomes the end of it. Its first word is its size; where the word 0
    came, there is none yet: the run pauses, and nothing is taken."""
    taken = Label()
    code.emit("LOAD32", d=size, a=cursor, b=Space.INPUT, immediate=CELL_BYTES)
    code.emit("BRNZ", a=size, target=taken)  # while looking for a container
    take(code, cursor)
    code.emit("LOAD32", d=size, a=cursor, b=Space.INPUT, immediate=CELL_BYTES)
    code.emit("BRZ", a=size, target=pause)
    code.place(taken)
    code.emit("JUMP_GE_UI", a=size, immediate=INPUT_LIMIT, target=bad)
    code.emit("ADDI", d=cells, a=size, immediate=SIZE_BYTES + CELL_BYTES - 1)
    code.emit("SHR_UI", d=cells, a=cells, immediate=CELL_SHIFT)
    code.emit("SHLI", d=behind, a=cells, immediate=CELL_SHIFT)
    code.emit("ADD", d=behind, a=behind, b=cursor)
    code.emit("JUMP_GE_UI", a=behind, immediate=INPUT_LIMIT + 1, target=bad)
    take(code, cursor, WORD_BYTES)
    code.emit("ADDI", d=place, a=cursor, immediate=CELL_BYTES)
    code.emit("ADDI", d=cells, a=cells, immediate=-1)
    take_cells(code, place, cells, test)
    code.emit("STORE32", d=Space.INPUT, a=zero, b=behind)


def call_one(code: Assembler, stubs: list[int], number: int, test: int, again: Label) -> None:
    """A binary search for the stub with this number, which is called."""
    waiting: list[tuple[Label, int, int]] = [(Label(), 0, len(stubs))]
    while waiting:
        label, low, high = waiting.pop()
        code.place(label)
        if high - low == 1:
            code.emit("CALL", d=FRAME, callee=stubs[low])
            code.jump(again)
            continue
        middle, upper = (low + high) // 2, Label()
        code.emit("JUMP_GE_UI", a=number, immediate=middle, target=upper)
        waiting += [(upper, middle, high), (Label(), low, middle)]


def event_stub(name: str, function: int, signature: FunctionType, end: int) -> Assembler:
    """Takes the arguments from the input, calls the function, and puts its results into the output."""
    code = Assembler(f"event {name}")
    zero, cursor, place, test = range(4)
    enough, fits = Label(), Label()
    head = SIZE_BYTES + VALUE_BYTES * len(signature.results)
    code.emit("CONST", d=zero)
    code.emit("LOAD32", d=cursor, a=zero, b=Space.SYSTEM, immediate=INPUT_CURSOR)
    code.emit("LOAD32", d=test, a=zero, b=Space.GLOBALS, immediate=CELL_BYTES * end)
    code.emit("SUB", d=test, a=test, b=cursor)
    code.emit("JUMP_GE_UI", a=test, immediate=VALUE_BYTES * len(signature.parameters), target=enough)
    code.emit("TRAP", condition=TrapKind.BAD_EVENT)
    code.place(enough)
    for position, (slot, wide) in enumerate(places(widths(signature.parameters), FRAME)):
        code.emit("LOAD64" if wide else "LOAD32", d=slot, a=cursor, b=Space.INPUT, immediate=CELL_BYTES + VALUE_BYTES * position)
    code.emit("ADDI", d=cursor, a=cursor, immediate=VALUE_BYTES * len(signature.parameters))
    code.emit("STORE32", d=Space.SYSTEM, a=zero, b=cursor, immediate=INPUT_CURSOR)
    code.emit("LOAD32", d=place, a=zero, b=Space.SYSTEM, immediate=OUTPUT_LENGTH)
    code.emit("JUMP_LT_UI", a=place, immediate=OUTPUT_LIMIT - head + 1, target=fits)
    code.emit("TRAP", condition=TrapKind.OUTPUT_FULL)
    code.place(fits)
    code.emit("ADDI", d=test, a=place, immediate=head)
    code.emit("STORE32", d=Space.SYSTEM, a=zero, b=test, immediate=OUTPUT_LENGTH)
    code.emit("STORE32", d=Space.OUTPUT, a=zero, b=test)
    code.emit("CALL", d=FRAME, callee=function)
    code.emit("LOAD32", d=test, a=zero, b=Space.SYSTEM, immediate=OUTPUT_LENGTH)
    code.emit("SUB", d=test, a=test, b=place)
    code.emit("ADDI", d=test, a=test, immediate=-SIZE_BYTES)
    code.emit("STORE32", d=Space.OUTPUT, a=place, b=test, immediate=CELL_BYTES)
    for position, (slot, wide) in enumerate(places(widths(signature.results), FRAME)):
        code.emit("STORE64" if wide else "STORE32", d=Space.OUTPUT, a=place, b=slot,
                  immediate=CELL_BYTES + SIZE_BYTES + VALUE_BYTES * position)
    code.emit("RETURN")
    return code

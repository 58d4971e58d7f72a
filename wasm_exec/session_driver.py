"""The driver of a session in register code: it takes one event after the other from the input and calls the export that it names.

The input is a container of WASI, or nothing, and then records: four bytes with the size of the rest, four with the number of the
export, eight for each argument, the payload. The driver never looks at a record before all of it is there; where a record is missing, the
run is paused. So more records can be appended to the input, and nothing before that moment would have happened otherwise. The
output gets a record for each event: size of the rest, eight bytes for each result, what the event wrote.
"""

from __future__ import annotations

from wasm_exec.assembler import Assembler, Label
from wasm_exec.errors import TrapKind
from wasm_exec.module import FunctionType
from wasm_exec.runtime import EXIT_CODE, INPUT_CURSOR, OUTPUT_LENGTH
from wasm_exec.spaces import CELL_BYTES, OUTPUT_LIMIT, Space
from wasm_exec.translate_blocks import widths
from wasm_exec.values import places
from wasm_exec.wasi_input import HEADER_BYTES, MAGIC, Header

CLOSE = 0xFFFFFFFF  # the number of the event that ends a session
SIZE_BYTES, NUMBER_BYTES, VALUE_BYTES = 4, 4, 8
LEAST_BYTES = SIZE_BYTES + NUMBER_BYTES
FRAME = 6  # of what driver and stubs call


def driver(before: list[int], stubs: list[int], end: int) -> Assembler:
    """pc 0 of a session: the functions `before` the first event, then `stubs[number]` for every event. `end` is the global that says
    where the payload of the current event ends."""
    code = Assembler("entry")
    zero, cursor, length, test, size, number = range(FRAME)
    again, pause, bad, close = Label(), Label(), Label(), Label()
    code.emit("CONST", d=zero)
    code.emit("CONST", d=cursor)
    code.emit("LOAD32", d=length, a=zero, b=Space.INPUT)
    code.emit("JUMP_LT_UI", a=length, immediate=LEAST_BYTES, target=pause)
    skip_container(code, zero, cursor, length, test, size, pause, bad)
    code.emit("STORE32", d=Space.SYSTEM, a=zero, b=cursor, immediate=INPUT_CURSOR)
    code.emit("STORE32", d=Space.GLOBALS, a=zero, b=cursor, immediate=CELL_BYTES * end)
    code.emit("CONST", d=length)  # while anything else runs, no slot may tell how long the input is
    for function in before:
        code.emit("CALL", d=FRAME, callee=function)
    code.place(again)
    code.emit("LOAD32", d=length, a=zero, b=Space.INPUT)
    code.emit("SUB", d=number, a=length, b=cursor)
    code.emit("JUMP_LT_UI", a=number, immediate=LEAST_BYTES, target=pause)
    code.emit("LOAD32", d=size, a=cursor, b=Space.INPUT, immediate=CELL_BYTES)
    code.emit("ADDI", d=number, a=number, immediate=-SIZE_BYTES)
    code.emit("JUMP_LT_U", a=number, b=size, target=pause)
    code.emit("CONST", d=length)
    code.emit("JUMP_LT_UI", a=size, immediate=NUMBER_BYTES, target=bad)
    code.emit("LOAD32", d=number, a=cursor, b=Space.INPUT, immediate=CELL_BYTES + SIZE_BYTES)
    code.emit("ADDI", d=test, a=cursor, immediate=LEAST_BYTES)
    code.emit("STORE32", d=Space.SYSTEM, a=zero, b=test, immediate=INPUT_CURSOR)
    code.emit("ADDI", d=cursor, a=cursor, immediate=SIZE_BYTES)
    code.emit("ADD", d=cursor, a=cursor, b=size)
    code.emit("STORE32", d=Space.GLOBALS, a=zero, b=cursor, immediate=CELL_BYTES * end)
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


def skip_container(code: Assembler, zero: int, cursor: int, length: int, test: int, size: int, pause: Label, bad: Label) -> None:
    """Puts the cursor behind the container, if there is one. Nothing runs before all of it is there."""
    none = Label()
    for place in (0, 4):
        code.emit("LOAD32", d=test, a=zero, b=Space.INPUT, immediate=CELL_BYTES + place)
        code.emit("JUMP_NEI", a=test, immediate=int.from_bytes(MAGIC[place : place + 4], "little"), target=none)
    code.emit("JUMP_LT_UI", a=length, immediate=HEADER_BYTES, target=pause)
    code.emit("LOAD32", d=size, a=zero, b=Space.INPUT, immediate=CELL_BYTES + Header.PLACES["size"])
    code.emit("JUMP_LT_UI", a=size, immediate=HEADER_BYTES, target=bad)
    code.emit("JUMP_LT_U", a=length, b=size, target=pause)
    code.emit("COPY", d=cursor, a=size)
    code.place(none)


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

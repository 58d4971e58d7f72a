"""Translation of loads and stores, of globals, and of the size of the memory."""

from __future__ import annotations

from wasm_exec.instructions import MASK
from wasm_exec.opcodes import CODE_OF
from wasm_exec.spaces import CELL_BYTES, PAGES_PER_WASM_PAGE, Space, SystemCell
from wasm_exec.values import Constant, OperandStack, Value

# operation of WebAssembly -> (operation of the table, conversion of what it loads)
LOADS: dict[int, tuple[str, str | None]] = {
    CODE_OF["i32.load"]: ("LOAD32", None), CODE_OF["f32.load"]: ("LOAD32", None),
    CODE_OF["i64.load"]: ("LOAD64", None), CODE_OF["f64.load"]: ("LOAD64", None),
    CODE_OF["i64.load32_s"]: ("LOAD32", "EXTEND_S"), CODE_OF["i64.load32_u"]: ("LOAD32", "EXTEND_U"),
    **{CODE_OF[f"i32.load{bits}_{sign}"]: (f"LOAD{bits}_{sign.upper()}", None) for bits in (8, 16) for sign in "us"},
    **{CODE_OF[f"i64.load{bits}_{sign}"]: (f"LOAD{bits}_{sign.upper()}", f"EXTEND_{sign.upper()}") for bits in (8, 16) for sign in "us"},
}
STORES: dict[int, tuple[str, bool]] = {
    CODE_OF["i32.store"]: ("STORE32", False), CODE_OF["f32.store"]: ("STORE32", False),
    CODE_OF["i64.store"]: ("STORE64", False), CODE_OF["f64.store"]: ("STORE64", False),
    CODE_OF["i32.store8"]: ("STORE8", False), CODE_OF["i32.store16"]: ("STORE16", False),
    CODE_OF["i64.store8"]: ("STORE8", True), CODE_OF["i64.store16"]: ("STORE16", True), CODE_OF["i64.store32"]: ("STORE32", True),
}


def address(stack: OperandStack, value: Value, offset: int) -> tuple[int, int]:
    """Slot and offset of an address; a constant address is an offset from the slot that holds zero."""
    if isinstance(value, Constant) and value.value + offset <= MASK:
        return stack.zero_slot, value.value + offset
    return stack.slot_of(value), offset


def load(stack: OperandStack, code: int, offset: int) -> None:
    name, conversion = LOADS[code]
    slot, offset = address(stack, stack.pop(), offset)
    if conversion is None:
        stack.code.emit(name, d=stack.push_result(name == "LOAD64"), a=slot, b=Space.LINEAR, immediate=offset)
        return
    # What is loaded goes through the slot before the home of the result.
    result = stack.push_result(True)
    stack.code.emit(name, d=result - 1, a=slot, b=Space.LINEAR, immediate=offset)
    stack.code.emit(conversion, d=result, a=result - 1)


def store(stack: OperandStack, code: int, offset: int) -> None:
    name, wrapped = STORES[code]
    value = stack.pop()
    b = stack.slot_of(value)
    if wrapped:
        stack.code.emit("WRAP", d=value.home, a=b)
        b = value.home
    slot, offset = address(stack, stack.pop(), offset)
    stack.code.emit(name, d=Space.LINEAR, a=slot, b=b, immediate=offset)


def get_global(stack: OperandStack, index: int, wide: bool) -> None:
    name = "LOAD64" if wide else "LOAD32"
    stack.code.emit(name, d=stack.push_result(wide), a=stack.zero_slot, b=Space.GLOBALS, immediate=CELL_BYTES * index)


def set_global(stack: OperandStack, index: int) -> None:
    name = "STORE64" if stack.entries[-1].wide else "STORE32"
    stack.code.emit(name, d=Space.GLOBALS, b=stack.pop_slot(), a=stack.zero_slot, immediate=CELL_BYTES * index)


def memory_size(stack: OperandStack, minimum: int, grows: bool) -> None:
    """In pages of 64 KiB: a constant, unless something in the module can make the memory grow."""
    if not grows:
        stack.push_constant(minimum, False)
        return
    slot = stack.push_result(False)
    stack.code.emit("LOAD32", d=slot, a=stack.zero_slot, b=Space.SYSTEM, immediate=CELL_BYTES * SystemCell.GROWN_PAGES)
    stack.code.emit("SHR_UI", d=slot, a=slot, immediate=PAGES_PER_WASM_PAGE.bit_length() - 1)
    stack.code.emit("ADDI", d=slot, a=slot, immediate=minimum)

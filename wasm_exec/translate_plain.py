"""Translation of arithmetic, comparisons, loads and stores, with constants folded into immediate forms."""

from __future__ import annotations

from collections.abc import Callable

from wasm_exec.errors import Trap
from wasm_exec.instructions import BY_NAME, MASK, immediate_name
from wasm_exec.opcodes import CODE_OF, SELECT_TYPED
from wasm_exec.spaces import Space
from wasm_exec.values import Constant, Local, OperandStack, Value

# i32 operation -> (operation of the table, operands swapped)
BINARY: dict[int, tuple[str, bool]] = {
    CODE_OF[f"i32.{name}"]: (target, swapped)
    for name, target, swapped in [
        *((name, name.upper(), False) for name in "add sub mul div_u div_s rem_u rem_s and or xor shl shr_u shr_s rotl rotr".split()),
        *((name, name.upper(), False) for name in "eq ne lt_u lt_s ge_u ge_s".split()),
        ("gt_u", "LT_U", True), ("gt_s", "LT_S", True), ("le_u", "GE_U", True), ("le_s", "GE_S", True),
    ]
}
LOADS = {
    CODE_OF[f"i32.{name}"]: target
    for name, target in [("load", "LOAD32")] + [(f"load{bits}_{sign}", f"LOAD{bits}_{sign.upper()}") for bits in (8, 16) for sign in "us"]
}
STORES = {CODE_OF[f"i32.{name}"]: target for name, target in [("store", "STORE32"), ("store8", "STORE8"), ("store16", "STORE16")]}

COMMUTATIVE = {"ADD", "MUL", "AND", "OR", "XOR", "EQ", "NE"}
SHIFTS = {"SHL", "SHR_U", "SHR_S", "ROTL", "ROTR"}
# constant (op) x, with the constant on the left, as: (bound at which the answer is known, that answer, operation on constant + 1)
MIRRORED = {
    "LT_U": (MASK, 0, "GE_UI"), "LT_S": (MASK >> 1, 0, "GE_SI"),
    "GE_U": (MASK, 1, "LT_UI"), "GE_S": (MASK >> 1, 1, "LT_SI"),
}
OPPOSITE = {"EQ": "NE", "LT_U": "GE_U", "LT_S": "GE_S"}
OPPOSITE |= {opposite: name for name, opposite in OPPOSITE.items()}
OPPOSITE |= {immediate_name(name): immediate_name(opposite) for name, opposite in OPPOSITE.items()}
# x (op) identity = x
IDENTITIES = {"ADD": 0, "SUB": 0, "OR": 0, "XOR": 0, "AND": MASK, "MUL": 1, "DIV_U": 1, **dict.fromkeys(SHIFTS, 0)}


def binary(stack: OperandStack, name: str, left: Value, right: Value, swapped: bool = False) -> None:
    """left (op) right, which have just been popped; `swapped`: right was below left on the stack."""
    left_height, right_height = len(stack) + swapped, len(stack) + 1 - swapped
    if isinstance(left, Constant) and isinstance(right, Constant):
        try:
            stack.push(Constant(BY_NAME[name].meaning(left.value, right.value, 0)))
            return
        except Trap:
            pass
    elif isinstance(left, Constant) and not isinstance(right, Constant):
        if name in COMMUTATIVE:
            with_constant(stack, name, right, left.value)
            return
        if name in MIRRORED:
            bound, answer, opposite = MIRRORED[name]
            if left.value == bound:
                stack.push(Constant(answer))
            else:
                stack.code.emit(opposite, d=stack.push_result(), a=right.slot, immediate=left.value + 1)
            return
    elif isinstance(right, Constant) and with_constant(stack, name, left, right.value):
        return
    a, b = stack.slot_of(left, left_height), stack.slot_of(right, right_height)
    stack.code.emit(name, d=stack.push_result(), a=a, b=b)


def with_constant(stack: OperandStack, name: str, value: Value, constant: int) -> bool:
    """value (op) constant in an immediate form, if there is one (a commutative operation always finds a way)."""
    assert not isinstance(value, Constant)
    if name in SHIFTS:
        constant %= 32
    if IDENTITIES.get(name) == constant:
        stack.push_again(value)
        return True
    power = constant & (constant - 1) == 0 and constant != 0
    shift = constant.bit_length() - 1
    match name:
        case "SUB":
            name, constant = "ADDI", -constant & MASK
        case "MUL" if power:
            name, constant = "SHLI", shift
        case "DIV_U" if power:
            name, constant = "SHR_UI", shift
        case "REM_U" if power:
            name, constant = "ANDI", constant - 1
        case "MUL":
            # The home of the higher operand is free, whichever side the constant stood on, unless the value is there.
            free = len(stack) if value.slot == stack.home(len(stack) + 1) else len(stack) + 1
            b = stack.slot_of(Constant(constant), free)
            stack.code.emit("MUL", d=stack.push_result(), a=value.slot, b=b)
            return True
        case _ if immediate_name(name) in BY_NAME:
            name = immediate_name(name)
        case _:
            return False
    stack.code.emit(name, d=stack.push_result(), a=value.slot, immediate=constant)
    return True


def equal_zero(stack: OperandStack) -> None:
    value, line = stack.pop(), stack.code.last_line
    if isinstance(value, Constant):
        stack.push(Constant(int(value.value == 0)))
    elif not isinstance(value, Local) and line and line.written == value.slot and line.operation.name in OPPOSITE:
        line.operation = BY_NAME[OPPOSITE[line.operation.name]]
        stack.push_result()
    else:
        stack.code.emit("EQI", d=stack.push_result(), a=value.slot)


def extend(stack: OperandStack, bits: int) -> None:
    for name in ("SHL", "SHR_S"):
        binary(stack, name, stack.pop(), Constant(32 - bits))


def address(stack: OperandStack, value: Value, height: int, offset: int) -> tuple[int, int]:
    """Slot and offset of an address; a constant address is an offset from the slot that holds zero."""
    if isinstance(value, Constant) and value.value + offset <= MASK:
        return stack.zero_slot, value.value + offset
    return stack.slot_of(value, height), offset


def load(stack: OperandStack, name: str, offset: int) -> None:
    value = stack.pop()
    slot, offset = address(stack, value, len(stack), offset)
    stack.code.emit(name, d=stack.push_result(), a=slot, b=Space.LINEAR, immediate=offset)


def store(stack: OperandStack, name: str, offset: int) -> None:
    b = stack.pop_slot()
    value = stack.pop()
    slot, offset = address(stack, value, len(stack), offset)
    stack.code.emit(name, d=Space.LINEAR, a=slot, b=b, immediate=offset)


def get_global(stack: OperandStack, index: int) -> None:
    stack.code.emit("LOAD32", d=stack.push_result(), a=stack.zero_slot, b=Space.GLOBALS, immediate=8 * index)


def set_global(stack: OperandStack, index: int) -> None:
    stack.code.emit("STORE32", d=Space.GLOBALS, b=stack.pop_slot(), a=stack.zero_slot, immediate=8 * index)


def select(stack: OperandStack) -> None:
    condition = stack.pop()
    if isinstance(condition, Constant):
        second, first = stack.pop(), stack.pop()
        stack.push_again(first if condition.value else second)
        return
    slot, negated = condition_slot(stack, condition)
    b = stack.pop_slot()
    a = stack.pop_slot()
    if negated:
        a, b = b, a
    stack.code.emit("SELECT", d=stack.push_result(), a=a, b=b, condition=slot)


def drop(stack: OperandStack) -> None:
    stack.pop()


def condition_slot(stack: OperandStack, value: Value) -> tuple[int, bool]:
    """A slot that decides like this value (just popped), and whether its meaning is turned around: x == 0 asks for x itself."""
    assert not isinstance(value, Constant)
    line = stack.code.last_line
    computed = not isinstance(value, Local) and line is not None and line.written == value.slot
    if computed and line is not None and line.operation.name in ("EQI", "NEI") and line.immediate == 0:
        stack.code.items.pop()
        return line.a, line.operation.name == "EQI"
    return value.slot, False


PLAIN: dict[int, Callable[[OperandStack], None]] = {
    CODE_OF["i32.eqz"]: equal_zero,
    CODE_OF["i32.extend8_s"]: lambda stack: extend(stack, 8),
    CODE_OF["i32.extend16_s"]: lambda stack: extend(stack, 16),
    CODE_OF["drop"]: drop,
    CODE_OF["select"]: select,
    SELECT_TYPED: select,
}

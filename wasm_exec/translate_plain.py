"""Translation of arithmetic, comparisons and conversions of integers, with constants folded into immediate forms."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from wasm_exec.errors import Trap
from wasm_exec.instructions import BY_NAME, MASK, MASK64, Use, immediate_name
from wasm_exec.opcodes import CODE_OF, SELECT_TYPED
from wasm_exec.small_language import HIGH
from wasm_exec.translate_questions import OPPOSITE, condition_slot
from wasm_exec.values import Constant, Local, OperandStack, Temporary, Value

SIMPLE = """add sub mul div_u div_s rem_u rem_s and or xor shl shr_u shr_s rotl rotr eq ne lt_u lt_s ge_u ge_s""".split()
SWAPPED = {"gt_u": "LT_U", "gt_s": "LT_S", "le_u": "GE_U", "le_s": "GE_S"}
# operation of WebAssembly -> (operation of the table, operands swapped)
BINARY: dict[int, tuple[str, bool]] = {
    CODE_OF[f"{kind}.{name}"]: (target + suffix, swapped)
    for kind, suffix in (("i32", ""), ("i64", "64"))
    for name, target, swapped in [
        *((name, name.upper(), False) for name in SIMPLE), *((name, target, True) for name, target in SWAPPED.items()),
    ]
}
BINARY[HIGH] = ("MULHIGH64", False)
COMMUTATIVE = {"ADD", "MUL", "AND", "OR", "XOR", "EQ", "NE"}
SHIFTS = {"SHL", "SHR_U", "SHR_S", "ROTL", "ROTR"}
# constant (op) x, with the constant on the left, as: (whether signed, the answer if it is the largest number, operation on constant + 1)
MIRRORED = {"LT_U": (False, 0, "GE_U"), "LT_S": (True, 0, "GE_S"), "GE_U": (False, 1, "LT_U"), "GE_S": (True, 1, "LT_S")}


def split_name(name: str) -> tuple[str, bool]:
    """The name without its width, and whether that is 64 bits."""
    return (name[:-2], True) if name.endswith("64") else (name, False)


def answers_wide(name: str) -> bool:
    return BY_NAME[name].operands["d"] is Use.WRITE64


def binary(stack: OperandStack, name: str, left: Value, right: Value) -> None:
    """left (op) right, which have just been popped, in whichever order they stood on the stack."""
    short, wide = split_name(name)
    mask = MASK64 if wide else MASK
    if isinstance(left, Constant) and isinstance(right, Constant):
        try:
            stack.push_constant(BY_NAME[name].meaning(left.value, right.value, 0), answers_wide(name))
            return
        except Trap:
            pass
    elif isinstance(left, Constant) and not isinstance(right, Constant):
        if short in COMMUTATIVE:
            with_constant(stack, name, right, left)
            return
        if short in MIRRORED and mirrored(stack, short, left, right, mask):
            return
    elif isinstance(right, Constant) and with_constant(stack, name, left, right):
        return
    a, b = stack.slot_of(left), stack.slot_of(right)
    stack.code.emit(name, d=stack.push_result(answers_wide(name)), a=a, b=b)


def mirrored(stack: OperandStack, short: str, left: Constant, right: Local | Temporary, mask: int) -> bool:
    signed, answer, opposite = MIRRORED[short]
    if left.value == (mask >> 1 if signed else mask):
        stack.push_constant(answer, False)
        return True
    constant = left.value + 1 & mask
    if not fits(constant, left.wide):
        return False
    name = immediate_name(opposite + ("64" if left.wide else ""))
    stack.code.emit(name, d=stack.push_result(False), a=right.slot, immediate=constant)
    return True


def fits(constant: int, wide: bool) -> bool:
    """Whether an immediate form can hold it: of 64 bits, the upper half must be all zeros or all ones."""
    return not wide or constant >> 32 in (0, MASK)


def with_constant(stack: OperandStack, name: str, value: Value, constant: Constant) -> bool:
    """value (op) constant, with an immediate if there is such a form (a commutative operation always finds a way)."""
    assert not isinstance(value, Constant)
    short, wide = split_name(name)
    suffix, bits, number = ("64", 64, constant.value) if wide else ("", 32, constant.value)
    if short in SHIFTS:
        number %= bits
    if identity(short, bits) == number:
        stack.push_again(value)
        return True
    power = number & (number - 1) == 0 and number != 0
    match short:
        case "SUB":
            short, number = "ADD", -number & (1 << bits) - 1
        case "MUL" if power:
            short, number = "SHL", number.bit_length() - 1
        case "DIV_U" if power:
            short, number = "SHR_U", number.bit_length() - 1
        case "REM_U" if power:
            short, number = "AND", number - 1
    form = immediate_name(short + suffix)
    if form in BY_NAME and fits(number, wide):
        stack.code.emit(form, d=stack.push_result(answers_wide(form)), a=value.slot, immediate=number)
        return True
    if short not in COMMUTATIVE or number != constant.value:
        return False
    b = stack.slot_of(constant)
    stack.code.emit(short + suffix, d=stack.push_result(answers_wide(short + suffix)), a=value.slot, b=b)
    return True


def identity(short: str, bits: int) -> int | None:
    """x (op) this = x."""
    match short:
        case "ADD" | "SUB" | "OR" | "XOR" | "SHL" | "SHR_U" | "SHR_S" | "ROTL" | "ROTR":
            return 0
        case "AND":
            return (1 << bits) - 1
        case "MUL" | "DIV_U":
            return 1
        case _:
            return None


def unary(stack: OperandStack, name: str) -> None:
    value = stack.pop()
    if isinstance(value, Constant):
        stack.push_constant(BY_NAME[name].meaning(value.value, 0, 0), answers_wide(name))
        return
    stack.code.emit(name, d=stack.push_result(answers_wide(name)), a=value.slot)


def equal_zero(stack: OperandStack) -> None:
    value, line = stack.pop(), stack.code.last_line
    if isinstance(value, Constant):
        stack.push_constant(int(value.value == 0), False)
    elif not value.wide and not isinstance(value, Local) and line and line.written == value.slot and line.operation.name in OPPOSITE:
        line.operation = BY_NAME[OPPOSITE[line.operation.name]]
        stack.push_result(False)
    else:
        stack.code.emit("EQ64I" if value.wide else "EQI", d=stack.push_result(False), a=value.slot)


def extend(stack: OperandStack, bits: int, wide: bool) -> None:
    for name in ("SHL", "SHR_S"):
        value = stack.pop()
        binary(stack, name + ("64" if wide else ""), value, Constant((64 if wide else 32) - bits, wide, value.home))


def select(stack: OperandStack) -> None:
    condition = stack.pop()
    if isinstance(condition, Constant):
        second, first = stack.pop(), stack.pop()
        stack.push_again(first if condition.value else second)
        return
    slot, negated = condition_slot(stack, condition)
    wide = stack.entries[-1].wide
    b = stack.pop_slot()
    a = stack.pop_slot()
    if negated:
        a, b = b, a
    stack.code.emit("SELECT64" if wide else "SELECT", d=stack.push_result(wide), a=a, b=b, condition=slot)


def extend_32(stack: OperandStack) -> None:
    unary(stack, "WRAP")
    unary(stack, "EXTEND_S")


PLAIN: dict[int, Callable[[OperandStack], object]] = {
    CODE_OF["i32.eqz"]: equal_zero,
    CODE_OF["i64.eqz"]: equal_zero,
    CODE_OF["i32.extend8_s"]: lambda stack: extend(stack, 8, False),
    CODE_OF["i32.extend16_s"]: lambda stack: extend(stack, 16, False),
    CODE_OF["i64.extend8_s"]: lambda stack: extend(stack, 8, True),
    CODE_OF["i64.extend16_s"]: lambda stack: extend(stack, 16, True),
    CODE_OF["i64.extend32_s"]: extend_32,
    CODE_OF["i32.wrap_i64"]: lambda stack: unary(stack, "WRAP"),
    CODE_OF["i64.extend_i32_u"]: lambda stack: unary(stack, "EXTEND_U"),
    CODE_OF["i64.extend_i32_s"]: lambda stack: unary(stack, "EXTEND_S"),
    CODE_OF["i32.reinterpret_f32"]: lambda stack: None,
    CODE_OF["f32.reinterpret_i32"]: lambda stack: None,
    CODE_OF["i64.reinterpret_f64"]: lambda stack: None,
    CODE_OF["f64.reinterpret_i64"]: lambda stack: None,
    CODE_OF["drop"]: OperandStack.pop,
    CODE_OF["select"]: select,
    SELECT_TYPED: select,
    **{
        CODE_OF[f"{kind}.{name}"]: partial(unary, name=name.upper() + suffix)
        for kind, suffix in (("i32", ""), ("i64", "64")) for name in ("clz", "ctz", "popcnt")
    },
}

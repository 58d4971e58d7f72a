"""Constant expressions: their type when they are validated, their value when a program is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wasm_exec.errors import Invalid
from wasm_exec.module import Instruction, Module, ValueType
from wasm_exec.opcodes import CODE_OF, END, OPCODES

NULL = 0
CONSTANTS = {
    CODE_OF["i32.const"]: ValueType.I32, CODE_OF["i64.const"]: ValueType.I64,
    CODE_OF["f32.const"]: ValueType.F32, CODE_OF["f64.const"]: ValueType.F64,
}
EXTENDED: dict[int, tuple[ValueType, Callable[[int, int], int]]] = {
    CODE_OF[f"{kind.name.lower()}.{name}"]: (kind, meaning)
    for kind in (ValueType.I32, ValueType.I64)
    for name, meaning in (("add", int.__add__), ("sub", int.__sub__), ("mul", int.__mul__))
}
GLOBAL_GET, REF_NULL, REF_FUNC = CODE_OF["global.get"], CODE_OF["ref.null"], CODE_OF["ref.func"]


def check_constant(module: Module, instructions: list[Instruction], expected: ValueType, functions: int, globals_known: int) -> None:
    """Refuses an expression that is not constant or has another type. Globals from `globals_known` on do not exist yet."""
    stack: list[ValueType] = []
    for instruction in instructions[:-1]:
        code, operand, offset = instruction.code, instruction.operand, instruction.offset
        if code in CONSTANTS:
            stack.append(CONSTANTS[code])
        elif code in EXTENDED:
            kind = EXTENDED[code][0]
            if stack[-2:] != [kind, kind]:
                raise Invalid("type mismatch", offset)
            stack.pop()
        elif code == REF_NULL:
            assert isinstance(operand, ValueType)
            stack.append(operand)
        elif code == REF_FUNC:
            assert isinstance(operand, int)
            if operand >= functions:
                raise Invalid("unknown function", offset)
            stack.append(ValueType.FUNCREF)
        elif code == GLOBAL_GET:
            assert isinstance(operand, int)
            if operand >= globals_known:
                raise Invalid("unknown global", offset)
            if module.globals[operand].mutable:
                raise Invalid("constant expression required", offset)
            stack.append(module.globals[operand].type)
        else:
            raise Invalid(f"constant expression required, found {OPCODES[code].name}", offset)
    if stack != [expected]:
        raise Invalid("type mismatch", instructions[-1].offset)
    assert instructions[-1].code == END


def constant_value(instructions: list[Instruction], globals_known: Sequence[int], reference: Callable[[int], int]) -> int:
    """The bits of a valid constant expression; `reference` gives the value that stands for a function."""
    stack: list[int] = []
    for instruction in instructions[:-1]:
        code, operand = instruction.code, instruction.operand
        if code in EXTENDED:
            kind, meaning = EXTENDED[code]
            right, left = stack.pop(), stack.pop()
            stack.append(meaning(left, right) & (0xFFFFFFFFFFFFFFFF if kind.wide else 0xFFFFFFFF))
        elif isinstance(operand, bytes):
            stack.append(int.from_bytes(operand, "little"))
        elif code == REF_NULL:
            stack.append(NULL)
        else:
            assert isinstance(operand, int)
            match code:
                case _ if code == REF_FUNC:
                    stack.append(reference(operand))
                case _ if code == GLOBAL_GET:
                    stack.append(globals_known[operand])
                case _:
                    stack.append(operand & (0xFFFFFFFFFFFFFFFF if CONSTANTS[code].wide else 0xFFFFFFFF))
    return stack[0]

"""Validation of references, tables and passive segments."""

from __future__ import annotations

from collections.abc import Callable

from wasm_exec.module import Instruction, ValueType
from wasm_exec.opcodes import CODE_OF
from wasm_exec.validate_stack import BodyChecker

I = ValueType.I32  # noqa: E741 - the letter of the specification
THREE = (I, I, I)


def pair(operand: object) -> tuple[int, int]:
    assert isinstance(operand, tuple)
    return operand


def call_indirect(checker: BodyChecker, instruction: Instruction) -> None:
    type_index, table = pair(instruction.operand)
    if checker.table(table).type is not ValueType.FUNCREF:
        raise checker.fail("type mismatch")
    signature = checker.type(type_index)
    checker.pop(I)
    checker.pop_all(signature.parameters)
    checker.push_all(signature.results)


def data_index(checker: BodyChecker, index: object) -> None:
    assert isinstance(index, int)
    if index >= (checker.context.module.data_count or 0):
        raise checker.fail("unknown data segment")


def element_type(checker: BodyChecker, index: object) -> ValueType:
    assert isinstance(index, int)
    if index >= len(checker.context.module.elements):
        raise checker.fail("unknown elem segment")
    return checker.context.module.elements[index].type


def elem_drop(checker: BodyChecker, instruction: Instruction) -> None:
    element_type(checker, instruction.operand)


def memory_init(checker: BodyChecker, instruction: Instruction) -> None:
    checker.require_memory()
    data_index(checker, pair(instruction.operand)[0])
    checker.pop_all(THREE)


def table_init(checker: BodyChecker, instruction: Instruction) -> None:
    segment, table = pair(instruction.operand)
    kind = checker.table(table).type
    if element_type(checker, segment) is not kind:
        raise checker.fail("type mismatch")
    checker.pop_all(THREE)


def table_copy(checker: BodyChecker, instruction: Instruction) -> None:
    target, source = pair(instruction.operand)
    if checker.table(target).type is not checker.table(source).type:
        raise checker.fail("type mismatch")
    checker.pop_all(THREE)


def with_table(parameters: str, result: str) -> Callable[[BodyChecker, Instruction], None]:
    """A rule: the letters stand for an index (i) and an element of the table (e)."""

    def rule(checker: BodyChecker, instruction: Instruction) -> None:
        kinds = {"i": I, "e": checker.table(instruction.operand).type}
        checker.pop_all(tuple(kinds[letter] for letter in parameters))
        checker.push_all(tuple(kinds[letter] for letter in result))

    return rule


def ref_null(checker: BodyChecker, instruction: Instruction) -> None:
    kind = instruction.operand
    assert isinstance(kind, ValueType)
    checker.push_all((kind,))


def ref_is_null(checker: BodyChecker, instruction: Instruction) -> None:
    kind = checker.pop()
    if kind is not None and not kind.is_reference:
        raise checker.fail("type mismatch")
    checker.push_all((I,))


def ref_func(checker: BodyChecker, instruction: Instruction) -> None:
    index = instruction.operand
    assert isinstance(index, int)
    if index >= len(checker.context.functions):
        raise checker.fail("unknown function")
    if index not in checker.context.declared:
        raise checker.fail("undeclared function reference")
    checker.push_all((ValueType.FUNCREF,))


RULES: dict[int, Callable[[BodyChecker, Instruction], None]] = {
    CODE_OF["call_indirect"]: call_indirect,
    CODE_OF["memory.init"]: memory_init,
    CODE_OF["data.drop"]: lambda checker, instruction: data_index(checker, instruction.operand),
    CODE_OF["table.init"]: table_init,
    CODE_OF["elem.drop"]: elem_drop,
    CODE_OF["table.copy"]: table_copy,
    CODE_OF["table.get"]: with_table("i", "e"),
    CODE_OF["table.set"]: with_table("ie", ""),
    CODE_OF["table.size"]: with_table("", "i"),
    CODE_OF["table.grow"]: with_table("ei", "i"),
    CODE_OF["table.fill"]: with_table("iei", ""),
    CODE_OF["ref.null"]: ref_null,
    CODE_OF["ref.is_null"]: ref_is_null,
    CODE_OF["ref.func"]: ref_func,
}

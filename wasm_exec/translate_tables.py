"""Translation of references, tables, indirect calls, and of what changes the memory as a whole."""

from __future__ import annotations

from collections.abc import Callable

from wasm_exec import routines_memory, routines_table
from wasm_exec.constants import NULL
from wasm_exec.opcodes import CODE_OF
from wasm_exec.places import reference
from wasm_exec.translate_blocks import widths
from wasm_exec.translate_body import BodyTranslator

ONE_RESULT = (False,)


def pair(operand: object) -> tuple[int, int]:
    assert isinstance(operand, tuple)
    return operand


def index_of(operand: object) -> int:
    assert isinstance(operand, int)
    return operand


def call_indirect(translator: BodyTranslator, operand: object) -> None:
    """The routine finds the pc, above the arguments; then it is called like any function."""
    type_index, table = pair(operand)
    around, stack = translator.around, translator.stack
    signature = around.module.types[type_index]
    number, place = around.places.type_number(signature), around.places.tables[table]
    routine = around.routines.number(("table.function", table, number), lambda: routines_table.function_of(place, number))
    translator.call_function(routine, 1, ONE_RESULT)
    target = stack.pop_slot()
    stack.settle_top(len(signature.parameters))
    base = len(stack) - len(signature.parameters)
    translator.code.emit("CALL_SLOT", d=stack.base(base), a=target)
    stack.drop_to(base, widths(signature.results))


def memory_grow(translator: BodyTranslator, operand: object) -> None:
    places = translator.around.places
    routine = translator.around.routines.number(
        ("memory.grow",), lambda: routines_memory.grow(places.memory_minimum, places.memory_limit)
    )
    translator.call_function(routine, 1, ONE_RESULT)


def memory_fill(translator: BodyTranslator, operand: object) -> None:
    places = translator.around.places
    routine = translator.around.routines.number(
        ("memory.fill",), lambda: routines_memory.fill(places.memory_minimum, places.memory_grows)
    )
    translator.call_function(routine, 3, ())


def memory_copy(translator: BodyTranslator, operand: object) -> None:
    places = translator.around.places
    routine = translator.around.routines.number(
        ("memory.copy",), lambda: routines_memory.copy(places.memory_minimum, places.memory_grows)
    )
    translator.call_function(routine, 3, ())


def memory_init(translator: BodyTranslator, operand: object) -> None:
    places, segment = translator.around.places, pair(operand)[0]
    routine = translator.around.routines.number(
        ("memory.init", segment),
        lambda: routines_memory.initialise(places.data[segment], places.memory_minimum, places.memory_grows),
    )
    translator.call_function(routine, 3, ())


def drop_segment(translator: BodyTranslator, global_index: int | None) -> None:
    """What is dropped has no bytes or elements from now on."""
    assert global_index is not None
    zero = translator.stack.zero_slot
    translator.code.emit("STORE32", d=4, a=zero, b=zero, immediate=8 * global_index)


def data_drop(translator: BodyTranslator, operand: object) -> None:
    drop_segment(translator, translator.around.places.data[index_of(operand)].global_index)


def elem_drop(translator: BodyTranslator, operand: object) -> None:
    drop_segment(translator, translator.around.places.elements[index_of(operand)].global_index)


def table_get(translator: BodyTranslator, operand: object) -> None:
    table = index_of(operand)
    place = translator.around.places.tables[table]
    translator.call_function(translator.around.routines.number(("table.get", table), lambda: routines_table.get(place)), 1, ONE_RESULT)


def table_set(translator: BodyTranslator, operand: object) -> None:
    table = index_of(operand)
    place = translator.around.places.tables[table]
    translator.call_function(translator.around.routines.number(("table.set", table), lambda: routines_table.put(place)), 2, ())


def table_fill(translator: BodyTranslator, operand: object) -> None:
    table = index_of(operand)
    place = translator.around.places.tables[table]
    translator.call_function(translator.around.routines.number(("table.fill", table), lambda: routines_table.fill(place)), 3, ())


def table_grow(translator: BodyTranslator, operand: object) -> None:
    table = index_of(operand)
    place = translator.around.places.tables[table]
    translator.call_function(translator.around.routines.number(("table.grow", table), lambda: routines_table.grow(place)), 2, ONE_RESULT)


def table_size(translator: BodyTranslator, operand: object) -> None:
    routines_memory.put_size(translator.code, translator.around.places.tables[index_of(operand)], translator.stack.push_result(False))


def table_copy(translator: BodyTranslator, operand: object) -> None:
    target, source = pair(operand)
    tables = translator.around.places.tables
    routine = translator.around.routines.number(
        ("table.copy", target, source), lambda: routines_table.copy(tables[target], tables[source])
    )
    translator.call_function(routine, 3, ())


def table_init(translator: BodyTranslator, operand: object) -> None:
    segment, table = pair(operand)
    places = translator.around.places
    routine = translator.around.routines.number(
        ("table.init", segment, table), lambda: routines_table.copy(places.tables[table], places.elements[segment])
    )
    translator.call_function(routine, 3, ())


def ref_func(translator: BodyTranslator, operand: object) -> None:
    translator.stack.push_constant(reference(index_of(operand)), False)


def ref_null(translator: BodyTranslator, operand: object) -> None:
    translator.stack.push_constant(NULL, False)


def ref_is_null(translator: BodyTranslator, operand: object) -> None:
    from wasm_exec.translate_plain import equal_zero
    equal_zero(translator.stack)


SPECIAL: dict[int, Callable[[BodyTranslator, object], None]] = {
    CODE_OF["call_indirect"]: call_indirect,
    CODE_OF["memory.grow"]: memory_grow,
    CODE_OF["memory.fill"]: memory_fill,
    CODE_OF["memory.copy"]: memory_copy,
    CODE_OF["memory.init"]: memory_init,
    CODE_OF["data.drop"]: data_drop,
    CODE_OF["elem.drop"]: elem_drop,
    CODE_OF["table.get"]: table_get,
    CODE_OF["table.set"]: table_set,
    CODE_OF["table.fill"]: table_fill,
    CODE_OF["table.grow"]: table_grow,
    CODE_OF["table.size"]: table_size,
    CODE_OF["table.copy"]: table_copy,
    CODE_OF["table.init"]: table_init,
    CODE_OF["ref.func"]: ref_func,
    CODE_OF["ref.null"]: ref_null,
    CODE_OF["ref.is_null"]: ref_is_null,
}

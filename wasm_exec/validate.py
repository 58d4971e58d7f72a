"""Validation of everything around the code of a module; the bodies are checked in validate_code."""

from __future__ import annotations

from wasm_exec.constants import REF_FUNC, check_constant
from wasm_exec.environment import Environment, connect
from wasm_exec.errors import Invalid
from wasm_exec.module import ExternalKind, FunctionType, Mode, Module, ValueType
from wasm_exec.spaces import MEMORY_PAGES_LIMIT, TABLE_ENTRIES_LIMIT
from wasm_exec.validate_code import validate_body
from wasm_exec.validate_stack import Context

FUNCTIONS_LIMIT = 100_000
GLOBALS_LIMIT = 100_000
SEGMENTS_LIMIT = 100_000


def validate(module: Module, environment: Environment | None = None) -> None:
    """Refuses what the specification refuses, what nobody provides, and by name what we do not support."""
    types = function_types(module)
    validate_limits(module)
    if len(module.globals) > GLOBALS_LIMIT:
        raise Invalid(f"more than {GLOBALS_LIMIT} globals are not supported", module.globals[0].offset)
    for index, item in enumerate(module.globals):
        refuse_vectors((item.type,), item.offset)
        if item.source is None:
            check_constant(module, item.value, item.type, len(types), index)
    validate_exports(module, len(types))
    if module.start is not None:
        offset, index = module.start
        if index >= len(types):
            raise Invalid("unknown function", offset)
        if types[index] != FunctionType((), ()):
            raise Invalid("start function", offset)
    validate_elements(module, len(types))
    validate_data(module, len(types))
    vectors = {index for index, item in enumerate(module.types) if ValueType.V128 in item.parameters + item.results}
    context = Context(module, types, declared_functions(module), vectors)
    for (_, index), body in zip(module.functions, module.bodies, strict=True):
        validate_body(context, module.types[index], body)
    if environment is not None:
        connect(module, environment)
    for limits in module.memories:
        if limits.minimum > MEMORY_PAGES_LIMIT:
            raise Invalid(f"a memory of more than {MEMORY_PAGES_LIMIT} pages is not supported", limits.offset)
    if sum(table.limits.minimum for table in module.tables) > TABLE_ENTRIES_LIMIT:
        raise Invalid(f"tables with more than {TABLE_ENTRIES_LIMIT} entries are not supported", module.tables[0].limits.offset)


def refuse_vectors(types: tuple[ValueType, ...], offset: int) -> None:
    if ValueType.V128 in types:
        raise Invalid("SIMD is not supported", offset)


def function_types(module: Module) -> list[FunctionType]:
    """The types of all functions, imports first."""
    if len(module.imports) + len(module.functions) > FUNCTIONS_LIMIT:
        raise Invalid(f"more than {FUNCTIONS_LIMIT} functions are not supported", module.functions[0][0] if module.functions else 0)
    types: list[FunctionType] = []
    for offset, index in [*((item.offset, item.type_index) for item in module.imports), *module.functions]:
        if index >= len(module.types):
            raise Invalid("unknown type", offset)
        refuse_vectors(module.types[index].parameters + module.types[index].results, offset)
        types.append(module.types[index])
    return types


def validate_limits(module: Module) -> None:
    if len(module.memories) > 1:
        raise Invalid("multiple memories", module.memories[1].offset)
    for limits in module.memories:
        if limits.minimum > 1 << 16 or (limits.maximum or 0) > 1 << 16:
            raise Invalid("memory size must be at most 65536 pages (4GiB)", limits.offset)
    for limits in module.memories + [table.limits for table in module.tables]:
        if limits.maximum is not None and limits.maximum < limits.minimum:
            raise Invalid("size minimum must not be greater than maximum", limits.offset)


def validate_exports(module: Module, functions: int) -> None:
    known = {
        ExternalKind.FUNCTION: functions, ExternalKind.TABLE: len(module.tables),
        ExternalKind.MEMORY: len(module.memories), ExternalKind.GLOBAL: len(module.globals),
    }
    seen: set[str] = set()
    for item in module.exports:
        if item.index >= known[item.kind]:
            raise Invalid(f"unknown {item.kind.name.lower()}", item.offset)
        if item.name in seen:
            raise Invalid("duplicate export name", item.offset)
        seen.add(item.name)


def validate_elements(module: Module, functions: int) -> None:
    if len(module.elements) + len(module.data) > SEGMENTS_LIMIT:
        offsets = [item.offset for item in module.elements] + [item.offset for item in module.data]
        raise Invalid(f"more than {SEGMENTS_LIMIT} segments are not supported", offsets[SEGMENTS_LIMIT])
    for segment in module.elements:
        if segment.mode is Mode.ACTIVE:
            if segment.table >= len(module.tables):
                raise Invalid("unknown table", segment.offset)
            if module.tables[segment.table].type is not segment.type:
                raise Invalid("type mismatch", segment.offset)
            check_constant(module, segment.place, ValueType.I32, functions, len(module.globals))
        for value in segment.values:
            check_constant(module, value, segment.type, functions, len(module.globals))


def validate_data(module: Module, functions: int) -> None:
    for segment in module.data:
        if segment.place is not None:
            if segment.memory >= len(module.memories):
                raise Invalid("unknown memory", segment.offset)
            check_constant(module, segment.place, ValueType.I32, functions, len(module.globals))


def declared_functions(module: Module) -> set[int]:
    """The functions that occur outside of bodies: only to these may a body make references."""
    expressions = [item.value for item in module.globals] + [value for segment in module.elements for value in segment.values]
    found = {instruction.operand for value in expressions for instruction in value if instruction.code == REF_FUNC}
    found |= {item.index for item in module.exports if item.kind is ExternalKind.FUNCTION}
    return {index for index in found if isinstance(index, int)}

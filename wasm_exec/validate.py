"""Validation of everything around the code of a module; the bodies are checked in validate_code."""

from __future__ import annotations

from wasm_exec.errors import Invalid
from wasm_exec.module import ExternalKind, FunctionType, Instruction, Module, ValueType
from wasm_exec.opcodes import CODE_OF, END, OPCODES
from wasm_exec.signatures import PRIMITIVE_MODULE, PRIMITIVES
from wasm_exec.spaces import MEMORY_PAGES_LIMIT, WASM_PAGE_BYTES
from wasm_exec.validate_code import Context, require_integers, validate_body

FUNCTIONS_LIMIT = 100_000
GLOBALS_LIMIT = 100_000


def validate(module: Module) -> None:
    """Refuses what the specification refuses, and by name what we do not support yet."""
    types = function_types(module)
    validate_memory(module)
    for item in module.globals:
        if item.type is not ValueType.I32:
            raise Invalid(f"a global of type {item.type.name.lower()} is not supported yet", item.offset)
        constant_value(item.value, item.offset)
    if len(module.globals) > GLOBALS_LIMIT:
        raise Invalid(f"more than {GLOBALS_LIMIT} globals are not supported", module.globals[0].offset)
    validate_exports(module, len(types))
    if module.start is not None:
        offset, index = module.start
        if index >= len(types):
            raise Invalid("unknown function", offset)
        if types[index] != FunctionType((), ()):
            raise Invalid("start function", offset)
    if module.elements is not None:
        raise Invalid("element segments are not supported yet", module.elements)
    validate_data(module)
    context = Context(module, types)
    for (_, index), body in zip(module.functions, module.bodies, strict=True):
        validate_body(context, module.types[index], body)


def function_types(module: Module) -> list[FunctionType]:
    """The types of all functions, imports first."""
    types: list[FunctionType] = []
    if len(module.imports) + len(module.functions) > FUNCTIONS_LIMIT:
        raise Invalid(f"more than {FUNCTIONS_LIMIT} functions are not supported", 0)
    for item in module.imports:
        if item.type_index >= len(module.types):
            raise Invalid("unknown type", item.offset)
        expected = PRIMITIVES.get(item.name) if item.module == PRIMITIVE_MODULE else None
        if expected is None:
            raise Invalid(f"the import {item.module}.{item.name} is not supported", item.offset)
        if module.types[item.type_index] != FunctionType(*expected):
            raise Invalid(f"the import {item.module}.{item.name} has another type", item.offset)
        types.append(module.types[item.type_index])
    for offset, index in module.functions:
        if index >= len(module.types):
            raise Invalid("unknown type", offset)
        require_integers(module.types[index].parameters + module.types[index].results, "a function", offset)
        types.append(module.types[index])
    return types


def validate_memory(module: Module) -> None:
    if len(module.memories) > 1:
        raise Invalid("multiple memories", module.memories[1].offset)
    for limits in module.memories:
        if limits.minimum > 1 << 16 or (limits.maximum or 0) > 1 << 16:
            raise Invalid("memory size must be at most 65536 pages (4GiB)", limits.offset)
    for limits in module.memories + module.tables:
        if limits.maximum is not None and limits.maximum < limits.minimum:
            raise Invalid("size minimum must not be greater than maximum", limits.offset)
    for limits in module.memories:
        if limits.minimum > MEMORY_PAGES_LIMIT:
            raise Invalid(f"a memory of more than {MEMORY_PAGES_LIMIT} pages is not supported", limits.offset)


def constant_value(instructions: list[Instruction], offset: int) -> int:
    """The value of a constant expression of type i32."""
    for instruction in instructions[:-1]:
        if instruction.code == CODE_OF["global.get"]:
            raise Invalid("a constant expression with global.get is not supported yet", instruction.offset)
        if instruction.code != CODE_OF["i32.const"]:
            raise Invalid(f"constant expression required, found {OPCODES[instruction.code].name}", instruction.offset)
    if len(instructions) != 2 or instructions[-1].code != END:
        raise Invalid("type mismatch", offset)
    value = instructions[0].operand
    assert isinstance(value, int)
    return value & 0xFFFFFFFF


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


def validate_data(module: Module) -> None:
    for segment in module.data:
        if segment.place is None:
            raise Invalid("passive data segments are not supported yet", segment.offset)
        if segment.memory >= len(module.memories):
            raise Invalid("unknown memory", segment.offset)
        place = constant_value(segment.place, segment.offset)
        if place + len(segment.content) > module.memories[0].minimum * WASM_PAGE_BYTES:
            raise Invalid("a data segment does not fit into the memory", segment.offset)

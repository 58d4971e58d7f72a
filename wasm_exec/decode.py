"""From bytes to a module: sections in order, every size exact. Says `Malformed` for bytes that are not WebAssembly."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from wasm_exec.decode_code import read_constant_expression, read_expression, read_reference_type, read_value_type
from wasm_exec.decode_elements import read_elements
from wasm_exec.errors import Invalid, Malformed
from wasm_exec.module import Body, Data, Export, ExternalKind, FunctionType, Global, Import, Limits, Module, Table, ValueType
from wasm_exec.opcodes import CODE_OF
from wasm_exec.reader import Reader

MAGIC = b"\0asm"
MODULE_BYTES_LIMIT = 1 << 26
CODE_BYTES_LIMIT = 1 << 23  # of all bodies together: each byte may be an instruction
LOCALS_LIMIT = 50_000       # of a function
ALL_LOCALS_LIMIT = 1 << 20  # of all functions together, with parameters: a few bytes declare very many
VALUES_LIMIT = 1000         # that a type takes, or gives
SECTION_ORDER = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11]
Item = TypeVar("Item")


def decode(content: bytes) -> Module:
    if len(content) > MODULE_BYTES_LIMIT:
        raise Invalid(f"a module of more than {MODULE_BYTES_LIMIT} bytes is not supported", MODULE_BYTES_LIMIT)
    reader = Reader(content)
    if not content.startswith(MAGIC):
        raise Malformed("magic header not detected", 0)
    if content[4:8] != b"\1\0\0\0":
        raise Malformed("unknown binary version", 4)
    reader.position = 8
    module, last = Module(), -1
    while not reader.at_end:
        start = reader.position
        section = reader.byte()
        part = reader.part(reader.unsigned())
        if section == 0:
            read_custom(part, module)
            continue
        if section == 13:
            raise Invalid("exception handling is not supported", start)
        if section not in SECTION_ORDER:
            raise Malformed("malformed section id", start)
        if SECTION_ORDER.index(section) <= last:
            raise Malformed("unexpected content after last section", start)
        last = SECTION_ORDER.index(section)
        SECTIONS[section](part, module)
        if not part.at_end:
            raise Malformed("section size mismatch", part.position)
    if len(module.functions) != len(module.bodies):
        raise Malformed("function and code section have inconsistent lengths", len(content))
    if module.data_count is not None and module.data_count != len(module.data):
        raise Malformed("data count and data section have inconsistent lengths", len(content))
    if module.data_count is None:
        require_data_count(module)
    return module


NEED_DATA_COUNT = (CODE_OF["memory.init"], CODE_OF["data.drop"])


def require_data_count(module: Module) -> None:
    for body in module.bodies:
        for instruction in body.instructions:
            if instruction.code in NEED_DATA_COUNT:
                raise Malformed("data count section required", instruction.offset)


def many(reader: Reader, read: Callable[[Reader], Item]) -> list[Item]:
    # Each item takes at least one byte, so the reader ends before a huge count fills the memory.
    return [read(reader) for _ in range(reader.unsigned())]


def read_custom(reader: Reader, module: Module) -> None:
    """Only the names of functions are of interest, and only for reports; a broken name section is ignored."""
    if reader.name() != "name":
        return
    try:
        while not reader.at_end:
            kind, part = reader.byte(), reader.part(reader.unsigned())
            if kind == 1:
                module.names = dict(many(part, lambda item: (item.unsigned(), item.name())))
    except Malformed:
        module.names = {}


def read_type(reader: Reader) -> FunctionType:
    start = reader.position
    form = reader.byte()
    if form in (0x4E, 0x4F, 0x50, 0x5E, 0x5F):
        raise Invalid("garbage collection is not supported", start)
    if form != 0x60:
        raise Malformed("integer representation too long" if form >= 0x80 else "malformed type", start)
    found = FunctionType(tuple(many(reader, read_value_type)), tuple(many(reader, read_value_type)))
    if max(len(found.parameters), len(found.results)) > VALUES_LIMIT:
        raise Invalid(f"a type with more than {VALUES_LIMIT} parameters or results is not supported", start)
    return found


def read_kind(reader: Reader, what: str) -> ExternalKind:
    start = reader.position
    kind = reader.byte()
    if kind == 4:
        raise Invalid("exception handling is not supported", start)
    if kind > 3:
        raise Malformed(f"malformed {what} kind", start)
    return ExternalKind(kind)


def read_imports(reader: Reader, module: Module) -> None:
    for _ in range(reader.unsigned()):
        read_import(reader, module)


def read_import(reader: Reader, module: Module) -> None:
    start, module_name, name = reader.position, reader.name(), reader.name()
    kind = read_kind(reader, "import")
    if kind is ExternalKind.FUNCTION:
        module.imports.append(Import(start, module_name, name, kind, reader.unsigned()))
        return
    source = Import(start, module_name, name, kind)
    match kind:
        case ExternalKind.TABLE:
            module.tables.append(read_table(reader, source))
        case ExternalKind.MEMORY:
            module.memories.append(read_limits(reader, source))
        case _:
            module.globals.append(Global(start, *read_global_type(reader), [], source))


def read_limits(reader: Reader, source: Import | None = None) -> Limits:
    start = reader.position
    flags = reader.byte()
    if flags in (2, 3):
        raise Invalid("shared memory is not supported", start)
    if flags in (4, 5, 6, 7):
        raise Invalid("64-bit memory is not supported", start)
    if flags > 7:
        raise Malformed("malformed limits flags", start)
    return Limits(start, reader.unsigned(), reader.unsigned() if flags else None, source)


def read_table(reader: Reader, source: Import | None = None) -> Table:
    return Table(read_reference_type(reader), read_limits(reader, source))


def read_global_type(reader: Reader) -> tuple[ValueType, bool]:
    kind, place = read_value_type(reader), reader.position
    mutable = reader.byte()
    if mutable > 1:
        raise Malformed("malformed mutability", place)
    return kind, bool(mutable)


def read_global(reader: Reader) -> Global:
    start = reader.position
    return Global(start, *read_global_type(reader), read_constant_expression(reader))


def read_export(reader: Reader) -> Export:
    return Export(reader.position, reader.name(), read_kind(reader, "export"), reader.unsigned())


def read_bodies(reader: Reader, module: Module) -> None:
    if reader.end - reader.position > CODE_BYTES_LIMIT:
        raise Invalid(f"code of more than {CODE_BYTES_LIMIT} bytes is not supported", reader.position)
    module.code_bytes = reader.end - reader.position
    locals_ = 0
    for index in range(reader.unsigned()):
        body = read_body(reader)
        locals_ += sum(count for count, _ in body.locals) + parameters_of(module, index)
        if locals_ > ALL_LOCALS_LIMIT:
            raise Invalid(f"more than {ALL_LOCALS_LIMIT} locals of all functions are not supported", body.offset)
        module.bodies.append(body)


def parameters_of(module: Module, index: int) -> int:
    """How many a function has, if there is such a function with such a type."""
    if index >= len(module.functions) or module.functions[index][1] >= len(module.types):
        return 0
    return len(module.types[module.functions[index][1]].parameters)


def read_body(reader: Reader) -> Body:
    part = reader.part(reader.unsigned())
    start = part.position
    runs = [(part.unsigned(), read_value_type(part)) for _ in range(part.unsigned())]
    if sum(count for count, _ in runs) >= 1 << 32:
        raise Malformed("too many locals", start)
    if sum(count for count, _ in runs) > LOCALS_LIMIT:
        raise Invalid(f"more than {LOCALS_LIMIT} locals are not supported", start)
    instructions = read_expression(part)
    if not part.at_end:
        raise Malformed("section size mismatch", part.position)
    return Body(start, runs, instructions)


def read_data(reader: Reader) -> Data:
    start = reader.position
    flags = reader.unsigned()
    if flags > 2:
        raise Malformed("malformed data segment kind", start)
    memory = reader.unsigned() if flags == 2 else 0
    place = None if flags == 1 else read_constant_expression(reader)
    return Data(start, memory, place, reader.take(reader.unsigned()))


SECTIONS: dict[int, Callable[[Reader, Module], object]] = {
    1: lambda reader, module: module.types.extend(many(reader, read_type)),
    2: lambda reader, module: read_imports(reader, module),
    3: lambda reader, module: module.functions.extend(many(reader, lambda item: (item.position, item.unsigned()))),
    4: lambda reader, module: module.tables.extend(many(reader, read_table)),
    5: lambda reader, module: module.memories.extend(many(reader, read_limits)),
    6: lambda reader, module: module.globals.extend(many(reader, read_global)),
    7: lambda reader, module: module.exports.extend(many(reader, read_export)),
    8: lambda reader, module: setattr(module, "start", (reader.position, reader.unsigned())),
    9: lambda reader, module: module.elements.extend(many(reader, read_elements)),
    10: read_bodies,
    11: lambda reader, module: module.data.extend(many(reader, read_data)),
    12: lambda reader, module: setattr(module, "data_count", reader.unsigned()),
}

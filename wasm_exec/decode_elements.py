"""Decoding element segments, which come in eight encodings."""

from __future__ import annotations

from wasm_exec.decode_code import read_constant_expression, read_reference_type
from wasm_exec.errors import Invalid, Malformed
from wasm_exec.module import Elements, Instruction, Mode, ValueType
from wasm_exec.opcodes import CODE_OF, END
from wasm_exec.reader import Reader
from wasm_exec.spaces import TABLE_ENTRIES_LIMIT

PASSIVE_OR_DECLARED, EXPLICIT, EXPRESSIONS = 1, 2, 4


def read_elements(reader: Reader) -> Elements:
    start = reader.position
    flags = reader.unsigned()
    if flags > 7:
        raise Malformed("malformed elements segment kind", start)
    mode = Mode.ACTIVE if not flags & PASSIVE_OR_DECLARED else Mode.DECLARED if flags & EXPLICIT else Mode.PASSIVE
    table = reader.unsigned() if mode is Mode.ACTIVE and flags & EXPLICIT else 0
    place = read_constant_expression(reader) if mode is Mode.ACTIVE else []
    kind = ValueType.FUNCREF
    if flags & (PASSIVE_OR_DECLARED | EXPLICIT):
        kind = read_kind(reader, bool(flags & EXPRESSIONS))
    count = reader.unsigned()
    if count > TABLE_ENTRIES_LIMIT:
        raise Invalid(f"an element segment with more than {TABLE_ENTRIES_LIMIT} entries is not supported", start)
    references: dict[int, list[Instruction]] = {}
    values: list[list[Instruction]] = []
    for _ in range(count):
        values.append(read_constant_expression(reader) if flags & EXPRESSIONS else function_reference(reader, references))
    return Elements(start, mode, kind, table, place, values)


def read_kind(reader: Reader, expressions: bool) -> ValueType:
    start = reader.position
    if not expressions:
        if reader.byte():
            raise Malformed("malformed element kind", start)
        return ValueType.FUNCREF
    return read_reference_type(reader)


def function_reference(reader: Reader, known: dict[int, list[Instruction]]) -> list[Instruction]:
    """The expression of a function that is only named; the same one for all entries that name it."""
    start = reader.position
    index = reader.unsigned()
    if index not in known:
        known[index] = [Instruction(start, CODE_OF["ref.func"], index), Instruction(start, END)]
    return known[index]

"""Decoding the instructions of a function body or of a constant expression into a flat list."""

from __future__ import annotations

from collections.abc import Callable

from wasm_exec.errors import Invalid, Malformed
from wasm_exec.module import Instruction, ValueType
from wasm_exec.opcodes import BLOCK, ELSE, END, IF, LOOP, OPCODES, PREFIX, REFUSED_OPCODES, REFUSED_PREFIXES, Immediate
from wasm_exec.reader import Reader

VALUE_TYPES = {int(kind): kind for kind in ValueType}
EMPTY_BLOCK = 0x40


def read_value_type(reader: Reader) -> ValueType:
    start = reader.position
    code = reader.byte()
    if code in (0x63, 0x64, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x71, 0x72, 0x73):
        raise Invalid("garbage collection is not supported", start)
    if code not in VALUE_TYPES:
        raise Malformed("malformed value type", start)
    return VALUE_TYPES[code]


def read_reference_type(reader: Reader) -> ValueType:
    start, kind = reader.position, read_value_type(reader)
    if not kind.is_reference:
        raise Malformed("malformed reference type", start)
    return kind


def read_block_type(reader: Reader) -> object:
    start = reader.position
    code = reader.byte()
    if code == EMPTY_BLOCK:
        return None
    if code in VALUE_TYPES:
        return VALUE_TYPES[code]
    reader.position = start
    index = reader.signed(33)
    if index < 0:
        raise Malformed("malformed block type", start)
    return index


def read_zero(reader: Reader) -> int:
    start = reader.position
    if reader.byte():
        raise Malformed("zero byte expected", start)
    return 0


def read_memory_access(reader: Reader) -> tuple[int, int]:
    start = reader.position
    alignment = reader.unsigned()
    if alignment >= 64:
        raise Invalid("more than one memory is not supported", start)
    if alignment >= 32:
        raise Malformed("malformed memop flags", start)
    return alignment, reader.unsigned()


IMMEDIATES: dict[Immediate, Callable[[Reader], object]] = {
    Immediate.NONE: lambda reader: None,
    Immediate.BLOCK: read_block_type,
    Immediate.INDEX: lambda reader: reader.unsigned(),
    Immediate.TWO_INDICES: lambda reader: (reader.unsigned(), reader.unsigned()),
    Immediate.TABLE: lambda reader: [reader.unsigned() for _ in range(reader.unsigned())] + [reader.unsigned()],
    Immediate.MEMORY_ACCESS: read_memory_access,
    Immediate.ZERO: read_zero,
    Immediate.TWO_ZEROS: lambda reader: (read_zero(reader), read_zero(reader)),
    Immediate.INDEX_ZERO: lambda reader: (reader.unsigned(), read_zero(reader)),
    Immediate.I32: lambda reader: reader.signed(32),
    Immediate.I64: lambda reader: reader.signed(64),
    Immediate.F32: lambda reader: reader.take(4),
    Immediate.F64: lambda reader: reader.take(8),
    Immediate.TYPES: lambda reader: [read_value_type(reader) for _ in range(reader.unsigned())],
    Immediate.REFERENCE: read_reference_type,
}


READERS = {code: IMMEDIATES[opcode.immediate] for code, opcode in OPCODES.items()}
# One byte, and neither an operand nor a block that begins or ends.
ALONE = frozenset(code for code, opcode in OPCODES.items() if opcode.immediate is Immediate.NONE and code < 0xFC) - {ELSE, END}


def read_instruction(reader: Reader) -> Instruction:
    start = reader.position
    code = reader.byte()
    found = READERS.get(code)
    if found is not None:
        return Instruction(start, code, found(reader))
    if code in REFUSED_PREFIXES:
        raise Invalid(f"{REFUSED_PREFIXES[code]} not supported", start)
    if code in REFUSED_OPCODES:
        raise Invalid(f"{REFUSED_OPCODES[code]} not supported", start)
    if code == 0xFC:
        code = PREFIX + reader.unsigned()
    if code not in READERS:
        raise Malformed("illegal opcode", start)
    return Instruction(start, code, READERS[code](reader))


def read_expression(reader: Reader) -> list[Instruction]:
    """Everything up to and with the `end` that closes the body."""
    instructions: list[Instruction] = []
    open_blocks = [BLOCK]
    while open_blocks:
        start = reader.position
        if start >= reader.end:
            raise Malformed("END opcode expected", start)
        code = reader.content[start]
        if code in ALONE:
            reader.position = start + 1
            instructions.append(Instruction(start, code))
            continue
        instruction = read_instruction(reader)
        instructions.append(instruction)
        if code in (BLOCK, LOOP, IF):
            open_blocks.append(code)
        elif code == END:
            open_blocks.pop()
        elif code == ELSE:
            if open_blocks.pop() != IF:
                raise Malformed("END opcode expected", instruction.offset)
            open_blocks.append(ELSE)
    return instructions


read_constant_expression = read_expression

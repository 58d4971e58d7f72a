"""A decoded module, before anything about it is believed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum


class ValueType(IntEnum):
    I32 = 0x7F
    I64 = 0x7E
    F32 = 0x7D
    F64 = 0x7C
    V128 = 0x7B
    FUNCREF = 0x70
    EXTERNREF = 0x6F


@dataclass(frozen=True)
class FunctionType:
    parameters: tuple[ValueType, ...]
    results: tuple[ValueType, ...]


@dataclass(frozen=True)
class Instruction:
    """`operand`: index, constant (not reduced), (alignment, offset), block type (None, ValueType or index of a type),
    labels of br_table (the default last)."""

    offset: int
    code: int
    operand: object = None


class ExternalKind(IntEnum):
    FUNCTION = 0
    TABLE = 1
    MEMORY = 2
    GLOBAL = 3


@dataclass(frozen=True)
class Import:
    offset: int
    module: str
    name: str
    kind: ExternalKind
    type_index: int


@dataclass(frozen=True)
class Limits:
    offset: int
    minimum: int
    maximum: int | None


@dataclass(frozen=True)
class Global:
    offset: int
    type: ValueType
    mutable: bool
    value: list[Instruction]


@dataclass(frozen=True)
class Export:
    offset: int
    name: str
    kind: ExternalKind
    index: int


@dataclass(frozen=True)
class Body:
    offset: int
    locals: list[tuple[int, ValueType]]
    instructions: list[Instruction]


@dataclass(frozen=True)
class Data:
    """A passive segment has no place."""

    offset: int
    memory: int
    place: list[Instruction] | None
    content: bytes


@dataclass
class Module:
    types: list[FunctionType] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    functions: list[tuple[int, int]] = field(default_factory=list)  # (offset, index of the type), without imports
    tables: list[Limits] = field(default_factory=list)
    memories: list[Limits] = field(default_factory=list)
    globals: list[Global] = field(default_factory=list)
    exports: list[Export] = field(default_factory=list)
    start: tuple[int, int] | None = None
    elements: int | None = None  # offset of the section
    data_count: int | None = None
    bodies: list[Body] = field(default_factory=list)
    data: list[Data] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)

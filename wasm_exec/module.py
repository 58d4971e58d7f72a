"""A decoded module, before anything about it is believed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple


class ValueType(IntEnum):
    I32 = 0x7F
    I64 = 0x7E
    F32 = 0x7D
    F64 = 0x7C
    V128 = 0x7B
    FUNCREF = 0x70
    EXTERNREF = 0x6F

    @property
    def wide(self) -> bool:
        """Whether a value takes 64 bits."""
        return self in (ValueType.I64, ValueType.F64)

    @property
    def is_reference(self) -> bool:
        return self in (ValueType.FUNCREF, ValueType.EXTERNREF)


@dataclass(frozen=True)
class FunctionType:
    """What a function takes and gives."""

    parameters: tuple[ValueType, ...]
    results: tuple[ValueType, ...]


class Instruction(NamedTuple):
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
    """An import of a function, or the name under which a table, memory or global comes from outside."""

    offset: int
    module: str
    name: str
    kind: ExternalKind
    type_index: int = 0


@dataclass(frozen=True)
class Limits:
    offset: int
    minimum: int
    maximum: int | None
    source: Import | None = None


@dataclass(frozen=True)
class Table:
    type: ValueType
    limits: Limits


@dataclass(frozen=True)
class Global:
    """`value` is empty when the global is imported."""

    offset: int
    type: ValueType
    mutable: bool
    value: list[Instruction]
    source: Import | None = None


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


class Mode(IntEnum):
    """When a segment of elements is used."""

    ACTIVE = 0
    PASSIVE = 1
    DECLARED = 2


@dataclass(frozen=True)
class Elements:
    """`values`: constant expressions, one for each element."""

    offset: int
    mode: Mode
    type: ValueType
    table: int
    place: list[Instruction]
    values: list[list[Instruction]]


@dataclass
class Module:
    """`imports` are those of functions; imported tables, memories and globals come first in their lists and know their source."""

    types: list[FunctionType] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    functions: list[tuple[int, int]] = field(default_factory=list)  # (offset, index of the type), without imports
    tables: list[Table] = field(default_factory=list)
    memories: list[Limits] = field(default_factory=list)
    globals: list[Global] = field(default_factory=list)
    exports: list[Export] = field(default_factory=list)
    start: tuple[int, int] | None = None
    elements: list[Elements] = field(default_factory=list)
    data_count: int | None = None
    code_bytes: int = 0     # of the bodies
    bodies: list[Body] = field(default_factory=list)
    data: list[Data] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)

"""What a module may import: functions that are routines in register code, and, for tests, globals, memories and tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from wasm_exec.assembler import Assembler
from wasm_exec.errors import Unlinkable
from wasm_exec.lines import printable
from wasm_exec.module import FunctionType, Import, Limits, Module, Table, ValueType
from wasm_exec.runtime import by_hand

if TYPE_CHECKING:
    from wasm_exec.translate_blocks import Surroundings

I = ValueType.I32  # noqa: E741 - the letter of the specification
Name = tuple[str, str]


@dataclass(frozen=True)
class Routine:
    type: FunctionType
    code: Callable[[Surroundings], Assembler]


@dataclass(frozen=True)
class Constant:
    """An immutable global from outside."""

    type: ValueType
    value: int


@dataclass(frozen=True)
class Environment:
    functions: dict[Name, Routine] = field(default_factory=dict)
    globals: dict[Name, Constant] = field(default_factory=dict)
    memories: dict[Name, Limits] = field(default_factory=dict)
    tables: dict[Name, Table] = field(default_factory=dict)
    others: dict[str, Callable[[FunctionType], Routine | None]] = field(default_factory=dict)  # for names that a module does not list

    def function(self, module: str, name: str, kind: FunctionType) -> Routine | None:
        """The function of this name, whatever its type; `kind` is the one that is wanted."""
        other = self.others.get(module)
        return self.functions.get((module, name)) or (other(kind) if other else None)


PRIMITIVES = {
    "read_input": FunctionType((I, I), (I,)),
    "write_output": FunctionType((I, I), ()),
    "halt": FunctionType((I,), ()),
}


def primitive(name: str) -> Routine:
    return Routine(PRIMITIVES[name], lambda around: by_hand(around, name))


LONGRUN = Environment({("longrun", name): primitive(name) for name in PRIMITIVES})


def connect(module: Module, environment: Environment) -> None:
    """Refuses imports that nobody provides, and puts what is provided in the place of imported tables and memories."""
    for item in module.imports:
        routine = environment.function(item.module, item.name, module.types[item.type_index])
        if routine is None:
            raise refused(item, "is not supported")
        if module.types[item.type_index] != routine.type:
            raise refused(item, "has another type")
    for item in (source for known in module.globals if (source := known.source)):
        if (item.module, item.name) not in environment.globals:
            raise refused(item, "of a global is not supported")
    for known in module.globals:
        if known.source:
            constant = environment.globals[known.source.module, known.source.name]
            if (known.type, known.mutable) != (constant.type, False):
                raise refused(known.source, "has another type")
    for position, limits in enumerate(module.memories):
        if limits.source:
            provided = environment.memories.get((limits.source.module, limits.source.name))
            if provided is None:
                raise refused(limits.source, "of a memory is not supported")
            module.memories[position] = matched(limits, provided, limits.source)
    for position, table in enumerate(module.tables):
        source = table.limits.source
        if source:
            other = environment.tables.get((source.module, source.name))
            if other is None:
                raise refused(source, "of a table is not supported")
            if table.type is not other.type:
                raise refused(source, "has another type")
            module.tables[position] = Table(table.type, matched(table.limits, other.limits, source))


def matched(wanted: Limits, provided: Limits, source: Import) -> Limits:
    most = provided.maximum
    if provided.minimum < wanted.minimum or wanted.maximum is not None and (most is None or most > wanted.maximum):
        raise refused(source, "has another size")
    return replace(provided, offset=wanted.offset)


def refused(item: Import, why: str) -> Unlinkable:
    return Unlinkable(f"the import {printable(item.module)}.{printable(item.name)} {why}", item.offset)

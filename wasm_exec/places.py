"""Where a program keeps what a module has besides locals and linear memory: functions as values, tables, segments, their sizes.

In the space of tables comes first one cell for each function that is used as a value, function f in cell f + 1: its pc in the low
half, the number of its type (plus one) in the high half. A reference is the byte address of that cell, so null is 0. Then come the cells
of the tables, then those of the element segments. Passive data is in the space of segments. What can change in size has its size
in a global behind those of the module, and so has what routines keep.
"""

from __future__ import annotations

from dataclasses import dataclass

from wasm_exec.errors import Invalid
from wasm_exec.module import FunctionType, Mode, Module
from wasm_exec.opcodes import CODE_OF
from wasm_exec.spaces import CELL_BYTES, GLOBALS_BYTES, MEMORY_PAGES_LIMIT, SEGMENTS_BYTES, TABLES_BYTES

TABLE_GROWTH = 1 << 16  # entries by which a table without a maximum can grow


def reference(function: int) -> int:
    """The value that stands for a function."""
    return CELL_BYTES * (function + 1)


@dataclass(frozen=True)
class Sized:
    """Cells or bytes from the address `base` on. The size is fixed, unless it is in a global."""

    base: int
    size: int
    global_index: int | None = None
    limit: int = 0


class Places:
    def __init__(self, module: Module) -> None:
        self.module = module
        used = [(instruction.code, instruction.operand) for body in module.bodies for instruction in body.instructions]
        growing = {operand for code, operand in used if code == CODE_OF["table.grow"]}
        self.memory_grows = any(code == CODE_OF["memory.grow"] for code, _ in used)
        self.states: dict[str, int] = {}
        first: dict[FunctionType, int] = {}
        self.type_numbers = {id(kind): first.setdefault(kind, number) for number, kind in enumerate(module.types, 1)}
        self.sizes: list[int] = []  # of the globals behind those of the module
        cell = 1 + len(module.imports) + len(module.functions)
        self.tables: list[Sized] = []
        for index, table in enumerate(module.tables):
            size, limit = table.limits.minimum, table.limits.minimum
            if index in growing:
                most = table.limits.maximum
                limit = size + TABLE_GROWTH if most is None else min(most, size + TABLE_GROWTH)
            self.tables.append(Sized(CELL_BYTES * cell, size, self.size_global(size) if index in growing else None, limit))
            cell += limit
        self.elements: list[Sized] = []
        for segment in module.elements:
            size = len(segment.values) if segment.mode is Mode.PASSIVE else 0
            self.elements.append(Sized(CELL_BYTES * cell, size, self.size_global(size)))
            cell += size
        if CELL_BYTES * cell > TABLES_BYTES:
            last = [item.limits.offset for item in module.tables] + [item.offset for item in module.elements]
            raise Invalid(f"tables and element segments of more than {TABLES_BYTES // CELL_BYTES} entries are not supported", max(last))
        self.data: list[Sized] = []
        place = 0
        for data in module.data:
            size = len(data.content) if data.place is None else 0
            self.data.append(Sized(place, size, self.size_global(size)))
            place += -(-size // CELL_BYTES) * CELL_BYTES
        if place > SEGMENTS_BYTES:
            raise Invalid(f"more than {SEGMENTS_BYTES} bytes of passive data are not supported", module.data[-1].offset)

    def size_global(self, size: int) -> int:
        self.sizes.append(size)
        return len(self.module.globals) + len(self.sizes) - 1

    def state(self, name: str, values: tuple[int, ...]) -> int:
        """The first global of something that routines keep, which begins with these values."""
        if name not in self.states:
            self.states[name] = len(self.module.globals) + len(self.sizes)
            self.sizes += values
        return self.states[name]

    @property
    def memory_minimum(self) -> int:
        return self.module.memories[0].minimum if self.module.memories else 0

    @property
    def memory_limit(self) -> int:
        if not self.module.memories or not self.memory_grows:
            return self.memory_minimum
        most = self.module.memories[0].maximum
        return MEMORY_PAGES_LIMIT if most is None else min(most, MEMORY_PAGES_LIMIT)

    def require_room(self) -> None:
        """When all that can ask for globals has asked."""
        count, module = len(self.module.globals) + len(self.sizes), self.module
        if CELL_BYTES * count > GLOBALS_BYTES:
            offsets = [item.offset for item in module.globals] + [item.offset for item in module.elements]
            offsets += [item.offset for item in module.data] + [item.limits.offset for item in module.tables]
            many = GLOBALS_BYTES // CELL_BYTES
            raise Invalid(f"more than {many} globals, segments and tables that grow are not supported", max(offsets, default=0))

    def type_number(self, signature: FunctionType) -> int:
        """Of one of the module's types: the same for equal ones, and never 0."""
        return self.type_numbers[id(signature)]

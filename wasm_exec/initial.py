"""The cells of a program before it runs: globals, data, tables, functions as values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wasm_exec.constants import REF_FUNC, constant_value
from wasm_exec.environment import Environment
from wasm_exec.errors import TrapKind
from wasm_exec.module import FunctionType, Instruction, Mode, Module
from wasm_exec.places import Places, reference
from wasm_exec.program import Pages
from wasm_exec.spaces import CELL_BYTES, PAGE_BYTES, PAGE_CELLS, WASM_PAGE_BYTES, Space
from wasm_exec.trace import U64


def referenced_functions(module: Module) -> list[int]:
    """The functions that are used as values somewhere."""
    codes: list[list[Instruction]] = [item.value for item in module.globals] + [body.instructions for body in module.bodies]
    codes += [value for segment in module.elements for value in segment.values]
    found = {instruction.operand for code in codes for instruction in code if instruction.code == REF_FUNC}
    return sorted(index for index in found if isinstance(index, int))


@dataclass(frozen=True)
class Initial:
    """`trap`: a segment does not fit, so that the module cannot begin."""

    globals: tuple[int, ...]
    data: dict[int, U64]
    constants: Pages
    trap: TrapKind | None


def initial(
    module: Module, types: list[FunctionType], layout: Places, environment: Environment, entries: dict[int, int]
) -> Initial:
    """`entries`: the pc of every function."""
    values: list[int] = []
    for item in module.globals:
        if item.source:
            values.append(environment.globals[item.source.module, item.source.name].value)
        else:
            values.append(constant_value(item.value, values, reference))
    tables: dict[int, int] = {}
    for index in referenced_functions(module):
        tables[reference(index) // CELL_BYTES] = entries[index] | layout.type_number(types[index]) << 32
    trap = put_elements(module, layout, values, tables)
    data, too_large = data_pages(module, values)
    trap = trap or (TrapKind.OUT_OF_BOUNDS if too_large else None)
    constants = cell_pages(Space.TABLES, tables)
    content = bytearray()
    for segment in module.data:
        if segment.place is None:
            content += segment.content + bytes(-len(segment.content) % CELL_BYTES)
    constants |= cell_pages(Space.SEGMENTS, dict(enumerate(np.frombuffer(bytes(content), "<u8").tolist())))
    return Initial((*values, *layout.sizes), data, constants, trap)


def put_elements(module: Module, layout: Places, globals_: list[int], cells: dict[int, int]) -> TrapKind | None:
    for segment, place in zip(module.elements, layout.elements, strict=True):
        values = [constant_value(value, globals_, reference) for value in segment.values]
        base = place.base
        if segment.mode is Mode.DECLARED:
            continue
        if segment.mode is Mode.ACTIVE:
            table, first = layout.tables[segment.table], constant_value(segment.place, globals_, reference)
            if first + len(values) > table.size:
                return TrapKind.TABLE_OUT_OF_BOUNDS
            base = table.base + CELL_BYTES * first
        cells.update(enumerate(values, base // CELL_BYTES))
    return None


def cell_pages(space: Space, cells: dict[int, int]) -> Pages:
    """The pages of a space that are not zero."""
    result: Pages = {}
    for cell, value in cells.items():
        if value:
            page = result.setdefault((int(space), cell // PAGE_CELLS), np.zeros(PAGE_CELLS, dtype=np.uint64))
            page[cell % PAGE_CELLS] = value
    return result


def data_pages(module: Module, globals_: list[int]) -> tuple[dict[int, U64], bool]:
    """The pages of memory that the data segments make non-zero, and whether one does not fit; a later segment overwrites an earlier."""
    active = [(segment.place, segment.content) for segment in module.data if segment.place is not None]
    if not active:
        return {}, False
    memory = np.zeros(module.memories[0].minimum * WASM_PAGE_BYTES, dtype=np.uint8)
    touched: set[int] = set()
    too_large = False
    for expression, content in active:
        place, size = constant_value(expression, globals_, reference), len(content)
        if place + size > len(memory):
            too_large = True
            break
        memory[place : place + size] = np.frombuffer(content, dtype=np.uint8)
        touched.update(range(place // PAGE_BYTES, -(-(place + size) // PAGE_BYTES)))
    result: dict[int, U64] = {}
    for page in sorted(touched):
        cells = memory[page * PAGE_BYTES : (page + 1) * PAGE_BYTES].view("<u8").astype(np.uint64)
        if cells.any():
            result[page] = cells
    return result, too_large

"""From the bytes of a module to a Program: decode, validate, translate every function, link. Deterministic, part of the statement."""

from __future__ import annotations

import numpy as np

from wasm_exec.assembler import Assembler
from wasm_exec.decode import decode
from wasm_exec.errors import Invalid
from wasm_exec.link import BLOCK_PAGES_LIMIT, BLOCK_ROWS_LIMIT, ENTRY, find_block_starts, link
from wasm_exec.module import ExternalKind, FunctionType, Module
from wasm_exec.program import Program
from wasm_exec.runtime import ROUTINES, entry_stub
from wasm_exec.spaces import PAGE_BYTES, WASM_PAGE_BYTES
from wasm_exec.trace import U64
from wasm_exec.translate_body import BodyTranslator
from wasm_exec.validate import constant_value, validate


def load(wasm: bytes, block_rows: int = BLOCK_ROWS_LIMIT, block_pages: int = BLOCK_PAGES_LIMIT) -> Program:
    """The program of a module. Smaller blocks allow smaller segments; they change nothing else."""
    module = decode(wasm)
    validate(module)
    types = [module.types[item.type_index] for item in module.imports] + [module.types[index] for _, index in module.functions]
    names = function_names(module, len(types))
    main = main_function(module, types)
    start = None if module.start is None else module.start[1]
    functions: dict[int, Assembler] = {ENTRY: entry_stub(start, main, bool(types[main].results))}
    for index, item in enumerate(module.imports):
        functions[index] = ROUTINES[item.name]()
    for index, body in enumerate(module.bodies, len(module.imports)):
        functions[index] = BodyTranslator(module, types, names[index], types[index], body).translate(body)
    linked = link(functions)
    return Program(
        linked.instructions,
        module.memories[0].minimum if module.memories else 0,
        data_pages(module),
        tuple(constant_value(item.value, item.offset) for item in module.globals),
        linked.functions,
        find_block_starts(linked.instructions, block_rows, block_pages),
    )


def main_function(module: Module, types: list[FunctionType]) -> int:
    """`_start`, or else `main` without parameters, whose result is the exit code if it has one."""
    exported = {item.name: item.index for item in module.exports if item.kind is ExternalKind.FUNCTION}
    for name in ("_start", "main"):
        if name in exported:
            signature = types[exported[name]]
            if signature.parameters or len(signature.results) > (name == "main"):
                raise Invalid(f"the exported function {name} has another type", 0)
            return exported[name]
    raise Invalid("there is no exported function _start or main", 0)


def function_names(module: Module, count: int) -> list[str]:
    exported = {item.index: item.name for item in module.exports if item.kind is ExternalKind.FUNCTION}
    return [module.names.get(index) or exported.get(index) or f"function {index}" for index in range(count)]


def data_pages(module: Module) -> dict[int, U64]:
    """The pages of memory that the data segments make non-zero; a later segment overwrites an earlier one."""
    if not module.data:
        return {}
    memory = np.zeros(module.memories[0].minimum * WASM_PAGE_BYTES, dtype=np.uint8)
    touched: set[int] = set()
    for segment in module.data:
        assert segment.place is not None
        place, size = constant_value(segment.place, segment.offset), len(segment.content)
        memory[place : place + size] = np.frombuffer(segment.content, dtype=np.uint8)
        touched.update(range(place // PAGE_BYTES, -(-(place + size) // PAGE_BYTES)))
    result: dict[int, U64] = {}
    for page in sorted(touched):
        cells = memory[page * PAGE_BYTES : (page + 1) * PAGE_BYTES].view("<u8").astype(np.uint64)
        if cells.any():
            result[page] = cells
    return result

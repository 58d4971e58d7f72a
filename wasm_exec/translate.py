"""From the bytes of a module to a Program: decode, validate, translate every function, link. Deterministic, part of the statement."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from wasm_exec.assembler import LINES_LIMIT, LINES_OF_A_BYTE, LINES_OF_SMALL_CODE, Assembler
from wasm_exec.decode import decode
from wasm_exec.environment import Environment
from wasm_exec.errors import Invalid
from wasm_exec.initial import initial, referenced_functions
from wasm_exec.link import BLOCK_PAGES_LIMIT, BLOCK_ROWS_LIMIT, ENTRY, find_block_starts, link
from wasm_exec.module import ExternalKind, FunctionType, Module
from wasm_exec.places import Places
from wasm_exec.program import EventExport, Export, Program
from wasm_exec.routines import Routines
from wasm_exec.runtime import EVENT_END, entry_stub, export_stub, instantiation_stub, trap_stub
from wasm_exec.session_driver import driver, event_stub
from wasm_exec.translate_blocks import Surroundings, widths
from wasm_exec.translate_body import BodyTranslator
from wasm_exec.validate import validate
from wasm_exec.values import places
from wasm_exec.wasi import STANDARD

INITIALIZE = "_initialize"
EVENTS_LIMIT = 1 << 14


@contextmanager
def without_collection() -> Iterator[None]:
    """Almost all that a translation makes lives to its end; to look for garbage meanwhile takes a tenth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@without_collection()
def load(
    wasm: bytes, block_rows: int = BLOCK_ROWS_LIMIT, block_pages: int = BLOCK_PAGES_LIMIT, environment: Environment = STANDARD,
    exports: bool = False,
) -> Program:
    """The program of a module: a command if it exports `_start` or `main`, otherwise a session. Smaller blocks allow smaller segments;
    they change nothing else.

    With `exports` the entry only runs the start function, and every exported function can be entered (`Program.exports`).
    """
    module = decode(wasm)
    validate(module, environment)
    types = [module.types[item.type_index] for item in module.imports] + [module.types[index] for _, index in module.functions]
    layout = Places(module)
    session = not exports and not {"_start", "main"} & exported_functions(module).keys()
    functions = translated(module, types, layout, environment, session)
    start = None if module.start is None else module.start[1]
    events: dict[str, FunctionType] = {}
    roots = referenced_functions(module)
    stubs: dict[str, int] = {}
    if exports:
        functions[ENTRY] = instantiation_stub(start)
        for item in module.exports:
            if item.kind is ExternalKind.FUNCTION:
                stubs[item.name] = max(functions) + 1
                functions[stubs[item.name]] = export_stub(item.name, item.index)
    elif session:
        events = event_types(module, types)
        put_driver(functions, module, types, events, layout)
    else:
        main = main_function(module, types)
        functions[ENTRY] = entry_stub(start, main, bool(types[main].results))
    layout.require_room()
    linked = link(functions, [*roots, *stubs.values()])
    cells = initial(module, types, layout, environment, linked.entries)
    if cells.trap:
        functions[ENTRY] = trap_stub(cells.trap)
        linked = link(functions, [*roots, *stubs.values()])
        cells = initial(module, types, layout, environment, linked.entries)
    indices = exported_functions(module)
    return Program(
        linked.instructions,
        layout.memory_minimum,
        cells.data,
        cells.globals,
        linked.functions,
        find_block_starts(linked.instructions, block_rows, block_pages, linked.entries.values()),
        memory_limit=layout.memory_limit,
        constants=cells.constants,
        exports={name: export_of(linked.entries[stub], types[indices[name]]) for name, stub in stubs.items()},
        events=tuple(EventExport(name, widths(kind.parameters), widths(kind.results)) for name, kind in events.items()),
        offsets=linked.offsets,
        guest_functions=range(len(module.imports), len(types)),
    )


def translated(
    module: Module, types: list[FunctionType], layout: Places, environment: Environment, session: bool
) -> dict[int, Assembler]:
    names = function_names(module, len(types))
    functions: dict[int, Assembler] = {}
    around = Surroundings(module, types, layout, Routines(functions, len(types)), session)
    for index, item in enumerate(module.imports):
        routine = environment.function(item.module, item.name, types[index])
        assert routine is not None
        functions[index] = routine.code(around)
    left = min(LINES_LIMIT, LINES_OF_SMALL_CODE + LINES_OF_A_BYTE * module.code_bytes)
    for index, body in enumerate(module.bodies, len(module.imports)):
        translator = BodyTranslator(around, names[index], types[index], body)
        translator.code.most = left
        functions[index] = translator.translate(body)
        left -= len(functions[index].items)
    return functions


def export_of(pc: int, signature: FunctionType) -> Export:
    return Export(pc, tuple(places(widths(signature.parameters))), tuple(places(widths(signature.results))))


def main_function(module: Module, types: list[FunctionType]) -> int:
    """`_start`, or else `main` without parameters, whose result is the exit code if it has one."""
    exported = exported_functions(module)
    name = "_start" if "_start" in exported else "main"
    signature = types[exported[name]]
    if signature.parameters or len(signature.results) > (name == "main") or any(widths(signature.results)):
        raise Invalid(f"the exported function {name} has another type", export_offset(module, name))
    return exported[name]


def exported_functions(module: Module) -> dict[str, int]:
    return {item.name: item.index for item in module.exports if item.kind is ExternalKind.FUNCTION}


def export_offset(module: Module, name: str) -> int:
    return next(item.offset for item in module.exports if item.name == name)


def event_types(module: Module, types: list[FunctionType]) -> dict[str, FunctionType]:
    """The exported functions that events can call, in the order of the exports: all but `_initialize` and those with references."""
    exported = exported_functions(module)
    if INITIALIZE in exported and types[exported[INITIALIZE]] != FunctionType((), ()):
        raise Invalid(f"the exported function {INITIALIZE} has another type", export_offset(module, INITIALIZE))
    found = {name: types[index] for name, index in exported.items() if name != INITIALIZE}
    found = {name: kind for name, kind in found.items() if not any(item.is_reference for item in kind.parameters + kind.results)}
    if len(found) > EVENTS_LIMIT:
        offset = export_offset(module, list(found)[EVENTS_LIMIT])
        raise Invalid(f"a session with more than {EVENTS_LIMIT} exported functions is not supported", offset)
    if not found:
        raise Invalid("there is no exported function: neither _start nor main, nor one that events could call", 0)
    return found


def put_driver(
    functions: dict[int, Assembler], module: Module, types: list[FunctionType], events: dict[str, FunctionType], layout: Places
) -> None:
    """The entry of a session, which first calls the start function and `_initialize`, and a stub for every event."""
    exported, end = exported_functions(module), layout.state(EVENT_END, (0,))
    before = [] if module.start is None else [module.start[1]]
    before += [exported[INITIALIZE]] if INITIALIZE in exported else []
    first = max(functions, default=len(types)) + 1
    stubs = list(range(first, first + len(events)))
    for stub, (name, signature) in zip(stubs, events.items(), strict=True):
        functions[stub] = event_stub(name, exported[name], signature, end)
    functions[ENTRY] = driver(before, stubs, end)


def function_names(module: Module, count: int) -> list[str]:
    exported = {index: name for name, index in exported_functions(module).items()}
    return [module.names.get(index) or exported.get(index) or f"function {index}" for index in range(count)]

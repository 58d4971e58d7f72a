"""What wasmtime makes of a module: the independent voice of these tests."""

from __future__ import annotations

from dataclasses import dataclass

import wasmtime

from wasm_exec.errors import TrapKind

TRAPS = {
    wasmtime.TrapCode.UNREACHABLE: TrapKind.UNREACHABLE,
    wasmtime.TrapCode.MEMORY_OUT_OF_BOUNDS: TrapKind.OUT_OF_BOUNDS,
    wasmtime.TrapCode.INTEGER_DIVISION_BY_ZERO: TrapKind.DIVIDE_BY_ZERO,
    wasmtime.TrapCode.INTEGER_OVERFLOW: TrapKind.INTEGER_OVERFLOW,
    wasmtime.TrapCode.STACK_OVERFLOW: TrapKind.EXHAUSTION,
    wasmtime.TrapCode.TABLE_OUT_OF_BOUNDS: TrapKind.UNDEFINED_ELEMENT,
    wasmtime.TrapCode.INDIRECT_CALL_TO_NULL: TrapKind.UNINITIALIZED_ELEMENT,
    wasmtime.TrapCode.BAD_SIGNATURE: TrapKind.INDIRECT_CALL_MISMATCH,
    wasmtime.TrapCode.BAD_CONVERSION_TO_INTEGER: TrapKind.INVALID_CONVERSION,
}


class Halt(Exception):
    def __init__(self, code: int) -> None:
        self.code = code


@dataclass
class Native:
    code: int = 0
    trap: TrapKind | None = None
    output: bytes = b""
    memory: bytes = b""


def run_native(wasm: bytes, input_bytes: bytes = b"") -> Native:
    """Runs `_start` or `main` with the three primitives as host functions."""
    config = wasmtime.Config()
    config.cranelift_nan_canonicalization = True
    store = wasmtime.Store(wasmtime.Engine(config))
    module = wasmtime.Module(store.engine, wasm)
    result, cursor = Native(), 0
    instance: list[wasmtime.Instance] = []

    def memory() -> wasmtime.Memory:
        found = instance[0].exports(store)["memory"]
        assert isinstance(found, wasmtime.Memory)
        return found

    def read_input(pointer: int, length: int) -> int:
        nonlocal cursor
        part = input_bytes[cursor : cursor + (length & 0xFFFFFFFF)]
        cursor += len(part)
        memory().write(store, part, pointer & 0xFFFFFFFF)
        return len(part)

    def write_output(pointer: int, length: int) -> None:
        pointer, length = pointer & 0xFFFFFFFF, length & 0xFFFFFFFF
        result.output += bytes(memory().read(store, pointer, pointer + length))

    def halt(code: int) -> None:
        raise Halt(code & 0xFFFFFFFF)

    i32 = wasmtime.ValType.i32()
    known = {
        "read_input": wasmtime.Func(store, wasmtime.FuncType([i32, i32], [i32]), read_input),
        "write_output": wasmtime.Func(store, wasmtime.FuncType([i32, i32], []), write_output),
        "halt": wasmtime.Func(store, wasmtime.FuncType([i32], []), halt),
    }
    instance.append(wasmtime.Instance(store, module, [known[item.name or ""] for item in module.imports]))
    exports = instance[0].exports(store)
    try:
        function = exports["_start"] if "_start" in exports.keys() else exports["main"]
        assert isinstance(function, wasmtime.Func)
        value = function(store)
        result.code = 0 if value is None else value & 0xFFFFFFFF
    except Halt as stop:
        result.code = stop.code
    except wasmtime.Trap as trap:
        assert trap.trap_code is not None
        result.trap = TRAPS[trap.trap_code]
    if "memory" in exports.keys():
        result.memory = bytes(memory().read(store))
    return result

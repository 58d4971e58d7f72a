"""A module under wasmtime and under both of our engines, cut every few steps: results, traps, memory and globals must be the same."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from typing import Any

import wasmtime

from tests.wasm_exec.native import TRAPS
from tests.wasm_exec.spec.machine import Machine
from wasm_exec.environment import Environment
from wasm_exec.errors import TrapKind
from wasm_exec.module import ExternalKind, ValueType
from wasm_exec.spaces import Space, size_in_bytes

CALLS = 2  # of every exported function
VALUES = [0, 1, 2, 7, 31, 255, 65535, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]
FLOATS = [0.0, -0.0, 1.0, -1.5, 1e30, -1e-40, 4294967296.5, float("inf"), -2.5e9]
TABLES = {TrapKind.UNDEFINED_ELEMENT, TrapKind.TABLE_OUT_OF_BOUNDS}  # the same for wasmtime


class Differs(Exception):
    """The engines differ from wasmtime, here."""


class TooDeep(Exception):
    """Our frames are used up, which wasmtime's are not: nothing to compare."""


class Native:
    """The module under wasmtime."""

    def __init__(self, wasm: bytes) -> None:
        config = wasmtime.Config()
        config.cranelift_nan_canonicalization = True
        self.store = wasmtime.Store(wasmtime.Engine(config))
        self.trap: TrapKind | None = None
        self.instance: wasmtime.Instance | None = None
        module = wasmtime.Module(self.store.engine, wasm)
        try:
            self.instance = wasmtime.Instance(self.store, module, [])
        except wasmtime.Trap as trap:
            self.trap = kind_of(trap)

    def export(self, name: str) -> Any:
        assert self.instance is not None
        return self.instance.exports(self.store)[name]

    def call(self, name: str, arguments: list[Any], results: int) -> tuple[TrapKind | None, list[Any]]:
        try:
            found = self.export(name)(self.store, *arguments)
        except wasmtime.Trap as trap:
            return kind_of(trap), []
        return None, found if results > 1 else [found][:results]


def kind_of(trap: wasmtime.Trap) -> TrapKind:
    assert trap.trap_code is not None
    return TRAPS[trap.trap_code]


def same_trap(ours: TrapKind | None, theirs: TrapKind | None) -> bool:
    return ours == theirs or {ours, theirs} <= TABLES


def bits(kind: ValueType, value: Any) -> int:
    """The bits of a value as wasmtime's Python side gives it; a reference is 0 for null and otherwise 1."""
    match kind:
        case ValueType.I32 | ValueType.I64:
            return int(value) % (1 << (64 if kind.wide else 32))
        case ValueType.F32:
            return int.from_bytes(struct.pack("<f", value), "little")
        case ValueType.F64:
            return int.from_bytes(struct.pack("<d", value), "little")
        case _:
            return int((value.value if isinstance(value, wasmtime.Val) else value) is not None)


def same(kind: ValueType, ours: int, theirs: Any) -> bool:
    """Bit for bit. Of an f32 that is not a number, Python sees no bits."""
    if kind.is_reference:
        return (ours != 0) == (bits(kind, theirs) != 0)
    if kind is ValueType.F32 and theirs != theirs:
        return ours & 0x7FFFFFFF > 0x7F800000
    return ours == bits(kind, theirs)


def arguments(random_numbers: random.Random, types: tuple[ValueType, ...]) -> Iterator[tuple[int, Any]]:
    """For us as bits, and for wasmtime."""
    for kind in types:
        if kind in (ValueType.I32, ValueType.I64):
            size = 64 if kind.wide else 32
            value = (random_numbers.choice(VALUES) if random_numbers.random() < 0.7 else random_numbers.getrandbits(64)) % (1 << size)
            yield value, value - (1 << size) if value >> size - 1 else value
        elif kind.is_reference:
            yield 0, None
        else:
            number = random_numbers.choice(FLOATS)
            yield bits(kind, number), number


def compare(wasm: bytes, seed: int) -> int:
    """How many calls agreed. Raises Differs where they do not."""
    native, machine = Native(wasm), Machine(wasm, Environment())
    if not same_trap(machine.started, native.trap):
        raise Differs(f"start: {machine.started} and {native.trap}")
    if native.instance is None:
        return 1
    random_numbers, count = random.Random(seed), 0
    module = machine.module
    for item in [item for item in module.exports if item.kind is ExternalKind.FUNCTION] * CALLS:
        signature = module.types[module.functions[item.index - len(module.imports)][1]]
        given = list(arguments(random_numbers, signature.parameters))
        answer = machine.call(item.name, [ours for ours, _ in given])
        trap, values = native.call(item.name, [theirs for _, theirs in given], len(signature.results))
        if TrapKind.EXHAUSTION in (answer.trap, trap):
            raise TooDeep
        if not same_trap(answer.trap, trap):
            raise Differs(f"{item.name}{given}: {answer.trap} and {trap}")
        for kind, ours, theirs in zip(signature.results, answer.values, values, strict=answer.trap is None):
            if not same(kind, ours, theirs):
                raise Differs(f"{item.name}{given}: {ours:#x} and {theirs}")
        compare_state(machine, native, item.name)
        count += 1
    return count


def compare_state(machine: Machine, native: Native, after: str) -> None:
    for item in machine.module.exports:
        if item.kind is ExternalKind.GLOBAL:
            ours, theirs = machine.global_value(item.name)[0], native.export(item.name).value(native.store)
            if not same(machine.module.globals[item.index].type, ours, theirs):
                raise Differs(f"{item.name} after {after}: {ours:#x} and {theirs}")
        elif item.kind is ExternalKind.MEMORY:
            theirs = bytes(native.export(item.name).read(native.store))
            size = size_in_bytes(Space.LINEAR, machine.program.memory_pages) + 256 * machine.image.read_cell(Space.SYSTEM, 4)
            cells = machine.image.cells[Space.LINEAR].tobytes()[:size].ljust(size, b"\0")
            if cells != theirs:
                pairs = enumerate(zip(cells, theirs, strict=False))
                place = next((index for index, (one, other) in pairs if one != other), min(size, len(theirs)))
                raise Differs(f"memory after {after}: {size} and {len(theirs)} bytes, first difference at {place}")

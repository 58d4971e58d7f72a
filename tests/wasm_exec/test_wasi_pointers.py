"""WASI calls with whatever pointers, lengths and descriptors: an error code or a trap, soon, and the same in both engines."""

from __future__ import annotations

import random

import pytest

from wasm_exec.cutting import Budget, Limits
from wasm_exec.environment import Routine
from wasm_exec.errors import TrapKind
from wasm_exec.events import Event, encode, filled
from wasm_exec.execute import run
from wasm_exec.program import Program
from wasm_exec.recorder import Recorder
from wasm_exec.text import from_text
from wasm_exec.translate import load
from wasm_exec.wasi import STANDARD
from wasm_exec.wasi_input import WasiInput, pack
from wasm_exec.wasi_source import MODULE

CALLS: dict[str, Routine] = {name: routine for (module, name), routine in STANDARD.functions.items() if module == MODULE}
EDGES = [0, 1, 3, 4, 5, 65528, 65532, 65533, 65535, 65536, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF]
TRAPS = (TrapKind.OUT_OF_BOUNDS, TrapKind.OUTPUT_FULL)
BUDGET = Budget.uniform(1 << 14, 2000)
LIMITS = Limits(steps=2_000_000)
INPUT = filled(pack(WasiInput(["program", "x" * 300], {"A": "b"}, b"some words", {"a/b": b"content" * 50})))


def event_of(name: str) -> Program:
    """A session whose event calls this function; memory is full of ones, so that vectors in it are long."""
    kind = CALLS[name].type
    given = " ".join(f"(local.get {index})" for index in range(len(kind.parameters)))
    types = " ".join(item.name.lower() for item in kind.parameters)
    results = " ".join(item.name.lower() for item in kind.results)
    return load(from_text(f"""(module (import "{MODULE}" "{name}" (func $call (param {types}) (result {results}))) (memory 1)
        (func (export "fill") (memory.fill (i32.const 32768) (i32.const 255) (i32.const 32768)))
        (func (export "call") (param {types}) (result {results}) (call $call {given})))""".encode()))


@pytest.mark.parametrize("name", CALLS)
def test_any_arguments_end_in_an_answer_or_a_trap(name: str) -> None:
    program, generator = event_of(name), random.Random(name)
    engine, count = Recorder(program), len(CALLS[name].type.parameters)
    tries = [(edge,) * count for edge in EDGES] + [tuple(generator.choice(EDGES) for _ in range(count)) for _ in range(8)]
    for number, arguments in enumerate(tries if count else [()]):
        content = INPUT + encode(program, [Event("fill"), Event("call", list(arguments))])
        found = run(program, content, BUDGET, LIMITS, engine)
        assert found.outcome.paused or found.outcome.exited or found.outcome.kind in TRAPS, (arguments, found.outcome)
        if number == 6:
            slow = run(program, content, BUDGET, LIMITS, "interpreter")
            assert (slow.outcome, slow.output, slow.final.steps) == (found.outcome, found.output, found.final.steps)


@pytest.mark.parametrize("pointer, length, inside", [
    (0, 0, True), (65535, 1, True), (65000, 536, True), (0xFFFFFFFF, 0, True), (65536, 1, False), (65000, 537, False),
    (0xFFFFFFF0, 0x20, False), (0xFFFFFFFF, 1, False), (0xFFFFFFFF, 2, False), (1, 0xFFFFFFFF, False), (0x80000000, 0x7FFFFFFF, False),
])
def test_what_is_written_to_either_stream_lies_in_the_memory(pointer: int, length: int, inside: bool) -> None:
    """The second of two vectors; a long one that does not fit into the output traps by that name."""
    program = load(from_text(f"""(module (import "{MODULE}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32))) (memory 1)
        (func (export "call") (param i32) (result i32)
            (i32.store (i32.const 8) (i32.const 100)) (i32.store (i32.const 12) (i32.const 5))
            (i32.store (i32.const 16) (i32.const {pointer})) (i32.store (i32.const 20) (i32.const {length}))
            (call $write (local.get 0) (i32.const 8) (i32.const 2) (i32.const 0))))""".encode()))
    for descriptor in (1, 2):
        content = INPUT + encode(program, [Event("call", [descriptor])])
        found = [run(program, content, BUDGET, LIMITS, engine) for engine in ("recorder", "interpreter")]
        assert len({(one.outcome, one.output, one.final.steps) for one in found}) == 1
        assert found[0].outcome.paused if inside else found[0].outcome.kind in TRAPS[:3 - descriptor], found[0].outcome


def test_there_are_about_twenty_calls() -> None:
    assert len(CALLS) == 24

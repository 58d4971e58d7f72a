"""A trap is an outcome with a kind and a place, and the last row of the trace shows its operands."""

from __future__ import annotations

import pytest

from tests.wasm_exec.native import run_native
from wasm_exec.cutting import Budget, Limits
from wasm_exec.errors import TrapKind
from wasm_exec.execute import EngineName, replay_segment, run
from wasm_exec.instructions import BY_NAME
from wasm_exec.spaces import OUTPUT_LIMIT
from wasm_exec.text import from_text
from wasm_exec.translate import load

BUDGET = Budget.uniform(1 << 19, 1 << 18)
# (expression of two parameters, their values, kind, operation, address if any)
TRAPS = [
    ("(i32.load (local.get 0))", (65533, 0), TrapKind.OUT_OF_BOUNDS, "LOAD32", 65533),
    ("(i32.load8_u (local.get 0))", (65536, 0), TrapKind.OUT_OF_BOUNDS, "LOAD8_U", 65536),
    ("(i32.load16_s offset=4294967295 (local.get 0))", (0xFFFFFFFF, 0), TrapKind.OUT_OF_BOUNDS, "LOAD16_S", 2 * 0xFFFFFFFF),
    ("(i32.load offset=1 (i32.const 4294967295))", (0, 0), TrapKind.OUT_OF_BOUNDS, "LOAD32", 1 << 32),
    ("(i32.store8 (local.get 0) (local.get 1)) (i32.const 0)", (70000, 7), TrapKind.OUT_OF_BOUNDS, "STORE8", 70000),
    ("(i32.store (local.get 0) (local.get 1)) (i32.const 0)", (65534, 7), TrapKind.OUT_OF_BOUNDS, "STORE32", 65534),
    ("(i32.div_u (local.get 0) (local.get 1))", (5, 0), TrapKind.DIVIDE_BY_ZERO, "DIV_U", 0),
    ("(i32.rem_s (local.get 0) (local.get 1))", (5, 0), TrapKind.DIVIDE_BY_ZERO, "REM_S", 0),
    ("(i32.div_s (local.get 0) (local.get 1))", (0x80000000, 0xFFFFFFFF), TrapKind.INTEGER_OVERFLOW, "DIV_S", 0),
    ("(unreachable)", (1, 2), TrapKind.UNREACHABLE, "TRAP", 0),
    ("(if (local.get 0) (then unreachable)) (i32.const 1)", (1, 2), TrapKind.UNREACHABLE, "TRAP", 0),
]


@pytest.mark.parametrize("engine", ["interpreter", "recorder"])
@pytest.mark.parametrize("text, values, kind, operation, address", TRAPS)
def test_traps(text: str, values: tuple[int, int], kind: TrapKind, operation: str, address: int, engine: EngineName) -> None:
    wasm = from_text(f"""(module (memory 1) (func $f (param i32 i32) (result i32) {text})
        (func (export "main") (result i32) (call $f (i32.const {values[0]}) (i32.const {values[1]}))))""".encode())
    program = load(wasm)
    recording = run(program, b"", BUDGET, engine=engine)
    assert recording.outcome.trapped and recording.outcome.kind is kind is run_native(wasm).trap
    assert recording.final.status == 16 + kind and recording.final.pc == recording.outcome.pc
    trace = replay_segment(recording, 0, engine)
    assert len(trace) == recording.final.steps and trace.pc[-1] == recording.outcome.pc
    assert program.column("op")[trace.pc[-1]] == BY_NAME[operation].number
    assert trace.d[-1] == 0
    if BY_NAME[operation].has_memory:
        assert trace.memory[-1].tolist() == [address, 0, 0]
    if operation.startswith(("DIV", "REM")):
        assert (trace.a[-1], trace.b[-1]) == values


def test_output_full() -> None:
    wasm = from_text(b"""(module (import "longrun" "write_output" (func $write (param i32 i32))) (memory 257)
        (func (export "_start") (call $write (i32.const 0) (i32.const 16777217))))""")
    recording = run(load(wasm), b"", BUDGET)
    assert recording.outcome.kind is TrapKind.OUTPUT_FULL and OUTPUT_LIMIT == 16777216


@pytest.mark.parametrize("engine", ["interpreter", "recorder"])
def test_a_run_can_be_given_up_and_is_still_running(engine: EngineName) -> None:
    program = load(from_text(b'(module (func (export "_start") (loop (br 0))))'))
    recording = run(program, b"", Budget.uniform(100, 100), Limits(1000), engine)
    assert str(recording.outcome).startswith("running") and 1000 <= recording.final.steps < 1100
    assert recording.final.status == 0


@pytest.mark.parametrize("engine", ["interpreter", "recorder"])
def test_input_and_exit_code(engine: EngineName) -> None:
    """Reading past the end gives what is left; the second read gives nothing."""
    program = load(from_text(b"""(module (import "longrun" "read_input" (func $read (param i32 i32) (result i32)))
        (import "longrun" "halt" (func $halt (param i32))) (memory 1)
        (func (export "_start")
            (call $halt (i32.add (call $read (i32.const 10) (i32.const -1))
                (i32.add (i32.mul (call $read (i32.const 0) (i32.const 5)) (i32.const 100)) (i32.load8_u (i32.const 12)))))))"""))
    recording = run(program, b"abc", BUDGET, engine=engine)
    assert recording.outcome.exited and recording.outcome.code == 3 + ord("c")

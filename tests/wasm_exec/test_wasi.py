"""WASI on the three primitives: what standard programs ask for, the same every time."""

from __future__ import annotations

from pathlib import Path

import pytest
import wasmtime

from tests.wasm_exec.test_agreement import check_agreement
from wasm_exec.cutting import Budget
from wasm_exec.errors import Unlinkable
from wasm_exec.execute import run
from wasm_exec.recording import Recording
from wasm_exec.text import from_text
from wasm_exec.translate import load

BUDGET = Budget.uniform(5000, 500)
SAMPLE = Path(__file__).parents[2] / "samples" / "wasi" / "rot13.wat"
TYPES = {
    "clock_time_get": "(param i32 i64 i32) (result i32)", "random_get": "(param i32 i32) (result i32)",
    "args_sizes_get": "(param i32 i32) (result i32)", "args_get": "(param i32 i32) (result i32)",
    "fd_write": "(param i32 i32 i32 i32) (result i32)", "fd_fdstat_get": "(param i32 i32) (result i32)",
    "fd_prestat_get": "(param i32 i32) (result i32)", "path_rename": "(param i32 i32 i32 i32 i32 i32) (result i32)",
    "poll_oneoff": "(param i32 i32 i32 i32) (result i32)", "fd_seek": "(param i32 i64 i32 i32) (result i32)",
}


def command(body: str) -> bytes:
    imports = "".join(f'(import "wasi_snapshot_preview1" "{name}" (func ${name} {kind}))' for name, kind in TYPES.items())
    write = '(import "longrun" "write_output" (func $write (param i32 i32)))'
    return from_text(f'(module {imports} {write} (memory (export "memory") 1) (func (export "main") (result i32) {body}))'.encode())


def answer(body: str) -> Recording:
    recording = run(load(command(body)), b"", BUDGET)
    assert recording.outcome.exited
    return recording


def test_a_filter_does_what_it_does_under_wasmtime(tmp_path: Path) -> None:
    content = b"What a long, strange trip it has been." * 9
    (tmp_path / "in").write_bytes(content)
    linker = wasmtime.Linker(engine := wasmtime.Engine())
    store = wasmtime.Store(engine)
    linker.define_wasi()
    config = wasmtime.WasiConfig()
    config.stdin_file, config.stdout_file = str(tmp_path / "in"), str(tmp_path / "out")
    store.set_wasi(config)
    start = linker.instantiate(store, wasmtime.Module(engine, from_text(SAMPLE))).exports(store)["_start"]
    assert isinstance(start, wasmtime.Func)
    with pytest.raises(wasmtime.ExitTrap) as exit_trap:
        start(store)
    del store, linker, start
    recording = run(load(from_text(SAMPLE)), content, BUDGET)
    assert recording.outcome.exited and recording.outcome.code == exit_trap.value.code == 7
    assert recording.output == (tmp_path / "out").read_bytes()


def test_a_filter_in_32_bits_can_be_proved_and_cut_anywhere() -> None:
    program = load(from_text(SAMPLE), 12, 8)
    check_agreement(program, b"Uryyb, jbeyq", Budget.uniform(12, 30), traces=5)


def test_clock_and_random_are_functions_of_the_run() -> None:
    body = """(drop (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 0)))
        (drop (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 8))) (drop (call $random_get (i32.const 16) (i32.const 21)))
        (call $write (i32.const 0) (i32.const 37)) (i32.const 0)"""
    first, second = answer(body), answer(body)
    assert first.output == second.output and len(set(first.output[16:])) > 10
    early, late = (int.from_bytes(first.output[place : place + 8], "little") for place in (0, 8))
    assert late - early == 1_000_000


@pytest.mark.parametrize("body, expected", [
    ("(call $fd_prestat_get (i32.const 3) (i32.const 0))", 8),
    ("(call $fd_seek (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 0))", 70),
    ("(call $path_rename (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))", 52),
    ("(call $fd_write (i32.const 9) (i32.const 0) (i32.const 0) (i32.const 0))", 8),
    ("(drop (call $args_sizes_get (i32.const 0) (i32.const 4))) (i32.add (i32.load (i32.const 0)) (i32.load (i32.const 4)))", 9),
    ("(drop (call $fd_fdstat_get (i32.const 1) (i32.const 0))) (i32.load8_u (i32.const 8))", 64),
    ("(i32.add (call $poll_oneoff (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 0)) (i32.load (i32.const 0)))", 1),
    ("(drop (call $args_get (i32.const 0) (i32.const 8))) (i32.load8_u offset=14 (i32.const 0))", ord("m")),
])
def test_answers(body: str, expected: int) -> None:
    assert answer(body).outcome.code == expected


def test_an_import_with_another_type_is_refused() -> None:
    with pytest.raises(Unlinkable, match="fd_write has another type"):
        load(from_text(b'(module (import "wasi_snapshot_preview1" "fd_write" (func (param i32))) (func (export "_start")))'))

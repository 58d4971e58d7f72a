"""Operations and whole random programs mean what wasmtime says they mean."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wasm_exec.native import run_native
from tests.wasm_exec.random_programs import BINARY, COMPARE, INTERESTING, random_module
from wasm_exec.cutting import Budget, Limits
from wasm_exec.execute import run
from wasm_exec.spaces import Space
from wasm_exec.text import from_text
from wasm_exec.translate import load

BUDGET = Budget.uniform(1 << 19, 4000)
words = st.one_of(st.sampled_from(INTERESTING), st.integers(0, 0xFFFFFFFF))


def agree(text: str, input_bytes: bytes = b"") -> None:
    wasm = from_text(text.encode())
    recording = run(load(wasm), input_bytes, BUDGET, Limits(1 << 20), engine="interpreter")
    native = run_native(wasm, input_bytes)
    if native.trap is not None:
        assert recording.outcome.trapped and recording.outcome.kind is native.trap
    else:
        assert recording.outcome.exited and recording.outcome.code == native.code
    assert recording.output == native.output
    linear = recording.image(len(recording.segments)).cells[Space.LINEAR].tobytes()
    assert linear.ljust(len(native.memory), b"\0")[: len(native.memory)] == native.memory


@pytest.mark.parametrize("name", BINARY + COMPARE)
@settings(max_examples=25, deadline=None)
@given(words, words, st.sampled_from(["slots", "left", "right", "both"]))
def test_two_operands(name: str, left: int, right: int, constant: str) -> None:
    first = f"(i32.const {left})" if constant in ("left", "both") else "(local.get 0)"
    second = f"(i32.const {right})" if constant in ("right", "both") else "(local.get 1)"
    agree(f"""(module (func $f (param i32 i32) (result i32) (i32.{name} {first} {second}))
        (func (export "main") (result i32) (call $f (i32.const {left}) (i32.const {right}))))""")


@pytest.mark.parametrize("name", ["eqz", "extend8_s", "extend16_s"])
@settings(max_examples=15, deadline=None)
@given(words)
def test_one_operand(name: str, value: int) -> None:
    agree(f"""(module (func $f (param i32) (result i32) (i32.{name} (local.get 0)))
        (func (export "main") (result i32) (call $f (i32.const {value}))))""")


@pytest.mark.parametrize("seed", range(150))
def test_random_programs(seed: int) -> None:
    agree(random_module(seed, traps=seed % 3 == 0))


@pytest.mark.parametrize("seed", range(150))
def test_random_programs_with_wide_values(seed: int) -> None:
    agree(random_module(seed, traps=seed % 3 == 0, with_wide=True))

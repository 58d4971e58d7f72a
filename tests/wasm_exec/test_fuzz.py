"""300 random modules with all instructions against wasmtime (`make fuzz` takes more); and that the comparison can fail."""

from __future__ import annotations

import re

import pytest

from tests.wasm_exec.differential import Differs, Native, compare, same
from tests.wasm_exec.fuzz import BATCH, check_own
from tests.wasm_exec.random_modules import random_module
from tests.wasm_exec.spec.machine import Machine
from wasm_exec.decode import decode
from wasm_exec.module import ValueType
from wasm_exec.opcodes import OPCODES
from wasm_exec.text import from_text


@pytest.mark.parametrize("first", range(0, 300, BATCH))
def test_random_modules_do_what_they_do_under_wasmtime(first: int) -> None:
    counts, failures = check_own(first, BATCH)
    assert failures == [] and counts["agree"] == BATCH and counts["calls"] > 2 * BATCH


def test_the_generator_knows_every_instruction() -> None:
    """Control instructions of the text form (`else`, `end`) and those that only fill are left out."""
    found = {instruction.code for seed in range(120) for body in decode(from_text(random_module(seed).encode())).bodies
             for instruction in body.instructions}
    assert {OPCODES[code].name for code in set(OPCODES) - found} <= {"br"}


BEHAVIOUR = """(module (memory (export "memory") 1) (global (export "g") (mut i32) (i32.const 0))
    (func (export "f") (param i32) (result i32) (global.set 0 (i32.const 5)) (i32.store (i32.const 8) (i32.const 6)) (i32.const 7)))"""


@pytest.mark.parametrize("change", ["5", "6", "7"])
def test_a_difference_in_a_result_in_memory_or_in_a_global_is_seen(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wasm = from_text(BEHAVIOUR.encode())
    assert compare(wasm, 0) == 2
    other = from_text(re.sub(rf"const {change}\)", "const 9)", BEHAVIOUR).encode())
    monkeypatch.setattr("tests.wasm_exec.differential.Machine", lambda wasm, environment: Machine(other, environment))
    with pytest.raises(Differs):
        compare(wasm, 0)


@pytest.mark.parametrize("body", ["unreachable", "(drop (i32.div_u (i32.const 1) (i32.const 0)))", ""])
def test_a_difference_in_the_kind_of_trap_is_seen(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = ("(drop (i32.load (i32.const -1)))", body)
    wasm, other = (from_text(f'(module (memory 1) (func (export "f") {text}))'.encode()) for text in bodies)
    monkeypatch.setattr("tests.wasm_exec.differential.Machine", lambda wasm, environment: Machine(other, environment))
    with pytest.raises(Differs):
        compare(wasm, 0)


def test_an_f32_that_is_no_number_equals_only_such() -> None:
    nan = float("nan")
    assert same(ValueType.F32, 0x7FC00000, nan) and not same(ValueType.F32, 0x7F800000, nan) and not same(ValueType.F32, 0x7FC00000, 1.0)
    assert same(ValueType.F64, 0x7FF8000000000000, nan) and not same(ValueType.F64, 0x8000000000000000, 0.0)


def test_a_module_that_traps_at_its_start_has_no_instance() -> None:
    wasm = from_text(b'(module (memory 1) (data (i32.const 65536) "a"))')
    assert Native(wasm).instance is None and compare(wasm, 0) == 1

"""Float operations on random operands against the hardware; `make fuzz` takes a million for each operation."""

from __future__ import annotations

import pytest

from tests.wasm_exec.native import run_native
from wasm_exec.cutting import ROWS_LIMIT, Budget
from wasm_exec.execute import run
from wasm_exec.text import from_text
from wasm_exec.translate import load

ROUNDS = 10_000
LARGE = Budget.uniform(ROWS_LIMIT, 1 << 20)
TWO = [f"{kind}.{name}" for kind in ("f32", "f64") for name in "add sub mul div min max copysign eq ne lt gt le ge".split()]
ONE = [f"{kind}.{name}" for kind in ("f32", "f64") for name in "sqrt ceil floor trunc nearest".split()]
TO_INTEGER = [f"i{bits}.trunc_sat_f{width}_{sign}" for bits in (32, 64) for width in (32, 64) for sign in "su"]
FROM_INTEGER = [f"f{width}.convert_i{bits}_{sign}" for bits in (32, 64) for width in (32, 64) for sign in "su"]
NAMES = TWO + ONE + TO_INTEGER + FROM_INTEGER + ["f32.demote_f64", "f64.promote_f32"]


def expression(name: str) -> str:
    """The operation on $x and $y, bit patterns of 64 bits, as an i64."""
    result, operation = name.split(".")
    source = next((kind for kind in ("f32", "f64", "i32", "i64") if kind in operation), result)

    def operand(variable: str) -> str:
        bits = f"(local.get {variable})"
        narrow = f"(i32.wrap_i64 (i64.shr_u {bits} (i64.const 32)))" if source[1:] == "32" else bits
        return narrow if source[0] == "i" else f"({source}.reinterpret_i{source[1:]} {narrow})"

    value = f"({name} {operand('$x')}{' ' + operand('$y') if name in TWO else ''})"
    if operation in ("eq", "ne", "lt", "gt", "le", "ge"):
        return f"(i64.extend_i32_u {value})"
    if result[0] == "f":
        value = f"(i{result[1:]}.reinterpret_{result} {value})"
    return f"(i64.extend_i32_u {value})" if result[1:] == "32" else value


def module(name: str, rounds: int) -> bytes:
    """Mixes the results of many operations. Half of the second operands differ only a little from the first, in sign, exponent or last
    bits, and half of the first have an exponent near one."""
    text = f"""(module (import "longrun" "write_output" (func $write (param i32 i32))) (memory (export "memory") 1)
      (func $random (param $s i64) (result i64)
        (local.set $s (i64.xor (local.get $s) (i64.shl (local.get $s) (i64.const 13))))
        (local.set $s (i64.xor (local.get $s) (i64.shr_u (local.get $s) (i64.const 7))))
        (i64.xor (local.get $s) (i64.shl (local.get $s) (i64.const 17))))
      (func (export "_start") (local $s i64) (local $x i64) (local $y i64) (local $sum i64) (local $k i32)
        (local.set $s (i64.const 0x9E3779B97F4A7C15))
        (local.set $k (i32.const {rounds}))
        (loop $again
          (local.set $x (local.tee $s (call $random (local.get $s))))
          (if (i32.and (local.get $k) (i32.const 2)) (then
            (local.set $x (i64.add (i64.and (local.get $x) (i64.const 0x83ffffffffffffff)) (i64.const 0x3e00000000000000)))))
          (local.set $y (local.tee $s (call $random (local.get $s))))
          (if (i32.and (local.get $k) (i32.const 1)) (then
            (local.set $y (i64.xor (local.get $x) (i64.and (local.get $y) (i64.const 0x8078000380000007))))))
          (local.set $sum (i64.add (i64.rotl (i64.mul (local.get $sum) (i64.const 0x9E3779B97F4A7C15)) (i64.const 23)) {expression(name)}))
          (br_if $again (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
        (i64.store (i32.const 0) (local.get $sum))
        (call $write (i32.const 0) (i32.const 8))))"""
    return from_text(text.encode())


def agree(name: str, rounds: int) -> int:
    """The steps it took, if the results are those of the hardware."""
    wasm = module(name, rounds)
    recording = run(load(wasm), b"", LARGE)
    assert recording.outcome.exited and recording.output == run_native(wasm).output, name
    return recording.final.steps


@pytest.mark.parametrize("name", NAMES)
def test_results_are_those_of_the_hardware(name: str) -> None:
    agree(name, ROUNDS)

"""Loops that do little but one operation which samples do seldom: there is a mix for each, and none costs many times what it uses."""
from __future__ import annotations

import pytest

from segments.choosing import Bill, recorded
from segments.shape import Shape
from wasm_exec.cutting import Limits
from wasm_exec.execute import run
from wasm_exec.text import from_text
from wasm_exec.translate import load

MOST = 700                  # cells a step, with leaves; without a mix for it each of these took 900 to 8,000
LOOP = """(module (memory 1) (func (export "_start") (local $i i32) (local $x i32) (local $y i32) (local $z i64)
  (local.set $z (i64.const 123456789))
  (loop $turn %s
    (br_if $turn (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const %d))))))"""
BODIES = {
    "remainders": (500_000, """
        (local.set $x (i32.add (local.get $x) (i32.rem_u (i32.const 720720) (i32.add (local.get $i) (i32.const 1)))))"""),
    "decimal digits": (60_000, """
        (local.set $x (local.get $i))
        (loop $digits
          (i32.store8 (i32.and (local.tee $y (i32.add (local.get $y) (i32.const 1))) (i32.const 1023))
            (i32.add (i32.const 48) (i32.rem_u (local.get $x) (i32.const 10))))
          (br_if $digits (local.tee $x (i32.div_u (local.get $x) (i32.const 10)))))"""),
    "products modulo a number": (300_000, """
        (local.set $z (i64.rem_u (i64.mul (local.get $z) (i64.add (local.get $z) (i64.const 7))) (i64.const 1000000007)))"""),
    "bits counted": (300_000, """
        (local.set $x (i32.xor (i32.mul (local.get $i) (i32.const 1664525)) (i32.const 77)))
        (local.set $y (i32.add (local.get $y) (i32.add (i32.popcnt (local.get $x)) (i32.clz (local.get $x)))))"""),
    "the larger one": (400_000, """
        (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
        (local.set $y (select (local.get $x) (local.get $y) (i32.gt_u (local.get $x) (local.get $y))))"""),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_loop_of_one_dear_operation_has_a_mix(name: str) -> None:
    turns, body = BODIES[name]
    program, limits = load(from_text((LOOP % (body, turns)).encode()), 64, 8), Limits(1 << 24)
    bill, recording = Bill(Shape.of("2^20", len(program.instructions))), recorded(program, b"", "2^20", limits)
    assert recording is not None
    run(program, b"", recording.cuts, limits, observe=bill.add)
    assert bill.steps > 1 << 20 and bill.cells < MOST * bill.steps, f"{bill.cells / bill.steps:.0f} cells a step"

"""A comparison that only a branch asks for is one step with it, and then does the same; one whose answer is wanted elsewhere stays."""

from __future__ import annotations

import pytest

from tests.wasm_exec.test_semantics import agree
from wasm_exec.instructions import BY_NUMBER, JUMPING
from wasm_exec.program import Program
from wasm_exec.text import from_text
from wasm_exec.translate import load

NAMES = ["eq", "ne", *(f"{name}_{sign}" for name in ("lt", "gt", "le", "ge") for sign in "us")]
PAIRS = {"i32": [(5, 5), (4, 5), (0x80000000, 5), (5, 0xFFFFFFFF)],
         "i64": [(1 << 40, 1 << 40), (5, 1 << 40), (1 << 63, 1 << 40), (1 << 33, (1 << 64) - 1)]}
# How the answer of $f, which is 1 if the comparison holds, comes about by a branch; {test} is the comparison.
WAYS = ["(if (result i32) {test} (then (i32.const 1)) (else (i32.const 0)))",
        "(block (br_if 0 {test}) (return (i32.const 0))) (i32.const 1)",
        "(block (br_if 0 (i32.eqz {test})) (return (i32.const 1))) (i32.const 0)",
        "(block (result i32) (i32.const 1) (br_if 0 {test}) (drop) (i32.const 0))",
        "(if {test} (then (return (i32.const 1)))) (i32.const 0)"]


def operations(program: Program) -> list[str]:
    """Of the functions of the module; the entry has loops of its own."""
    numbers = program.column("op").tolist()
    guests = [function for function in program.functions if function.index >= 0]
    return [BY_NUMBER[number].name for function in guests for number in numbers[function.start:function.end]]


def calling(kind: str, way: str, test: str) -> str:
    calls = [f"(i32.shl (call $f ({kind}.const {a}) ({kind}.const {b})) (i32.const {k}))" for k, (a, b) in enumerate(PAIRS[kind])]
    return f"""(module (func $f (param {kind} {kind}) (result i32) {way.format(test=test)})
        (func (export "main") (result i32) (i32.or (i32.or {calls[0]} {calls[1]}) (i32.or {calls[2]} {calls[3]}))))"""


@pytest.mark.parametrize("kind", PAIRS)
@pytest.mark.parametrize("name", NAMES)
def test_a_comparison_and_a_branch_are_one_step(name: str, kind: str) -> None:
    for way in WAYS:
        for right in ("(local.get 1)", f"({kind}.const {PAIRS[kind][0][1]})"):
            text = calling(kind, way, f"({kind}.{name} (local.get 0) {right})")
            names = operations(load(from_text(text.encode())))
            assert sum(name.startswith(JUMPING) for name in names) == 1 and not {"BRNZ", "BRZ"} & set(names)
            agree(text)


@pytest.mark.parametrize("body", [
    "(if (result i32) (local.tee 0 (i32.lt_u (local.get 0) (local.get 1))) (then (local.get 0)) (else (i32.const 7)))",
    "(i32.lt_u (local.get 0) (local.get 1)) (local.set 0) (if (result i32) (local.get 0) (then (local.get 0)) (else (i32.const 7)))"])
def test_an_answer_that_is_wanted_stays(body: str) -> None:
    text = f"""(module (func $f (param i32 i32) (result i32) {body})
        (func (export "main") (result i32) (i32.add (call $f (i32.const 3) (i32.const 5)) (call $f (i32.const 5) (i32.const 3)))))"""
    names = operations(load(from_text(text.encode())))
    assert "LT_U" in names and not [name for name in names if name.startswith(JUMPING)]
    agree(text)


def test_values_below_the_question_are_settled_before_the_branch() -> None:
    """The copies come between the comparison and its branch, and change none of its operands."""
    agree("""(module (func $f (param i32 i32) (result i32)
        (local.get 1) (local.get 0) (i32.const 9)
        (i32.lt_u (i32.add (local.get 0) (i32.const 1)) (i32.mul (local.get 1) (i32.const 3)))
        (if (param i32 i32) (result i32) (then (local.set 0) (local.set 1) (i32.sub (local.get 0) (local.get 1)))
            (else (local.set 1) (local.set 0) (i32.mul (local.get 0) (local.get 1))))
        (i32.add))
        (func (export "main") (result i32) (i32.xor (call $f (i32.const 3) (i32.const 5)) (call $f (i32.const 50) (i32.const 3)))))""")


def test_every_target_of_a_table_is_reached() -> None:
    targets = "".join("(block " for _ in range(6))
    ends = "".join(f"(return (i32.const {10 + k}))) " for k in range(5))
    calls = "(i32.const 0)"
    for k in range(8):
        calls = f"(i32.add (i32.mul {calls} (i32.const 7)) (call $f (i32.const {k})))"
    agree(f"""(module (func $f (param i32) (result i32) {targets} (br_table 0 1 2 3 4 5 (local.get 0))) {ends} (i32.const 99))
        (func (export "main") (result i32) {calls}))""")

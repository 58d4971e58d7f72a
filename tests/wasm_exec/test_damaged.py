"""Damaged modules: whatever the bytes, a module is Malformed or Invalid at a byte of it, or it is a module and wasmtime says so too."""

from __future__ import annotations

import random
from functools import cache

import wasmtime

from tests.wasm_exec.random_programs import random_module
from tests.wasm_exec.test_limits import DEEP, GROWING, LOCATED
from tests.wasm_exec.test_samples import SAMPLES
from tests.wasm_exec.test_sessions import COUNTER, WASI, WIDE
from wasm_exec.decode import decode
from wasm_exec.errors import Invalid, Malformed
from wasm_exec.text import from_text
from wasm_exec.translate import load
from wasm_exec.validate import validate

MIXED = """(module (type $t (func (param i64 f32) (result f64 i32))) (import "longrun" "halt" (func $halt (param i32)))
    (memory 1 3) (table $t 3 9 funcref) (global $g (mut f64) (f64.const 1.5)) (global i64 (i64.const -5))
    (data "passive") (data (i32.const 8) "active") (elem (i32.const 1) $f) (elem $e funcref (ref.func $f) (ref.null func))
    (func $f (type $t) (local v128) (f64.add (global.get $g) (f64.promote_f32 (local.get 1)))
        (block (result i32) (br_table 0 0 (i32.const 1) (i32.wrap_i64 (local.get 0)))))
    (func (export "main") (result i32) (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 3)) (data.drop 0)
        (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1)) (table.set (i32.const 2) (table.get (i32.const 0)))
        (drop (table.grow (ref.null func) (i32.const 1))) (drop (memory.grow (i32.const 1)))
        (memory.copy (i32.const 1) (i32.const 2) (i32.const 3)) (memory.fill (i32.const 1) (i32.const 2) (i32.const 3))
        (call_indirect $t (type $t) (i64.const 7) (f32.const 2) (i32.const 1)) (drop) (i32.trunc_sat_f64_s)
        (select (i32.const 1) (i32.extend8_s (i32.const 200)) (i64.eqz (i64.ctz (i64.const 3))))
        (drop)))""".replace("(local v128)", "")


@cache
def originals() -> list[bytes]:
    texts = [COUNTER, WASI, WIDE, GROWING, DEEP, MIXED, LOCATED.format(main="(call $middle (i32.const 1))"),
             *(random_module(seed, traps=False, with_wide=True) for seed in range(4))]
    return [from_text(text.encode()) for text in texts] + [from_text(SAMPLES / "sum.wat"), from_text(SAMPLES / "wasi" / "rot13.wat")]


def damaged(generator: random.Random) -> bytes:
    """Bytes changed, put in, taken out, repeated, cut off, or taken from another module."""
    content = bytearray(generator.choice(originals()))
    for _ in range(generator.choice([1, 1, 1, 2, 4, 16])):
        place, size = generator.randrange(8, max(9, len(content))), generator.choice([1, 1, 2, 5, 40])
        match generator.randrange(6):
            case 0:
                content[place : place + 1] = bytes([generator.choice([0, 1, 0x0B, 0x7F, 0x80, 0xFF, generator.randrange(256)])])
            case 1:
                content[place:place] = generator.randbytes(size)
            case 2:
                del content[place : place + size]
            case 3:
                content[place:place] = content[place : place + size]
            case 4:
                other = generator.choice(originals())
                start = generator.randrange(len(other))
                content[place : place + size] = other[start : start + size]
            case _:
                if generator.random() < 0.2:
                    del content[place:]
    return bytes(content)


def test_two_thousand_damaged_modules() -> None:
    generator, engine = random.Random(2026), wasmtime.Engine()
    seen = {"malformed": 0, "invalid": 0, "good": 0}
    for number in range(2000):
        wasm = damaged(generator)
        try:
            validate(decode(wasm))
        except (Malformed, Invalid) as failure:
            assert 0 <= failure.offset <= len(wasm), number
            seen["malformed" if isinstance(failure, Malformed) else "invalid"] += 1
            continue
        wasmtime.Module(engine, wasm)
        seen["good"] += 1
        if seen["good"] % 4 == 0:
            try:
                load(wasm)
            except Invalid as failure:  # what it imports or exports
                assert 0 <= failure.offset <= len(wasm), number
    assert min(seen.values()) > 100, seen

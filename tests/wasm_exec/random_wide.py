"""Random values of 64 bits and floats for the random programs; `around` makes the i32 values inside."""

from __future__ import annotations

import random
from typing import Protocol

I64_BINARY = "add sub mul and or xor shl shr_u shr_s rotl rotr".split()
I64_COMPARE = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u".split()
FLOAT_BINARY = "add sub mul div min max copysign".split()
FLOAT_UNARY = "abs neg ceil floor trunc nearest sqrt".split()
FLOAT_COMPARE = "eq ne lt gt le ge".split()
INTERESTING = [0, 1, -1, 2, 63, 64, 1 << 31, (1 << 32) - 1, 1 << 32, -(1 << 31), -(1 << 31) - 1, (1 << 63) - 1, -(1 << 63)]
FLOATS = "0 -0 1 -1 0.5 1.5 1e38 -1e-40 1e-44 3.4e38 1e-45 inf -inf nan 4294967295 -9223372036854775808 16777217".split()


class Around(Protocol):
    random: random.Random
    traps: bool

    def value(self, depth: int) -> str: ...

    def address(self, depth: int) -> str: ...


def wide(around: Around, depth: int) -> str:
    pick, inner = around.random.choice, depth - 1
    match around.random.randrange(13 if depth > 0 else 3):
        case 0:
            return f"(i64.const {pick(INTERESTING) if around.random.random() < 0.6 else around.random.getrandbits(64)})"
        case 1 | 2:
            return f"(local.get {pick([4, 5])})"
        case 3 | 4:
            return f"(i64.{pick(I64_BINARY)} {wide(around, inner)} {wide(around, inner)})"
        case 5:
            name = pick(["div_s", "div_u", "rem_s", "rem_u"])
            right = wide(around, inner) if around.traps else f"(i64.or {wide(around, inner)} (i64.const 2))"
            return f"(i64.{name} {wide(around, inner)} {right})" if around.traps else f"(i64.{name[:4]}u {wide(around, inner)} {right})"
        case 6:
            return f"(i64.{pick('clz ctz popcnt extend8_s extend16_s extend32_s'.split())} {wide(around, inner)})"
        case 7:
            return f"(i64.extend_i32_{pick('su')} {around.value(inner)})"
        case 8:
            name = pick("load load8_s load8_u load16_s load16_u load32_s load32_u".split())
            return f"(i64.{name} offset={around.random.randrange(64)} {around.address(inner)})"
        case 9:
            return f"(select {wide(around, inner)} {wide(around, inner)} {around.value(inner)})"
        case 10:
            return f"(if (result i64) {around.value(inner)} (then {wide(around, inner)}) (else {wide(around, inner)}))"
        case 11:
            return pick([f"(call $wide {wide(around, inner)} {around.value(inner)})", "(global.get 4)"])
        case _:
            kind = pick(["f32", "f64"])
            if around.random.random() < 0.5:
                return f"(i64.trunc_sat_{kind}_{pick('su')} {real(around, kind, inner)})"
            bits = f"(i{kind[1:]}.reinterpret_{kind} {real(around, kind, inner)})"
            return bits if kind == "f64" else f"(i64.extend_i32_u {bits})"


def real(around: Around, kind: str, depth: int) -> str:
    pick, inner = around.random.choice, depth - 1
    match around.random.randrange(8 if depth > 0 else 1):
        case 0:
            return f"({kind}.const {pick(FLOATS)})"
        case 1 | 2 | 3:
            return f"({kind}.{pick(FLOAT_BINARY)} {real(around, kind, inner)} {real(around, kind, inner)})"
        case 4:
            return f"({kind}.{pick(FLOAT_UNARY)} {real(around, kind, inner)})"
        case 5:
            return f"({kind}.convert_i64_{pick('su')} {wide(around, inner)})"
        case 6:
            other = {"f32": ("f64", "demote"), "f64": ("f32", "promote")}[kind]
            return f"({kind}.{other[1]}_{other[0]} {real(around, other[0], inner)})"
        case _:
            return f"({kind}.load {around.address(inner)})"


def narrow(around: Around, depth: int) -> str:
    """An i32 made of something wide."""
    pick, inner = around.random.choice, depth - 1
    match around.random.randrange(4):
        case 0:
            return f"(i32.wrap_i64 {wide(around, inner)})"
        case 1:
            return pick([f"(i64.eqz {wide(around, inner)})", f"(i64.{pick(I64_COMPARE)} {wide(around, inner)} {wide(around, inner)})"])
        case 2:
            return f"(i32.{pick(['clz', 'ctz', 'popcnt'])} {around.value(inner)})"
        case _:
            kind = pick(["f32", "f64"])
            return f"({kind}.{pick(FLOAT_COMPARE)} {real(around, kind, inner)} {real(around, kind, inner)})"


def effect(around: Around, depth: int) -> str:
    pick = around.random.choice
    match around.random.randrange(6):
        case 0 | 1:
            return f"(local.set {pick([4, 5])} {wide(around, depth)})"
        case 2:
            name = pick(["store", "store8", "store16", "store32"])
            return f"(i64.{name} offset={around.random.randrange(64)} {around.address(depth)} {wide(around, depth)})"
        case 3:
            return f"(global.set 4 {wide(around, depth)})"
        case 4:
            size = f"(i32.and {around.value(depth)} (i32.const 63))"
            return f"(memory.{pick(['copy', 'fill'])} {around.address(depth)} {around.address(depth)} {size})"
        case _:
            index = f"(i32.and {around.value(depth)} (i32.const {3 if around.traps else 1}))"
            called = f"(local.set 5 (call_indirect (type $wide) {wide(around, depth)} {around.value(depth)} {index}))"
            return pick([called, "(drop (memory.grow (i32.const 1)))", "(memory.init $d (i32.const 9) (i32.const 2) (i32.const 5))"])

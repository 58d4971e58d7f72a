"""Random programs that always end, as text: nested blocks, loops with a fuel counter, calls, memory, globals, every i32 operation."""

from __future__ import annotations

import random

from tests.wasm_exec.random_wide import effect, narrow

BINARY = "add sub mul div_u div_s rem_u rem_s and or xor shl shr_u shr_s rotl rotr".split()
COMPARE = "eq ne lt_u lt_s gt_u gt_s le_u le_s ge_u ge_s".split()
LOADS = ["load", "load8_u", "load8_s", "load16_u", "load16_s"]
STORES = ["store", "store8", "store16"]
INTERESTING = [0, 1, 2, 3, 4, 7, 8, 31, 32, 33, 255, 256, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, 65535, 65536]
LOCALS = 4
FUNCTIONS = 3


class Generator:
    def __init__(self, seed: int, traps: bool, with_wide: bool) -> None:
        self.with_wide = with_wide
        self.random = random.Random(seed)
        self.traps = traps
        self.function = 0

    def constant(self) -> str:
        value = self.random.choice(INTERESTING) if self.random.random() < 0.7 else self.random.getrandbits(32)
        return f"(i32.const {value})"

    def address(self, depth: int) -> str:
        value = self.value(depth)
        return value if self.traps and self.random.random() < 0.02 else f"(i32.and {value} (i32.const 65535))"

    def value(self, depth: int) -> str:
        if self.with_wide and depth > 0 and self.random.random() < 0.2:
            return narrow(self, depth)
        choice = self.random.randrange(14 if depth > 0 else 4)
        pick, inner = self.random.choice, depth - 1
        match choice:
            case 0 | 1:
                return self.constant()
            case 2 | 3:
                return f"(local.get {self.random.randrange(LOCALS)})"
            case 4:
                operation = pick(BINARY)
                if operation[:3] in ("div", "rem") and not self.traps:
                    return f"(i32.{operation[:4]}u {self.value(inner)} (i32.or {self.value(inner)} (i32.const 1)))"
                return f"(i32.{operation} {self.value(inner)} {self.value(inner)})"
            case 5 | 6:
                return f"(i32.{pick(BINARY[:3] + BINARY[7:])} {self.value(inner)} {self.value(inner)})"
            case 7:
                return f"(i32.{pick(COMPARE)} {self.value(inner)} {self.value(inner)})"
            case 8:
                return f"(i32.{pick(['eqz', 'extend8_s', 'extend16_s', 'eqz'])} {self.value(inner)})"
            case 9:
                return f"(i32.{pick(LOADS)} offset={self.random.randrange(64)} {self.address(inner)})"
            case 10:
                return f"(select {self.value(inner)} {self.value(inner)} {self.value(inner)})"
            case 11:
                tee = f"(local.tee {self.local()} {self.value(inner)})"
                return pick([f"(global.get {self.random.randrange(3)})", "(memory.size)", tee])
            case 12:
                return f"(if (result i32) {self.value(inner)} (then {self.body(inner)} {self.value(inner)}) (else {self.value(inner)}))"
            case _:
                if self.function + 1 < FUNCTIONS and self.random.random() < 0.5:
                    callee = self.random.randrange(self.function + 1, FUNCTIONS)
                    return f"(call $f{callee} {self.value(inner)} {self.value(inner)})"
                leave = f"(br_if 0 {self.value(inner)} {self.value(inner)}) drop"
                return f"(block (result i32) {self.body(inner)} {leave} {self.value(inner)})"

    def local(self) -> int:
        return self.random.randrange(LOCALS)

    def statement(self, depth: int) -> str:
        if self.with_wide and depth > 0 and self.random.random() < 0.3:
            return effect(self, depth - 1)
        inner = depth - 1
        match self.random.randrange(11 if depth > 0 else 4):
            case 0 | 1:
                return f"(local.set {self.local()} {self.value(depth)})"
            case 2:
                store, offset = self.random.choice(STORES), self.random.randrange(64)
                return f"(i32.{store} offset={offset} {self.address(depth)} {self.value(depth)})"
            case 3:
                return f"(global.set {self.random.randrange(2)} {self.value(depth)})"
            case 4:
                return f"(if {self.value(inner)} (then {self.body(inner)}) (else {self.body(inner)}))"
            case 5:
                return f"(block {self.body(inner)} (br_if 0 {self.value(inner)}) {self.body(inner)})"
            case 6:
                fuel = "(global.set 3 (i32.sub (global.get 3) (i32.const 1)))"
                again = f"(br_if 0 (i32.and (i32.gt_s (global.get 3) (i32.const 0)) {self.value(inner)}))"
                return f"(loop {fuel} {self.body(inner)} {again})"
            case 7:
                labels = " ".join(str(self.random.randrange(3)) for _ in range(self.random.randrange(1, 7)))
                table = f"(br_table {labels} (i32.and {self.value(inner)} (i32.const 7)))"
                return f"(block (block (block {table}) {self.body(inner)}) {self.body(inner)})"
            case 8:
                return f"(drop {self.value(inner)})"
            case 9:
                result = f"(block (result i32) {self.value(inner)} {self.value(inner)} (br_table 0 0) )"
                return f"(local.set {self.local()} {result})"
            case _:
                if self.random.random() < 0.15:
                    return f"(if {self.value(inner)} (then (return {self.value(inner)})))"
                if self.traps and self.random.random() < 0.05:
                    return f"(if {self.value(inner)} (then unreachable))"
                return f"(local.set {self.local()} (i32.add (local.get {self.local()}) {self.constant()}))"

    def body(self, depth: int) -> str:
        return " ".join(self.statement(depth) for _ in range(self.random.randrange(3)))

    def module(self) -> str:
        parts = ['(module (import "longrun" "write_output" (func $write (param i32 i32)))', '(memory (export "memory") 2 3)']
        if self.with_wide:
            parts += ["(type $wide (func (param i64 i32) (result i64)))", "(table 3 funcref) (elem (i32.const 0) $wide $wide $f0)",
                      '(data $d "passive data")']
        for index in range(3):
            kind = "(mut i32)" if index < 2 else "i32"
            parts.append(f"(global {kind} {self.constant()})")
        parts.append(f"(global (mut i32) (i32.const {self.random.randrange(10, 60)}))")
        parts.append(f'(data (i32.const {self.random.randrange(65000)}) "{"".join(self.random.choices("abcxyz", k=40))}")')
        if self.with_wide:
            parts.append("(global (mut i64) (i64.const -5000000000))")
            parts.append("""(func $wide (type $wide)
                (i64.sub (i64.mul (local.get 0) (i64.const 0x123456789abcdef)) (i64.extend_i32_s (local.get 1))))""")
        for self.function in range(FUNCTIONS):
            name = f"$f{self.function}"
            statements = " ".join(self.statement(4) for _ in range(4))
            parts.append(f"(func {name} (param i32 i32) (result i32) (local i32 i32 i64 i64) {statements} {self.value(3)})")
        total = f"(i32.store (i32.const 0) (call $f0 {self.constant()} {self.constant()}))"
        parts.append(f'(func (export "_start") {total} (call $write (i32.const 0) (i32.const 4))))')
        return "\n".join(parts)


def random_module(seed: int, traps: bool = False, with_wide: bool = False) -> str:
    return Generator(seed, traps, with_wide).module()

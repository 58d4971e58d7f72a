"""Random modules with every instruction of the language, typed, and ending soon: `f0`, `f1` … take and give integers; memory and globals
are exported. What a module does is bounded by a global with fuel, which every exported function fills."""

from __future__ import annotations

import random

from tests.wasm_exec.random_wide import FLOATS, INTERESTING
from wasm_exec.opcodes import CODE_OF, MEMORY, OPCODES
from wasm_exec.signatures import SIGNATURES, WIDTHS

NUMBERS = ("i32", "i64", "f32", "f64")
SPECIAL = {"i32.const", "i64.const", "f32.const", "f64.const", "memory.size", "memory.grow", "memory.copy", "memory.fill"}
PRODUCERS: dict[str, list[tuple[str, tuple[str, ...]]]] = {kind: [] for kind in NUMBERS}
for _code, (_operands, _results) in SIGNATURES.items():
    _name = OPCODES[_code].name
    if _name not in SPECIAL and _results:
        PRODUCERS[_results[0].name.lower()].append((_name, tuple(kind.name.lower() for kind in _operands)))
STORES = [name for name in MEMORY if "store" in name]
FUEL, FUNCTIONS, GLOBALS = 40, 4, 6
Types = tuple[str, ...]


class Modules:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.wild = self.random.random() < 0.4  # addresses and indices anywhere
        self.signatures: list[tuple[Types, Types]] = [
            (self.types("i32 i64" if number < 2 else "i32 i64 f32 f64", 3), self.types("i32 i64" if number < 2 else "i32 i64 f32 f64", 3))
            for number in range(FUNCTIONS)
        ]
        self.globals = [NUMBERS[number % 4] for number in range(GLOBALS)]
        self.locals: list[str] = []
        self.labels: list[Types] = []
        self.results: Types = ()

    def types(self, kinds: str, most: int) -> Types:
        return tuple(self.random.choice(kinds.split()) for _ in range(self.random.randrange(most + 1)))

    def constant(self, kind: str) -> str:
        pick = self.random.choice
        if kind[0] == "f":
            return f"({kind}.const {pick([*FLOATS, 'nan:0x200001', '-nan', '0x1p-130', '2147483648', '1e19', '-0.75'])})"
        bits = int(kind[1:])
        value = pick(INTERESTING) if self.random.random() < 0.6 else self.random.getrandbits(bits)
        return f"({kind}.const {value % (1 << bits)})"

    def some(self, depth: int, limit: int, kind: str = "i32") -> str:
        """An i32 below a limit, mostly."""
        value = self.value(kind, depth)
        return value if self.wild and self.random.random() < 0.05 else f"(i32.rem_u {value} (i32.const {limit}))"

    def address(self, depth: int) -> str:
        return self.some(depth, 65000)

    def access(self, name: str) -> str:
        align = 1 << self.random.randrange(WIDTHS[CODE_OF[name]].bit_length())
        return f"{name} offset={self.random.randrange(300)} align={align}"

    def value(self, kind: str, depth: int) -> str:
        pick, inner = self.random.choice, depth - 1
        match self.random.randrange(14 if depth > 0 else 3):
            case 0:
                return self.constant(kind)
            case 1 | 2:
                known = [index for index, found in enumerate(self.locals) if found == kind]
                if known and self.random.random() < 0.7:
                    return f"(local.get {pick(known)})"
                known = [index for index, found in enumerate(self.globals) if found == kind]
                return f"(global.get {pick(known)})"
            case 3 | 4 | 5 | 6 | 7:
                return self.plain(kind, inner)
            case 8:
                typed = pick(["", f"(result {kind}) "])
                return f"(select {typed}{self.value(kind, inner)} {self.value(kind, inner)} {self.value('i32', inner)})"
            case 9:
                condition, yes, no = self.value("i32", inner), self.inside((kind,), inner), self.inside((kind,), inner)
                return f"(if (result {kind}) {condition} (then {yes}) (else {no}))"
            case 10:
                known = [index for index, found in enumerate(self.locals) if found == kind]
                return f"(local.tee {pick(known)} {self.value(kind, inner)})" if known else self.constant(kind)
            case 11:
                return self.call(kind, inner)
            case 12:
                return self.about_state(inner) if kind == "i32" else self.plain(kind, inner)
            case _:
                self.labels.append((kind,))
                leave = f"(br_if 0 {self.value(kind, inner)} {self.value('i32', inner)}) drop"
                text = f"(block (result {kind}) {self.body(inner)} {leave} {self.value(kind, inner)})"
                self.labels.pop()
                return text

    def plain(self, kind: str, depth: int) -> str:
        name, operands = self.random.choice(PRODUCERS[kind])
        if "load" in name:
            return f"({self.access(name)} {self.address(depth)})"
        return f"({name} {' '.join(self.value(operand, depth) for operand in operands)})"

    def inside(self, results: Types, depth: int) -> str:
        """Statements and values inside of a new block."""
        self.labels.append(results)
        text = f"{self.body(depth)} {' '.join(self.value(kind, depth) for kind in results)}"
        self.labels.pop()
        return text

    def call(self, kind: str, depth: int) -> str:
        known = [number for number, (_, results) in enumerate(self.signatures) if results == (kind,)]
        if not known:
            return self.constant(kind)
        number = self.random.choice(known)
        return self.calling(number, depth)

    def calling(self, number: int, depth: int) -> str:
        arguments = " ".join(self.value(kind, depth) for kind in self.signatures[number][0])
        if self.random.random() < 0.6:
            return f"(call $f{number} {arguments})"
        index = f"(i32.const {number})" if self.random.random() < 0.7 else self.some(depth, 12)
        return f"(call_indirect $t (type $s{number}) {arguments} {index})"

    def about_state(self, depth: int) -> str:
        pick = self.random.choice
        return pick([
            "(memory.size)", f"(memory.grow (i32.rem_u {self.value('i32', depth)} (i32.const 3)))", "(table.size $t)", "(table.size $e)",
            f"(table.grow $t (ref.null func) {self.some(depth, 3)})", f"(table.grow $e (ref.null extern) {self.some(depth, 3)})",
            f"(table.grow $t {self.reference(depth)} (i32.const 1))", f"(ref.is_null {self.reference(depth)})",
            f"(ref.is_null (table.get $e {self.some(depth, 5)}))",
        ])

    def reference(self, depth: int) -> str:
        number = self.random.randrange(FUNCTIONS)
        some = f"(table.get $t {self.some(depth, 12)})"
        return self.random.choice([some, f"(ref.func $f{number})", "(ref.null func)", "(global.get $r)"])

    def body(self, depth: int) -> str:
        return " ".join(self.statement(depth) for _ in range(self.random.randrange(3)))

    def statement(self, depth: int) -> str:
        pick, inner = self.random.choice, depth - 1
        match self.random.randrange(18 if depth > 0 else 4):
            case 0 | 1:
                index = self.random.randrange(GLOBALS)
                return f"(global.set {index} {self.value(self.globals[index], depth)})"
            case 2 | 3:
                if not self.locals:
                    return "(nop)"
                index = self.random.randrange(len(self.locals))
                return f"(local.set {index} {self.value(self.locals[index], depth)})"
            case 4 | 5:
                name = pick(STORES)
                return f"({self.access(name)} {self.address(inner)} {self.value(name[:3], inner)})"
            case 6 | 7:
                return self.bulk(inner)
            case 8:
                return f"(if {self.value('i32', inner)} (then {self.inside((), inner)}) (else {self.inside((), inner)}))"
            case 9:
                self.labels.append(("loop",))
                again = f"(br_if 0 (i32.and (i32.gt_s (global.get $fuel) (i32.const 0)) {self.value('i32', inner)}))"
                text = f"(loop (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1))) {self.body(inner)} {again})"
                self.labels.pop()
                return text
            case 10:
                return self.table_of_branches(inner)
            case 11 | 12:
                number = self.random.randrange(FUNCTIONS)
                return self.calling(number, inner) + self.kept(self.signatures[number][1])
            case 13:
                return self.block_of_many(inner)
            case 14:
                places = [len(self.labels) - 1 - index for index, types in enumerate(self.labels) if types == ()]
                return f"(br_if {pick(places)} {self.value('i32', inner)})" if places else f"(drop {self.value('i32', inner)})"
            case 15:
                values = " ".join(self.value(kind, inner) for kind in self.results)
                return f"(if {self.value('i32', inner)} (then (return {values})))" if self.random.random() < 0.2 else "(nop)"
            case 16:
                return f"(if {self.value('i32', inner)} (then unreachable))" if self.wild and self.random.random() < 0.2 else "(nop)"
            case _:
                return f"(drop {pick([self.value(pick(NUMBERS), inner), self.reference(inner)])})"

    def kept(self, types: Types) -> str:
        """What becomes of values on the stack: into locals or globals, or dropped."""
        text = ""
        for kind in reversed(types):
            known = [index for index, found in enumerate(self.locals) if found == kind]
            text += f" local.set {self.random.choice(known)}" if known and self.random.random() < 0.6 else " drop"
        return text

    def block_of_many(self, depth: int) -> str:
        """A block with parameters and several results, left early or at its end."""
        takes, gives = self.types("i32 i64 f32 f64", 2), self.types("i32 i64 f32 f64", 3)
        before = " ".join(self.value(kind, depth) for kind in takes)
        dropped = "drop " * len(takes)
        self.labels.append(gives)
        values = " ".join(self.value(kind, depth) for kind in gives)
        kind = f"{'(param ' + ' '.join(takes) + ')' if takes else ''} {'(result ' + ' '.join(gives) + ')' if gives else ''}"
        leave = f"(br_if 0 {self.value('i32', depth)}) {'drop ' * len(gives)}"
        text = f"{before} (block {kind} {dropped} {values} {leave} {self.body(depth)} {values})"
        self.labels.pop()
        return text + self.kept(gives)

    def table_of_branches(self, depth: int) -> str:
        labels = " ".join(str(self.random.randrange(3)) for _ in range(self.random.randrange(1, 7)))
        self.labels += [(), (), ()]
        text = f"(br_table {labels} {self.some(depth, 8)})"
        for _ in range(3):
            text = f"(block {text})"
            self.labels.pop()
            text += f" {self.body(depth)}"
        return text

    def bulk(self, depth: int) -> str:
        pick, small = self.random.choice, lambda limit: self.some(depth, limit)
        return pick([
            lambda: f"(memory.fill {self.address(depth)} {self.value('i32', depth)} {small(90)})",
            lambda: f"(memory.copy {self.address(depth)} {self.address(depth)} {small(90)})",
            lambda: f"(memory.init $d {self.address(depth)} {small(12)} {small(12)})",
            lambda: "(data.drop $d)" if self.random.random() < 0.3 else "(nop)",
            lambda: f"(table.set $t {small(12)} {self.reference(depth)})",
            lambda: f"(table.fill $t {small(10)} {self.reference(depth)} {small(4)})",
            lambda: f"(table.copy $t $t {small(9)} {small(9)} {small(4)})",
            lambda: f"(table.init $t $p {small(9)} {small(3)} {small(3)})",
            lambda: "(elem.drop $p)" if self.random.random() < 0.3 else "(nop)",
            lambda: f"(table.fill $e {small(3)} (ref.null extern) {small(3)})",
        ])()

    def function(self, number: int) -> str:
        takes, self.results = self.signatures[number]
        self.locals, self.labels = [*takes, "i32", "i64", "f32", "f64"], []
        text = "(global.set $fuel (i32.sub (global.get $fuel) (i32.const 1)))"
        nothing = " ".join(f"({kind}.const 0)" for kind in self.results)
        text += f"(if (i32.lt_s (global.get $fuel) (i32.const 0)) (then (return {nothing})))"
        text += " ".join(self.statement(3) for _ in range(4)) + " ".join(self.value(kind, 2) for kind in self.results)
        return f"(func $f{number} (type $s{number}) (local i32 i64 f32 f64) {text})"

    def exported(self, number: int) -> str:
        """Fills the fuel and calls the function, which may also be called from inside."""
        takes, gives = self.signatures[number]
        parameters = "".join(f"(param {kind})" for kind in takes)
        arguments = " ".join(f"(local.get {index})" for index in range(len(takes)))
        results = "".join(f"(result {kind})" for kind in gives)
        return (f'(func (export "f{number}") {parameters} {results} (global.set $fuel (i32.const {FUEL})) (call $f{number} {arguments}))')

    def module(self) -> str:
        parts = [f"(type $s{number} (func {''.join(f'(param {kind})' for kind in takes)} {''.join(f'(result {kind})' for kind in gives)}))"
                 for number, (takes, gives) in enumerate(self.signatures)]
        parts += ['(memory (export "memory") 1 3) (table $t 12 16 funcref) (table $e 5 9 externref)']
        for number, kind in enumerate(self.globals):
            parts.append(f'(global (export "g{number}") (mut {kind}) {self.constant(kind)})')
        parts.append('(global $fuel (export "fuel") (mut i32) (i32.const 0)) (global $r (mut funcref) (ref.func $f1))')
        parts.append(f"(elem (table $t) (i32.const 0) func {' '.join(f'$f{number}' for number in range(FUNCTIONS))})")
        parts.append("(elem $p func $f2 $f0 $f1) (elem declare func " + " ".join(f"$f{number}" for number in range(FUNCTIONS)) + ")")
        place = self.random.randrange(65536 if self.wild and self.random.random() < 0.05 else 60000)
        parts.append(f'(data $d "passive data") (data (i32.const {place}) "{"".join(self.random.choices("abcxyz", k=400))}")')
        parts += [self.function(number) for number in range(FUNCTIONS)]
        parts += [self.exported(number) for number in range(2)]
        return f"(module {' '.join(parts)})"


def random_module(seed: int) -> str:
    return Modules(seed).module()

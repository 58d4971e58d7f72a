"""A small language for routines that a program links in: functions on unsigned integers of 32 and 64 bits, written like Python.

A function becomes instructions of WebAssembly, which the translator takes like those of any module. Types are `u32` and `u64`; a
variable has the type of its first assignment, a number that of what stands beside it. Arithmetic wraps around, comparisons are unsigned
and give a u32, both sides of `and`, `or` and `… if … else …` are always computed. Known functions: clz, rotl, high (upper half of a
product), arithmetic shift `sar`, signed comparison `less`, the conversions u32 and u64, loads and stores of the linear memory,
`input32(place)` (a load from the space of the input, whose length is at place 0 and whose bytes begin at 8), `map64(place)` and
`set_map64(place, value)` (in the space of the application's state, at multiples of 8), and `trap(kind)`. Names that
begin with `state_` (u64) or `word_` (u32) are kept from call to call; `states_` and `words_` are arrays of them. Nothing checks an index
of an array or a place in the input: the routine must.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from wasm_exec.module import Body, FunctionType, Instruction, ValueType
from wasm_exec.opcodes import BLOCK, CODE_OF, ELSE, END, IF, LOOP

# Codes that no module can contain.
HIGH, TRAP, CALL_ROUTINE, GET_STATE, SET_STATE, GET_ENTRY, SET_ENTRY, INPUT_WORD, GET_MAP, SET_MAP = range(0x10000, 0x1000A)
TYPES = {"u32": ValueType.I32, "u64": ValueType.I64}
KEPT = {"state": "u64", "states": "u64", "word": "u32", "words": "u32"}  # by what a name begins with
OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.FloorDiv: "div_u", ast.Mod: "rem_u", ast.BitAnd: "and", ast.BitOr: "or",
    ast.BitXor: "xor", ast.LShift: "shl", ast.RShift: "shr_u", ast.Lt: "lt_u", ast.LtE: "le_u", ast.Gt: "gt_u", ast.GtE: "ge_u",
    ast.Eq: "eq", ast.NotEq: "ne",
}
LOADS = {"load8": ("i32.load8_u", "u32"), "load32": ("i32.load", "u32"), "load64": ("i64.load", "u64")}
STORES = {"store8": ("i32.store8", "u32"), "store32": ("i32.store", "u32"), "store64": ("i64.store", "u64")}
BUILT_IN = {name: kind for name, (_, kind) in LOADS.items()} | {
    "high": "u64", "less": "u32", "u32": "u32", "u64": "u64", "input32": "u32", "map64": "u64",
}


def kept(name: str) -> str | None:
    """The type of something that is kept from call to call, None for a variable."""
    return KEPT.get(name.split("_")[0]) if "_" in name else None


@dataclass(frozen=True)
class RoutineSource:
    """A function of the language."""

    name: str
    tree: ast.FunctionDef

    @property
    def parameters(self) -> list[tuple[str, str]]:
        return [(item.arg, ast.unparse(item.annotation)) for item in self.tree.args.args if item.annotation]

    @property
    def result(self) -> str:
        return ast.unparse(self.tree.returns) if self.tree.returns else ""

    @property
    def type(self) -> FunctionType:
        results = () if self.result == "none" else (TYPES[self.result],)
        return FunctionType(tuple(TYPES[kind] for _, kind in self.parameters), results)


def parse(text: str) -> dict[str, RoutineSource]:
    return {item.name: RoutineSource(item.name, item) for item in ast.parse(text).body if isinstance(item, ast.FunctionDef)}


class Compiler:
    def __init__(self, source: RoutineSource, known: dict[str, RoutineSource]) -> None:
        self.source = source
        self.known = known
        self.variables = dict(source.parameters)
        self.numbers = {name: index for index, (name, _) in enumerate(source.parameters)}
        self.code: list[Instruction] = []

    def compile(self) -> Body:
        for statement in self.source.tree.body:
            self.statement(statement)
        self.emit("return" if self.source.result == "none" else "unreachable").append(Instruction(0, END))
        declared = list(self.variables.values())[len(self.source.parameters) :]
        return Body(0, [(1, TYPES[kind]) for kind in declared], self.code)

    def emit(self, name: str, operand: object = None) -> list[Instruction]:
        self.code.append(Instruction(0, CODE_OF[name], operand))
        return self.code

    def raw(self, code: int, operand: object = None) -> None:
        self.code.append(Instruction(0, code, operand))

    # Statements

    def statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Return(value=None):
                self.emit("return")
            case ast.Return(value=ast.expr() as value):
                self.expression(value, self.source.result)
                self.emit("return")
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.assign(name, value)
            case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id=kind), value=ast.expr() as value):
                self.declare(name, kind)
                self.assign(name, value)
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=index)], value=value):
                self.expression(index, "u32")
                self.expression(value, kept(name) or "")
                self.raw(SET_ENTRY, name)
            case ast.AugAssign(target=ast.Name(id=name), op=operator, value=value):
                self.assign(name, ast.BinOp(ast.Name(name), operator, value))
            case ast.Expr(value=ast.Call(func=ast.Name(id="trap"), args=[ast.Constant(value=int(kind))])):
                self.raw(TRAP, kind)
            case ast.Expr(value=ast.Call(func=ast.Name(id=name), args=[place, value])) if name in STORES:
                self.expression(place, "u32")
                self.expression(value, STORES[name][1])
                self.emit(STORES[name][0], (0, 0))
            case ast.Expr(value=ast.Call(func=ast.Name(id="set_map64"), args=[place, value])):
                self.expression(place, "u32")
                self.expression(value, "u64")
                self.raw(SET_MAP)
            case ast.Expr(value=ast.Call(func=ast.Name(id=name), args=arguments)) if name in self.known:
                self.call(name, arguments, "u32")
                if self.known[name].result != "none":
                    self.emit("drop")
            case ast.If(test=test, body=body, orelse=otherwise):
                self.condition(test)
                self.raw(IF)
                self.statements(body)
                if otherwise:
                    self.raw(ELSE)
                    self.statements(otherwise)
                self.raw(END)
            case ast.While(test=test, body=body):
                self.raw(BLOCK)
                self.raw(LOOP)
                self.condition(test)
                self.emit("i32.eqz")
                self.emit("br_if", 1)
                self.statements(body)
                self.emit("br", 0)
                self.raw(END)
                self.raw(END)
            case _:
                raise SyntaxError(ast.unparse(node))

    def statements(self, nodes: list[ast.stmt]) -> None:
        for node in nodes:
            self.statement(node)

    def declare(self, name: str, kind: str) -> None:
        if name in self.variables:
            raise SyntaxError(f"{name} is there already")
        self.variables[name] = kind
        self.numbers[name] = len(self.numbers)

    def assign(self, name: str, value: ast.expr) -> None:
        kind = kept(name)
        if kind:
            self.expression(value, kind)
            self.raw(SET_STATE, name)
            return
        if name not in self.variables:
            self.declare(name, self.type_of(value) or "u64")
        self.expression(value, self.variables[name])
        self.emit("local.set", self.numbers[name])

    # Expressions

    def type_of(self, node: ast.expr) -> str | None:
        """The type, or None for a number, which takes any."""
        match node:
            case ast.Constant():
                return None
            case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)):
                return kept(name) or self.variables[name]
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                return "u32"
            case ast.UnaryOp(operand=operand):
                return self.type_of(operand)
            case ast.BinOp(left=left, right=right) | ast.IfExp(body=left, orelse=right):
                return self.type_of(left) or self.type_of(right)
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self.known[name].result if name in self.known else BUILT_IN.get(name) or self.type_of(arguments[0])
            case _:
                raise SyntaxError(ast.unparse(node))

    def condition(self, node: ast.expr) -> None:
        """A u32 that is not 0 if the value is not 0."""
        if self.type_of(node) == "u64":
            self.expression(node, "u64")
            self.emit("i64.const", 0)
            self.emit("i64.ne")
        else:
            self.expression(node, "u32")

    def expression(self, node: ast.expr, kind: str) -> None:
        letter = "i" + kind[1:]
        if (self.type_of(node) or kind) != kind:
            raise SyntaxError(f"{ast.unparse(node)} is no {kind}")
        match node:
            case ast.Constant(value=int(value)):
                self.emit(f"{letter}.const", value)
            case ast.Subscript(value=ast.Name(id=name), slice=index):
                self.expression(index, "u32")
                self.raw(GET_ENTRY, name)
            case ast.Name(id=name) if kept(name):
                self.raw(GET_STATE, name)
            case ast.Name(id=name):
                self.emit("local.get", self.numbers[name])
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.condition(operand)
                self.emit("i32.eqz")
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                self.binary(ast.Constant(0), "sub", operand, kind)
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                self.binary(operand, "xor", ast.Constant(-1), kind)
            case ast.BinOp(left=left, op=operator, right=right):
                self.binary(left, OPERATORS[type(operator)], right, kind)
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                self.binary(left, OPERATORS[type(operator)], right, self.type_of(left) or self.type_of(right) or "u32")
            case ast.BoolOp(op=operator, values=values):
                for position, part in enumerate(values):
                    self.condition(part)
                    if position:
                        self.emit("i32.and" if isinstance(operator, ast.And) else "i32.or")
            case ast.IfExp(test=test, body=body, orelse=otherwise):
                self.expression(body, kind)
                self.expression(otherwise, kind)
                self.condition(test)
                self.emit("select")
            case ast.Call(func=ast.Name(id=name), args=arguments):
                self.call(name, arguments, kind)
            case _:
                raise SyntaxError(ast.unparse(node))

    def binary(self, left: ast.expr, operation: str, right: ast.expr, kind: str) -> None:
        self.expression(left, kind)
        self.expression(right, kind)
        self.emit(f"i{kind[1:]}.{operation}")

    def call(self, name: str, arguments: list[ast.expr], kind: str) -> None:
        letter = "i" + kind[1:]
        if name in self.known:
            for argument, (_, wanted) in zip(arguments, self.known[name].parameters, strict=True):
                self.expression(argument, wanted)
            self.raw(CALL_ROUTINE, name)
            return
        match name, arguments:
            case "u32", [value]:
                self.expression(value, "u64")
                self.emit("i32.wrap_i64")
            case "u64", [value]:
                self.expression(value, "u32")
                self.emit("i64.extend_i32_u")
            case ("load8" | "load32" | "load64"), [place]:
                self.expression(place, "u32")
                self.emit(LOADS[name][0], (0, 0))
            case "input32", [place]:
                self.expression(place, "u32")
                self.raw(INPUT_WORD)
            case "map64", [place]:
                self.expression(place, "u32")
                self.raw(GET_MAP)
            case "clz", [value]:
                self.expression(value, kind)
                self.emit(f"{letter}.clz")
            case "sar", [value, amount]:
                self.binary(value, "shr_s", amount, kind)
            case "rotl", [value, amount]:
                self.binary(value, "rotl", amount, kind)
            case "less", [left, right]:
                self.binary(left, "lt_s", right, self.type_of(left) or "u64")
            case "high", [left, right]:
                self.expression(left, "u64")
                self.expression(right, "u64")
                self.raw(HIGH)
            case _:
                raise SyntaxError(name)

"""Running a script of the official tests: every command is counted as passed, excluded with a reason, or failed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import wasmtime

from tests.wasm_exec.spec.machine import SPECTEST, Answer, Machine
from tests.wasm_exec.spec.wast import Node, NotAssembled, float_bits, module_binary, read_script
from wasm_exec.errors import Invalid, Malformed, TrapKind, Unlinkable
from wasm_exec.translate import load

TRAPS = {
    "unreachable": TrapKind.UNREACHABLE, "out of bounds memory access": TrapKind.OUT_OF_BOUNDS,
    "integer divide by zero": TrapKind.DIVIDE_BY_ZERO, "integer overflow": TrapKind.INTEGER_OVERFLOW,
    "invalid conversion to integer": TrapKind.INVALID_CONVERSION, "undefined": TrapKind.UNDEFINED_ELEMENT,
    "uninitialized": TrapKind.UNINITIALIZED_ELEMENT, "indirect call": TrapKind.INDIRECT_CALL_MISMATCH,
    "out of bounds table access": TrapKind.TABLE_OUT_OF_BOUNDS, "call stack exhausted": TrapKind.EXHAUSTION,
}
OTHER_MODULES = "needs a second module"
LATER = "legal since a later version of WebAssembly"
NAN_MASK = {"f32": (0x7FFFFFFF, 0x7FC00000), "f64": (0x7FFFFFFFFFFFFFFF, 0x7FF8000000000000)}


class Excluded(Exception):
    """This command does not concern us; the message says why."""


@dataclass
class Report:
    """`counts`: by (kind of command, result)."""

    name: str
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


class Script:
    def __init__(self, path: Path) -> None:
        self.commands = read_script(path.read_bytes())
        self.report = Report(f"{path.parent.name}/{path.stem}")
        self.current: Machine | Exception | None = None
        self.environment = SPECTEST
        self.registered: dict[str, Machine] = {}
        self.named: dict[str, Machine | Exception] = {}
        self.floats = float_bits({key for command in self.commands for key in constants_in(command)})

    def run(self) -> Report:
        for command in self.commands:
            if command.head == "register":
                self.register(command)
                continue
            kind = kind_of(command)
            result = "passed"
            try:
                COMMANDS.get(command.head, Script.failing)(self, command)
            except Excluded as excluded:
                result = "excluded"
                self.report.reasons[str(excluded)] += 1
            except Exception as failure:  # noqa: BLE001 - whatever goes wrong is a failure of this command
                result = "failed"
                self.report.failures.append(f"{' '.join(command.text.split())[:120]}: {type(failure).__name__} {failure}")
            self.report.counts[kind, result] += 1
        return self.report

    def register(self, command: Node) -> None:
        words = command.items[1:]
        machine = self.named.get(words[1]) if len(words) > 1 and isinstance(words[1], str) else self.current
        if isinstance(machine, Machine) and isinstance(words[0], bytes):
            name, known = words[0].decode("latin-1"), self.environment
            self.registered[name] = machine
            shared = machine.for_others(name)
            self.environment = replace(known, functions=known.functions | shared.functions, globals=known.globals | shared.globals)

    def failing(self, command: Node) -> None:
        raise AssertionError(f"unknown command {command.head}")

    def module(self, command: Node) -> None:
        name = command[1] if len(command.items) > 1 else None
        try:
            made: Machine | Exception = self.instantiate(command)
        except Exception as failure:  # noqa: BLE001 - remembered for the commands that use the module
            made = failure
        self.current = made
        if isinstance(name, str) and name.startswith("$"):
            self.named[name] = made
        if isinstance(made, Exception):
            raise made

    def instantiate(self, command: Node) -> Machine:
        wasm = module_binary(command)
        try:
            machine = self.machine(wasm)
        except Unlinkable as failure:
            if "spectest" in failure.message:
                raise
            raise self.with_others(wasm) from None
        if machine.started is not None:
            raise AssertionError(f"the module trapped: {machine.started.name}")
        return machine

    def machine(self, wasm: bytes) -> Machine:
        return Machine(wasm, self.environment)

    def with_others(self, wasm: bytes) -> Excluded:
        """For a module that is left out: what it imports may be changed by it, so nothing is said about that any more."""
        for name, other in self.registered.items():
            other.shared |= name.encode() in wasm
        return Excluded(OTHER_MODULES)

    def action(self, node: Node, deep: bool = False) -> Answer:
        words = node.items[1:]
        target = self.current
        if isinstance(words[0], str):
            target = self.named.get(words[0]) or Excluded(OTHER_MODULES)
            words = words[1:]
        if isinstance(target, Excluded) or isinstance(target, Machine) and target.shared:
            raise Excluded(OTHER_MODULES)
        if not isinstance(target, Machine):
            raise AssertionError(f"there is no module: {target}")
        assert isinstance(words[0], bytes)
        name = words[0].decode()
        if node.head == "get":
            return Answer(None, target.global_value(name))
        return target.call(name, [self.constant(item) for item in words[1:] if isinstance(item, Node)], deep)

    def constant(self, node: Node) -> int:
        head, word = node.head, str(node.items[1]) if len(node.items) > 1 else ""
        match head:
            case "i32.const" | "i64.const":
                return int(word.replace("_", ""), 0) & (1 << int(head[1:3])) - 1
            case "f32.const" | "f64.const":
                return self.floats[head[:3], word]
            case "ref.null":
                return 0
            case "ref.extern" | "ref.host":
                return int(word, 0) + 1
            case _:
                raise Excluded(f"values of kind {head}")

    def perform(self, command: Node) -> None:
        answer = self.action(command)
        if answer.trap is not None:
            raise AssertionError(f"trapped: {answer.trap.name}")

    def returns(self, command: Node) -> None:
        expected = [item for item in command.items[2:] if isinstance(item, Node)]
        assert isinstance(command.items[1], Node)
        answer = self.action(command.items[1])
        if answer.trap is not None:
            raise AssertionError(f"trapped: {answer.trap.name}")
        if len(answer.values) != len(expected) or not all(map(self.fits, answer.values, expected)):
            raise AssertionError(f"got {[hex(value) for value in answer.values]}")

    def fits(self, value: int, expected: Node) -> bool:
        word = str(expected.items[1]) if len(expected.items) > 1 else ""
        if word in ("nan:canonical", "nan:arithmetic"):
            return value == NAN_MASK[expected.head[:3]][1]  # generated NaNs are canonical and positive
        if expected.head == "ref.func":
            return value != 0
        return value == self.constant(expected)

    def traps(self, command: Node) -> None:
        assert isinstance(command.items[1], Node) and isinstance(command.items[2], bytes)
        text, node = command.items[2].decode(), command.items[1]
        if node.head == "module":
            try:
                trap = Machine(module_binary(node), self.environment).started
            except Unlinkable:
                raise self.with_others(module_binary(node)) from None
        else:
            trap = self.action(node, deep=text == "call stack exhausted").trap
        expected = next(kind for start, kind in TRAPS.items() if text.startswith(start))
        if trap is not expected:
            raise AssertionError(f"expected {expected.name}, got {trap.name if trap is not None else 'no trap'}")

    def refused(self, command: Node) -> None:
        """assert_invalid, assert_malformed, assert_unlinkable"""
        assert isinstance(command.items[1], Node)
        wanted = {"assert_invalid": Invalid, "assert_malformed": Malformed, "assert_unlinkable": Unlinkable}[command.head]
        try:
            wasm = module_binary(command.items[1])
        except NotAssembled:
            if wanted is Malformed:
                return  # from_text, which is wasmtime's assembler behind our error
            raise
        try:
            self.load(wasm)
        except wanted as failure:
            if "not supported" in str(failure) and wanted is not Unlinkable:
                raise Excluded(LATER) from None
            return
        except Invalid as failure:
            if "not supported" in failure.message:
                raise Excluded(LATER) from None
            raise
        if wanted is Unlinkable or accepted(wasm):
            raise Excluded(LATER if wanted is not Unlinkable else "no longer refused when linking, but when the module begins")
        raise AssertionError("was not refused")

    def load(self, wasm: bytes) -> None:
        load(wasm, environment=self.environment, exports=True)


def kind_of(command: Node) -> str:
    if command.head == "assert_malformed" and isinstance(command.items[1], Node) and "quote" in command.items[1].items[1:3]:
        return "malformed text"
    return command.head if command.head.startswith("assert") else "action" if command.head in ("invoke", "get") else "module"


def accepted(wasm: bytes) -> bool:
    """Whether wasmtime, with everything that it knows today, accepts the module."""
    try:
        wasmtime.Module.validate(wasmtime.Engine(), wasm)
    except wasmtime.WasmtimeError:
        return False
    return True


def constants_in(node: Node) -> list[tuple[str, str]]:
    """The float constants in the actions and results of a command (not those inside modules)."""
    if node.head == "module":
        return []
    if node.head in ("f32.const", "f64.const"):
        word = str(node.items[1])
        return [] if word in ("nan:canonical", "nan:arithmetic") else [(node.head[:3], word)]
    return [key for item in node.items if isinstance(item, Node) for key in constants_in(item)]


COMMANDS = {
    "module": Script.module, "invoke": Script.perform, "get": Script.perform, "assert_return": Script.returns,
    "assert_trap": Script.traps, "assert_exhaustion": Script.traps, "assert_invalid": Script.refused,
    "assert_malformed": Script.refused, "assert_unlinkable": Script.refused,
    "assert_return_canonical_nan": Script.failing, "assert_return_arithmetic_nan": Script.failing,
}

"""The second reading of the verifier: values are addresses, and every operation is written down as one vector instruction."""
from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from stark.expression import P
from stark.machine import Machine, Plain, Value
from stark.poseidon2 import of_width

Addresses = npt.NDArray[np.int64]
Name = Literal["read", "statement", "constant", "add", "sub", "mul", "mul_add", "horner", "permute", "bits", "inverse", "select", "take",
               "require"]
ZERO = 0                    # address of the constant 0, so that a chip's empty rows may read it


@dataclass(frozen=True, eq=False)
class Operand:
    """Addresses of base elements, or of the first of the five words of extension elements."""

    data: Addresses
    extension: bool

    @property
    def wires(self) -> Addresses:
        """Base and extension elements at one address are two different wires."""
        return 2 * self.data + int(self.extension)


@dataclass(frozen=True, eq=False)
class Instruction:
    name: Name
    operands: tuple[Operand, ...]
    target: Operand | None
    phase: str
    text: str = ""                          # the sentence of a requirement
    words: tuple[int, ...] = ()             # the numbers of a constant

    @property
    def result(self) -> Operand:
        if self.target is None:
            raise ValueError(f"{self.name} has no result")
        return self.target


@dataclass(frozen=True, eq=False)
class Event:
    """A fused step: its arguments by name, and the instructions first .. last - 1 that are its meaning."""

    step: str
    arguments: dict[str, Any]
    result: Any
    first: int
    last: int

    def operand(self, name: str) -> Operand:
        return operand(self.arguments[name])


@dataclass
class Program:
    """What was recorded. Memory is one array of words; every address is written once."""

    code: list[Instruction] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    memory: int = 0
    tape: int = 0
    statement: int = 0
    constants: dict[int, int] = field(default_factory=dict)     # address -> number, also inside extension constants

    @property
    def digest(self) -> str:
        """Of every instruction with its operands: two programs with one digest do the same."""
        hasher = hashlib.sha256(b"longrun program 1")
        for step in self.code:
            parts = [step.name.encode(), step.phase.encode(), step.text.encode(), repr(step.words).encode()]
            for one in (*step.operands, *([step.target] if step.target else [])):
                parts.append(repr((one.data.shape, one.extension)).encode() + one.data.astype("<i8").tobytes())
            for part in parts:
                hasher.update(len(part).to_bytes(8, "little") + part)
        return hasher.hexdigest()

    @cached_property
    def chains(self) -> list[list[Instruction]]:
        """The instructions in their order, once all are there; single steps of Horner's rule at one point that follow each other stand
        together, and so do the blocks that sponges take in one after the other."""
        out: list[list[Instruction]] = []
        for step in self.code:
            if out and (goes_on(out[-1], step) or takes_in(out[-1], step)):
                out[-1].append(step)
            else:
                out.append([step])
        return out

    @property
    def width(self) -> int:
        """Of the one permutation that everything is hashed with."""
        found = {int(step.result.data.shape[-1]) for step in self.code if step.name == "permute"}
        if len(found) != 1:
            raise ValueError(f"a circuit hashes with one permutation, not with those of the widths {sorted(found)}")
        return found.pop()

    def outside_events(self) -> list[Instruction]:
        """The instructions that no fused step covers."""
        out, at = [], 0
        for event in self.events:
            out += self.code[at:event.first]
            at = event.last
        return out + self.code[at:]


def goes_on(chain: list[Instruction], step: Instruction) -> bool:
    """Whether a step takes the result of the last one times the same point, and adds what was there before all of them."""
    if any(one.name != "mul_add" or one.result.data.size != 1 or not all(each.extension for each in one.operands)
           for one in (chain[-1], step)):
        return False
    (value, point, added), before = (int(each.data.flat[0]) for each in step.operands), chain[-1]
    first, last = (int(one.result.data.flat[0]) for one in (chain[0], before))
    return value == last and point == int(before.operands[1].data.flat[0]) and added < first


def takes_in(chain: list[Instruction], step: Instruction) -> bool:
    """Whether a permutation keeps the capacity of the last one's states, and the rest was there before all of them."""
    before = chain[-1]
    if step.name != "permute" or before.name != "permute" or step.result.data.shape != before.result.data.shape:
        return False
    rate, data, first = of_width(step.result.data.shape[-1]).rate, step.operands[0].data, int(chain[0].result.data.flat[0])
    return bool((data[..., :rate] < first).all() and (data[..., rate:] == before.result.data[..., rate:]).all()
                and int(step.result.data.flat[0]) == int(before.result.data.flat[0]) + before.result.data.size)


def operand(value: Value) -> Operand:
    return Operand(np.asarray(value.data, np.int64), value.extension)


class Recorder(Machine):
    """Writes a program."""

    words_inside = False

    def __init__(self) -> None:
        super().__init__()
        self.program = Program()
        self.inside = 0
        self.known: dict[tuple[int, ...], int] = {}
        self.constant(0)

    # -- memory

    def allocate(self, shape: tuple[int, ...], extension: bool) -> Operand:
        width, count = 5 if extension else 1, int(np.prod(shape))
        first, self.program.memory = self.program.memory, self.program.memory + width * count
        return Operand(first + width * np.arange(count, dtype=np.int64).reshape(shape), extension)

    def emit(self, name: Name, operands: tuple[Operand, ...], shape: tuple[int, ...], extension: bool, **details: Any) -> Value:
        target = self.allocate(shape, extension)
        self.program.code.append(Instruction(name, operands, target, self.current, **details))
        return Value(self, target.data, extension)

    def read(self, *shape: int, extension: bool = False) -> Value:
        self.program.tape += int(np.prod(shape)) * (5 if extension else 1)
        return self.emit("read", (), shape, extension)

    def statement(self, count: int) -> Value:
        """The words that the circuit's own proof makes public."""
        if self.program.statement:
            raise ValueError("a circuit has one statement")
        self.program.statement = count
        return self.emit("statement", (), (count,), False)

    def constant(self, numbers: Plain) -> Value:
        array = np.asarray(numbers, np.int64) % P
        unique, places = np.unique(array, return_inverse=True)
        table = np.array([self._constant((int(n),), False) for n in unique], np.int64)
        return Value(self, table[places].reshape(array.shape), False)

    def constant_extension(self, numbers: Plain) -> Value:
        array = np.asarray(numbers, np.int64) % P
        table = [self._constant(tuple(five), True) for five in array.reshape(-1, 5).tolist()]
        return Value(self, np.array(table, np.int64).reshape(array.shape[:-1]), True)

    def _constant(self, words: tuple[int, ...], extension: bool) -> int:
        if words not in self.known:
            value = self.emit("constant", (), (), extension, words=words)
            self.known[words] = int(value.data)
            self.program.constants |= {int(value.data) + k: word for k, word in enumerate(words)}
        return self.known[words]

    def words(self, value: Value) -> Value:
        if not value.extension:
            raise TypeError("only extension elements are made of words")
        return Value(self, value.data[..., None] + np.arange(5), False)

    def as_extension(self, value: Value) -> Value:
        if value.shape[-1] != 5 or (np.diff(value.data, axis=-1) != 1).any():
            raise TypeError("an extension element has five words that lie side by side")
        return Value(self, value.data[..., 0], True)

    # -- operations

    def fused(self, step: Callable[..., Any], *args: Any, **options: Any) -> Any:
        bound = inspect.signature(step).bind(self, *args, **options)
        bound.apply_defaults()
        first = len(self.program.code)
        self.inside += 1
        result = step(self, *args, **options)
        self.inside -= 1
        if not self.inside:
            arguments = dict(list(bound.arguments.items())[1:])
            self.program.events.append(Event(step.__name__, arguments, result, first, len(self.program.code)))
        return result

    def arithmetic(self, kind: str, a: Value, b: Value) -> Value:
        names: dict[str, Name] = {"add": "add", "sub": "sub", "mul": "mul"}
        return self._elementwise(names[kind], a, b)

    def mul_add(self, a: Value, b: Value, c: Value) -> Value:
        return self._elementwise("mul_add", a, b, c)

    def _elementwise(self, name: Name, *values: Value) -> Value:
        data = np.broadcast_arrays(*(value.data for value in values))
        operands = tuple(Operand(d, value.extension) for d, value in zip(data, values, strict=True))
        return self.emit(name, operands, data[0].shape, any(value.extension for value in values))

    def horner(self, accumulator: Value, point: Value, values: Value) -> Value:
        if not self.inside:                     # outside a fused step the arithmetic chip takes it, one step per row
            for j in range(values.shape[-1]):
                accumulator = self.mul_add(accumulator, point, values[..., j])
            return accumulator
        shape = values.shape[:-1]
        start, by = (Operand(np.broadcast_to(value.data, shape), True) for value in (accumulator, point))
        return self.emit("horner", (start, by, operand(values)), shape, True)

    def permute(self, state: Value) -> Value:
        return self.emit("permute", (operand(state),), state.shape, False)

    def hint_bits(self, word: Value) -> Value:
        return self.emit("bits", (operand(word),), (*word.shape, 31), False)

    def hint_inverse(self, a: Value) -> Value:
        return self.emit("inverse", (operand(a),), a.shape, a.extension)

    def select(self, bit: Value, a: Value, b: Value) -> Value:
        if a.extension != b.extension or bit.extension:
            raise TypeError("a base bit chooses between two values of one kind")
        data = np.broadcast_arrays(bit.data, a.data, b.data)
        operands = tuple(Operand(d, value.extension) for d, value in zip(data, (bit, a, b), strict=True))
        return self.emit("select", operands, data[0].shape, a.extension)

    def take(self, table: Value, index: Value) -> Value:
        return self.emit("take", (operand(table), operand(index)), (*index.shape, *table.shape[1:]), table.extension)

    def require_equal(self, sentence: str, a: Value, b: Value | Plain) -> None:
        b = self.lift(b)
        if a.extension != b.extension:
            raise TypeError("an extension value is compared with a base value")
        x, y = np.broadcast_arrays(a.data, b.data)
        operands = (Operand(x, a.extension), Operand(y, b.extension))
        self.program.code.append(Instruction("require", operands, None, self.current, sentence))

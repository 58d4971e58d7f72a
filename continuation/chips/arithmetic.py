"""Extension arithmetic, two gates a row: d = s·a·b + t·c + u·a + v·a·c + w·b with coefficients from the key."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from continuation.book import Book, Numbers, values_of
from continuation.chips import extension
from continuation.chips.buses import WIRE
from continuation.fusing import COEFFICIENTS, OPERANDS, fused
from continuation.recorder import ZERO, Instruction, Program
from continuation.recorder import operand as addresses
from stark.chip import Chip
from stark.expression import P
from stark.machine import Value

U64 = npt.NDArray[np.uint64]
NAME = "arithmetic"
MORE = "arithmetic more"                # a second table of the same chip
LANES = 2
DEFINE, READ = 1, -1                    # what a gate does with d


def definition(name: str = NAME) -> Chip:
    chip = Chip(name, "d = s·a·b + t·c + u·a + v·a·c + w·b in every gate")
    for lane in range(LANES):
        s, t, u, v, w = (chip.fixed(f"{name}.{lane}") for name in COEFFICIENTS)
        wires = [chip.fixed(f"{name} wire.{lane}") for name in "abcd"]
        times = chip.fixed(f"d times.{lane}")
        a, b, c, d = (extension.column(chip, f"{name}.{lane}") for name in "abcd")
        beside = extension.plus(extension.plus(extension.scaled(b, s), extension.scaled(c, v)), extension.of_word(u))
        value = extension.plus(extension.plus(extension.times(a, beside), extension.scaled(c, t)), extension.scaled(b, w))
        extension.require_equal(chip, "d is what the coefficients say", value, d)
        for wire, operand in zip(wires, (a, b, c), strict=False):
            chip.receive(WIRE, wire, *operand)
        chip.send(WIRE, wires[3], *d, times=times)
    return chip


@dataclass(frozen=True)
class Form:
    """How an operation is said with the one formula; operands by number, None is the constant 0."""

    s: int = 0
    t: int = 0
    u: int = 0
    v: int = 0
    w: int = 0
    a: int | None = None
    b: int | None = None
    c: int | None = None


FORMS = {
    "add": Form(u=1, t=1, a=0, c=1),
    "sub": Form(u=1, t=-1, a=0, c=1),
    "mul": Form(s=1, a=0, b=1),
    "mul_add": Form(s=1, t=1, a=0, b=1, c=2),
    "select": Form(s=1, t=1, v=-1, a=0, b=2, c=1),              # a is the bit: c + a·(b - c)
    "require": Form(u=1, t=-1, a=0, c=1),                       # and d is the constant 0
    "inverse": Form(w=1),                                       # d = b = d: anything, which the text requires to be right
}


def used_elsewhere(program: Program) -> Numbers:
    """Wires that instructions use which are no gates, and fused steps."""
    gates = {id(step) for step in program.outside_events() if step.name in FORMS}
    wires = [one.wires for step in program.code if id(step) not in gates for one in step.operands]
    for event in program.events:
        for argument in event.arguments.values():
            values = argument if isinstance(argument, list) else [argument]
            wires += [addresses(value).wires for value in values if isinstance(value, Value)]
    return np.concatenate([np.zeros(0, np.int64), *(one.reshape(-1) for one in wires)])


class Gates:
    def __init__(self, program: Program, book: Book) -> None:
        self.book = book
        rows: dict[str, list[Numbers]] = {name: [] for name in (*COEFFICIENTS, "a", "b", "c", "d", "mode")}
        for step in program.outside_events():
            if step.name in FORMS:
                for name, values in self._gates(step).items():
                    rows[name].append(values)
        every = {name: np.concatenate([np.zeros(0, np.int64), *values]) for name, values in rows.items()}
        self.rows = self._shortened(self._fused(every, used_elsewhere(program), program))
        for name in OPERANDS:
            book.use(self.rows[name])
        book.define(self.rows["d"][self.rows["mode"] == DEFINE])
        book.use(self.rows["d"][self.rows["mode"] == READ])

    def _fused(self, rows: dict[str, Numbers], elsewhere: Numbers, program: Program) -> dict[str, Numbers]:
        uses = np.bincount(np.concatenate([*(rows[name] for name in OPERANDS), elsewhere]), minlength=2 * program.memory)
        made = rows["d"][rows["mode"] == DEFINE]
        once = frozenset(made[uses[made] == 1].tolist())
        numbers = {2 * address: number for address, number in program.constants.items()}
        for step in program.code:
            if step.name == "constant" and step.result.extension and not any(step.words[1:]):
                numbers[int(step.result.wires)] = step.words[0]
        maker = dict(zip(rows["d"].tolist(), range(len(rows["d"])), strict=True))
        return fused(rows, once, numbers, maker)

    def _shortened(self, rows: dict[str, Numbers]) -> dict[str, Numbers]:
        """A requirement on a result that nothing else uses takes no gate: the gate of the result reads what it has to be. (A result that is
        used after all is then undefined, and the book refuses the circuit.)"""
        required = (rows["mode"] == READ).nonzero()[0]
        wires = 2 * self.book.memory
        uses = np.bincount(np.concatenate([*(rows[name] for name in OPERANDS), *self.book.mentioned()]), minlength=wires)
        maker = np.full(wires, -1, np.int64)
        defining = (rows["mode"] == DEFINE).nonzero()[0]
        maker[rows["d"][defining]] = defining
        gone = np.zeros(len(rows["d"]), np.bool_)
        for row, left, right in zip(required.tolist(), rows["a"][required].tolist(), rows["c"][required].tolist(), strict=True):
            for result, expected in ((left, right), (right, left)):
                if uses[result] == 1 and maker[result] >= 0 and result != expected:
                    rows["d"][maker[result]], rows["mode"][maker[result]], gone[row] = expected, READ, True
                    maker[result] = -1
                    break
        return {name: values[~gone] for name, values in rows.items()}

    @staticmethod
    def _gates(step: Instruction) -> dict[str, Numbers]:
        form = FORMS[step.name]
        operands = [one.wires.reshape(-1) for one in step.operands]
        count = len(operands[0])
        zero = np.full(count, 2 * ZERO, np.int64)
        out = {name: np.full(count, getattr(form, name), np.int64) for name in COEFFICIENTS}
        for name in OPERANDS:
            number = getattr(form, name)
            out[name] = zero if number is None else operands[number]
        out["d"] = zero if step.name == "require" else step.result.wires.reshape(-1)
        out["mode"] = np.full(count, READ if step.name == "require" else DEFINE, np.int64)
        if step.name == "inverse":
            if not step.result.extension:
                raise ValueError("only extension elements are inverted")
            out["b"] = out["d"]
        return out

    @property
    def count(self) -> int:
        return -(-len(self.rows["d"]) // LANES)

    def cut(self, rows: int) -> list[slice]:
        """What stands in a first table of so many rows, and in a second one: a row looks at no other."""
        return [slice(0, self.first(rows)), slice(self.first(rows), self.count)]

    def first(self, rows: int) -> int:
        return min(rows, self.count)

    def pad(self, rows: int) -> None:
        """Empty gates of so many rows in all read the constant 0."""
        spare = LANES * rows - len(self.rows["d"])
        self.book.use(np.full(len(OPERANDS) * spare, 2 * ZERO, np.int64))

    def fixed(self) -> dict[str, Numbers]:
        times = np.where(self.rows["mode"] == DEFINE, self.book.times(self.rows["d"]), -1)
        columns = {name: self.rows[name] % P for name in COEFFICIENTS} | {"d times": times}
        columns |= {f"{name} wire": self.rows[name] for name in "abcd"}
        return {f"{name}.{lane}": values[lane::LANES] for name, values in columns.items() for lane in range(LANES)}

    def fill(self, memory: U64) -> dict[str, npt.NDArray[np.integer]]:
        columns: dict[str, npt.NDArray[np.integer]] = {}
        for name in "abcd":
            values = values_of(memory, self.rows[name])
            columns |= {f"{name}.{lane}.{k}": values[lane::LANES, k] for lane in range(LANES) for k in range(5)}
        return columns

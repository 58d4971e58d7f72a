"""Evaluates the three-address code of a chip on whole columns, and what its LogUp terms are made of."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stark.field import U64, P, embed, ext_mul, residue
from stark.flat import FlatChip

ADD, SUB, MUL = range(3)
SLOT, CONSTANT, FIXED, FIXED_NEXT, MAIN, MAIN_NEXT, PUBLIC, SELECTOR = range(8)
MOST_SLOTS = 1 << 24


@dataclass(frozen=True)
class Columns:
    """What the operands of one chip refer to: columns (width, rows) and their next rows, public values, three selectors."""
    fixed: U64
    main: U64
    public: U64
    selectors: U64
    next_row: Callable[[U64], U64]

    @cached_property
    def fixed_next(self) -> U64:
        return self.next_row(self.fixed)

    @cached_property
    def main_next(self) -> U64:
        return self.next_row(self.main)


class Evaluation:
    """The values of all operands after the code has run."""

    def __init__(self, flat: FlatChip, columns: Columns) -> None:
        self.flat = flat
        self._columns = columns
        self._rows = columns.main.shape[1]
        self._constants = np.asarray(flat.constants, np.uint64)
        if flat.slots > MOST_SLOTS:
            raise ValueError(f"{flat.slots} slots are more than {MOST_SLOTS}")
        self._slots: list[U64 | None] = [None] * flat.slots
        for operation, left, right, target in flat.code.tolist():
            a, b = self.operand(left), self.operand(right)
            if operation not in (ADD, SUB, MUL) or target >= flat.slots:
                raise ValueError("unknown operation or slot")
            self._slots[target] = residue(a * b if operation == MUL else a + b if operation == ADD else a + P - b)

    def operand(self, operand: int) -> U64:
        index, kind = int(operand) >> 3, int(operand) & 7
        source = self._source(kind)
        if index >= len(source):
            raise ValueError(f"operand {index} of kind {kind} does not exist")
        value = source[index]
        if value is None:
            raise ValueError(f"slot {index} is read before it is written")
        return np.broadcast_to(np.asarray(value, np.uint64), (self._rows,))

    def _source(self, kind: int) -> U64 | list[U64 | None]:
        columns = self._columns
        if kind == SLOT:
            return self._slots
        if kind in (FIXED_NEXT, MAIN_NEXT):
            return columns.fixed_next if kind == FIXED_NEXT else columns.main_next
        if kind in (FIXED, MAIN):
            return columns.fixed if kind == FIXED else columns.main
        return {CONSTANT: self._constants, PUBLIC: columns.public, SELECTOR: columns.selectors}[kind]

    def requirements(self) -> list[U64]:
        return [self.operand(operand) for operand in self.flat.requirements.tolist()]

    def messages(self, gamma: U64, beta: U64) -> list[tuple[U64, U64]]:
        """Multiplicity (rows,) and denominator (rows, 5) of each message."""
        return [(self.operand(multiplicity), self._denominator(bus, parts, gamma, beta)) for bus, multiplicity, parts in self.flat.messages]

    def _denominator(self, bus: int, parts: tuple[int, ...], gamma: U64, beta: U64) -> U64:
        value = np.zeros((self._rows, 5), np.uint64)
        for part in reversed(parts):
            value = residue(ext_mul(value, beta) + embed(self.operand(part)))
        return residue(ext_mul(value, beta) + gamma + embed(np.asarray(bus % P, np.uint64)))

"""Numbers that the circuit knows."""
from __future__ import annotations

import numpy as np

from continuation.book import Book, Numbers
from continuation.chips.buses import WIRE
from continuation.recorder import ZERO, Program
from stark.chip import Chip

NAME = "constant"


def definition() -> Chip:
    chip = Chip(NAME, "the wire of a constant carries the number in the key")
    chip.require("nothing stands in the proof", chip.column("nothing"))           # kernels ask for a column
    chip.free["nothing"] = "one sentence says all about it"
    chip.send(WIRE, chip.fixed("wire"), *(chip.fixed(f"word.{k}") for k in range(5)), times=chip.fixed("times"))
    return chip


class Constants:
    """The rows: constants that are used, and always 0, which the empty gates read."""

    def __init__(self, program: Program, book: Book) -> None:
        self.book, self.program = book, program
        wanted = np.union1d(book.undefined(), [2 * ZERO])
        self.wires = wanted[np.isin(wanted >> 1, np.array(list(program.constants), np.int64))]
        book.define(self.wires)

    @property
    def count(self) -> int:
        return len(self.wires)

    def fixed(self) -> dict[str, Numbers]:
        known = self.program.constants
        numbers = [[known[(wire >> 1) + k] if k == 0 or wire & 1 else 0 for k in range(5)] for wire in self.wires.tolist()]
        words = np.array(numbers, np.int64)
        return {"wire": self.wires, "times": self.book.times(self.wires)} | {f"word.{k}": words[:, k] for k in range(5)}

"""Five words as one extension element."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from continuation.book import Book, Numbers
from continuation.chips.buses import WIRE
from continuation.recorder import Program
from stark.chip import Chip

U64 = npt.NDArray[np.uint64]
NAME = "join"


def definition() -> Chip:
    chip = Chip(NAME, "an extension element consists of its five words")
    active, wire, times = (chip.fixed(name) for name in ("active", "wire", "times"))
    words = chip.columns("word", 5)
    for k, word in enumerate(words):
        chip.receive(WIRE, chip.fixed(f"wire.{k}"), word, 0, 0, 0, 0, times=active)
    chip.send(WIRE, wire, *words, times=times)
    return chip


class Joined:
    """The rows: every extension element that is used, that nothing computes and that is no constant."""

    def __init__(self, program: Program, book: Book) -> None:
        wanted = book.undefined()
        elements = wanted[wanted % 2 == 1]
        constant = np.isin(elements >> 1, np.array(list(program.constants), np.int64))
        self.book, self.wires = book, elements[~constant]
        book.define(self.wires)
        self.words = (self.wires >> 1)[:, None] + np.arange(5)
        book.use(2 * self.words)

    @property
    def count(self) -> int:
        return len(self.wires)

    def fixed(self) -> dict[str, Numbers]:
        columns = {"active": np.ones(self.count, np.int64), "wire": self.wires, "times": self.book.times(self.wires)}
        return columns | {f"wire.{k}": 2 * self.words[:, k] for k in range(5)}

    def fill(self, memory: U64) -> dict[str, npt.NDArray[np.integer]]:
        return {f"word.{k}": memory[self.words[:, k]] for k in range(5)}

"""Ties the statement to the circuit: the powers of the batching challenges, which the permutation chip uses, and the claim."""
from __future__ import annotations

import numpy as np

from continuation.book import Book, Numbers
from continuation.chips.buses import BLOCK, WIRE
from continuation.layout import CLAIM, POWER_WORDS, POWERS, PROOFS
from continuation.recorder import Program
from stark.chip import Chip

NAME = "public"
BLOCKS = CLAIM // 8


def definition() -> Chip:
    """Everything stands in the first row."""
    chip = Chip(NAME, "the public words are the powers of the batching challenges and the words of the claim")
    first = chip.fixed("first")
    chip.require("nothing stands in the proof", chip.column("nothing"))           # kernels ask for a column
    for k in range(POWERS * PROOFS):
        words = [chip.public(5 * k + c) for c in range(5)]
        chip.receive(WIRE, chip.fixed(f"power wire.{k}"), *words, times=first)
    for k in range(BLOCKS):
        words = [chip.public(POWER_WORDS + 8 * k + c) for c in range(8)]
        chip.send(BLOCK, chip.fixed(f"claim block.{k}"), 0, *words, times=chip.fixed(f"claim times.{k}"))
    return chip


class Published:
    def __init__(self, program: Program, book: Book, batches: list[Numbers]) -> None:
        claims = [step for step in program.code if step.name == "statement"]
        if len(claims) != 1 or program.statement != CLAIM or len(batches) > PROOFS:
            raise ValueError(f"a circuit has a claim of {CLAIM} words and verifies at most {PROOFS} proofs")
        self.book, self.batches = book, batches
        zero = next(address for address in program.constants if 2 * address + 1 in self._zeros(program))
        missing = [np.full(POWERS, 2 * zero + 1, np.int64)] * (PROOFS - len(batches))
        self.wires = book.use(np.concatenate([*batches, *missing]))
        self.blocks = book.define_block(book.block(claims[0].result.data.reshape(-1, 8)))

    @staticmethod
    def _zeros(program: Program) -> set[int]:
        """The wire of the extension constant 0, which every verification uses."""
        return {int(step.result.wires) for step in program.code if step.name == "constant" and step.words == (0,) * 5}

    @property
    def count(self) -> int:
        return 1

    def fixed(self) -> dict[str, Numbers]:
        columns = {"first": np.ones(1, np.int64)}
        columns |= {f"power wire.{k}": self.wires[k:k + 1] for k in range(POWERS * PROOFS)}
        columns |= {f"claim block.{k}": self.blocks[k:k + 1] for k in range(BLOCKS)}
        return columns | {f"claim times.{k}": self.book.block_times(self.blocks[k:k + 1]) for k in range(BLOCKS)}

"""Ties the statement to the circuit: the powers of the batching challenges, which the permutation chip uses, and the claim."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from continuation.book import Book, Numbers
from continuation.chips.buses import BLOCK, WIRE
from continuation.layout import CLAIM, POWER_WORDS, POWERS, PROOFS
from continuation.recorder import Program
from stark.chip import Chip
from stark.expression import total

NAME = "public"
BLOCKS = CLAIM // 8
SIDE = 5                    # marks: SIDE * SIDE rows can be told apart


def definition() -> Chip:
    """A row holds five words of a power, or eight of the claim; two marks say which."""
    chip = Chip(NAME, "the public words are the powers of the batching challenges and the words of the claim")
    rows, columns = ([chip.fixed(f"{name}.{k}") for k in range(SIDE)] for name in ("row mark", "column mark"))
    words = chip.columns("word", 8)
    for place, word in enumerate(words):
        shown = [rows[k // SIDE] * columns[k % SIDE] * chip.public(number) for k in range(POWERS * PROOFS + BLOCKS)
                 if (number := public_word(k, place)) is not None]
        chip.require_equal("a word is the public one of its row", total(shown), word)
    chip.held |= {f"word.{place}": "a text says nothing of the words of its claim that it does not use" for place in range(8)}
    chip.receive(WIRE, chip.fixed("power wire"), *words[:5], times=chip.fixed("active"))
    chip.send(BLOCK, chip.fixed("claim block"), 0, *words, times=chip.fixed("claim times"))
    return chip


def public_word(row: int, place: int) -> int | None:
    """The public word that stands at this place of a row; None if nothing does."""
    if row < POWERS * PROOFS:
        return 5 * row + place if place < 5 else None
    return POWER_WORDS + 8 * (row - POWERS * PROOFS) + place


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
        return POWERS * PROOFS + BLOCKS

    def fixed(self) -> dict[str, Numbers]:
        rows, powers = np.arange(self.count), POWERS * PROOFS
        columns = {f"row mark.{k}": (rows // SIDE == k).astype(np.int64) for k in range(SIDE)}
        columns |= {f"column mark.{k}": (rows % SIDE == k).astype(np.int64) for k in range(SIDE)}
        none = np.zeros(BLOCKS, np.int64)
        columns |= {"power wire": np.append(self.wires, none), "active": np.append(np.ones(powers, np.int64), none)}
        return columns | {"claim block": np.append(np.zeros(powers, np.int64), self.blocks),
                          "claim times": np.append(np.zeros(powers, np.int64), self.book.block_times(self.blocks))}

    def fill(self, statement: npt.NDArray[np.uint32]) -> dict[str, npt.NDArray[np.integer]]:
        places = [[public_word(row, place) for row in range(self.count)] for place in range(8)]
        return {f"word.{place}": np.array([0 if k is None else int(statement[k]) for k in column], np.int64)
                for place, column in enumerate(places)}

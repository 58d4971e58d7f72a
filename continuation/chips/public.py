"""Ties the statement to the circuit: the powers of the batching challenges, which the permutation chip uses, and the claim."""
from __future__ import annotations

from math import isqrt

import numpy as np
import numpy.typing as npt

from continuation.book import Book, Numbers
from continuation.chips.buses import WIRE, blocks, in_block
from continuation.layout import FORMS, PROOFS, Form
from continuation.recorder import ZERO, Program
from stark.chip import Chip
from stark.expression import total

NAME = "public"


def blocks_of(form: Form) -> int:
    """Of a claim; zeros fill the last one up."""
    return -(-form.claim // form.hash.rate)


def rows_of(form: Form) -> int:
    return form.powers * PROOFS + blocks_of(form)


def side_of(form: Form) -> int:
    """Marks: the square of so many rows can be told apart."""
    return isqrt(rows_of(form) - 1) + 1


def definition(form: Form) -> Chip:
    """A row holds five words of a power, or a block of the claim; two marks say which."""
    side, kind = side_of(form), form.hash
    chip = Chip(NAME, "the public words are the powers of the batching challenges and the words of the claim")
    rows, columns = ([chip.fixed(f"{name}.{k}") for k in range(side)] for name in ("row mark", "column mark"))
    words = chip.columns("word", kind.rate)
    for place, word in enumerate(words):
        shown = [rows[k // side] * columns[k % side] * chip.public(number) for k in range(rows_of(form))
                 if (number := public_word(form, k, place)) is not None]
        chip.require_equal("a word is the public one of its row", total(shown), word)
    chip.held |= {f"word.{place}": "a text says nothing of the words of its claim that it does not use" for place in range(kind.rate)}
    chip.receive(WIRE, chip.fixed("power wire"), *words[:5], times=chip.fixed("active"))
    chip.send(blocks(kind), *in_block(kind, chip.fixed("claim block"), words), times=chip.fixed("claim times"))
    return chip


def public_word(form: Form, row: int, place: int) -> int | None:
    """The public word that stands at this place of a row; None if nothing does."""
    powers = form.powers * PROOFS
    if row < powers:
        return 5 * row + place if place < 5 else None
    number = form.power_words + form.hash.rate * (row - powers) + place
    return number if number < form.statement else None


class Published:
    def __init__(self, program: Program, book: Book, batches: list[Numbers]) -> None:
        claims = [step for step in program.code if step.name == "statement"]
        self.book, self.batches, self.width = book, batches, program.width
        if len(claims) != 1 or program.statement != self.form.claim or len(batches) > PROOFS:
            raise ValueError(f"a circuit has a claim of {self.form.claim} words and verifies at most {PROOFS} proofs")
        zero = next(address for address in program.constants if 2 * address + 1 in self._zeros(program))
        missing = [np.full(self.form.powers, 2 * zero + 1, np.int64)] * (PROOFS - len(batches))
        self.wires = book.use(np.concatenate([*batches, *missing]))
        words = np.full(blocks_of(self.form) * book.size, ZERO, np.int64)
        words[:self.form.claim] = claims[0].result.data
        self.blocks = book.define_block(book.block(words.reshape(-1, book.size)))

    @property
    def form(self) -> Form:
        return FORMS[self.width]

    @staticmethod
    def _zeros(program: Program) -> set[int]:
        """The wire of the extension constant 0, which every verification uses."""
        return {int(step.result.wires) for step in program.code if step.name == "constant" and step.words == (0,) * 5}

    @property
    def count(self) -> int:
        return rows_of(self.form)

    def fixed(self) -> dict[str, Numbers]:
        rows, powers, side = np.arange(self.count), self.form.powers * PROOFS, side_of(self.form)
        columns = {f"row mark.{k}": (rows // side == k).astype(np.int64) for k in range(side)}
        columns |= {f"column mark.{k}": (rows % side == k).astype(np.int64) for k in range(side)}
        none = np.zeros(len(self.blocks), np.int64)
        columns |= {"power wire": np.append(self.wires, none), "active": np.append(np.ones(powers, np.int64), none)}
        return columns | {"claim block": np.append(np.zeros(powers, np.int64), self.blocks),
                          "claim times": np.append(np.zeros(powers, np.int64), self.book.block_times(self.blocks))}

    def fill(self, statement: npt.NDArray[np.uint32]) -> dict[str, npt.NDArray[np.integer]]:
        form = self.form
        places = [[public_word(form, row, place) for row in range(self.count)] for place in range(form.hash.rate)]
        return {f"word.{place}": np.array([0 if k is None else int(statement[k]) for k in column], np.int64)
                for place, column in enumerate(places)}

"""Words as one block and as wires; the key says on which side each is given and on which it is taken."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from continuation.book import Book, Numbers, joined
from continuation.chips.buses import WIRE, blocks, in_block
from continuation.recorder import ZERO, Addresses, Program
from stark.chip import Chip
from stark.poseidon2 import Hash

U64 = npt.NDArray[np.uint64]
NAME = "unpack"


def definition(kind: Hash) -> Chip:
    chip = Chip(NAME, "the words of a block are the words of the wires")
    words = chip.columns("word", kind.rate)
    chip.send(blocks(kind), *in_block(kind, chip.fixed("block"), words), times=chip.fixed("block times"))
    for k, word in enumerate(words):
        chip.send(WIRE, chip.fixed(f"wire.{k}"), word, 0, 0, 0, 0, times=chip.fixed(f"times.{k}"))
    return chip


class Unpacked:
    """The rows: blocks made of words that are known or come from the tape, words taken from blocks, and words of the tape in no block."""

    def __init__(self, program: Program, book: Book) -> None:
        self.book = book
        self.addresses: list[Addresses] = []
        self.blocks: list[Numbers] = []
        self.sides: list[Numbers] = []                      # of the block: 1 given, -1 taken, 0 none
        self.gives: list[npt.NDArray[np.bool_]] = []        # of each word: given or taken
        free = np.zeros(book.memory, np.bool_)
        for step in program.outside_events():
            if step.name == "read":
                words = step.result.data.reshape(-1)
                free[words[0]:words[-1] + (5 if step.result.extension else 1)] = True
        self._gathered(free)
        self._taken_apart()
        self._loose(free)

    def _gathered(self, free: npt.NDArray[np.bool_]) -> None:
        """Blocks that are used and that no chip makes. A word of the tape is given by the first row that has it."""
        blocks = self.book.undefined_blocks()
        addresses = self.book.addresses(blocks)
        flat = addresses.reshape(-1)
        first = np.zeros(len(flat), np.bool_)
        first[np.unique(flat, return_index=True)[1]] = True
        gives = (first & free[flat] & ~self.book.defined(2 * flat)).reshape(addresses.shape)
        self._add(addresses, blocks, 1, gives)

    def _taken_apart(self) -> None:
        """Blocks that a chip makes and of which single words are used; the zeros that fill a block are the constant."""
        made = np.setdiff1d(self.book.defined_blocks(), joined(self.blocks))
        addresses = self.book.addresses(made)
        wanted = self.book.undefined()
        words = addresses != ZERO
        rows = (np.isin(2 * addresses, wanted) & words).any(axis=1)
        self._add(addresses[rows], made[rows], -1, words[rows])

    def _loose(self, free: npt.NDArray[np.bool_]) -> None:
        """Words of the tape that are used and stand in no block."""
        wanted = self.book.undefined()
        base = wanted[wanted % 2 == 0] >> 1
        words = base[base < len(free)]
        words = words[free[words]]
        size = self.book.size
        rows = np.full(-(-len(words) // size) * size, ZERO, np.int64)
        rows[:len(words)] = words
        gives = (np.arange(len(rows)) < len(words)).reshape(-1, size)
        self._add(rows.reshape(-1, size), np.zeros(len(rows) // size, np.int64), 0, gives)

    def _add(self, addresses: Addresses, blocks: Numbers, side: int, gives: npt.NDArray[np.bool_]) -> None:
        if side > 0:
            self.book.define_block(blocks)
        elif side < 0:
            self.book.use_block(blocks)
        self.book.define(2 * addresses[gives])
        self.book.use(2 * addresses[~gives])
        self.addresses.append(addresses)
        self.blocks.append(blocks)
        self.sides.append(np.full(len(blocks), side))
        self.gives.append(gives)

    @property
    def count(self) -> int:
        return sum(map(len, self.blocks))

    def fixed(self) -> dict[str, Numbers]:
        addresses, blocks, sides = (np.concatenate(parts) for parts in (self.addresses, self.blocks, self.sides))
        gives = np.concatenate(self.gives)
        times = np.where(gives, self.book.times(2 * addresses), -1)
        block_times = np.where(sides > 0, self.book.block_times(blocks), sides)
        columns = {"block": blocks, "block times": block_times}
        places = range(addresses.shape[1])
        return columns | {f"wire.{k}": 2 * addresses[:, k] for k in places} | {f"times.{k}": times[:, k] for k in places}

    def fill(self, memory: U64) -> dict[str, npt.NDArray[np.integer]]:
        words = memory[np.concatenate(self.addresses)]
        return {f"word.{k}": column for k, column in enumerate(words.T)}

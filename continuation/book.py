"""The book of a circuit: which chip defines each wire and block, and how often each is used. Multiplicities are never guessed."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from continuation.recorder import ZERO, Addresses, Program

Numbers = npt.NDArray[np.int64]


class Book:
    def __init__(self, program: Program, size: int) -> None:
        """`size`: words of a block, as many as a sponge takes in at a time."""
        self.program, self.size = program, size
        self.memory = program.memory
        self._used: list[Numbers] = []
        self._defined: list[Numbers] = []
        self._blocks: dict[bytes, int] = {}
        self._addresses: list[Addresses] = []
        self._used_blocks: list[Numbers] = []
        self._defined_blocks: list[Numbers] = []
        self._uses: tuple[Numbers, Numbers] | None = None

    # -- wires: 2 * address for a base element, one more for the extension element that starts there

    def fresh(self, count: int) -> Numbers:
        """Base wires that only chips know of, at addresses behind the program's memory."""
        first, self.memory = self.memory, self.memory + count
        return 2 * np.arange(first, first + count, dtype=np.int64)

    def use(self, wires: Numbers) -> Numbers:
        self._used.append(np.asarray(wires, np.int64).reshape(-1))
        return wires

    def define(self, wires: Numbers) -> Numbers:
        self._defined.append(np.asarray(wires, np.int64).reshape(-1))
        return wires

    def mentioned(self) -> list[Numbers]:
        """Wires that were used so far, as often as they were."""
        return self._used

    def undefined(self) -> Numbers:
        """Wires that are used and that nothing defines yet."""
        return np.setdiff1d(joined(self._used), joined(self._defined))

    def defined(self, wires: Numbers) -> npt.NDArray[np.bool_]:
        return np.isin(wires, joined(self._defined))

    # -- blocks: so many addresses; a number is given to each at its first mention

    def block(self, addresses: Addresses) -> Numbers:
        """Numbers of the blocks (n, words), which zeros fill up."""
        rows = np.full((*addresses.shape[:-1], self.size), ZERO, np.int64)
        rows[..., :addresses.shape[-1]] = addresses
        rows = rows.reshape(-1, self.size)
        return np.array([self._block(row) for row in rows], np.int64)

    def _block(self, row: Addresses) -> int:
        key = row.tobytes()
        if key not in self._blocks:
            self._addresses.append(row)
            self._blocks[key] = len(self._addresses)
        return self._blocks[key]

    def table(self) -> int:
        """A block number for a look-up table, whose entries are told apart by `entry`."""
        self._addresses.append(np.zeros(self.size, np.int64))
        return len(self._addresses)

    def addresses(self, blocks: Numbers) -> Addresses:
        return np.array(self._addresses, np.int64).reshape(-1, self.size)[np.asarray(blocks) - 1]

    def use_block(self, blocks: Numbers) -> Numbers:
        self._used_blocks.append(np.asarray(blocks, np.int64).reshape(-1))
        return blocks

    def define_block(self, blocks: Numbers) -> Numbers:
        self._defined_blocks.append(np.asarray(blocks, np.int64).reshape(-1))
        return blocks

    def undefined_blocks(self) -> Numbers:
        return np.setdiff1d(joined(self._used_blocks), joined(self._defined_blocks))

    def defined_blocks(self) -> Numbers:
        return joined(self._defined_blocks)

    # -- the end

    def close(self) -> None:
        """Everything used is defined, once. From here on the counts are known."""
        for what, used, defined in (("wire", self._used, self._defined), ("block", self._used_blocks, self._defined_blocks)):
            once, times = np.unique(joined(defined), return_counts=True)
            if (times > 1).any():
                raise ValueError(f"{what} {once[times > 1][0]} is defined twice")
            missing = np.setdiff1d(joined(used), once)
            if len(missing):
                raise ValueError(f"{what} {missing[0]} is used and nothing defines it, and so are {len(missing) - 1} others")
        wires = np.bincount(joined(self._used), minlength=2 * self.memory)
        self._uses = wires, np.bincount(joined(self._used_blocks), minlength=len(self._addresses) + 1)

    def times(self, wires: Numbers) -> Numbers:
        """How often these wires are used."""
        return self._closed()[0][wires]

    def block_times(self, blocks: Numbers) -> Numbers:
        return self._closed()[1][blocks]

    def _closed(self) -> tuple[Numbers, Numbers]:
        if self._uses is None:
            raise ValueError("the book is not closed yet")
        return self._uses


def joined(parts: list[Numbers]) -> Numbers:
    return np.concatenate([np.zeros(0, np.int64), *parts])


def values_of(memory: npt.NDArray[np.uint64], wires: Numbers) -> npt.NDArray[np.uint64]:
    """The five words that a wire carries: (…, 5)."""
    address, extension = wires >> 1, (wires & 1).astype(bool)
    places = address[..., None] + np.where(extension[..., None], np.arange(5), 0)
    words: npt.NDArray[np.uint64] = memory[places]
    words[..., 1:] *= extension[..., None]
    return words

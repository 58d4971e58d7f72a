"""A Merkle cap as a look-up table: an entry is a digest that the transcript has taken in, which paths look up as often as they like."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from continuation.book import Book, Numbers
from continuation.chips.buses import blocks, caps, in_block
from continuation.recorder import Addresses
from stark.chip import Chip
from stark.poseidon2 import Hash

U64 = npt.NDArray[np.uint64]
NAME = "cap"


def definition(kind: Hash) -> Chip:
    chip = Chip(NAME, "what can be looked up at an entry of a cap is the digest that the transcript has taken in")
    active, table, entry, block = (chip.fixed(name) for name in ("active", "table", "entry", "block"))
    digest, times = chip.columns("digest", kind.digest), chip.count("times")
    chip.require("an empty row cannot be looked up", (1 - active) * times)
    chip.receive(blocks(kind), *in_block(kind, block, digest), times=active)
    chip.send(caps(kind), table, entry, *digest, times=times)
    return chip


class Caps:
    """The caps of a circuit, one table for each, however many queries look it up."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.tables: dict[bytes, int] = {}
        self.caps: list[Addresses] = []

    def table(self, addresses: Addresses) -> int:
        """The number of the table for a cap (entries, words of a digest)."""
        key = addresses.tobytes()
        if key not in self.tables:
            self.tables[key] = self.book.table()
            self.caps.append(addresses)
            self.book.use_block(self.book.block(addresses))
        return self.tables[key]

    @property
    def count(self) -> int:
        return sum(len(cap) for cap in self.caps)

    def fixed(self) -> dict[str, Numbers]:
        table = [np.full(len(cap), number) for number, cap in zip(self.tables.values(), self.caps, strict=True)]
        entry = [np.arange(len(cap)) for cap in self.caps]
        return {"active": np.ones(self.count, np.int64), "table": np.concatenate(table), "entry": np.concatenate(entry),
                "block": self.book.block(np.concatenate(self.caps))}

    def fill(self, memory: U64, looked_up: list[tuple[int, Numbers]]) -> dict[str, npt.NDArray[np.integer]]:
        """`looked_up`: for every opening its table and the entries at which its paths end."""
        times = {number: np.zeros(len(cap), np.int64) for number, cap in zip(self.tables.values(), self.caps, strict=True)}
        for number, entries in looked_up:
            times[number] += np.bincount(entries, minlength=len(times[number]))
        digests = memory[np.concatenate(self.caps)]
        columns = {f"digest.{k}": column.astype(np.int64) for k, column in enumerate(digests.T)}
        return {**columns, "times": np.concatenate(list(times.values()))}

"""The rows of the permutation chip: the first sponge of the text, the opened rows, then the other sponges and compressions."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from continuation.book import Book, Numbers
from continuation.chips.cap import Caps
from continuation.chips.permute import flags
from continuation.openings import Openings
from continuation.queries import Queries
from continuation.recorder import Event, Program
from stark.gadgets.poseidon2 import column_names
from stark.poseidon2 import Hash, of_width

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
Column = npt.NDArray[np.integer]


class Permutations:
    def __init__(self, program: Program, book: Book, queries: Queries, caps: Caps) -> None:
        self.program, self.book, self.queries, self.caps, self.width = program, book, queries, caps, program.width
        steps = [one for one in program.outside_events() if one.name == "permute"]
        inputs = np.concatenate([one.operands[0].data.reshape(-1, self.width) for one in steps])
        outputs = np.concatenate([one.result.data.reshape(-1, self.width) for one in steps])
        order, self.chained = in_chains(inputs, outputs, self.hash.rate)
        self.inputs, self.outputs = inputs[order], outputs[order]
        self.flags, self.blocks, self.second, self.out = self._text_rows()
        self.groups = self._openings()
        if self.chained[0] or not self.flags["start"][0]:
            raise ValueError("the first permutation of a circuit starts a sponge")

    @property
    def hash(self) -> Hash:
        return of_width(self.width)

    def _text_rows(self) -> tuple[dict[str, Numbers], Numbers, Numbers, Numbers]:
        constants, rate = self.program.constants, self.hash.rate
        capacity = [[constants.get(int(address)) for address in row] for row in self.inputs[:, rate:]]
        fresh = np.array([row[0] is not None and set(row[1:]) == {0} for row in capacity]) & ~self.chained
        second = ~fresh & ~self.chained
        lengths = np.array([row[0] if is_fresh else 0 for row, is_fresh in zip(capacity, fresh, strict=True)], np.int64)
        book = self.book
        blocks = book.use_block(book.block(self.inputs[:, :rate]))
        seconds = np.zeros(len(blocks), np.int64)
        seconds[second] = book.use_block(book.block(self.inputs[second, rate:]))
        out = book.define_block(book.block(self.outputs[:, :rate]))
        does = {name: values.astype(np.int64) for name, values in (("start", fresh), ("absorb", self.chained), ("second", second))}
        does |= {"fresh": lengths, "takes": np.ones(len(blocks), np.int64)}
        return does, blocks, seconds, out

    def _openings(self) -> list[Openings]:
        """Commitments whose columns go into one sum stand together; the batches are numbered in the order of the text."""
        chains: list[list[Event]] = []
        for event in self.program.events:
            if event.step == "opened_rows":
                before = chains[-1][-1] if chains else None
                goes_on = (before is not None and before.arguments["batch"] is not None and event.arguments["batch"] is not None
                           and np.array_equal(before.result[-1].data, event.arguments["reduced"].data))
                if goes_on:
                    chains[-1].append(event)
                else:
                    chains.append([event])
        out, proof = [], 0
        for chain in chains:
            out.append(Openings(self.program, self.book, self.queries, self.caps, chain, proof))
            proof += int(out[-1].batched)
            out[-1].enter(self.book)
        return out

    @property
    def batches(self) -> list[Numbers]:
        """For each proof the wires of the powers of its batching challenge."""
        return [np.array([int(one.wires) for one in group.batch]) for group in self.groups if group.batched]

    def cut(self, rows: int) -> list[slice]:
        """What stands in a first table of so many rows, and in a second one. That one begins with a sponge or compression of the text,
        which looks at no row before it, and no opened row is cut through."""
        if rows >= self.count:
            return [slice(0, self.count)]
        first, opened = self.first(rows), self.head + sum(self.sizes)
        if not first:
            raise ValueError("the text has no rows for the beginning of both tables")
        return [slice(0, first), slice(opened, self.count), slice(first, opened)]

    def first(self, rows: int) -> int:
        """How many stand in a first table of so many rows, if there is a second one; none if there cannot be."""
        ends = np.cumsum([self.head, *self.sizes])
        return int(max(ends[ends <= rows], default=0)) if ends[-1] < self.count else 0

    @property
    def sizes(self) -> list[int]:
        """Of the opened rows of every query."""
        return [size for group in self.groups for size in [sum(part.inputs.shape[1] for part in group.parts)] * group.queries]

    @property
    def head(self) -> int:
        """Rows of the first sponge of the text, with which the first table begins; the others stand behind the opened rows, or begin the
        second table."""
        return next((k for k, chained in enumerate(self.chained.tolist()) if k and not chained), len(self.chained))

    @property
    def count(self) -> int:
        return len(self.inputs) + sum(part.inputs[..., 0].size for group in self.groups for part in group.parts)

    # -- static

    def fixed(self) -> dict[str, Numbers]:
        count = len(self.inputs)
        none = {name: np.zeros(count, np.int64) for name in flags(self.hash)}
        none |= {name: np.zeros(count, np.int64) for name in ("proof", "index wire", "sum wire", "sum times")}
        text = {**none, **self.flags, "block": self.blocks, "second block": self.second, "out block": self.out,
                "out times": self.book.block_times(self.out)}
        columns = {name: [values[:self.head]] for name, values in text.items()}
        for group in self.groups:
            parts = group.fixed(self.book)
            for name, values in columns.items():
                values.append(flattened([part.get(name, np.zeros(part["block"].shape, np.int64)) for part in parts]))
        return {name: np.concatenate([*values, text[name][self.head:]]) for name, values in columns.items()}

    # -- dynamic

    def fill(self, memory: U64, trace: Callable[[U32], U32]) -> dict[str, Column]:
        head, behind = self.inputs[:self.head], self.inputs[self.head:]
        addresses = [head, *(flattened([part.inputs for part in group.parts]) for group in self.groups), behind]
        states = memory[np.concatenate(addresses)].astype(np.uint32)
        index, bit, total = ([np.zeros((len(head), *tail), kind)] for tail, kind in (((), np.int64), ((), np.int64), ((5,), np.uint64)))
        for group in self.groups:
            indices, bits = group.indices(memory, self.queries)
            index.append(flattened(indices))
            bit.append(flattened(bits))
            total.append(flattened(group.sums(memory)))
        for column in (index, bit, total):
            column.append(np.zeros((len(behind), *column[0].shape[1:]), column[0].dtype))
        totals = np.concatenate(total)
        columns: dict[str, Column] = {f"in.{k}": states[:, k] for k in range(self.width)}
        columns |= dict(zip(column_names("", self.width), trace(states), strict=True))
        columns |= {f"sum.{k}": totals[:, k] for k in range(5)}
        return columns | {"index": np.concatenate(index), "bit": np.concatenate(bit)}

    def looked_up(self, memory: U64) -> list[tuple[int, Numbers]]:
        return [one for group in self.groups for one in group.looked_up(memory, self.queries)]


def flattened(parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Parts (queries, rows, …) side by side, one query after the other."""
    together = np.concatenate(parts, axis=1)
    return together.reshape(-1, *together.shape[2:])


def in_chains(inputs: Numbers, outputs: Numbers, rate: int) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """An order in which a permutation that goes on with the capacity of another stands right behind it, and which do."""
    maker = {row.tobytes(): k for k, row in enumerate(outputs[:, rate:])}
    follower: dict[int, int] = {}
    heads = []
    for k, row in enumerate(inputs[:, rate:]):
        before = maker.get(row.tobytes())
        if before is None:
            heads.append(k)
        elif before in follower:
            raise ValueError("a sponge goes on in two ways")
        else:
            follower[before] = k
    order, chained = [], []
    for head in heads:
        at: int | None = head
        while at is not None:
            order.append(at)
            chained.append(at != head)
            at = follower.get(at)
    return np.array(order, np.int64), np.array(chained, np.bool_)

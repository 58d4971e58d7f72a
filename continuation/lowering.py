"""From a recorded program to the chips: the fixed tables, once for a circuit, and the main tables from a replay's memory."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from continuation.book import Book
from continuation.chips import arithmetic, bits, cap, constant, fold, join, permute, public, unpack
from continuation.layout import FORMS, Form, Layout
from continuation.permutations import Permutations
from continuation.queries import Queries
from continuation.recorder import Program
from continuation.shape import SECOND, RecursionShape
from stark.chip import Chip

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]


class Lowered:
    """The rows of every chip, in the order in which they may ask each other for wires."""

    def __init__(self, program: Program) -> None:
        self.program, self.width = program, program.width
        self.book = book = Book(program, self.form.hash.rate)
        self.queries = Queries(book, program.events)
        self.caps = cap.Caps(book)
        self.permutations = Permutations(program, book, self.queries, self.caps)
        self.gates = arithmetic.Gates(program, book)
        self.foldings = fold.Foldings(book, self.queries, program.events)
        self.drawn = bits.Drawn(book, self.queries, program.events)
        self.published = public.Published(program, book, self.permutations.batches)
        self.joined = join.Joined(program, book)
        self.unpacked = unpack.Unpacked(program, book)
        self.constants = constant.Constants(program, book)

    @property
    def form(self) -> Form:
        return FORMS[self.width]

    @property
    def layout(self) -> Layout:
        """What this circuit alone asks of the chips."""
        return Layout(self.foldings.log_arity, self.drawn.domains, self.drawn.skips, self.drawn.grindings)

    @property
    def counts(self) -> dict[str, int]:
        """Rows of every chip."""
        return {permute.NAME: self.permutations.count, arithmetic.NAME: self.gates.count, bits.NAME: self.drawn.count,
                fold.NAME: self.foldings.count, unpack.NAME: self.unpacked.count, join.NAME: self.joined.count, cap.NAME: self.caps.count,
                constant.NAME: self.constants.count, public.NAME: self.published.count}

    @property
    def halves(self) -> dict[str, Permutations | arithmetic.Gates]:
        """The rows of the chips that there may be twice."""
        return {permute.NAME: self.permutations, arithmetic.NAME: self.gates}


class Circuit:
    """A program lowered into a shape; it fits, or this raises."""

    def __init__(self, lowered: Lowered, shape: RecursionShape) -> None:
        if lowered.width != shape.parameters.hash_width:
            raise ValueError(f"a circuit of hashes of width {lowered.width} has no room in chips of width {shape.parameters.hash_width}")
        self.lowered, self.shape, self.program = lowered, shape, lowered.program
        self.log_heights = dict(shape.log_heights)
        self.chips: dict[str, Chip] = {name: chip for name, chip in shape.chips.items() if name in self.log_heights}
        self.parts = {name: rows.cut(1 << self.log_heights[name]) for name, rows in lowered.halves.items()}
        lowered.gates.pad(sum(1 << self.log_heights[name] for name in (arithmetic.NAME, arithmetic.MORE) if name in self.log_heights))
        lowered.book.close()
        columns: dict[str, Mapping[str, npt.NDArray[Any]]] = {
            permute.NAME: lowered.permutations.fixed(), arithmetic.NAME: lowered.gates.fixed(),
            bits.NAME: lowered.drawn.fixed(shape.layout), fold.NAME: lowered.foldings.fixed(),
            unpack.NAME: lowered.unpacked.fixed(), join.NAME: lowered.joined.fixed(),
            cap.NAME: lowered.caps.fixed(), constant.NAME: lowered.constants.fixed(), public.NAME: lowered.published.fixed()}
        self.fixed: dict[str, U32] = {
            name: chip.fixed_table(columns[name], self.log_heights[name]) for name, chip in self._halved(columns)}

    def _halved(self, columns: dict[str, Mapping[str, npt.NDArray[Any]]]) -> list[tuple[str, Chip]]:
        """The chips, and in `columns` the rows that stand in the second table of one."""
        for name, more in SECOND.items():
            if more in self.chips:
                (first, *rest), every = self.parts[name], columns[name]
                behind = {column: np.concatenate([values[:0], *(values[part] for part in rest)]) for column, values in every.items()}
                columns |= {name: {column: values[first] for column, values in every.items()}, more: behind}
        return list(self.chips.items())

    @property
    def rows(self) -> dict[str, int]:
        """That are used, of every table."""
        counts = dict(self.lowered.counts)
        for name, more in SECOND.items():
            if more in self.chips:
                first = self.parts[name][0].stop
                counts |= {name: first, more: counts[name] - first}
        return counts

    def statement(self, memory: U64, claim: U32) -> U32:
        """The published powers of the batching challenges, then the claim."""
        places = self.lowered.published.wires >> 1
        words = memory[places[:, None] + np.arange(5)].reshape(-1).astype(np.uint32)
        statement = np.concatenate([words, claim])
        if len(statement) != self.lowered.form.statement:
            raise ValueError(f"the claim has {len(claim)} words")
        return statement

    def fill(self, memory: U64, statement: U32, trace: Callable[[U32], U32]) -> dict[str, U32]:
        """The main tables; `trace` gives the committed columns of permutations."""
        lowered, layout = self.lowered, self.shape.layout
        columns: dict[str, Mapping[str, npt.NDArray[Any]]] = {
            permute.NAME: lowered.permutations.fill(memory, trace), arithmetic.NAME: lowered.gates.fill(memory),
            bits.NAME: lowered.drawn.fill(layout, self.fixed[bits.NAME], self.chips[bits.NAME].fixed_names, memory),
            fold.NAME: lowered.foldings.fill(memory), unpack.NAME: lowered.unpacked.fill(memory), join.NAME: lowered.joined.fill(memory),
            cap.NAME: lowered.caps.fill(memory, lowered.permutations.looked_up(memory)), constant.NAME: {"nothing": np.zeros(1, np.int64)},
            public.NAME: lowered.published.fill(statement)}
        tables = {name: chip.table(columns[name], self.log_heights[name]) for name, chip in self._halved(columns)}
        kind = lowered.form.hash
        nothing = trace(np.zeros((1, kind.width), np.uint32))   # an empty row is the permutation of zeros
        for name in (permute.NAME, permute.MORE):
            if name in tables:
                tables[name][kind.width:kind.width + kind.trace_columns, self.rows[name]:] = nothing
        return tables

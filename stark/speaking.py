"""On which rows a chip says anything, and which of its messages are sent on all of those: only these hold a column wherever it matters.

A row speaks if it has a message. A column that requirements tie to the statement, to a selector or to the next row, through however many
others, also matters on every row where one of these requirements looks there.
"""
from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from stark.chip import Chip
from stark.expression import Constant, Input, Operation, P
from stark.flat import needed
from stark.settings import MOST_BITS, Rows, Setting, Trial, inputs_of, mains

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]
OWN, BESIDE, ELSEWHERE = range(3)       # random numbers for the columns of a row, and twice for what stands beside it
EMPTY: Mapping[int, int] = MappingProxyType({})


class Speaking:
    """A chip with its fixed table. Where that is not known, or there are too many bits, `trial` is None."""

    def __init__(self, chip: Chip, fixed: U32 | None) -> None:
        self.chip, self.known = chip, fixed is not None or not chip.fixed_names
        self.rows = Rows(chip, fixed if fixed is not None or chip.fixed_names else np.zeros((0, 1), np.uint32))
        self.times = sorted({message.times.number for message in chip.messages})
        roots = sorted({requirement.expression.number for requirement in chip.requirements})
        self.columns = {root: mains(inputs_of(chip, root)) for root in roots}
        self.ahead = [root for root in roots if any(n.next or n.kind in ("public", "selector") for n in inputs_of(chip, root))]
        self.random = np.random.default_rng(1).integers(1, P, (3, len(chip.graph.nodes)))     
        self.trial = self.tried() if self.known else None
        self.spoken: dict[tuple[int, ...], Mask] = {}

    def tried(self) -> Trial | None:
        setting = Setting()
        for root in self.times:
            if not self.rows.beside(inputs_of(self.chip, root)):
                return None
            for column in sorted(mains(inputs_of(self.chip, root))):
                self.rows.settle(column, setting)
        counts = [column for column in setting.loose if self.chip.main_names[column] in self.chip.counts]
        setting.bits += counts                                  # a count that is not 0 stands as 1
        if len(counts) < len(setting.loose) or len(setting.bits) > MOST_BITS:
            return None
        self.rows.widen(setting)
        return self.rows.trial(self.times, setting, counts, list(self.columns) if setting.columns else ())

    def beside(self, column: int) -> tuple[int, ...]:
        """The requirements beyond the row that a column is tied to, through however many others."""
        reached, grown = {column}, True
        while grown:
            more = reached.union(*(columns for columns in self.columns.values() if columns & reached))
            reached, grown = more, more != reached
        return tuple(root for root in self.ahead if self.columns[root] & reached)

    def speaks(self, trial: Trial, beside: tuple[int, ...]) -> Mask:
        if beside not in self.spoken:
            mask = self.sent(self.times)
            for root in beside:
                mask |= self.looks_beside(root, trial)
            self.spoken[beside] = mask & trial.fine
        return self.spoken[beside]

    def looks_beside(self, root: int, trial: Trial) -> Mask:
        """The rows that a requirement ties to something beside them, the row that it looks at as the next one, too."""
        mask: Mask = self.evaluated(root, OWN, BESIDE) != self.evaluated(root, OWN, ELSEWHERE)
        if any(node.next and node.kind == "main" for node in inputs_of(self.chip, root)):
            mask = mask | np.roll(mask, 1) if trial.in_order else np.full_like(mask, mask.any())
        return mask

    def silent(self, column: int, times: Collection[int]) -> Mask | None:
        """Where the column matters and none of these messages is sent; None if it cannot be told."""
        if self.trial is None:
            return None
        return self.speaks(self.trial, self.beside(column)) & ~self.sent(times)

    def sent(self, times: Iterable[int]) -> Mask:
        """The rows that are tried on which one of these messages is sent."""
        if self.trial is None:
            raise ValueError("no rows are tried")
        found = [self.trial.found[root] != 0 for root in times]
        return np.any(found, axis=0) if found else np.zeros_like(self.trial.fine)

    def covers(self, column: int, times: Collection[int]) -> bool:
        """Whether one of these messages is sent on every row where the column matters. (Nothing is said of a table that is not known.)"""
        if not times:
            return False
        found = self.silent(column, times)
        if found is None:
            always = any(isinstance(node := self.chip.graph.nodes[root], Constant) and node.value for root in times)
            return not self.known or always or (set(self.times) <= set(times) and not self.beside(column))
        return not found.any()

    def defined(self, column: int) -> bool:
        """Whether the one requirement that looks at a column says that it is something made of others: it then says nothing about them."""
        return sum(column in columns for columns in self.columns.values()) == 1 and self.rows.definition(column) is not None

    def depends(self, root: int, column: int) -> Mask:
        """On which of the rows that are tried a requirement depends on the column."""
        one, other = (self.evaluated(root, OWN, BESIDE, {column: value}) for value in (3, 5))
        mask: Mask = one != other
        return mask

    def connects(self, root: int, column: int) -> Mask:
        """On which of them it says something about the column and something else, in this row or beside it."""
        one, other = (self.evaluated(root, k, k, {column: 3}) for k in (OWN, BESIDE))
        mask: Mask = self.depends(root, column) & (one != other)
        return mask

    def evaluated(self, root: int, own: int, beside: int, given: Mapping[int, int] = EMPTY) -> U64:
        """On the rows that are tried, with random numbers for the other main columns of a row and for whatever stands beside it."""
        trial, found = self.trial, dict[int, U64]()
        if trial is None:
            raise ValueError("no rows are tried")
        for number in needed(self.chip.graph, [root]):
            match self.chip.graph.nodes[number]:
                case Constant(value):
                    found[number] = np.full(1, value, np.uint64)
                case Input("main", index, False) if index in given:
                    found[number] = np.full(1, given[index], np.uint64)
                case Input("main", index, False) if index in trial.columns:
                    found[number] = trial.tables.main[index].astype(np.uint64)
                case Input("fixed", index, following) if not following or trial.in_order:
                    found[number] = np.roll(trial.tables.fixed[index], -int(following)).astype(np.uint64)
                case Input("main", _, False):
                    found[number] = np.full(1, self.random[own, number], np.uint64)
                case Input():
                    found[number] = np.full(1, self.random[beside, number], np.uint64)
                case Operation(name, left, right):
                    a, b = found[left], found[right]
                    found[number] = (a * b if name == "mul" else a + b if name == "add" else a + (np.uint64(P) - b)) % np.uint64(P)
        return np.broadcast_to(found[root], trial.fine.shape)

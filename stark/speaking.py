"""On which rows a chip says anything, and which of its messages are sent on all of those: only these hold a column wherever it matters.

A row speaks if it has a message. A column that requirements tie to the statement, to a selector or to the next row, through however many
others, also matters on every row where one of these requirements looks there.
"""
from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from stark.chip import Chip
from stark.expression import Constant, Input, Operation, P
from stark.flat import needed
from stark.settings import MOST_BITS, Rows, Setting, Trial, centred, inputs_of, mains

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]
OWN, BESIDE, ELSEWHERE, OTHER, ONE = range(5)   # random numbers for the columns of a row, for what stands beside it, and others; 1
DRAWS = 3                                       # of each: what they do not tell apart is the same
NONE: Mapping[int, int] = MappingProxyType({})


class Speaking:
    """A chip with its fixed table. Where that is not known, or there are too many bits, `trial` is None."""

    def __init__(self, chip: Chip, fixed: U32 | None) -> None:
        self.chip, self.known = chip, fixed is not None or not chip.fixed_names
        self.rows = Rows(chip, fixed if fixed is not None or chip.fixed_names else np.zeros((0, 1), np.uint32))
        self.times = sorted({message.times.number for message in chip.messages})
        roots = sorted({requirement.expression.number for requirement in chip.requirements})
        self.columns = {root: mains(inputs_of(chip, root)) for root in roots}
        self.ahead = [root for root in roots if any(n.next or n.kind in ("public", "selector") for n in inputs_of(chip, root))]
        self.counts = {column for column, name in enumerate(chip.main_names) if name in chip.counts}
        said = repr((chip.name, chip.graph.nodes, roots, [(m.times.number, [p.number for p in m.parts]) for m in chip.messages]))
        table = b"" if fixed is None else fixed.tobytes()                   # neither is known while the chip or its table is thought out
        seed = np.frombuffer(hashlib.sha256(said.encode() + table).digest(), np.uint32)
        self.random = np.random.default_rng(seed).integers(1, P, (5, DRAWS, len(chip.graph.nodes), 1))
        self.random[ONE] = 1
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
        mask = unlike(self.evaluated(root, OWN, BESIDE), self.evaluated(root, OWN, ELSEWHERE))
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

    def connects(self, root: int, column: int) -> Mask:
        """On which of the rows that are tried a requirement says something about the column and something else, in this row or beside it.
        One that looks at the column of the next row may do so anywhere."""
        if any(node == Input("main", column, True) for node in inputs_of(self.chip, root)):
            return np.ones_like(self.evaluated(root, OWN, BESIDE)[0], np.bool_)
        depends = unlike(*(self.evaluated(root, OWN, BESIDE, {column: value}) for value in (OTHER, ELSEWHERE)))
        return depends & unlike(*(self.evaluated(root, k, k, {column: OTHER}) for k in (OWN, BESIDE)))

    def matters(self, root: int) -> Mask:
        """On which of the rows that are tried a requirement says anything. A column that it defines and that stands nowhere else is only
        a name, except where a message has it."""
        columns = self.columns[root]
        if self.trial is None or not columns:
            return np.ones(1, np.bool_)
        mask = self.speaks(self.trial, self.beside(min(columns)))
        flags = {column for number in self.times for column in mains(inputs_of(self.chip, number))}
        for column in columns - flags:
            if self.defined(column):
                mask = mask & self.sent(message.times.number for message in self.chip.messages
                                        if any(column in mains(inputs_of(self.chip, part.number)) for part in message.parts))
        return mask

    def has(self, times: int) -> Mask:
        """The rows that are tried, and allowed, on which a message is sent or received."""
        return np.ones(1, np.bool_) if self.trial is None else self.sent([times]) & self.trial.fine

    def gives(self, part: int, times: int) -> Mask:
        """The rows that are tried on which a message is sent; where none are, whether it is sent on all that matter to its part."""
        if self.trial is not None:
            return self.sent([times])
        return np.array([all(self.covers(column, [times]) for column in mains(inputs_of(self.chip, part)))])

    def taken_back(self) -> set[int]:
        """The messages that the same row receives as often as it sends them: they say nothing."""
        if not self.chip.messages:
            return set()
        said = [(message.bus.number, *(self.constant(part.number) for part in message.parts)) for message in self.chip.messages]
        times = [np.array(self.constant(message.times.number)) for message in self.chip.messages]
        return {k for k, one in enumerate(said) for j, other in enumerate(said) if one == other and not ((times[k] + times[j]) % P).any()}

    def factors(self, root: int, column: int) -> list[int]:
        """The numbers but 0 by which a requirement multiplies a column on the rows that are tried, the least first; none if they have to do
        with columns that are not tried, or the column stands there otherwise, like its next row. Bits that are not tried are 1, selectors
        are left out."""
        inputs = inputs_of(self.chip, root)
        if Input("main", column) not in inputs or Input("main", column, True) in inputs:
            return []
        node = self.chip.graph.nodes[root]
        if isinstance(node, Operation) and node.name == "mul":
            selectors = [isinstance(part := self.chip.graph.nodes[k], Input) and part.kind == "selector" for k in (node.left, node.right)]
            root = node.right if selectors[0] else node.left if selectors[1] else root
        tried = self.trial.columns if self.trial else set()
        bits = dict.fromkeys(self.rows.bits - tried - {column}, ONE)
        place, p = self.chip.graph.numbers[Input("main", column)], np.uint64(P)
        at = [self.random[kind, :, place].astype(np.uint64) for kind in (OWN, OTHER, ELSEWHERE)]
        found = [self.evaluated(root, OWN, BESIDE, {**bits, column: kind}) for kind in (OWN, OTHER, ELSEWHERE)]
        inverse = np.array([[pow(int(step), -1, P)] for step in ((at[1] + p - at[0]) % p)[:, 0]], np.uint64)
        slope = (found[1] + p - found[0]) % p * inverse % p
        bent = (found[2] + p - found[0] + slope * (at[0] + p - at[2])) % p
        fine = slice(None) if self.trial is None else self.trial.fine
        if bent[:, fine].any() or (slope != slope[:1])[:, fine].any():
            return []
        return sorted({*centred(slope[0, fine]).tolist()} - {0}, key=abs)

    def constant(self, root: int) -> tuple[int, ...]:
        """What an expression is, all columns being random numbers."""
        found = self.evaluated(root, OWN, BESIDE, dict.fromkeys(range(len(self.chip.main_names)), OWN), True)
        return tuple(found[:, 0].tolist())

    def evaluated(self, root: int, own: int, beside: int, given: Mapping[int, int] = NONE, blind: bool = False) -> U64:
        """For every draw, on the rows that are tried: with random numbers for the other main columns of a row and for whatever stands
        beside it. A count that is not 0 is random, too. `blind`: fixed columns are as well."""
        trial, found = self.trial, dict[int, U64]()
        for number in needed(self.chip.graph, [root]):
            drawn = self.random[:, :, number].astype(np.uint64)
            match self.chip.graph.nodes[number]:
                case Constant(value):
                    found[number] = np.full((1, 1), value, np.uint64)
                case Input("main", index, False) if index in given:
                    found[number] = drawn[given[index]]
                case Input("main", index, False) if trial and index in trial.columns:
                    values = trial.tables.main[index].astype(np.uint64)
                    found[number] = values * drawn[own] % np.uint64(P) if index in self.counts else values[None]
                case Input("fixed", index, following) if trial and not blind and (not following or trial.in_order):
                    found[number] = np.roll(trial.tables.fixed[index], -int(following)).astype(np.uint64)[None]
                case Input("main", _, False):
                    found[number] = drawn[own]
                case Input():
                    found[number] = drawn[beside]
                case Operation(name, left, right):
                    a, b = found[left], found[right]
                    found[number] = (a * b if name == "mul" else a + b if name == "add" else a + (np.uint64(P) - b)) % np.uint64(P)
        return np.broadcast_to(found[root], (DRAWS, 1 if blind or trial is None else len(trial.fine)))


def unlike(one: U64, other: U64) -> Mask:
    mask: Mask = (one != other).any(axis=0)
    return mask

"""What a row's multiplicities can be: all settings of the bits that they are made of, beside every kind of fixed row, and which of these
rows the requirements allow.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from stark.check import Filled, values_of
from stark.chip import Chip, Message
from stark.expression import Input, Operation, P, degrees
from stark.flat import needed

U32 = npt.NDArray[np.uint32]
MOST_BITS = 16
MOST_SETTINGS = 1 << 20


def inputs_of(chip: Chip, root: int) -> list[Input]:
    nodes = (chip.graph.nodes[number] for number in needed(chip.graph, [root]))
    return [node for node in nodes if isinstance(node, Input)]


def bits_of(chip: Chip) -> set[int]:
    """Columns that a requirement of their own makes 0 or 1: it has degree 2 and these roots."""
    found, trial, degree = set(), np.zeros((len(chip.main_names), 3), np.uint32), degrees(chip.graph)
    trial[:] = [0, 1, 2]
    for requirement in chip.requirements:
        root = requirement.expression.number
        if requirement.rows != "every" or degree[root] != 2:
            continue
        inputs = inputs_of(chip, root)
        if len(inputs) == 1 and inputs[0].kind == "main":
            if values_of(Filled(chip, np.zeros((0, 3), np.uint32), trial), (), [root])[root].astype(bool).tolist() == [False, False, True]:
                found.add(inputs[0].index)
    return found


@dataclass
class Setting:
    """Columns that a multiplicity depends on: bits, and columns that a requirement sets equal to something made of columns before them."""

    bits: list[int] = field(default_factory=list)
    defined: dict[int, tuple[int, int]] = field(default_factory=dict)      # column -> requirement, sign of the column in it
    loose: list[int] = field(default_factory=list)              # neither
    whole: bool = True                                          # whether no bits were left out for being too many

    @property
    def columns(self) -> set[int]:
        return {*self.bits, *self.defined}


@dataclass(frozen=True)
class Trial:
    """Rows with everything that bits and fixed columns can be: the main columns that are tried, some nodes on all rows, the rows that no
    requirement refuses, those of zeros; whether they are the rows of the table, one after the other."""

    tables: Filled
    columns: set[int]
    found: dict[int, npt.NDArray[np.uint64]]
    fine: npt.NDArray[np.bool_]
    zero: npt.NDArray[np.bool_]
    in_order: bool = False
    looked_at: frozenset[int] = frozenset()     # the fixed columns that are tried


class Rows:
    """A chip's requirements on single rows, and what its fixed table is, if that is known."""

    def __init__(self, chip: Chip, fixed: U32 | None) -> None:
        self.chip, self.fixed, self.bits, self.signs = chip, fixed, bits_of(chip), dict[int, frozenset[int] | None]()
        self.kinds = {"main"} if fixed is None else {"main", "fixed"}
        roots = {r.expression.number for r in chip.requirements if r.rows == "every"}
        self.requirements = {root: mains(inputs) for root in sorted(roots) if self.beside(inputs := inputs_of(chip, root))}
        self.defined = self.definitions()

    def beside(self, inputs: list[Input]) -> bool:
        return not any(node.next or node.kind not in self.kinds for node in inputs)

    def definition(self, column: int) -> tuple[int, int] | None:
        """A requirement that is this column, or its negative, and something without it; and which of the two."""
        for root, columns in self.requirements.items():
            if column in columns:
                sign = self.coefficient(root, column, {})
                if sign in (1, -1):
                    return root, sign
        return None

    def coefficient(self, number: int, column: int, known: dict[int, int | None]) -> int | None:
        """Of a column in a sum; None where it is not a number."""
        if number not in known:
            match self.chip.graph.nodes[number]:
                case Input("main", index, False):
                    known[number] = int(index == column)
                case Operation(name, left, right):
                    one, other = self.coefficient(left, column, known), self.coefficient(right, column, known)
                    if one is None or other is None or (name == "mul" and (one or other)):
                        known[number] = None
                    else:
                        known[number] = {"add": one + other, "sub": one - other, "mul": 0}[name]
                case _:
                    known[number] = 0
        return known[number]

    def definitions(self) -> dict[int, tuple[int, int]]:
        """Columns that a requirement makes of bits, or of columns that others make of bits; none goes round in a circle."""
        known = dict[int, tuple[int, int]]()
        grown = True
        while grown:
            grown = False
            for root, columns in self.requirements.items():
                if len(new := columns - self.bits - known.keys()) == 1:
                    (column,) = new
                    if (sign := self.coefficient(root, column, {})) in (1, -1):
                        known[column], grown = (root, sign), True
        return known

    def settle(self, column: int, setting: Setting) -> None:
        if column in setting.columns or column in setting.loose:
            return
        if column in self.bits:
            setting.bits.append(column)
        elif column in self.defined:
            for part in sorted(self.requirements[self.defined[column][0]] - {column}):
                self.settle(part, setting)
            setting.defined[column] = self.defined[column]
        else:
            setting.loose.append(column)

    def widen(self, setting: Setting) -> None:
        """Takes in the bits of requirements about bits that are there already, while there are not too many."""
        grown = True
        while grown:
            grown = False
            for columns in self.requirements.values():
                more = columns - setting.columns
                if more and more <= self.bits and columns & setting.columns:
                    if len(setting.bits) + len(more) <= MOST_BITS:
                        setting.bits += sorted(more)
                        grown = True
                    else:
                        setting.whole = False

    def in_the_key(self, roots: list[int]) -> list[npt.NDArray[np.int64]]:
        """What is made of fixed columns, on every row, from -p/2 to p/2."""
        fixed = np.zeros((0, 1), np.uint32) if self.fixed is None else self.fixed
        found = values_of(Filled(self.chip, fixed, np.zeros((len(self.chip.main_names), fixed.shape[1]), np.uint32)), (), roots)
        return [centred(found[root]) for root in roots]

    def sides(self, message: Message) -> frozenset[int] | None:
        """1 if a row can send the message, -1 if a row can receive it; None if its multiplicity is no number of bits."""
        root = message.times.number
        if root not in self.signs:
            self.signs[root] = self.signs_of(root)
        return self.signs[root]

    def signs_of(self, root: int) -> frozenset[int] | None:
        inputs, setting = inputs_of(self.chip, root), Setting()
        if {node.kind for node in inputs} <= {"fixed"}:
            return signs(self.in_the_key([root])[0])
        for column in sorted(mains(inputs)):
            self.settle(column, setting)
        if not self.beside(inputs) or setting.loose or len(setting.bits) > MOST_BITS:
            return None
        self.widen(setting)
        trial = self.trial([root], setting)
        return None if trial is None else signs(centred(trial.found[root][trial.fine]))

    def trial(self, wanted: list[int], setting: Setting, counts: Sequence[int] = (), others: Sequence[int] = ()) -> Trial | None:
        """Every setting of the bits beside every kind of fixed row; None if these are too many. Counts are bits that stand for any number
        but 0, so that of the requirements on them only multiples of one count are looked at. `others` are nodes that will be asked for."""
        roots = [number for number, columns in self.requirements.items() if columns <= setting.columns and not columns & set(counts)]
        looked_at = sorted({node.index for number in [*roots, *wanted, *others]
                            for node in inputs_of(self.chip, number) if node.kind == "fixed"})
        in_order = not setting.columns and self.fixed is not None and self.fixed.shape[1] > 0
        if self.fixed is not None and in_order:                 # the key says all, row by row
            fixed, numbers = self.fixed, np.zeros(self.fixed.shape[1], np.int64)
            main = np.broadcast_to(np.uint32(0), (len(self.chip.main_names), len(numbers)))
        else:
            rows = np.zeros((0, 1), np.uint32) if self.fixed is None or not looked_at else np.unique(self.fixed[looked_at], axis=1)
            settings, kinds = 1 << len(setting.bits), rows.shape[1]
            if settings * kinds > MOST_SETTINGS:
                return None
            main = np.zeros((len(self.chip.main_names), settings * kinds), np.uint32)
            fixed = np.zeros((len(self.chip.fixed_names), settings * kinds), np.uint32)
            numbers = np.tile(np.arange(settings), kinds)
            main[setting.bits] = numbers >> np.arange(len(setting.bits))[:, None] & 1
            fixed[looked_at] = np.repeat(rows, settings, axis=1)
        tables = Filled(self.chip, fixed, main)
        for column, (number, sign) in setting.defined.items():          # its column is still zero
            rest = values_of(tables, (), [number])[number]
            main[column] = rest if sign < 0 else (P - rest) % P
        found = values_of(tables, (), [*roots, *wanted])
        fine = ~np.any([found[number] != 0 for number in roots] or [numbers < 0], axis=0)
        for count in counts:
            fine &= self.counted(count, setting, tables, {*counts} - {count})
        zero = numbers == 0
        return Trial(tables, setting.columns, found, fine, zero, in_order, frozenset(looked_at))

    def counted(self, count: int, setting: Setting, tables: Filled, others: set[int]) -> npt.NDArray[np.bool_]:
        """Rows where a count may be other than 0 if it stands as 1: no requirement without other counts is a multiple of it, and nothing
        else, there."""
        bits = {*setting.columns} - {count} - others
        roots = [number for number, columns in self.requirements.items() if count in columns and columns - {count} <= bits]
        main, found = tables.main.copy(), []
        for factor in range(4):                                 # a requirement has degree 3 at most
            main[count] = factor
            found.append(values_of(Filled(self.chip, tables.fixed, main), (), roots))
        out = np.ones(main.shape[1], np.bool_)
        for root in roots:
            zero, one, two, three = (each[root].astype(np.int64) for each in found)
            multiple = (zero == 0) & (two == 2 * one % P) & (three == 3 * one % P)
            out &= ~(multiple & (one != 0) & (tables.main[count] == 1))
        return out


def signs(numbers: npt.NDArray[np.int64]) -> frozenset[int]:
    return frozenset(({1} if (numbers > 0).any() else set()) | ({-1} if (numbers < 0).any() else set()))


def centred(values: npt.NDArray[np.unsignedinteger]) -> npt.NDArray[np.int64]:
    numbers = values.astype(np.int64)
    return np.where(numbers > P // 2, numbers - P, numbers)


def mains(inputs: list[Input]) -> set[int]:
    return {node.index for node in inputs if node.kind == "main"}

"""How often a row says what it says. A multiplicity is a table's own count (a column that nothing else looks at, or that its chip lists as
free), or fixed in the key, or else made of bits: then, for all bits that the requirements allow, it must be 0 or 1 if the message is sent,
0 or -1 if it is received, and 0 on a row of zeros, which is what fills a table up.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from stark.attack import offers
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

    @property
    def columns(self) -> set[int]:
        return {*self.bits, *self.defined}


class Rows:
    """A chip's requirements on single rows, and what its fixed table is, if that is known."""

    def __init__(self, chip: Chip, fixed: U32 | None) -> None:
        self.chip, self.fixed, self.bits = chip, fixed, bits_of(chip)
        self.kinds = {"main"} if fixed is None else {"main", "fixed"}
        roots = {r.expression.number for r in chip.requirements if r.rows == "every"}
        self.requirements = {root: mains(inputs) for root in sorted(roots) if self.beside(inputs := inputs_of(chip, root))}

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

    def settle(self, column: int, setting: Setting, above: tuple[int, ...] = ()) -> None:
        if column in setting.columns or column in setting.loose:
            return
        if column in self.bits:
            setting.bits.append(column)
        elif column not in above and (found := self.definition(column)) is not None:
            for part in sorted(self.requirements[found[0]] - {column}):
                self.settle(part, setting, (*above, column))
            setting.defined[column] = found
        else:
            setting.loose.append(column)

    def widen(self, setting: Setting) -> None:
        """Takes in the bits of requirements about bits that are there already, while there are not too many."""
        grown = True
        while grown:
            grown = False
            for columns in self.requirements.values():
                more = columns - setting.columns
                if more and more <= self.bits and columns & setting.columns and len(setting.bits) + len(more) <= MOST_BITS:
                    setting.bits += sorted(more)
                    grown = True

    def complaints(self, message: Message) -> Iterator[str]:
        root = message.times.number
        inputs = inputs_of(self.chip, root)
        kinds, node = {node.kind for node in inputs}, self.chip.graph.nodes[root]
        if kinds == {"fixed"} or (self.fixed is None and "fixed" in kinds):
            return                                              # the key says it, and `weight` counts it
        if isinstance(node, Input) and node.kind == "main" and self.chip.main_names[node.index] in self.chip.free:
            return
        setting = Setting()
        for column in sorted(mains(inputs)):
            self.settle(column, setting)
        if not self.beside(inputs):
            yield "is sent as often as something beside its row says"
        elif setting.loose:
            yield f"is sent as often as {', '.join(self.chip.main_names[c] for c in setting.loose)} says, which need not be a bit"
        elif len(setting.bits) > MOST_BITS:
            yield f"is sent as often as {len(setting.bits)} bits say, which are too many to be tried"
        else:
            self.widen(setting)
            yield from self.tried(root, setting)

    def tried(self, root: int, setting: Setting) -> Iterator[str]:
        """Every setting of the bits beside every kind of fixed row."""
        roots = [root, *(number for number, columns in self.requirements.items() if columns <= setting.columns)]
        looked_at = sorted({node.index for number in roots for node in inputs_of(self.chip, number)
                            if node.kind == "fixed"})
        rows = np.zeros((0, 1), np.uint32) if self.fixed is None or not looked_at else np.unique(self.fixed[looked_at], axis=1)
        settings, kinds = 1 << len(setting.bits), rows.shape[1]
        if settings * kinds > MOST_SETTINGS:
            yield "is sent as often as more kinds of rows say than can be tried"
            return
        main = np.zeros((len(self.chip.main_names), settings * kinds), np.uint32)
        fixed = np.zeros((len(self.chip.fixed_names), settings * kinds), np.uint32)
        numbers = np.tile(np.arange(settings), kinds)
        main[setting.bits] = numbers >> np.arange(len(setting.bits))[:, None] & 1
        fixed[looked_at] = np.repeat(rows, settings, axis=1)
        tables = Filled(self.chip, fixed, main)
        for column, (number, sign) in setting.defined.items():          # its column is still zero
            rest = values_of(tables, (), [number])[number]
            main[column] = rest if sign < 0 else (P - rest) % P
        found = values_of(tables, (), roots)
        fine, times = ~np.any([found[number] != 0 for number in roots[1:]] or [numbers < 0], axis=0), found[root]
        said = set(times[fine].tolist()) - {0}
        if not (said <= {1} or said <= {P - 1}):
            yield f"can be sent {' or '.join(str(t if t < P // 2 else t - P) for t in sorted(said))} times by one row"
        if setting.bits and (fine & (numbers == 0) & (times != 0)).any():
            yield "is sent by a row of zeros"


def mains(inputs: list[Input]) -> set[int]:
    return {node.index for node in inputs if node.kind == "main"}


def violations_of(chip: Chip, fixed: U32 | None) -> list[str]:
    """In sentences; `fixed` is the chip's fixed table where it is known."""
    out, seen, rows = [], set[int](), None
    for message in chip.messages:
        if message.times.number not in seen and not offers(chip, message):
            seen.add(message.times.number)
            rows = rows or Rows(chip, fixed)
            out += [f"a message on bus {message.bus.name} {what}" for what in rows.complaints(message)]
    return out


def weight(chip: Chip, message: Message, height: int, fixed: U32 | None) -> int:
    """How many messages all rows send at most, one that is received counted alike."""
    root = message.times.number
    inputs = inputs_of(chip, root)
    if fixed is None or not inputs or {node.kind for node in inputs} != {"fixed"}:
        return height
    times = values_of(Filled(chip, fixed, np.zeros((0, height), np.uint32)), (), [root])[root].astype(np.int64)
    return int(np.minimum(times, P - times).sum())

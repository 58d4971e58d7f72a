"""How large numbers can become: a requirement between numbers of known range speaks about the numbers only if it cannot reach p.

A column's range is known if it is a bit, or if it stands in a message whose bus says what its fields stay below (`Bus.below`). A look-up of
a multiple, or of a sum, holds the columns in it to less, if it cannot reach p itself. Where the range of one column is not known a
requirement is one of the field, and there is nothing to say here.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stark.check import Filled, values_of
from stark.chip import Chip, Message
from stark.expression import Constant, Input, Operation, P
from stark.flat import needed
from stark.settings import inputs_of, mains
from stark.speaking import Speaking

U32 = npt.NDArray[np.uint32]
Ranges = Mapping[int, tuple[int, int]]         # of main columns: least and greatest value


def violations_of(speaking: Speaking) -> list[str]:
    """In sentences."""
    chip, fixed = speaking.chip, speaking.rows.fixed
    given = gifts(speaking)
    everywhere = everywhere_held(given, speaking)
    apparent, true = ranges_of(speaking, given), ranges_of(speaking, everywhere)
    out = table_violations(chip, fixed) if fixed is not None else []
    out += received_violations(speaking, fixed, true)
    out += [f"column {name} is held for a reason, but there is none of this name" for name in chip.held if name not in chip.main_names]
    for requirement in chip.requirements:
        root = requirement.expression.number
        found = interval(chip, root, apparent)
        if found is not None and not -P < found[0] <= found[1] < P:
            out.append(f"“{requirement.sentence}” can reach p: from {found[0]} to {found[1]}")
        elif found is not None:                                 # so it is one between numbers, if the ranges hold
            open_to = [column for column in sorted(speaking.columns[root])
                       if loose(speaking, root, column, (given, everywhere), (apparent, true))]
            out += [f"“{requirement.sentence}” looks at {chip.main_names[column]} also where no look-up holds it" for column in open_to]
    return out


def loose(speaking: Speaking, root: int, column: int, gifts: tuple[Sequence[Gift], Sequence[Gift]], ranges: tuple[Ranges, Ranges]) -> bool:
    """Whether a requirement needs a range of the column where it may not have it. Gifts and ranges: all, and those that always hold."""
    chip, (given, everywhere), (apparent, true) = speaking.chip, gifts, ranges
    if true.get(column) == apparent[column] or chip.main_names[column] in chip.held:
        return False
    wider = interval(chip, root, {**apparent, column: true[column]}) if column in true else None
    if wider is not None and -P < wider[0] <= wider[1] < P:
        return False
    narrow = [gift.times for gift in given if gift not in everywhere and column in mains(inputs_of(chip, gift.part))]
    where = speaking.silent(column, narrow)
    if where is not None and speaking.trial is not None and speaking.defined(column):        # without a message the column is only a name
        where = where & speaking.sent(message.times.number for message in chip.messages
                                      if any(column in mains(inputs_of(chip, part.number)) for part in message.parts))
    return where is None or bool((where & speaking.depends(root, column)).any())


@dataclass(frozen=True)
class Gift:
    """Something that is looked up stays below a number, on rows where the message is sent."""

    part: int
    below: int
    times: int


def gifts(speaking: Speaking) -> list[Gift]:
    """Who receives on a bus with a type is held to it, so that whoever sends is given it; on an inductive bus the other way round."""
    return [Gift(part.number, below, message.times.number) for message in speaking.chip.messages
            if any(message.bus.below) and sides(message, speaking) <= {-1 if message.bus.inductive else 1}
            for part, below in zip(message.parts, message.bus.below, strict=False) if below is not None]


def sides(message: Message, speaking: Speaking) -> set[int]:
    """1 if a row can send it, -1 if a row can receive it."""
    counted = speaking.chip.counted(message)
    if counted:
        return {counted}
    if not speaking.known and any(node.kind == "fixed" for node in inputs_of(speaking.chip, message.times.number)):
        return set()                                            # nobody knows; with its fixed table the chip is looked at again
    found = speaking.rows.sides(message)
    return {-1, 1} if found is None else {*found}


def everywhere_held(given: Sequence[Gift], speaking: Speaking) -> list[Gift]:
    """The gifts of messages that are sent wherever their columns matter; two that are sent in turn give the greater bound."""
    out = []
    for part in {gift.part for gift in given}:
        columns, times = mains(inputs_of(speaking.chip, part)), list[int]()
        for gift in sorted((gift for gift in given if gift.part == part), key=lambda gift: gift.below):
            times.append(gift.times)
            if all(speaking.covers(column, times) for column in columns):
                out.append(gift)
                break
    return out


def received_violations(speaking: Speaking, fixed: U32 | None, ranges: Ranges) -> list[str]:
    """What is received keeps to the type of the bus, unless the bus is inductive; what fixed columns make is looked at row by row."""
    chip, out = speaking.chip, []
    for message in chip.messages:
        if message.bus.inductive or not any(message.bus.below) or -1 not in sides(message, speaking):
            continue
        for part, below, name in zip(message.parts, message.bus.below, message.bus.fields, strict=False):
            columns = mains(inputs_of(chip, part.number))
            if below is None or not columns:
                continue
            found = interval(chip, part.number, ranges, fixed)
            if found is None or not 0 <= found[0] <= found[1] < below:
                names = ", ".join(chip.main_names[column] for column in sorted(columns))
                out.append(f"what is received of {names} is not held below {below}, as field {name} of bus {message.bus.name} is")
    return out


def table_violations(chip: Chip, fixed: U32) -> list[str]:
    """What a message makes of fixed columns keeps to what the bus says."""
    out, nothing = [], np.zeros((len(chip.main_names), fixed.shape[1]), np.uint32)
    for message in chip.messages:
        for part, below, name in zip(message.parts, message.bus.below, message.bus.fields, strict=False):
            inputs = inputs_of(chip, part.number)
            if below is None or not inputs or any(node.kind != "fixed" for node in inputs):
                continue
            if (values_of(Filled(chip, fixed, nothing), (), [part.number])[part.number] >= below).any():
                columns = ", ".join(chip.fixed_names[node.index] for node in inputs)
                out.append(f"what is made of fixed {columns} is not below {below}, as field {name} of bus {message.bus.name} is")
    return out


def ranges_of(speaking: Speaking, given: Sequence[Gift]) -> Ranges:
    chip, ranges = speaking.chip, {column: (0, 1) for column in speaking.rows.bits}
    parts = [(gift.part, gift.below) for gift in given]
    for number, below in parts:
        node = chip.graph.nodes[number]
        if isinstance(node, Input) and node.kind == "main" and not node.next:
            ranges[node.index] = (0, min(below - 1, ranges.get(node.index, (0, P))[1]))
    for number, below in parts:
        columns, found = mains(inputs_of(chip, number)), interval(chip, number, ranges)
        if found is not None and 0 <= found[0] <= found[1] < P:         # so the part is the number that is looked up, and below this
            none = dict.fromkeys(columns, (0, 0))
            least = interval(chip, number, none) or (0, 0)
            for column in columns:
                one = interval(chip, number, {**none, column: (1, 1)}) or least
                if found[0] >= least[0] and one[0] > least[0]:          # linear: all columns add to the least value
                    ranges[column] = (0, min(ranges[column][1], (below - 1 - least[0]) // (one[0] - least[0])))
    return ranges


def interval(chip: Chip, root: int, ranges: Ranges, fixed: U32 | None = None) -> tuple[int, int] | None:
    """Least and greatest value over the integers; None if it depends on something of unknown range, as fixed columns are if not given."""
    found: dict[int, tuple[int, int] | None] = {}
    for number in needed(chip.graph, [root]):
        match chip.graph.nodes[number]:
            case Constant(value):
                signed = value if value <= P // 2 else value - P
                found[number] = signed, signed
            case Input("main", index, _):
                found[number] = ranges.get(index)
            case Input("fixed", index, _) if fixed is not None:
                found[number] = int(fixed[index].min()), int(fixed[index].max())
            case Input("selector", _, _):
                found[number] = 0, 1                                    # up to a factor that is not zero where it counts
            case Input():
                found[number] = None
            case Operation(name, left, right):
                found[number] = combined(name, found[left], found[right])
    return found[root]


def combined(name: str, a: tuple[int, int] | None, b: tuple[int, int] | None) -> tuple[int, int] | None:
    if a is None or b is None:
        return None
    if name == "mul":
        products = [x * y for x in a for y in b]
        return min(products), max(products)
    return (a[0] + b[0], a[1] + b[1]) if name == "add" else (a[0] - b[1], a[1] - b[0])

"""How large numbers can become: a requirement between numbers of known range speaks about the numbers only if it cannot reach p.

A column's range is known if it is a bit, or if it stands in a message whose bus says what its fields stay below (`Bus.below`). A look-up of
a multiple, or of a sum, holds the columns in it to less, if it cannot reach p itself. Where the range of one column is not known a
requirement is one of the field, and there is nothing to say here.
"""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from stark.check import Filled, values_of
from stark.chip import Chip
from stark.expression import Constant, Input, Operation, P
from stark.flat import needed
from stark.multiplicities import bits_of, inputs_of, mains

U32 = npt.NDArray[np.uint32]
Ranges = Mapping[int, tuple[int, int]]         # of main columns: least and greatest value


def violations_of(chip: Chip, fixed: U32 | None) -> list[str]:
    """In sentences; `fixed` is the chip's fixed table where it is known."""
    ranges, out = ranges_of(chip), table_violations(chip, fixed) if fixed is not None else []
    for requirement in chip.requirements:
        found = interval(chip, requirement.expression.number, ranges)
        if found is not None and not -P < found[0] <= found[1] < P:
            out.append(f"“{requirement.sentence}” can reach p: from {found[0]} to {found[1]}")
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


def ranges_of(chip: Chip) -> Ranges:
    ranges = {column: (0, 1) for column in bits_of(chip)}
    parts = [(part.number, below) for message in chip.messages for part, below in zip(message.parts, message.bus.below, strict=False)
             if below is not None]
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


def interval(chip: Chip, root: int, ranges: Ranges) -> tuple[int, int] | None:
    """Least and greatest value over the integers; None if it depends on something of unknown range."""
    found: dict[int, tuple[int, int] | None] = {}
    for number in needed(chip.graph, [root]):
        match chip.graph.nodes[number]:
            case Constant(value):
                signed = value if value <= P // 2 else value - P
                found[number] = signed, signed
            case Input("main", index, _):
                found[number] = ranges.get(index)
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

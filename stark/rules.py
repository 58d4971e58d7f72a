"""The static rules: what must be true of chips before anybody looks at a row."""
from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from stark import multiplicities, ranges
from stark.chip import Chip
from stark.expression import Input, P, degrees
from stark.flat import needed

REQUIREMENT_DEGREE, TIMES_DEGREE, PART_DEGREE = 3, 2, 1


Fixed = Mapping[str, npt.NDArray[np.uint32]]


def violations(chips: Sequence[Chip], log_heights: Mapping[str, int], fixed: Fixed | None = None) -> list[str]:
    """Everything that is against the rules, in sentences. With the fixed tables also what they say is looked at."""
    fixed = fixed or {}
    out = [f"two chips are called {name}" for name, count in Counter(chip.name for chip in chips).items() if count > 1]
    for chip in chips:
        out += [f"chip {chip.name}: {text}" for text in (*degree_violations(chip), *next_violations(chip), *column_violations(chip),
                                                     *multiplicities.violations_of(chip, fixed.get(chip.name)),
                                                     *ranges.violations_of(chip, fixed.get(chip.name)))]
    return out + bus_violations(chips) + weight_violations(chips, log_heights, fixed)


def degree_violations(chip: Chip) -> list[str]:
    found = degrees(chip.graph)
    out = []
    for requirement in chip.requirements:
        if found[requirement.expression.number] > REQUIREMENT_DEGREE:
            out.append(f"“{requirement.sentence}” has degree {found[requirement.expression.number]}")
    for message in chip.messages:
        if found[message.times.number] > TIMES_DEGREE:
            out.append(f"a message on bus {message.bus.name} is sent with a multiplicity of degree {found[message.times.number]}")
        out += [f"field {field} of bus {message.bus.name} has degree {found[part.number]}"
                for field, part in zip(message.bus.fields, message.parts, strict=True) if found[part.number] > PART_DEGREE]
    return out


def next_violations(chip: Chip) -> list[str]:
    """`.next` belongs into the rows `next` and `wrap`."""
    def looks_ahead(root: int) -> bool:
        nodes = (chip.graph.nodes[number] for number in needed(chip.graph, [root]))
        return any(isinstance(node, Input) and node.next for node in nodes)
    out = [f"“{r.sentence}” looks at the next row but holds on {r.rows} rows" for r in chip.requirements
           if r.rows not in ("next", "wrap") and looks_ahead(r.expression.number)]
    return out + [f"a message on bus {m.bus.name} looks at the next row" for m in chip.messages
                  if any(looks_ahead(e.number) for e in (m.times, *m.parts))]


def column_violations(chip: Chip) -> list[str]:
    """A column that is looked at in one requirement only is a hint that nothing ties down, unless the chip lists it as free. (What
    stands in a message is tied down by the other side of the bus.)"""
    uses: Counter[int] = Counter()
    for requirement in chip.requirements:
        uses.update(columns_in(chip, requirement.expression.number))
    for message in chip.messages:
        for expression in (message.times, *message.parts):
            uses.update({column: 2 for column in columns_in(chip, expression.number)})
    return [f"column {name} is looked at {'once' if uses[index] else 'never'}" for index, name in enumerate(chip.main_names)
            if uses[index] < 2 and name not in chip.free]


def columns_in(chip: Chip, root: int) -> set[int]:
    nodes = (chip.graph.nodes[number] for number in needed(chip.graph, [root]))
    return {node.index for node in nodes if isinstance(node, Input) and node.kind == "main"}


def bus_violations(chips: Sequence[Chip]) -> list[str]:
    """One number, one name, one width for a bus."""
    numbers, names = defaultdict(set), defaultdict(set)
    for bus in {message.bus for chip in chips for message in chip.messages}:
        numbers[bus.number].add(bus)
        names[bus.name].add(bus)
    return [f"{len(same)} buses share the {what} {key}" for what, table in (("number", numbers), ("name", names))
            for key, same in table.items() if len(same) > 1]


def weight_violations(chips: Sequence[Chip], log_heights: Mapping[str, int], fixed: Fixed | None = None) -> list[str]:
    """What is sent on a bus can be counted without reaching the characteristic of the field."""
    total: Counter[str] = Counter()
    for chip in chips:
        for message in chip.messages:
            table = (fixed or {}).get(chip.name)
            total[message.bus.name] += multiplicities.weight(chip, message, 1 << log_heights[chip.name], table)
    return [f"bus {name} can carry {count} messages" for name, count in total.items() if count >= P]

"""The static rules: what must be true of chips before anybody looks at a row."""
from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from stark import multiplicities, ranges, tables
from stark.chip import Chip
from stark.expression import Input, P, degrees
from stark.flat import needed
from stark.settings import inputs_of
from stark.speaking import Speaking

REQUIREMENT_DEGREE, TIMES_DEGREE, PART_DEGREE = 3, 2, 1


Fixed = Mapping[str, npt.NDArray[np.uint32]]


def violations(chips: Sequence[Chip], log_heights: Mapping[str, int], fixed: Fixed | None = None,
               statement: int | None = None) -> list[str]:
    """Everything that is against the rules, in sentences. With the fixed tables also what they say is looked at, with the number of its
    words also the statement."""
    fixed = fixed or {}
    out = [f"two chips are called {name}" for name, count in Counter(chip.name for chip in chips).items() if count > 1]
    found = [Speaking(chip, fixed.get(chip.name)) for chip in chips]
    for chip, speaking in zip(chips, found, strict=True):
        own = (*degree_violations(chip), *next_violations(chip), *input_violations(chip, statement), *column_violations(chip, speaking),
               *multiplicities.violations_of(speaking.rows), *ranges.violations_of(speaking))
        out += [f"chip {chip.name}: {text}" for text in own]
    out += ranges.received_violations(found)
    out += tables.violations(chips, {speaking.chip.name: speaking.rows for speaking in found})
    return out + bus_violations(chips) + weight_violations(chips, log_heights, fixed)


def degree_violations(chip: Chip) -> list[str]:
    found = degrees(chip.graph)
    out = []
    for requirement in chip.requirements:
        if found[requirement.expression.number] > REQUIREMENT_DEGREE:
            rows = f", of which one is that it holds on {requirement.rows} rows" if requirement.rows in ("first", "last", "next") else ""
            out.append(f"“{requirement.sentence}” has degree {found[requirement.expression.number]}, more than {REQUIREMENT_DEGREE}{rows}")
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
    out = [f"“{r.sentence}” looks at the next row but holds on {r.rows} rows, not on those that have a next one" for r in chip.requirements
           if r.rows not in ("next", "wrap") and looks_ahead(r.expression.number)]
    return out + [f"a message on bus {m.bus.name} looks at the next row" for m in chip.messages
                  if any(looks_ahead(e.number) for e in (m.times, *m.parts))]


def input_violations(chip: Chip, statement: int | None) -> list[str]:
    """There are columns, and the words of the statement that are looked at; a message is the same on the first and the last row."""
    out = [] if chip.main_names else ["has no column of its own, which the kernels do not prove"]
    out += [f"says that {name} is {what}, which is no column of it" for what, names in (("free", chip.free), ("held", chip.held))
            for name in names if name not in chip.main_names]
    words = {node.index for node in chip.graph.nodes if isinstance(node, Input) and node.kind == "public"}
    if strangers := sorted(word for word in words if statement is not None and not 0 <= word < statement):
        out.append(f"looks at word {strangers[-1]} of a statement of {statement}")
    return out + [f"a message on bus {message.bus.name} has the selector of a row" for message in chip.messages
                  if any(node.kind == "selector" for one in (message.times, *message.parts) for node in inputs_of(chip, one.number))]


def column_violations(chip: Chip, speaking: Speaking | None = None) -> list[str]:
    """A column that is looked at in one requirement only is a hint that nothing ties down, unless the chip lists it as free. What stands in
    a message is tied down by the other side of the bus, but not by a table's own message, which nobody needs to look up, nor by one that
    need not be sent although the row says something."""
    speaking = speaking or Speaking(chip, None)
    uses: Counter[int] = Counter()
    for root in {requirement.expression.number for requirement in chip.requirements}:
        uses.update(columns_in(chip, root))
    spoken, flags, offered = defaultdict[int, set[int]](set), set[int](), set[int]()
    nothing = speaking.taken_back()
    for k, message in enumerate(chip.messages):
        if k in nothing:
            continue
        flags |= columns_in(chip, message.times.number)
        columns = {column for part in message.parts for column in columns_in(chip, part.number)}
        if chip.counted(message):
            offered |= columns
        else:
            for column in columns:
                spoken[column].add(message.times.number)
    out = []
    for index, name in enumerate(chip.main_names):
        if uses[index] >= 2 or name in chip.free or index in flags or (spoken[index] and not uses[index]):
            continue
        if not spoken[index] and not (index in offered and speaking.defined(index)):
            out.append(f"column {name} is looked at {f'once, by {sentence_with(chip, index)}' if uses[index] else 'never'}")
        elif spoken[index] and name not in chip.held and not tied(speaking, index, spoken[index]):
            out.append(f"column {name} is looked at once, and in messages that need not be sent: by {sentence_with(chip, index)}")
    return out


def sentence_with(chip: Chip, column: int) -> str:
    """The first requirement that looks at a column."""
    return next(f"“{r.sentence}”" for r in chip.requirements if column in columns_in(chip, r.expression.number))


def tied(speaking: Speaking, column: int, times: set[int]) -> bool:
    """Whether a column of one requirement has a message wherever it matters, or follows from the row, or does not count without one."""
    if speaking.covers(column, times) or speaking.defined(column):
        return True
    where, roots = speaking.silent(column, times), [root for root, columns in speaking.columns.items() if column in columns]
    return where is not None and not any((where & speaking.connects(root, column)).any() for root in roots)


def columns_in(chip: Chip, root: int) -> set[int]:
    nodes = (chip.graph.nodes[number] for number in needed(chip.graph, [root]))
    return {node.index for node in nodes if isinstance(node, Input) and node.kind == "main"}


def bus_violations(chips: Sequence[Chip]) -> list[str]:
    """One number, one name, one width for a bus, and something in it."""
    out = []
    for bus in {message.bus for chip in chips for message in chip.messages}:
        out += [f"bus {bus.name} has number {bus.number}, not one from 0 to p - 1"] if not 0 <= bus.number < P else []
        out += [] if bus.fields else [f"bus {bus.name} has no fields"]
        out += [f"bus {bus.name} has types for more fields than it has"] if len(bus.below) > len(bus.fields) else []
    numbers, names = defaultdict(set), defaultdict(set)
    for bus in {message.bus for chip in chips for message in chip.messages}:
        numbers[bus.number].add(bus)
        names[bus.name].add(bus)
    return out + [f"{len(same)} buses share the {what} {key}" for what, table in (("number", numbers), ("name", names))
            for key, same in table.items() if len(same) > 1]


def weight_violations(chips: Sequence[Chip], log_heights: Mapping[str, int], fixed: Fixed | None = None) -> list[str]:
    """What is sent on a bus can be counted without reaching the characteristic of the field."""
    total: Counter[str] = Counter()
    for chip in chips:
        for message in chip.messages:
            table = (fixed or {}).get(chip.name)
            total[message.bus.name] += multiplicities.weight(chip, message, 1 << log_heights[chip.name], table)
    return [f"bus {name} can carry {count} messages" for name, count in total.items() if count >= P]

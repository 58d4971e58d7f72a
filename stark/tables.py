"""Who may be looked up. A count says how often a row of a table is looked up, and can be any number: so whatever the row says can be said
any number of times, and what is sent to a table is true because the table's rows are. Counts are therefore for the chips that a bus
names as its tables, all of them on one side of it; whatever else is said there is said on the other side.

A bus may be both: a table's rows then have numbers of their own in their first field, which stands in the key.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from stark.chip import Bus, Chip, Message
from stark.settings import Rows, inputs_of

Said = tuple[Chip, Message]


def violations(chips: Sequence[Chip], rows: Mapping[str, Rows]) -> list[str]:
    """In sentences; the fixed tables are looked at where they are known."""
    out = [f"chip {chip.name}: {name} is no count of any message" for chip in chips for name in chip.counts if name not in counting(chip)]
    said: dict[Bus, list[Said]] = {}
    for chip in chips:
        for message in chip.messages:
            said.setdefault(message.bus, []).append((chip, message))
    for bus, messages in said.items():
        counted = [(chip, message) for chip, message in messages if chip.counted(message)]
        there = f"(tables there: {', '.join(bus.tables) or 'none'})"
        out += [f"chip {chip.name}: is no table of bus {bus.name}, where its count is how often it is looked up {there}"
                for chip in {chip.name: chip for chip, _ in counted if chip.name not in bus.tables}.values()]
        sides = {chip.counted(message) for chip, message in counted}
        if len(sides) > 1:
            out.append(f"bus {bus.name} is looked up on both of its sides")
        elif sides:
            out += intruders(bus, sides.pop(), counted, messages, rows)
        elif bus.tables and {-1, 1} <= {side for chip, message in messages for side in rows[chip.name].sides(message) or ()}:
            out.append(f"bus {bus.name} is both sent and received, but has none of its tables: {', '.join(bus.tables)}")
    return out


def counting(chip: Chip) -> set[str]:
    """The columns that are the count of a message."""
    return {chip.main_names[node.index] for message in chip.messages if chip.counted(message)
            for node in inputs_of(chip, message.times.number)}


def intruders(bus: Bus, side: int, counted: Sequence[Said], messages: Sequence[Said], rows: Mapping[str, Rows]) -> list[str]:
    """Whoever stands on the side of the tables and is none, except with numbers in the first field that no table has."""
    out: list[str] = []
    taken = [first_fields(rows[chip.name], message, None) for chip, message in counted]
    numbers = None if any(one is None for one in taken) else {number for one in taken for number in one or ()}
    for chip, message in messages:
        if chip.counted(message) or (rows[chip.name].fixed is None and chip.fixed_names):
            continue
        found = rows[chip.name].sides(message)
        if found is None or side not in found:
            continue                                            # None: a complaint of stark/multiplicities.py
        own = first_fields(rows[chip.name], message, side)
        if numbers is None or own is None or own & numbers:
            out.append(f"chip {chip.name}: says on bus {bus.name} what only a table may say there")
    return out


def first_fields(rows: Rows, message: Message, side: int | None) -> set[int] | None:
    """What the first field can be, on rows that stand on this side if it is given; None if the key does not say that."""
    if not message.parts:
        return None
    part, times = message.parts[0].number, message.times.number
    asked = [part] if side is None else [part, times]
    if rows.fixed is None or any(node.kind != "fixed" for number in asked for node in inputs_of(rows.chip, number)):
        return None
    values = rows.in_the_key(asked)
    return set(values[0].tolist() if side is None else values[0][np.sign(values[1]) == side].tolist())

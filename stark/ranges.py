"""How large numbers can become: a requirement between numbers of known range speaks about the numbers only if it cannot reach p.

A column's range is known if it is a bit, or if it stands in a message whose bus says what its fields stay below (`Bus.below`), where that
message is sent, or if a requirement makes it of such columns. A look-up of a multiple, or of a sum, holds the columns in it to less, if it
cannot reach p itself. Where the range of one column is not known anywhere a requirement is one of the field, and there is nothing to say
here; but a column of which only a multiple is held was meant to be held, and is not.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stark.check import Filled, values_of
from stark.chip import Bus, Chip, Message
from stark.expression import Expression
from stark.intervals import UNKNOWN, Ranges, below_p
from stark.settings import inputs_of, mains
from stark.speaking import Mask, Speaking

U32 = npt.NDArray[np.uint32]
Field = tuple[Bus, int]


def violations_of(speaking: Speaking) -> list[str]:
    """Of one chip, in sentences."""
    chip, fixed, given = speaking.chip, speaking.rows.fixed, gifts(speaking)
    apparent = Ranges(speaking, [(gift.part, gift.below, None) for gift in given])
    true = ranges_of(speaking, given, apparent)
    out = table_violations(chip, fixed)
    out += [f"column {name} is held for a reason, but there is none of this name" for name in chip.held if name not in chip.main_names]
    for requirement in chip.requirements:
        root = requirement.expression.number
        if not apparent.knows(root) or root in apparent.names.keys() & true.names.keys():
            continue                                            # one of the field, or the name of a number
        if root not in apparent.names and not below_p(found := apparent.interval(root)).all():
            out.append(f"“{requirement.sentence}” can reach p: from {found[0].min():.0f} to {found[1].max():.0f}")
            continue
        open_rows = ~below_p(true.interval(root))
        if open_rows.any() and (open_rows := open_rows & speaking.matters(root)).any():
            out += [f"“{requirement.sentence}” looks at {chip.main_names[column]} also where no look-up holds it"
                    for column in unheld(speaking.columns[root], true, apparent, open_rows)]
    return out


def unheld(columns: set[int], true: Ranges, apparent: Ranges, rows: Mask) -> list[int]:
    """Which columns of a requirement that is open on these rows are to blame: those that are not held there, or else on other rows, one of
    which is the next."""
    for where in (rows, np.ones(1, np.bool_)):
        if found := [column for column in sorted(columns) if wider(column, true, apparent, where)]:
            return found
    return sorted(columns)


def wider(column: int, true: Ranges, apparent: Ranges, rows: Mask) -> bool:
    (low, high), (least, most) = true.main.get(column, UNKNOWN), apparent.main[column]
    return bool((((low < least) | (high > most)) & rows).any())


@dataclass(frozen=True)
class Gift:
    """Something that is looked up stays below a number, on rows where the message is sent."""

    field: Field
    part: int
    below: int
    times: int


def gifts(speaking: Speaking) -> list[Gift]:
    """Who receives on a bus with a type is held to it, so that whoever sends is given it; on an inductive bus the other way round."""
    return [Gift((message.bus, k), part.number, below, message.times.number) for message in speaking.chip.messages
            if any(message.bus.below) and sides(message, speaking) <= {-1 if message.bus.inductive else 1}
            for k, (part, below) in enumerate(zip(message.parts, message.bus.below, strict=False)) if below is not None]


def ranges_of(speaking: Speaking, given: Sequence[Gift], apparent: Ranges) -> Ranges:
    """What is true on every row that is tried. A column that is held for a reason has everywhere what it has anywhere."""
    return Ranges(speaking, [(gift.part, gift.below, speaking.gives(gift.part, gift.times)) for gift in given], apparent)


def sides(message: Message, speaking: Speaking) -> set[int]:
    """1 if a row can send it, -1 if a row can receive it. A count can be any number, also -1."""
    if speaking.chip.counted(message):
        return {-1, 1}
    if unknown(speaking, message.times):
        return set()                                            # nobody knows; with its fixed table the chip is looked at again
    found = speaking.rows.sides(message)
    return {-1, 1} if found is None else {*found}


def received_violations(chips: Sequence[Speaking]) -> list[str]:
    """What is received keeps to the type of the bus, unless the bus is inductive. Who receives may be held by other buses, but in the end
    by the key and by bits: a field is held if all who receive it are, by fields that are held before it."""
    waiting = [(speaking, message, k) for speaking in chips for message in speaking.chip.messages
               if not message.bus.inductive and -1 in sides(message, speaking)
               for k, (part, below) in enumerate(zip(message.parts, message.bus.below, strict=False))
               if below is not None and not in_the_key(speaking.chip, part) and not unknown(speaking, part)]
    given = {speaking.chip.name: gifts(speaking) for speaking, _, _ in waiting}
    open_fields, left, grown = {(message.bus, k) for _, message, k in waiting}, waiting, True
    while grown:
        left = [(speaking, message, k) for speaking, message, k in waiting
                if not held(speaking, message, k, [gift for gift in given[speaking.chip.name] if gift.field not in open_fields])]
        still = {(message.bus, k) for _, message, k in left}
        grown, open_fields = still != open_fields, still
    out = []
    for speaking, message, k in left:
        part, (bus, name) = message.parts[k], (message.bus, message.bus.fields[k])
        what = ", ".join(names_in(speaking.chip, part)) or "what is no column"
        circle = ", but by what is held by it" if held(speaking, message, k, given[speaking.chip.name]) else ""
        out.append(f"chip {speaking.chip.name}: what is received of {what} is not held below {bus.below[k]}, "
                   f"as field {name} of bus {bus.name} is{circle}")
    return out


def held(speaking: Speaking, message: Message, k: int, given: Sequence[Gift]) -> bool:
    """Whether a part of a message is below its type on all rows that have the message, if these gifts are."""
    apparent = Ranges(speaking, [(gift.part, gift.below, None) for gift in given])
    low, high = ranges_of(speaking, given, apparent).interval(message.parts[k].number)
    fine = (low >= 0) & (high < (message.bus.below[k] or 0))
    return bool((fine | ~speaking.has(message.times.number)).all())


def in_the_key(chip: Chip, part: Expression) -> bool:
    return all(node.kind == "fixed" for node in inputs_of(chip, part.number))


def unknown(speaking: Speaking, part: Expression) -> bool:
    return not speaking.known and any(node.kind == "fixed" for node in inputs_of(speaking.chip, part.number))


def names_in(chip: Chip, part: Expression) -> list[str]:
    inputs = inputs_of(chip, part.number)
    words = [f"word {node.index} of the statement" for node in inputs if node.kind == "public"]
    return [chip.main_names[column] for column in sorted(mains(inputs))] + words


def table_violations(chip: Chip, fixed: U32 | None) -> list[str]:
    """What a message makes of fixed columns, or says always, keeps to what the bus says."""
    out = []
    for message in chip.messages:
        for part, below, name in zip(message.parts, message.bus.below, message.bus.fields, strict=False):
            inputs = inputs_of(chip, part.number)
            if below is None or any(node.kind != "fixed" for node in inputs) or (inputs and fixed is None):
                continue
            table = np.zeros((0, 1), np.uint32) if fixed is None or not inputs else fixed
            nothing = np.zeros((len(chip.main_names), table.shape[1]), np.uint32)
            if (values_of(Filled(chip, table, nothing), (), [part.number])[part.number] >= below).any():
                columns = ", ".join(chip.fixed_names[node.index] for node in inputs)
                what = f"what is made of fixed {columns}" if inputs else "a number that is always said"
                out.append(f"{what} is not below {below}, as field {name} of bus {message.bus.name} is")
    return out

"""Code R: what must be true of every chip before any row is filled, besides stark/rules.py."""
from __future__ import annotations

import numpy as np

from segments.buses import LIMBS, MEMORY, RANGE16
from stark.attack import Rows
from stark.check import Filled
from stark.chip import Chip, Message
from stark.expression import Constant, Expression, Input, P
from stark.flat import needed
from stark.rules import column_violations, degree_violations, next_violations
from tests.segments.soundness.deletions import takes
from tests.segments.soundness.subjects import ROW_BY_ROW

# Limbs that are written and are not looked up themselves.
MADE_OF_CHECKED_PARTS = {
    ("bitwise", "d value"): "sums of bytes from the table of AND that are a bit pattern again",
    ("shift", "d value"): "shifted bytes from the table, whose bits do not overlap",
    ("load", "d value"): "bytes that were looked up, and a sign",
    ("store", "after"): "a limb that was read, with bytes exchanged for bytes",
    ("compare", "result"): "0 or 1: a choice between bits",
    ("call", "link"): "the two high limbs are bytes",
    ("select", "d value"): "one of two limbs that were read",
    ("convert", "expression"): "a bit times the largest limb",
    ("count", "expression"): "the number of bits that are set",
    ("indirect", "link"): "the two high limbs are bytes",
    ("grow", "after"): "the high limb is a byte",
    ("cells", "after"): "who asks for the row makes it of bits, or looks it up",
    ("page", "before"): "limbs that are looked up, or 0 on padding",
    ("boundary", "frame pointer at the end"): "the high limb is a byte"}


def violations_of(chip: Chip) -> list[str]:
    own = [*degree_violations(chip), *next_violations(chip), *column_violations(chip), *unchecked_limbs(chip)]
    return own + (loud_padding(chip) if chip.name in ROW_BY_ROW else [])


def limbs_of(message: Message) -> list[Expression]:
    return [part for part, name in zip(message.parts, MEMORY.fields, strict=True) if name in LIMBS]


def unchecked_limbs(chip: Chip) -> list[str]:
    """A limb that is sent to the memory was taken from it by the same row, is looked up, or is made of parts that are."""
    read = {part.number for m in chip.messages if m.bus == MEMORY and takes(chip, m) for part in limbs_of(m)}
    looked_up = {m.parts[0].number for m in chip.messages if m.bus == RANGE16}
    out = []
    for message in chip.messages:
        if message.bus == MEMORY and not takes(chip, message):
            for part in limbs_of(message):
                node = chip.graph.nodes[part.number]
                name = chip.main_names[node.index].partition(".")[0] if isinstance(node, Input) else "expression"
                known = part.number in read | looked_up or isinstance(node, Constant)
                if not known and (chip.name.removesuffix("64"), name) not in MADE_OF_CHECKED_PARTS:
                    out.append(f"{name} is written and not looked up")
    return out


def loud_padding(chip: Chip) -> list[str]:
    """Whatever makes a multiplicity anything but 0 on a row that is no step breaks a requirement."""
    flags = {c for c, column in enumerate(chip.main_names) if column.startswith("is ") or column == "real"}
    out = []
    for message in chip.messages:
        nodes = [chip.graph.nodes[k] for k in needed(chip.graph, [message.times.number])]
        columns = [n.index for n in nodes if isinstance(n, Input) and n.kind == "main" and n.index not in flags]
        main = np.zeros((len(chip.main_names), 3 * len(columns)), np.uint32)
        for place, column in enumerate(columns):
            main[column, 3 * place:3 * place + 3] = (1, P - 1, 2)
        rows = Rows.at(Filled(chip, np.zeros((len(chip.fixed_names), main.shape[1]), np.uint32), main), range(main.shape[1]))
        loud = rows.evaluate(chip, [message.times.number], ())[0] != 0
        broken = rows.evaluate(chip, [r.expression.number for r in chip.requirements], ()).any(axis=0)
        out += [f"a row of padding can speak on bus {message.bus.name}"] * int((loud & ~broken).any())
    return out

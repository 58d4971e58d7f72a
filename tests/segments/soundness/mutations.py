"""Codes M and M-pad: every cell of every used column of an honest segment gets other values, and so do those of padding rows.

In M a change must be refused, or stand in a column that its chip lists as free. In M-pad it must be refused, or the row still says nothing:
all its multiplicities are 0. The counts of tables are taken apart: each stands in one message only, whose words it does not
change, so that any other value unbalances the bus.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from stark.attack import Change, Rows, changes, offers, reactions
from stark.check import Filled
from stark.expression import Input
from tests.segments.soundness.subjects import TABLES, filled, last_real, segment, tables

BATCH, WIDE_BATCH, WIDE = 4096, 256, 1000      # changes at a time; those of a chip with more columns than WIDE


@dataclass
class Mutations:
    tried: int = 0
    refused: int = 0
    listed: int = 0             # in columns that may hold anything
    silent: int = 0             # on rows that say nothing
    accepted: list[Change] = field(default_factory=list)

    def __str__(self) -> str:
        rest = [f"{count} {what}" for count, what in ((self.listed, "free"), (self.silent, "silent")) if count]
        return f"{self.refused}/{self.tried}" + (f" ({', '.join(rest)})" if rest else "")


def on_used_rows(name: str, most: int, every: int = 1) -> Mutations:
    """`most`: so many rows, spread over those that are used; one column in `every`."""
    f = filled(name)
    if name in TABLES:
        return of_a_table(f)
    rows = np.unique(np.linspace(0, last_real(f), most).astype(int)).tolist() if last_real(f) >= most else range(last_real(f) + 1)
    return mutated(name, f, rows, False, every)


def on_padding(name: str, every: int = 1) -> Mutations:
    f = filled(name)
    first = last_real(f) + 1
    if name in TABLES or first >= f.height:
        return Mutations()
    return mutated(name, f, sorted({first, (first + f.height) // 2, f.height - 1}), True, every)


def of_a_table(f: Filled) -> Mutations:
    """The rows that are used, if the column of every message is looked at by nothing else."""
    out = Mutations()
    for message in f.chip.messages:
        node = f.chip.graph.nodes[getattr(f.chip.graph.nodes[message.times.number], "right", 0)]
        used = int(np.count_nonzero(f.main[node.index])) if isinstance(node, Input) else 0
        out.tried += used
        out.refused += used if offers(f.chip, message) else 0
    return out


def mutated(name: str, f: Filled, rows: Sequence[int], padding: bool, every: int) -> Mutations:
    out, names = Mutations(), f.chip.main_names
    todo = [change for change in changes(f, rows, np.random.default_rng(1)) if change.column % every == 0]
    batch = BATCH if len(names) <= WIDE else WIDE_BATCH
    for start in range(0, len(todo), batch):
        part = todo[start:start + batch]
        found = reactions(f, part, tables(), segment(name).public)
        loose = [reaction.change for reaction in found if not reaction.refused]
        out.tried += len(part)
        out.refused += len(part) - len(loose)
        says = spoken(f, loose) if padding else np.ones(len(loose), bool)
        for change, loud in zip(loose, says, strict=True):
            if not loud:
                out.silent += 1
            elif names[change.column] in f.chip.counts:
                out.refused += 1
            elif names[change.column] in f.chip.free and not padding:
                out.listed += 1
            else:
                out.accepted.append(change)
    return out


def spoken(f: Filled, todo: Sequence[Change]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether the rows say anything after these changes."""
    rows = Rows.at(f, [change.row for change in todo])
    rows.main[[change.column for change in todo], np.arange(len(todo))] = [change.value for change in todo]
    said: np.ndarray[tuple[int], np.dtype[np.bool_]] = rows.evaluate(f.chip, [m.times.number for m in f.chip.messages], ()).any(axis=0)
    return said

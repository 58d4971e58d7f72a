"""The chips against changed cells: nothing that counts can be changed alone, nothing can be forged, and every requirement is needed."""
from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from segments.buses import MEMORY, PROGRAM
from segments.fill import Segment
from segments.machine import machine
from stark.attack import Reaction, Rows, Tables, changes, offered, reactions
from stark.check import Filled, check
from stark.expression import Input, P
from stark.flat import needed
from stark.forge import Forger
from tests.segments.small import of_a_trap, of_everything

ALONE = [chip.name for chip in machine().chips if chip.name not in ("program", "lookup")]
GUESTS = [family.name for family in machine().families]
ONE_AT_A_TIME = [*GUESTS, "node"]

# Requirements that no forger of a single row needs broken, by chip. A bit that marks a row is pinned in a single row by the instruction
# that it fetches; it has to be a bit because multiplicities of several rows add up (two halves are a whole). The bits of a division
# pin more cells than the forger changes. The space of an access beyond memory is that of the fetched instruction.
FLAGS = {"a row is at most one operation", "immediate is 0 or 1", "only an operation has an immediate", "real is 0 or 1"}
DIVISION = {"sign of a is 0 or 1", "sign of b is 0 or 1", "by zero is 0 or 1", "overflow is 0 or 1", "only a real row divides by zero",
            "a division by zero is no overflow"}
DEEP = {"deep is 0 or 1", "only a call can be too deep"}
BEYOND_THE_FORGER = {
    "div": DIVISION, "div64": DIVISION, "call": DEEP, "indirect": DEEP, "load": {"sign is 0 or 1"},
    "outside": {"a load is from linear memory", "a store is to linear memory"}}


def segment(name: str) -> Segment:
    """One in which this chip has rows."""
    return of_a_trap() if name == "outside" else of_everything()


@cache
def tables(of_trap: bool = False) -> Tables:
    return offered((of_a_trap() if of_trap else of_everything()).filled)


def filled(name: str) -> Filled:
    return next(f for f in segment(name).filled if f.chip.name == name)


def last_real(f: Filled) -> int:
    marks = [column for column, name in enumerate(f.chip.main_names) if name.startswith("is ") or name in ("real", "end", "rate times")]
    return int(np.flatnonzero(f.main[marks].any(axis=0))[-1])


def rows_of_every_kind(f: Filled, most: int = 3) -> list[int]:
    """A few rows for every setting of the flags, and the first row of padding."""
    flags = [c for c, name in enumerate(f.chip.main_names)
             if name.startswith("is ") or name in ("immediate", "sign", "by zero", "crossing", "left touched", "right touched")]
    kinds: dict[bytes, list[int]] = {}
    for row in range(last_real(f) + 1):
        kinds.setdefault(f.main[flags, row].tobytes(), []).append(row)
    rng = np.random.default_rng(0)
    chosen = {int(row) for rows in kinds.values() for row in rng.choice(rows, min(most, len(rows)), replace=False)}
    return sorted(chosen | {min(last_real(f) + 1, f.height - 1)})


def accepted(f: Filled, rows: list[int]) -> list[Reaction]:
    todo = list(changes(f, rows, np.random.default_rng(1)))
    found = reactions(f, todo, tables(f.chip.name == "outside"), segment(f.chip.name).public)
    return [reaction for reaction in found if not reaction.refused]


@pytest.mark.parametrize("name", ALONE)
def test_no_cell_that_counts_can_be_changed(name: str) -> None:
    f = filled(name)
    last = last_real(f)
    rows = sorted({0, last // 2, last} | (set(rows_of_every_kind(f, 1)) - {last + 1} if name in ONE_AT_A_TIME else set()))
    loose = {f.chip.main_names[reaction.change.column] for reaction in accepted(f, rows)}
    assert loose - {"rate times", "capacity times"} <= set(f.chip.free)


@pytest.mark.parametrize("chip, column", [("program", 0), ("lookup", 0), ("lookup", 1), ("lookup", 2), ("lookup", 3), ("hash", 164)])
def test_a_wrong_multiplicity_is_noticed(chip: str, column: int) -> None:
    """The attacks above let a table follow; here it does not."""
    changed, public = [], of_everything().public
    for f in of_everything().filled:
        main = f.main.copy()
        if f.chip.name == chip:
            main[column, 3] += 1
            if chip == "program":                   # the number of steps follows too
                main[-1, 4:] += 1
                public[-1] += 1
        changed.append(Filled(f.chip, f.fixed, main))
    assert [broken.sentence for broken in check(changed, public)] == [
        f"bus {dict(program='program', hash='hash').get(chip, ('range16', 'bytes', 'and', 'shift')[column % 4])}: 1 received too many"]


@pytest.mark.parametrize("name", [name for name in ALONE if name != "hash"])
def test_a_changed_cell_of_padding_is_refused_or_harmless(name: str) -> None:
    """What is accepted there sends nothing at all on the buses that must balance."""
    f = filled(name)
    rows = sorted({min(last_real(f) + 1, f.height - 1), f.height - 1})
    for reaction in accepted(f, rows):
        column = f.chip.main_names[reaction.change.column]
        assert not column.startswith("is ") and column not in ("real", "left touched", "right touched", "immediate")


@pytest.mark.parametrize("name", ONE_AT_A_TIME)
def test_a_row_without_flags_is_silent(name: str) -> None:
    """Whatever makes a multiplicity anything but 0 on a row that is no step breaks a requirement."""
    f = filled(name)
    chip = f.chip
    flags = {c for c, column in enumerate(chip.main_names) if column.startswith("is ") or column == "real"}
    for message in chip.messages:
        nodes = [chip.graph.nodes[k] for k in needed(chip.graph, [message.times.number])]
        columns = [n.index for n in nodes if isinstance(n, Input) and n.kind == "main" and n.index not in flags]
        main = np.zeros((len(f.main), 3 * len(columns)), np.uint32)
        for place, column in enumerate(columns):
            main[column, 3 * place:3 * place + 3] = (1, P - 1, 2)
        rows = Rows.at(Filled(chip, np.zeros((len(f.fixed), main.shape[1]), np.uint32), main), range(main.shape[1]))
        loud = rows.evaluate(chip, [message.times.number], ())[0] != 0
        broken = rows.evaluate(chip, [r.expression.number for r in chip.requirements], ()).any(axis=0)
        assert (broken | ~loud).all(), message.bus.name


@pytest.mark.parametrize("name", GUESTS)
def test_no_row_can_say_something_else(name: str) -> None:
    f = filled(name)
    assert Forger(f, rows_of_every_kind(f, 2), tables(name == "outside"), [PROGRAM.number], [MEMORY.number]).forge(depth=2) is None


@pytest.mark.parametrize("name", ONE_AT_A_TIME)
def test_every_requirement_is_needed(name: str) -> None:
    """Without it some row passes that breaks it alone: none is there for nothing, and the attacks would notice if it were lost."""
    f = filled(name)
    forger = Forger(f, rows_of_every_kind(f), tables(name == "outside"), [PROGRAM.number], [MEMORY.number])
    survivors = {r.sentence for k, r in enumerate(f.chip.requirements) if forger.forge(k) is None}
    flags = {s for s in survivors if s.startswith("is ") and s.endswith("is 0 or 1")} | FLAGS
    assert survivors - flags == BEYOND_THE_FORGER.get(name, set())

"""The attack reading: one cell is changed, everything that a clever prover could adapt is adapted, and still it must be refused.

A change in row r can only break the requirements of row r and of the row before it, and only move the messages of row r; so all changes
of a row are evaluated together. Messages to a table (whose multiplicities are counts) are adapted: they only have to be in the table.
All others must stay what they were, since the rest of the machine has not moved.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stark.check import Filled
from stark.chip import Chip, Message
from stark.expression import Constant, Input, Operation, P
from stark.flat import needed

Words = npt.NDArray[np.uint64]
Tables = Mapping[int, frozenset[bytes]]      # bus number -> the messages that its table offers


@dataclass(frozen=True)
class Change:
    """Another value for one cell."""

    column: int
    row: int
    value: int
    how: str


@dataclass(frozen=True)
class Reaction:
    """What a change breaks: requirements (here and, with `.next`, in the row before), messages that nobody expects."""

    change: Change
    requirements: frozenset[int]
    messages: frozenset[int]

    @property
    def refused(self) -> bool:
        return bool(self.requirements or self.messages)


def changes(filled: Filled, rows: Sequence[int], rng: np.random.Generator) -> Iterator[Change]:
    """Every column in these rows: neighbours, extremes, powers of two, the cell below, random."""
    main, height = filled.main, filled.height
    for column in range(len(main)):
        for row in rows:
            here = int(main[column, row])
            wanted = {"plus one": here + 1, "minus one": here - 1, "zero": 0, "one": 1, "largest": P - 1, "plus 2^16": here + (1 << 16),
                      "2^8": 1 << 8, "flipped low bit": here ^ 1, "row below": int(main[column, (row + 1) % height]),
                      "random": int(rng.integers(P)), "random limb": int(rng.integers(1 << 16))}
            seen = {here}
            for how, value in wanted.items():
                if value % P not in seen:
                    seen.add(value % P)
                    yield Change(column, row, value % P, how)


def reactions(filled: Filled, todo: Sequence[Change], tables: Tables, public: Sequence[int] = ()) -> list[Reaction]:
    chip = filled.chip
    honest = Rows.at(filled, [change.row for change in todo])
    changed = honest.copy()
    changed.main[[change.column for change in todo], np.arange(len(todo))] = [change.value for change in todo]
    before = Rows.at(filled, [(change.row - 1) % filled.height for change in todo])
    before.next_main = changed.main
    here, above = (rows.evaluate(chip, [r.expression.number for r in chip.requirements], public) for rows in (changed, before))
    broken = [np.flatnonzero(here[:, k] | above[:, k]) for k in range(len(todo))]
    odd = strange_messages(chip, honest, changed, tables, public)
    return [Reaction(change, frozenset(b.tolist()), o) for change, b, o in zip(todo, broken, odd, strict=True)]


@dataclass
class Rows:
    """Chosen rows with their successors: (columns, rows) each."""

    main: Words
    next_main: Words
    fixed: Words
    next_fixed: Words
    selectors: Words

    @staticmethod
    def at(filled: Filled, rows: Sequence[int]) -> Rows:
        index = np.asarray(rows, np.int64)
        following, last = (index + 1) % filled.height, filled.height - 1
        main, fixed = filled.main.astype(np.uint64), filled.fixed.astype(np.uint64)
        selectors = np.stack([index == 0, index == last, index != last]).astype(np.uint64)
        return Rows(main[:, index], main[:, following], fixed[:, index], fixed[:, following], selectors)

    def copy(self) -> Rows:
        return Rows(self.main.copy(), self.next_main.copy(), self.fixed, self.next_fixed, self.selectors)

    def evaluate(self, chip: Chip, roots: Sequence[int], public: Sequence[int]) -> Words:
        """(roots, rows)"""
        count = self.main.shape[1]
        found: dict[int, Words] = {}
        for number in needed(chip.graph, list(roots)):
            match chip.graph.nodes[number]:
                case Constant(value):
                    found[number] = np.full(count, value, np.uint64)
                case Input("public", index, _):
                    found[number] = np.full(count, int(public[index]), np.uint64)
                case Input("selector", index, _):
                    found[number] = self.selectors[index]
                case Input("fixed", index, following):
                    found[number] = (self.next_fixed if following else self.fixed)[index]
                case Input(_, index, following):
                    found[number] = (self.next_main if following else self.main)[index]
                case Operation(name, left, right):
                    a, b = found[left], found[right]
                    found[number] = (a * b if name == "mul" else a + b if name == "add" else a + (np.uint64(P) - b)) % np.uint64(P)
        return np.stack([found[root] for root in roots]) if len(roots) else np.zeros((0, count), np.uint64)


def strange_messages(chip: Chip, honest: Rows, changed: Rows, tables: Tables, public: Sequence[int]) -> list[frozenset[int]]:
    """For each row: the messages that are in no table, or that differ from the honest ones on a bus without a table."""
    nets = [[Counter[bytes]() for _ in range(honest.main.shape[1])] for _ in range(2)]
    found: list[set[int]] = [set() for _ in range(honest.main.shape[1])]
    senders: list[dict[bytes, set[int]]] = [{} for _ in found]
    for number, message in enumerate(chip.messages):
        roots = [message.times.number, *(part.number for part in message.parts)]
        values = [rows.evaluate(chip, roots, public) for rows in (honest, changed)]
        if offers(chip, message):
            same = (values[0][1:] == values[1][1:]).all(axis=0)
            times = values[1][0] != 0
            for k in np.flatnonzero(~same & times).tolist():
                found[k].add(number)                    # a table row that says something else than it should
            continue
        for net, value in zip(nets, values, strict=True):
            times = value[0].astype(np.int64)
            words = np.ascontiguousarray(value[1:].T.astype(np.uint32))
            for k in np.flatnonzero(times).tolist():
                key = message.bus.number.to_bytes(2, "little") + words[k].tobytes()
                if message.bus.number in tables:
                    if net is nets[1] and (key[2:] not in tables[message.bus.number] or times[k] != 1):
                        found[k].add(number)
                else:
                    net[k][key] += centred(int(times[k]))
                    senders[k].setdefault(key, set()).add(number)
    for k, out in enumerate(found):
        for key in nets[0][k].keys() | nets[1][k].keys():
            if nets[0][k][key] != nets[1][k][key]:
                out |= senders[k][key]
    return [frozenset(out) for out in found]


def centred(count: int) -> int:
    return count if count < P // 2 else count - P


def offers(chip: Chip, message: Message) -> bool:
    """A message of a table: received as often as a count says."""
    return chip.counted(message) < 0


def offered(machine: Sequence[Filled]) -> Tables:
    """Everything that the tables of a machine offer."""
    out: dict[int, set[bytes]] = {}
    for filled in machine:
        for message in filled.chip.messages:
            if offers(filled.chip, message):
                rows = Rows.at(filled, range(filled.height))
                words = rows.evaluate(filled.chip, [part.number for part in message.parts], ()).T.astype(np.uint32)
                out.setdefault(message.bus.number, set()).update(row.tobytes() for row in np.ascontiguousarray(words))
    return {bus: frozenset(messages) for bus, messages in out.items()}

"""The forging reading: several cells of one row are changed together, so that everything still holds and the row says something else.

A forger keeps what a row takes from others (received messages, the fetched instruction), keeps to the tables, and tries to change what
the row sends. On an optional bus (the memory) he may also leave out what he takes, or take it where he should not. He changes one cell
and repairs the sentences that break, each by one more cell in which it is linear. A sound chip leaves him nothing; a chip with one
requirement less should leave him something, or else that requirement is not needed for what he tries.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stark.attack import Rows, Tables, Words, offers
from stark.check import Filled
from stark.chip import Message
from stark.expression import Input, P
from stark.flat import needed

LIMB_WRAP = (P - 1) >> 16       # 2^16 times this is -1: where limbs wrap around the prime
STEPS = (1, P - 1, 2, 1 << 8, 1 << 16, LIMB_WRAP, P - LIMB_WRAP, P - (1 << 16), 128, 1 << 15, pow(2, -1, P), pow(256, -1, P))
VALUES = (0, 1, 2, P - 1, 1 << 16)
MOST = 20000


@dataclass(frozen=True)
class Forgery:
    """A row that passes: the honest row, and the cells that differ."""

    row: int
    cells: dict[str, tuple[int, int]]


class Forger:
    """Tries the given rows of a chip. Only for chips that look at one row at a time."""

    def __init__(self, filled: Filled, rows: Sequence[int], tables: Tables, fetched: Sequence[int] = (),
                 optional: Sequence[int] = (), public: Sequence[int] = ()) -> None:
        chip = filled.chip
        self.filled, self.chip, self.rows, self.tables, self.public = filled, chip, list(rows), tables, public
        self.honest = Rows.at(filled, self.rows)
        received = [m for m in chip.messages if m.bus.number not in tables and self.is_received(m)]
        self.given = [number for m in chip.messages if m in received or m.bus.number in fetched
                      for number in (m.times.number, *(part.number for part in m.parts))]
        self.looked_up = [m for m in chip.messages if m.bus.number in tables and m.bus.number not in fetched and not offers(chip, m)]
        self.sent = [m for m in chip.messages if m.bus.number not in tables and m not in received]
        self.equations = [r.expression.number for r in chip.requirements] + self.given
        self.targets = self.honest.evaluate(chip, self.equations, public)
        self.counts = np.ones(self.targets.shape, bool)             # a message that is not sent may say anything
        self.optional = np.zeros(len(self.equations), bool)
        place = len(chip.requirements)
        for message in chip.messages:
            if message in received or message.bus.number in fetched:
                self.counts[place + 1:place + 1 + len(message.parts)] = self.targets[place] != 0
                self.optional[place] = message.bus.number in optional
                place += 1 + len(message.parts)
        self.support = [self.columns_of(root) for root in self.equations]
        self.says = self.sayings(self.honest)

    def columns_of(self, root: int) -> list[int]:
        nodes = (self.chip.graph.nodes[number] for number in needed(self.chip.graph, [root]))
        return [node.index for node in nodes if isinstance(node, Input) and node.kind == "main"]

    def value(self, equation: int, main: Words, origin: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        values = self.states(main, origin).evaluate(self.chip, [self.equations[equation]], self.public)
        out: npt.NDArray[np.int64] = values[0].astype(np.int64)
        return out

    def is_received(self, message: Message) -> bool:
        times = self.honest.evaluate(self.chip, [message.times.number], self.public)[0]
        return bool((times > P // 2).any())

    def sayings(self, rows: Rows) -> list[Words]:
        """What the rows send, with zeros for what they do not send."""
        out = []
        for message in self.sent:
            values = rows.evaluate(self.chip, [message.times.number, *(part.number for part in message.parts)], self.public)
            out.append(np.where(values[0] == 0, 0, values))
        return out

    def forge(self, deleted: int | None = None, depth: int = 3, seed: int = 0) -> Forgery | None:
        """A row that says something else; or, without requirement number `deleted`, one that breaks this requirement alone."""
        columns = range(len(self.chip.main_names)) if deleted is None else self.support[deleted]
        main, origin, touched = self.first_changes(columns, np.random.default_rng(seed))
        kept = np.array([k for k in range(len(self.equations)) if k != deleted], np.int64)
        for level in range(depth + 1):
            if not main.shape[1]:
                return None
            values = self.states(main, origin).evaluate(self.chip, [self.equations[k] for k in kept], self.public)
            wrong = (values != self.targets[kept][:, origin]) & self.counts[kept][:, origin]
            wrong &= ~(self.optional[kept][:, None] & ((values == 0) | (values == P - 1)))
            done = ~wrong.any(axis=0)
            found = self.successful(main[:, done], origin[done], deleted)
            if found is not None or level == depth:
                return found
            first = kept[np.argmax(wrong, axis=0)]
            main, origin, touched = self.repaired(main[:, ~done], origin[~done], touched[:, ~done], first[~done])
        return None

    def states(self, main: Words, origin: npt.NDArray[np.int64]) -> Rows:
        honest = self.honest
        return Rows(main, honest.next_main[:, origin], honest.fixed[:, origin], honest.next_fixed[:, origin], honest.selectors[:, origin])

    def first_changes(self, columns: Sequence[int], rng: np.random.Generator) -> tuple[Words, npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        mains: list[Words] = [self.honest.main[:, :0]]
        touched: list[npt.NDArray[np.bool_]] = [np.zeros((len(self.honest.main), 0), bool)]
        for column in columns:
            here = self.honest.main[column]
            values = [*((here + np.uint64(step)) % np.uint64(P) for step in STEPS), *(np.full_like(here, v) for v in VALUES),
                      rng.integers(0, 1 << 16, here.shape).astype(np.uint64)]
            for value in values:
                changed: Words = self.honest.main.copy()
                changed[column] = value
                mains.append(changed)
                mark = np.zeros(changed.shape, bool)
                mark[column] = True
                touched.append(mark)
        origin = np.tile(np.arange(len(self.rows)), len(mains) - 1)
        main, marks = np.concatenate(mains, axis=1), np.concatenate(touched, axis=1)
        moved = (main != self.honest.main[:, origin]).any(axis=0)
        return main[:, moved], origin[moved], marks[:, moved]

    def repaired(self, main: Words, origin: npt.NDArray[np.int64], touched: npt.NDArray[np.bool_],
                 equation: npt.NDArray[np.int64]) -> tuple[Words, npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Every state once for each untouched column that can mend its first wrong equation."""
        mains, origins, marks = [main[:, :0]], [origin[:0]], [touched[:, :0]]
        for number in np.unique(equation):
            for column in self.support[number]:
                at = np.flatnonzero((equation == number) & ~touched[column])
                if not len(at):
                    continue
                state = main[:, at].copy()
                at_values = []
                for value in (0, 1, 2):
                    state[column] = value
                    at_values.append(self.value(number, state, origin[at]))
                slope = (at_values[1] - at_values[0]) % P
                linear = (slope != 0) & ((at_values[2] - at_values[1]) % P == slope)
                target = self.targets[number, origin[at]].astype(np.int64)
                inverse = np.array([pow(int(s), -1, P) if s else 0 for s in slope], np.int64)
                state[column] = (((target - at_values[0]) % P).astype(np.uint64) * inverse.astype(np.uint64)) % np.uint64(P)
                mark = touched[:, at].copy()
                mark[column] = True
                mains.append(state[:, linear])
                origins.append(origin[at][linear])
                marks.append(mark[:, linear])
        everything = np.concatenate(mains, axis=1)
        chosen = np.arange(everything.shape[1])
        if len(chosen) > MOST:
            chosen = np.random.default_rng(0).permutation(chosen)[:MOST]
        return everything[:, chosen], np.concatenate(origins)[chosen], np.concatenate(marks, axis=1)[:, chosen]

    def successful(self, main: Words, origin: npt.NDArray[np.int64], deleted: int | None) -> Forgery | None:
        """The first state that reaches the goal and keeps to the tables."""
        if not main.shape[1]:
            return None
        for k in np.flatnonzero(self.reached(main, origin, deleted)):
            if self.keeps_to_tables(self.states(main[:, k:k + 1], origin[k:k + 1])):
                before, after = self.honest.main[:, origin[k]], main[:, k]
                cells = {self.chip.main_names[c]: (int(before[c]), int(after[c])) for c in np.flatnonzero(before != after)}
                return Forgery(self.rows[origin[k]], cells)
        return None

    def reached(self, main: Words, origin: npt.NDArray[np.int64], deleted: int | None) -> npt.NDArray[np.bool_]:
        """Which states break the deleted requirement, or say something new if none is deleted."""
        if deleted is not None:
            return np.asarray(self.value(deleted, main, origin) != 0)
        new = np.zeros(len(origin), bool)
        for said, before in zip(self.sayings(self.states(main, origin)), self.says, strict=True):
            new |= (said != before[:, origin]).any(axis=0)
        return new

    def asks(self, message: Message, times: int) -> bool:
        """Whether a message that is sent so often is one that a table must answer."""
        return times != 0

    def keeps_to_tables(self, row: Rows) -> bool:
        for message in self.looked_up:
            values = row.evaluate(self.chip, [message.times.number, *(part.number for part in message.parts)], self.public)[:, 0]
            if self.asks(message, int(values[0])) and values[1:].astype(np.uint32).tobytes() not in self.tables[message.bus.number]:
                return False
        return True

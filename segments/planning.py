"""Where a run is cut: as soon as no shape holds more of it, behind the rows that cost least a step in the shape that they fill.

A run is recorded in short blocks first. A segment is a number of them, and its budget has just the rows that they use, so that whoever
runs the program under these budgets cuts it at the same steps.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segments.guest.outside import OUT_OF_BOUNDS
from segments.host.tables import with_rows_of_calls
from segments.memory.pages import DEPTH, LOG_PAGES, ROWS
from segments.shape import NoShape, Shape, tied
from wasm_exec.cutting import HASHES_LIMIT, ROWS_LIMIT, Budget
from wasm_exec.instructions import Family
from wasm_exec.recording import SegmentEnd, Status

Ints = npt.NDArray[np.int64]
BLOCKS = 128            # that the largest table of the general shape holds, about
LEAST_ROWS, LEAST_HASHES = 64, 512          # of a block: a basic block has up to 64 rows, and up to 320 hashes
SLACK = 64              # hashes that a segment has room for beyond those of its blocks: a frame that was touched too early


class TooDear(Exception):
    """The segments are more than were wanted."""


@dataclass(frozen=True)
class Block:
    """What an engine has run without a cut: the rows of guest families, those of every kind that a shape has room for but those of memory,
    and the touched pages, each as a leaf of the tree."""

    steps: int
    families: dict[Family, int]
    rows: dict[str, int]
    pages: frozenset[int]

    @staticmethod
    def of(end: SegmentEnd) -> Block:
        families: dict[Family, int] = {family: count for family, count in end.rows.items() if count and family != Family.HALT}
        rows = {family.name.lower(): count for family, count in families.items()}
        pages = frozenset(int(index) for index in leaves(end))
        return Block(end.steps, families, with_rows_of_calls(rows | ({"outside": 1} if end.status == OUT_OF_BOUNDS else {})), pages)


def leaves(end: SegmentEnd) -> Ints:
    """The touched pages, as leaves of the tree."""
    return np.concatenate([(space << LOG_PAGES) + pages for space, (pages, _) in end.touched.items()])


def block_budget(general: Shape) -> Budget:
    """Of a block of a run in segments of this size."""
    whole = general.with_hosts.budget
    most = max(LEAST_ROWS, max(general.room.values()) // BLOCKS)
    return Budget({family: min(count, most) for family, count in whole.rows.items()},
                  min(whole.hashes, max(LEAST_HASHES, whole.hashes // 16)))


class Plan:
    """The budgets of the segments of a run, from its blocks as they come. `few`: TooDear if there are more segments."""

    def __init__(self, shapes: Sequence[Shape], few: float = float("inf")) -> None:
        self.few, self.cuts = few, list[Budget]()
        self.names = {name: number for number, name in enumerate(dict.fromkeys(name for shape in shapes for name in shape.room))}
        self.rooms = np.array([[shape.room.get(name, 0) for name in self.names] for shape in shapes], np.int64)
        families = [self.names[name] for family in Family if (name := family.name.lower()) in self.names]
        self.rooms[:, families] = np.minimum(self.rooms[:, families], ROWS_LIMIT)       # a table may have a row more than a budget
        self.rooms[:, self.names["hash"]] -= 2 * SLACK
        self.rooms[:, [self.names["page"], self.names["node"]]] -= SLACK
        self.prices = np.array([shape.price for shape in shapes], float)
        self.begin()

    def begin(self) -> None:
        """Nothing of the next segment is known yet."""
        self.window: list[Block] = []
        self.used, self.steps, self.seen = np.zeros(len(self.names), np.int64), 0, set[int]()
        self.open = np.ones(len(self.rooms), bool)          # the shapes that hold all blocks so far
        self.reach, self.covered = np.zeros(len(self.rooms), np.int64), np.zeros(len(self.rooms))

    def add(self, end: SegmentEnd) -> None:
        self.take([Block.of(end)])

    def take(self, blocks: Sequence[Block]) -> None:
        """What lies behind a cut is looked at again."""
        pending = deque(blocks)
        while pending:
            self.count(pending.popleft())
            if not self.open.any():
                pending.extendleft(reversed(self.cut()))

    def count(self, block: Block) -> None:
        self.window.append(block)
        for name, count in block.rows.items():
            self.used[self.names[name]] += count
        pages, nodes = self.new(block.pages)
        for name, count in tied(ROWS * pages, nodes).items():
            self.used[self.names[name]] += count
        self.steps += block.steps
        self.open &= (self.used <= self.rooms).all(axis=1)
        self.reach[self.open], self.covered[self.open] = len(self.window), self.steps

    def new(self, pages: frozenset[int]) -> tuple[int, int]:
        """How many of these pages, and of the nodes above them, the segment has not touched before. Node 1 is the root."""
        found = [page for page in ((1 << DEPTH) + page for page in pages) if page not in self.seen]
        self.seen.update(found)
        before = len(self.seen)
        for page in found:
            above = page >> 1
            while above and above not in self.seen:
                self.seen.add(above)
                above >>= 1
        return len(found), len(self.seen) - before

    @property
    def rates(self) -> npt.NDArray[np.float64]:
        """What a step costs in each shape that is filled with the blocks that it holds; infinity where it holds none."""
        return np.where(self.reach > 0, self.prices / np.maximum(self.covered, 1), np.inf)

    def cut(self) -> list[Block]:
        """Ends a segment; the blocks that are not in it."""
        if not self.reach.any():
            raise NoShape("no shape holds a block of this run")
        if len(self.cuts) + 1 >= self.few:
            raise TooDear
        best = int(self.rates.argmin())
        blocks, length = self.window, int(self.reach[best])
        self.cuts.append(budget_of(blocks[:length]))
        self.begin()
        return blocks[length:]

    def finished(self, status: int) -> list[Budget]:
        """The budgets, when no more blocks come; the last segment ends by itself, unless the run was given up."""
        while self.window:
            whole = np.where(self.open, self.prices, np.inf).min() / self.steps
            if whole <= self.rates.min():
                self.cuts.append(budget_of(self.window) if status == Status.RUNNING else Budget.unlimited())
                self.begin()
            else:
                self.take(self.cut())
        return self.cuts


def budget_of(blocks: Sequence[Block]) -> Budget:
    """Just what these blocks use: each of them has rows, and so has what comes behind them."""
    rows = dict.fromkeys(Family, 0)
    for block in blocks:
        for family, count in block.families.items():
            rows[family] += count
    return Budget(rows, HASHES_LIMIT)

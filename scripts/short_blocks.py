"""A run as short blocks, from which the segments of any budget follow without running it again."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segments.memory.pages import DEPTH, LOG_PAGES, ROWS
from wasm_exec.cutting import Budget, Limits
from wasm_exec.execute import run
from wasm_exec.instructions import Family
from wasm_exec.program import Program
from wasm_exec.recorder import Recorder
from wasm_exec.recording import SegmentEnd

Ints = npt.NDArray[np.int64]
Rows = Mapping[str, int]
BLOCK = Budget({family: 1 << 12 for family in Family}, 1 << 14)
NAMES = [family.name.lower() for family in Family]
AHEAD = 512             # blocks that are looked at together


@dataclass(frozen=True)
class Segment:
    """One that a budget cuts; the last one of a run is not `whole`."""

    steps: int
    rows: Rows
    whole: bool


class Blocks:
    """Of each block: its steps, its rows by family, and the nodes of the memory's tree that it touches with the block before that did."""

    def __init__(self, program: Program, content: bytes, most_steps: int) -> None:
        ends: list[SegmentEnd] = []
        run(program, content, BLOCK, Limits(most_steps), Recorder(program), ends.append)
        self.steps = np.array([end.steps for end in ends])
        self.rows = np.array([[end.rows.get(family, 0) for family in Family] for end in ends], np.int64)
        seen: dict[int, int] = {}
        block, before, is_page = [], [], []
        for number, end in enumerate(ends):
            for index, page in nodes_above(end):
                block.append(number)
                before.append(seen.get(index, -1))
                is_page.append(page)
                seen[index] = number
        self.block, self.before, self.is_page = np.array(block), np.array(before), np.array(is_page)
        self.starts = np.searchsorted(self.block, np.arange(len(ends) + 1))

    def __len__(self) -> int:
        return len(self.steps)

    def cut(self, budget: Budget) -> list[Segment]:
        limits = np.array([budget.rows[family] for family in Family])
        out, first = [], 0
        while first < len(self):
            end = min(len(self), first + AHEAD)
            part = slice(self.starts[first], self.starts[end])
            new = self.before[part] < first
            page, node = (np.cumsum(np.bincount(self.block[part][new & kind] - first, minlength=end - first))
                          for kind in (self.is_page[part], ~self.is_page[part]))
            rows, steps = np.cumsum(self.rows[first:end], axis=0), np.cumsum(self.steps[first:end])
            fits = (rows <= limits).all(axis=1) & (ROWS * page + node <= budget.hashes)
            count = max(1, len(fits) if fits.all() else int(fits.argmin()))
            memory = {"page": ROWS * int(page[count - 1]), "node": int(node[count - 1])}
            used = dict(zip(NAMES, rows[count - 1].tolist(), strict=True)) | memory | {"hash": 2 * sum(memory.values()), "halt": 1}
            out.append(Segment(int(steps[count - 1]), used, first + count < len(self)))
            first += count
        return out


def nodes_above(end: SegmentEnd) -> list[tuple[int, bool]]:
    """The touched pages and all nodes above them, each with a number of its own, and whether it is a page."""
    level: Ints = np.unique(np.concatenate([(space << LOG_PAGES) + pages for space, (pages, _) in end.touched.items()]))
    out = [(int(index) + (DEPTH << 40), True) for index in level]
    for depth in reversed(range(DEPTH)):
        level = np.unique(level >> 1)
        out += [(int(index) + (depth << 40), False) for index in level]
    return out

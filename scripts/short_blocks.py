"""A run as short blocks, from which the rows of any segment follow without running it again."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segments.memory.pages import DEPTH, LOG_PAGES, ROWS
from segments.shape import tied
from wasm_exec.cutting import Budget, Limits
from wasm_exec.execute import run
from wasm_exec.instructions import Family
from wasm_exec.program import Program
from wasm_exec.recorder import Recorder
from wasm_exec.recording import SegmentEnd

Ints = npt.NDArray[np.int64]
BLOCK = Budget({family: 1 << 12 for family in Family}, 1 << 14)
MEMORY = tuple(tied(0, 0))
GUESTS = [family for family in Family if family is not Family.HALT]
KINDS = [*(family.name.lower() for family in GUESTS), *MEMORY]
AHEAD = 1200            # blocks that a segment may have


class Blocks:
    """Of each block: its steps, its rows by family, and the nodes of the memory's tree that it touches with the block before that did."""

    def __init__(self, program: Program, content: bytes, most_steps: int) -> None:
        steps, rows = list[int](), list[list[int]]()
        seen: dict[int, int] = {}
        block, before, is_page = list[int](), list[int](), list[bool]()

        def see(end: SegmentEnd) -> None:
            for index, page in nodes_above(end):
                block.append(len(steps))
                before.append(seen.get(index, -1))
                is_page.append(page)
                seen[index] = len(steps)
            steps.append(end.steps)
            rows.append([end.rows.get(family, 0) for family in GUESTS])
        run(program, content, BLOCK, Limits(most_steps), Recorder(program), see, kept=False)
        self.steps, self.rows = np.array(steps), np.array(rows, np.int64)
        self.block, self.before, self.is_page = np.array(block), np.array(before), np.array(is_page)
        self.starts = np.searchsorted(self.block, np.arange(len(steps) + 1))

    def __len__(self) -> int:
        return len(self.steps)

    def window(self, first: int) -> tuple[Ints, Ints]:
        """Of a segment that begins with this block: its rows by kind, and its steps, after each of its blocks."""
        end = min(len(self), first + AHEAD)
        part = slice(self.starts[first], self.starts[end])
        new = self.before[part] < first
        page, node = (np.cumsum(np.bincount(self.block[part][new & kind] - first, minlength=end - first))
                      for kind in (self.is_page[part], ~self.is_page[part]))
        memory = np.stack([ROWS * page, node, 2 * (ROWS * page + node)], axis=1)
        return np.concatenate([np.cumsum(self.rows[first:end], axis=0), memory], axis=1), np.cumsum(self.steps[first:end])

    def places(self, count: int) -> Ints:
        """So many blocks, as far from each other in steps."""
        steps = np.cumsum(self.steps)
        return np.unique(np.searchsorted(steps, np.linspace(0, steps[-1] * 0.97, count)))


def nodes_above(end: SegmentEnd) -> list[tuple[int, bool]]:
    """The touched pages and all nodes above them, each with a number of its own, and whether it is a page."""
    level: Ints = np.unique(np.concatenate([(space << LOG_PAGES) + pages for space, (pages, _) in end.touched.items()]))
    out = [(int(index) + (DEPTH << 40), True) for index in level]
    for depth in reversed(range(DEPTH)):
        level = np.unique(level >> 1)
        out += [(int(index) + (depth << 40), False) for index in level]
    return out

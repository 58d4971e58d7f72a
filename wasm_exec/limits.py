"""Looking at the limits of a run, between its segments."""

from __future__ import annotations

import time

from wasm_exec.cutting import Limits
from wasm_exec.image import MemoryImage
from wasm_exec.recording import Touched
from wasm_exec.spaces import FRAME_POINTER_LIMIT, PAGE_CELLS, PAGES_PER_WASM_PAGE, Space, SystemCell


class Watch:
    """What has been used since the run began."""

    def __init__(self, limits: Limits, memory_pages: int) -> None:
        self.limits = limits
        self.memory_pages = memory_pages
        self.begun = time.monotonic()
        self.slots = 0

    def see(self, touched: Touched) -> None:
        if Space.FRAMES32 in touched and len(pages := touched[Space.FRAMES32][0]):
            self.slots = max(self.slots, int(pages.max()) * PAGE_CELLS)

    def reached(self, steps: int, image: MemoryImage) -> str:
        """The name of a limit that is reached, or nothing. Where the whole call stack may be used the depth is no limit: the last frame can
        reach beyond it, and the next call traps."""
        grown = image.read_cell(Space.SYSTEM, SystemCell.GROWN_PAGES) // PAGES_PER_WASM_PAGE
        if steps >= self.limits.steps:
            return "steps"
        if self.memory_pages + grown > self.limits.memory_pages:
            return "memory"
        if self.slots >= self.limits.frame_slots < FRAME_POINTER_LIMIT:
            return "depth"
        return "time" if time.monotonic() - self.begun > self.limits.seconds else ""

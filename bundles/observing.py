"""Looking at a run while it is recorded: an engine that passes everything on and tells how far the run has come."""
from __future__ import annotations

from collections.abc import Callable

from wasm_exec.cutting import Budget
from wasm_exec.image import MemoryImage
from wasm_exec.recording import Engine, SegmentEnd


class Enough(Exception):
    """The run has more segments than were wanted."""


class Observed:
    """`on_steps` hears the steps so far after every segment; a run of more than `most` segments is given up."""

    def __init__(self, engine: Engine, on_steps: Callable[[int], None], most: int | None = None) -> None:
        self.engine, self.on_steps, self.most = engine, on_steps, most
        self.steps = self.segments = 0

    def restore(self, image: MemoryImage) -> None:
        self.engine.restore(image)

    def segment(self, pc: int, fp: int, budget: Budget, traced: bool) -> SegmentEnd:
        if self.segments == self.most:
            raise Enough
        end = self.engine.segment(pc, fp, budget, traced)
        self.segments, self.steps = self.segments + 1, self.steps + end.steps
        self.on_steps(self.steps)
        return end

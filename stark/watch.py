"""Looking at a prover from outside: named stages with their seconds, nested by a slash."""
from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator


class Watch:
    """Adds up the seconds of each stage, by a clock of the wall or of the processor."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock, self.seconds = clock, dict[str, float]()

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = self.clock()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + self.clock() - started

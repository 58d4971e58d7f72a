"""Looking at a prover from outside: named stages with their seconds, nested by a slash."""
from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator


class Watch:
    """Adds up the seconds of each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started

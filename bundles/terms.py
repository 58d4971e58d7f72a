"""What callers hand over and are told: means, progress, facts, how a recording went."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wasm_exec.locate import Place

Facts = Mapping[str, object]
Progress = Callable[[str, int, int], None]      # what is being done, how much of it is done, of how much


@dataclass(frozen=True)
class Means:
    """With what a bundle is proved; None: as much as the machine has."""

    workers: int | None = None
    memory_limit: int | None = None         # bytes, of all workers together
    engine: str | None = None               # inline, processes or dask
    scheduler: str | None = None            # of a dask cluster; one of our own if there is no address
    certificates: Path | None = None        # the folder to speak TLS with it


@dataclass(frozen=True)
class Recorded:
    """A run that was recorded into a bundle directory."""

    profile: str
    steps: int
    segments: int
    outcome: str
    trapped: bool
    output: bytes
    trace: tuple[Place, ...] = ()       # of a trap: the functions at work, the innermost first
    given_up: str = ""      # which limit the run has reached (bundles.errors.REACHED); then it has not ended
    errors: bytes = b""     # the last of what it wrote to standard error, which is kept nowhere
    cells_per_step: float | None = None     # that are committed, padding included: what proving takes time by
    filled_by: str = ""     # the kind of rows that most segments are full of

"""Progress as bars on a terminal. Apart, because loading what draws them takes longer than most commands need it for."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from longrun.telling import STEPS, OnProgress, rate


@contextmanager
def bars() -> Iterator[OnProgress]:
    """A bar for every stage while the block runs."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeElapsedColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as shown:
        numbers: dict[str, TaskID] = {}
        before: dict[str, int] = {}
        attempt = 1

        def on_progress(stage: str, done: int, total: int) -> None:
            nonlocal attempt
            if stage not in numbers:
                numbers[stage] = shown.add_task(stage, total=total or None)
            if stage == STEPS and done < before.get(stage, 0):      # the run is recorded once more
                attempt += 1
                shown.reset(numbers[stage], description=f"{stage} (attempt {attempt})")
            before[stage] = done
            shown.update(numbers[stage], completed=done, total=total or None)
        yield on_progress


class Rate(ProgressColumn):
    """How much of a stage is done in a second."""

    def render(self, task: Task) -> Text:
        return Text(rate(task.speed) if task.speed else "")

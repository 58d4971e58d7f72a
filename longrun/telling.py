"""What commands print: facts as a table or as one JSON object, progress as bars on a terminal and as plain lines elsewhere."""
from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from longrun.failures import Told

OnProgress = Callable[[str, int, int], None]
Facts = Mapping[str, object]
EVERY_S = 5.0               # a plain line at most so often
OUTPUT_SHOWN = 200


def show(facts: Facts, as_json: bool, *notes: str) -> None:
    """One JSON object, or a line for every fact, between notes for people only."""
    if as_json:
        typer.echo(json.dumps(facts, default=str))
        return
    width = max(map(len, facts), default=0)
    for note in notes[:1]:
        typer.echo(note) if note else None
    for name, value in facts.items():
        if value is not None and value != {} and value != []:
            typer.echo(f"{name:<{width}}  {plain(value)}")
    for note in notes[1:]:
        typer.echo(note)


def plain(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {what}" for name, what in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) and value >= 10**6 else str(value)


def complain(told: Told, as_json: bool) -> None:
    """One line on the error stream; with --json also an object on the output, so that there is always one."""
    if as_json:
        typer.echo(json.dumps({"error": told.message, "hint": told.hint, "exit code": told.code}))
    typer.echo(told.line, err=True)


def shown(output: bytes) -> str:
    """A short picture of some bytes."""
    text = output[:OUTPUT_SHOWN].decode("ascii", "replace")
    picture = repr(text) if text.isascii() and all(c.isprintable() or c in "\n\t" for c in text) else output[:OUTPUT_SHOWN // 4].hex()
    return f"{len(output):,} bytes, {picture}{'…' if len(output) > OUTPUT_SHOWN else ''}" if output else "nothing"


@contextmanager
def progress() -> Iterator[OnProgress]:
    """Something that shows progress on the error stream while the block runs."""
    if not sys.stderr.isatty():
        lines = Lines()
        yield lines
        lines.end()
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as bars:
        numbers: dict[str, TaskID] = {}

        def on_progress(stage: str, done: int, total: int) -> None:
            if stage not in numbers:
                numbers[stage] = bars.add_task(stage, total=total or None)
            bars.update(numbers[stage], completed=done, total=total or None)
        yield on_progress


class Lines:
    """Plain lines: every stage with what is done, the seconds since the beginning, and a rate where there is no total."""

    def __init__(self, every: float = EVERY_S) -> None:
        self.every, self.began = every, time.monotonic()
        self.last, self.stages, self.told = self.began, dict[str, tuple[int, int]](), ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        self.stages[stage] = done, total
        if time.monotonic() - self.last >= self.every:
            self.say()

    def end(self) -> None:
        if self.stages and any(total for _, total in self.stages.values()):
            self.say()

    def say(self) -> None:
        self.last = time.monotonic()
        seconds = self.last - self.began
        parts = [f"{stage} {done:,}/{total:,}" if total else f"{stage} {done:,}, {done / seconds / 1e6:.1f} million a second"
                 for stage, (done, total) in self.stages.items()]
        text = ", ".join(parts)
        if text != self.told:
            typer.echo(f"{text}, {seconds:.0f} s", err=True)
        self.told = text

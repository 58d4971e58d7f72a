"""What commands print: facts as a table or as one JSON object, progress as bars on a terminal and as plain lines elsewhere."""
from __future__ import annotations

import contextlib
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import typer

from bundles.errors import several
from longrun.failures import Told

OnProgress = Callable[[str, int, int], None]
Facts = Mapping[str, object]
EVERY_S = 5.0               # a plain line at most so often
OUTPUT_SHOWN = 200
STEPS = "steps"             # the stage of recording
LONGEST = 2000              # letters of what is told of a failure


def clean(text: str, kept: str = "") -> str:
    """Names of files and modules are anybody's: nothing in them moves the cursor, colours what follows, or begins a line."""
    return text if text.isascii() and text.isprintable() else "".join(
        letter if letter.isprintable() or letter in kept else "?" for letter in text)


def say(line: str, err: bool = False) -> None:
    """A line, or several. Where nobody reads any more it is lost, and the work goes on."""
    try:
        typer.echo(clean(line, "\n\t"), err=err)
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, (sys.stderr if err else sys.stdout).fileno())
        os.close(nowhere)


def show(facts: Facts, as_json: bool, *notes: str) -> None:
    """One JSON object, or a line for every fact, between notes for people only."""
    if as_json:
        say(json.dumps(in_json(facts), default=str))
        return
    rows = list(rows_of(facts))
    width = max((len(name) for name, _ in rows), default=0)
    for note in notes[:1]:
        say(note) if note else None
    for name, value in rows:
        if value is not None and value != {} and value != []:
            say(f"{name:<{width}}  {plain(value)}")
    for note in notes[1:]:
        say(note)


def rows_of(facts: Facts) -> Iterator[tuple[str, object]]:
    """A row for every fact. Of the runs of a rollup, and of its applications, only the beginnings of digests; the object has them whole."""
    for name, value in facts.items():
        if name == "runs" and isinstance(value, list):
            yield name, len(value)
            for number, run in enumerate(value, 1):
                called = f" ({clean(run['name'])})" if "name" in run else ""
                yield f"run {number}", f"{run['outcome']}, program {run['program'][:16]}…{called}, output {run['output'][:16]}…"
        elif name == "applications" and isinstance(value, list):
            for one in value:
                yield from ((f"{what} (program {one['program'][:16]}…)", there) for what, there in one.items() if what != "program")
        else:
            yield name, value


def in_json(value: object) -> object:
    """JSON has no numbers that are infinite or none; they are texts there, as a call takes them."""
    if isinstance(value, Mapping):
        return {name: in_json(what) for name, what in value.items()}
    if isinstance(value, list | tuple):
        return [in_json(each) for each in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def plain(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(clean(f"{name}: {what}") for name, what in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(clean(str(each)) for each in value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) and value >= 10**6 else clean(str(value))


def complain(told: Told, as_json: bool) -> None:
    """One line on the error stream; with --json also an object on the output, so that there is always one."""
    if as_json:
        tell_object(told.message, told.hint, told.code)
    line = clean(told.line)
    say(line if len(line) <= LONGEST else line[:LONGEST] + "…", err=True)


def tell_object(message: str, hint: str, code: int) -> None:
    """A failure as an object."""
    with contextlib.suppress(OSError):              # the output may be what failed
        typer.echo(json.dumps({"error": message, "hint": hint, "exit code": code}))


def tell_slowness() -> None:
    """Before a proof is made where only verifying is quick."""
    from stark.kernels import has_native
    if not has_native():
        say("the native kernels are not installed, and without them proving takes very long (make setup builds them)", err=True)


def shown(output: bytes) -> str:
    """A short picture of some bytes."""
    text = output[:OUTPUT_SHOWN].decode("ascii", "replace")
    picture = repr(text) if text.isascii() and all(c.isprintable() or c in "\n\t" for c in text) else output[:OUTPUT_SHOWN // 4].hex()
    return f"{several(len(output), 'byte')}, {picture}{'…' if len(output) > OUTPUT_SHOWN else ''}" if output else "nothing"


@contextmanager
def progress() -> Iterator[OnProgress]:
    """Something that shows progress on the error stream while the block runs."""
    if not sys.stderr.isatty():
        lines = Lines()
        yield lines
        lines.end()
        return
    from longrun.bars import bars
    with bars() as on_progress:
        yield on_progress


def rate(a_second: float) -> str:
    """Of small things in millions, of large ones in a minute."""
    if a_second >= 10**5:
        return f"{a_second / 1e6:.1f} million a second"
    return f"{a_second:.1f} a second" if a_second >= 1 else f"{60 * a_second:.1f} a minute"


class Lines:
    """Plain lines: every stage with what is done, then seconds since the beginning, the rate, and what is left at this rate. Steps are
    counted anew when a run is recorded once more, to see how else it may be cut."""

    def __init__(self, every: float = EVERY_S) -> None:
        self.every, self.began = every, time.monotonic()
        self.last, self.stages, self.told = self.began, dict[str, tuple[int, int]](), ""
        self.before: dict[str, int] = {}            # what was done when a stage was first heard of, say by an earlier call
        self.attempt, self.attempt_began = 1, self.began

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage == STEPS and stage not in self.stages:         # the first steps come when the program is compiled
            self.last = self.attempt_began = time.monotonic()
        elif stage == STEPS and done < self.stages[stage][0]:
            self.attempt, self.attempt_began = self.attempt + 1, time.monotonic()
        self.stages[stage] = done, total
        self.before.setdefault(stage, done if total or stage == STEPS else 0)
        if time.monotonic() - self.last >= self.every:
            self.say()

    def end(self) -> None:
        if self.stages and any(total for _, total in self.stages.values()):
            self.say()

    def say(self) -> None:
        self.last = time.monotonic()
        text = ", ".join(self.named(stage) + (f" {done:,}/{total:,}" if total else f" {done:,}")
                         for stage, (done, total) in self.stages.items() if done or total)
        if text and text != self.told:
            say(f"{text}, {self.last - self.began:.0f} s{self.speed()}", err=True)
        self.told = text

    def named(self, stage: str) -> str:
        return f"{stage} (attempt {self.attempt})" if stage == STEPS and self.attempt > 1 else stage

    def speed(self) -> str:
        """Of all stages with a total together; of the last one where none has a total."""
        counted = {stage: values for stage, values in self.stages.items() if values[1]} or dict(list(self.stages.items())[-1:])
        seconds = self.last - (self.attempt_began if list(counted) == [STEPS] else self.began)
        done = sum(self.made(stage) for stage in counted)
        return f", {rate(done / seconds)}{self.left(seconds)}" if done > 0 and seconds > 0 else ""

    def made(self, stage: str) -> int:
        """What was done since the beginning."""
        return self.stages[stage][0] - (0 if stage == STEPS and self.attempt > 1 else self.before[stage])

    def left(self, seconds: float) -> str:
        """By the first stage that is not done, which takes the longest; those behind it keep step with it."""
        for stage, (done, total) in self.stages.items():
            if done < total:
                made = self.made(stage)
                return f", about {(total - done) * seconds / made:.0f} s left" if made > 0 else ""
        return ""

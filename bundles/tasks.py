"""The pieces of work that lead from a recorded run to its proof, by name, and which of them can be done now.

A segment is proved, its proof becomes a leaf, neighbouring spans are joined, and the span of the whole run gets its root. The tree
follows from the number of segments alone, so that nobody has to write it down.
"""
from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from stark.errors import Malformed

STAGES = {"segment": "segments", "leaf": "leaves", "join": "joins", "root": "root"}
PATTERN = re.compile(r"(segment|leaf) (\d{1,9})|(join|root) (\d{1,9})-(\d{1,9})")


@dataclass(frozen=True)
class Task:
    """A piece of work about the segments from `first` to `last` (exclusive)."""

    kind: str
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.kind} {self.first}" if self.kind in ("segment", "leaf") else f"{self.kind} {self.first}-{self.last}"

    @property
    def inputs(self) -> tuple[Task, ...]:
        """The tasks whose results this one works on."""
        if self.kind == "segment":
            return ()
        if self.kind == "leaf":
            return (Task("segment", self.first, self.last),)
        if self.kind == "root":
            return (span(self.first, self.last),) if self.first < self.last else ()     # of a run that was given up at once
        middle = self.first + (1 << (self.last - self.first - 1).bit_length() - 1)
        return span(self.first, middle), span(middle, self.last)


def span(first: int, last: int) -> Task:
    return Task("leaf" if last - first == 1 else "join", first, last)


def root(segments: int) -> Task:
    return Task("root", 0, segments)


def peaks(segments: int) -> list[Task]:
    """The largest spans over the first segments that are in the tree of every run with at least so many."""
    out, first = [], 0
    while first < segments:
        last = first + (1 << (segments - first).bit_length() - 1)
        out.append(span(first, last))
        first = last
    return out


def parsed(name: str) -> Task:
    """The task of a name; Malformed if it is none."""
    found = PATTERN.fullmatch(name)
    if found is None:
        raise Malformed(f"no task is called {name[:40]!r}; names are like 'segment 7', 'leaf 7', 'join 4-8', 'root 0-40'")
    if found[1]:
        return Task(found[1], int(found[2]), int(found[2]) + 1)
    task = Task(found[3], int(found[4]), int(found[5]))
    if task.last - task.first < (2 if task.kind == "join" else 1):
        raise Malformed(f"the task {name} has no segments to work on")
    return task


def everything(task: Task) -> Iterator[Task]:
    """A task and all that leads to it, what comes first first."""
    for needed in task.inputs:
        yield from everything(needed)
    yield task


def ready(task: Task, done: Collection[Task], busy: Collection[Task]) -> Iterator[Task]:
    """What can be begun now for the sake of a task, from left to right, so that a few spans are open at a time and not all."""
    if task in done:
        return
    missing = [needed for needed in task.inputs if needed not in done]
    if not missing and task not in busy:
        yield task
    for needed in missing:
        yield from ready(needed, done, busy)


def serving(task: Task, done: Collection[Task]) -> Iterator[Task]:
    """The done tasks whose results are still wanted for the sake of a task: those nearest to it."""
    if task in done:
        yield task
        return
    for needed in task.inputs:
        yield from serving(needed, done)

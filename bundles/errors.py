"""What longrun cannot do yet, or not now, said in words."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


class Unsupported(Exception):
    """A run that can be recorded but for which there are no circuits."""


class Misuse(Unsupported):
    """A choice that there is not, or not together with the others."""


REACHED = {
    "steps": "it takes more steps than it may", "memory": "it has more memory than it may", "depth": "its calls go deeper than they may",
    "time": "it takes longer than it may",
}


class GivenUp(Unsupported):
    """A limit was reached (one of `REACHED`) by a call of a session, which then has not happened."""

    def __init__(self, limit: str, steps: int) -> None:
        super().__init__(f"the call was given up after {several(steps, 'step')}: {REACHED[limit]}; the session is as it was before")
        self.limit = limit


class Busy(Exception):
    """Another process writes into this bundle."""

    def __init__(self, owner: str, doing: str, directory: Path) -> None:
        super().__init__(f"this bundle is {doing} already, by {owner}")
        self.directory = directory


NUMBERS = "arguments are numbers, in decimal or 0x…; what the function reads is its --payload"


class BadCall(Exception):
    """A call that the session does not have, or not like this. Nothing has happened."""

    def __init__(self, message: str, hint: str = NUMBERS) -> None:
        super().__init__(message)
        self.hint = hint


class Over(Exception):
    """The session has ended: it was closed, or an event halted or trapped."""

    def __init__(self, message: str, directory: Path) -> None:
        super().__init__(message)
        self.directory = directory


class Stuck(Exception):
    """Some tasks failed again and again; all others are done, and what is done stays."""

    def __init__(self, failures: Mapping[str, str], directory: Path) -> None:
        name, reason = next(iter(failures.items()))
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        super().__init__(f"{name} failed again and again: {reason}{more}")
        self.name, self.failures, self.directory = name, failures, directory


def several(count: int, name: str) -> str:
    """So many of something."""
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}s"

"""What an open session keeps on disk: its calls one after the other, and the last places from which it can go on.

A call is one transaction: it is there whole, or it never was. A reader sees the session as it was after some call.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from bundles.database import Database
from bundles.manifest import sizes_under
from bundles.sitting import Place
from stark.profiles import PROFILES
from wasm_exec.errors import TrapKind
from wasm_exec.recording import Outcome, Status
from wasm_exec.spaces import INPUT_LIMIT

VERSION = 3
TABLES = """
CREATE TABLE IF NOT EXISTS session (version INTEGER, profile TEXT, size TEXT, program BLOB, state BLOB);
CREATE TABLE IF NOT EXISTS calls (number INTEGER PRIMARY KEY, events INTEGER, input BLOB, input_length INTEGER, output_length INTEGER,
                                  steps INTEGER, status INTEGER, pc INTEGER, code INTEGER);
CREATE TABLE IF NOT EXISTS places (number INTEGER PRIMARY KEY, pc INTEGER, fp INTEGER, steps INTEGER, whole INTEGER, size INTEGER,
                                   pages BLOB);
CREATE TABLE IF NOT EXISTS trapped (place TEXT);
"""
STATUSES = {int(Status.EXITED), int(Status.PAUSED)} | {Status.TRAPPED + kind for kind in TrapKind}


@dataclass(frozen=True)
class Header:
    """What was chosen when the session was opened; no size: chosen when it is closed. `program` is the digest of a file,
    `state` that of a state file: the application's state before the session."""

    profile: str
    size: str | None
    program: bytes
    state: bytes


@dataclass(frozen=True)
class State:
    """Where the session stands after so many calls with so many events: all its input and output have these lengths."""

    calls: int
    events: int
    input_length: int
    output_length: int
    steps: int
    outcome: Outcome


@dataclass(frozen=True)
class PlaceRow:
    """A place: `pages` is the digest of a file with the pages that differ from the place before it, or, if it is whole, of all that are
    not zero, those of the input apart; `size` is the size of that file."""

    place: Place
    whole: bool
    pages: bytes
    size: int


class SessionLog(Database):
    """An opened log."""

    what, hint, tables = "session", "a session that is damaged cannot go on", TABLES

    def begin(self, header: Header) -> None:
        self._do("INSERT INTO session VALUES (?, ?, ?, ?, ?)", VERSION, header.profile, header.size, header.program, header.state)

    def header(self) -> Header | None:
        """None if the session was never opened to the end."""
        if self.fresh():
            return None
        rows = self._do("SELECT * FROM session")
        if not rows:
            return None
        version, *values = rows[0]
        if version != VERSION or len(values) != 4:
            raise self.damaged(f"it has format {version}, this longrun reads format {VERSION}")
        profile, size, program, state = values
        if not (isinstance(profile, str) and profile in PROFILES and size in (None, *sizes_under(PROFILES[profile])) and is_digest(program)
                and is_digest(state)):
            raise self.damaged("its first row describes no session")
        return Header(profile, size, program, state)

    def state(self) -> State:
        """As the last call left it; before any call it is paused."""
        rows = self._do("SELECT number, events, input_length, output_length, steps, status, pc, code FROM calls "
                        "ORDER BY number DESC LIMIT 1")
        if not rows:
            return State(0, 0, 0, 0, 0, Outcome(Status.PAUSED, 0))
        number, events, input_length, output_length, steps, status, pc, code = self.numbers(rows[0])
        if status not in STATUSES:
            raise self.damaged("a call ended in no way that there is")
        return State(number, events, input_length, output_length, steps, Outcome(status, pc, code))

    def ended(self, place: str) -> None:
        """The last call trapped there."""
        self._do("INSERT INTO trapped VALUES (?)", place)

    def trapped(self) -> str | None:
        """Where the session trapped, if it did."""
        rows = self._do("SELECT place FROM trapped") if "trapped" in self.names() else []
        return str(rows[0][0]) if rows else None

    def input(self) -> bytes:
        """All of it."""
        content = bytearray()
        for (part,) in self._rows("SELECT input FROM calls ORDER BY number"):
            content += part if isinstance(part, bytes) else b""
            if len(content) > INPUT_LIMIT:
                raise self.damaged("its calls have more input than a session can")
        return bytes(content)

    def places(self) -> list[PlaceRow]:
        """The last whole place and those after it."""
        rows = self._do("SELECT pc, fp, steps, whole, size, pages FROM places WHERE number >= "
                        "(SELECT max(number) FROM places WHERE whole = 1) OR NOT EXISTS (SELECT 1 FROM places WHERE whole = 1) "
                        "ORDER BY number")
        found = []
        for *values, pages in rows:
            pc, fp, steps, whole, size = self.numbers(values)
            if not isinstance(pages, bytes) or len(pages) != 32:
                raise self.damaged("a row describes no place")
            found.append(PlaceRow(Place(pc, fp, steps), bool(whole), pages, size))
        return found

    def called(self, state: State, content: bytes) -> None:
        """One more call, which brought this input and led to this state."""
        self._do("INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", state.calls, state.events, content, state.input_length,
                 state.output_length, state.steps, state.outcome.status, state.outcome.pc, state.outcome.code)

    def placed(self, row: PlaceRow) -> None:
        """A later place; a whole one makes those before it needless."""
        if row.whole:
            self._do("DELETE FROM places")
        self._do("INSERT INTO places (pc, fp, steps, whole, pages, size) VALUES (?, ?, ?, ?, ?, ?)", row.place.pc, row.place.fp,
                 row.place.steps, int(row.whole), row.pages, row.size)

    def numbers(self, values: Sequence[object]) -> list[int]:
        if not all(isinstance(value, int) and value >= 0 for value in values):
            raise self.damaged("a row describes no call")
        return [value for value in values if isinstance(value, int)]


def is_digest(value: object) -> TypeGuard[bytes]:
    return isinstance(value, bytes) and len(value) == 32

"""A data base in a file: SQLite in WAL mode, every change on the disk before it counts. One process writes, any number read."""
from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from stark.errors import Malformed

WAIT_S = 30.0
SAID_LIMIT = 200
LENGTH_LIMIT = 1 << 25          # bytes of a row: an input has half as many
TURN, FREE_TURNS, BYTES_A_TURN = 1 << 16, 64, 1 << 12       # steps of SQLite; so many turns of them are free, then they cost bytes of file
ELSEWHERE = {                   # what is not the fault of the file
    sqlite3.SQLITE_FULL: (errno.ENOSPC, "written"), sqlite3.SQLITE_IOERR: (errno.ENOSPC, "written"),
    sqlite3.SQLITE_BUSY: (errno.EBUSY, "used"), sqlite3.SQLITE_LOCKED: (errno.EBUSY, "used"),
    sqlite3.SQLITE_READONLY: (errno.EACCES, "written"), sqlite3.SQLITE_PERM: (errno.EACCES, "opened"),
    sqlite3.SQLITE_CANTOPEN: (errno.EACCES, "opened"),
}
PRIMARY = 0xFF                  # of an error code


DESCRIPTION = "SELECT type, name, tbl_name, sql FROM sqlite_master"


@lru_cache
def made_by(tables: str) -> frozenset[tuple[object, ...]]:
    """How a data base describes itself that has these tables and nothing else."""
    with contextlib.closing(sqlite3.connect(":memory:")) as base:
        base.executescript(tables)
        return frozenset(base.execute(DESCRIPTION))


class Database:
    """An opened data base. `what` and `hint` say in errors what it is and what can be done when it is damaged."""

    what, hint, tables = "data base", "", ""
    stopped: BaseException | None       # what ended a command from outside

    def __init__(self, path: Path, writing: bool = True) -> None:
        self.path = path
        if writing:
            # SQLite gives its other files the mode of this one; a link may lead to anybody's file
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
        elif not path.is_file():
            raise FileNotFoundError(errno.ENOENT, f"there is no {self.what}", str(path))
        self.turns, self.stopped = 0, None
        with self.told():
            address = f"file:{quote(os.fsencode(path.absolute()))}?mode={'rw' if writing else 'ro'}"
            if not (writing or os.access(path.parent, os.W_OK) or self.beside.exists()):
                address += "&immutable=1"                   # nobody can be writing, and no file beside it can be made
            self.base = sqlite3.connect(address, WAIT_S, isolation_level=None, uri=True)
            self.base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LENGTH_LIMIT)
            judge = self.lasts_too_long()
            next(judge)
            self.base.set_progress_handler(judge.__next__, TURN)
        try:
            self.begun(writing)
        except BaseException:
            self.base.close()
            raise

    def begun(self, writing: bool) -> None:
        """Damaged if anything stands in it that this class does not make: a view or a trigger would run whatever somebody wrote."""
        with self.told():
            if self.tables and not set(self._do(DESCRIPTION)) <= made_by(self.tables):
                raise self.damaged("it has other tables than those that this longrun makes")
            if writing:
                self.base.execute("PRAGMA journal_mode = WAL")
                self.base.execute("PRAGMA synchronous = FULL")
                self.base.executescript(f"BEGIN IMMEDIATE; {self.tables} COMMIT;")

    @property
    def beside(self) -> Path:
        """Where SQLite writes first."""
        return self.path.with_name(f"{self.path.name}-wal")

    def lasts_too_long(self) -> Iterator[bool]:
        """Again and again, whether a command has taken more steps than files of these sizes can be for: pages can be shared by rows without
        number. A generator, so that a signal is raised inside it, and not in SQLite, which would swallow it."""
        too_long = False
        while True:
            try:
                yield too_long
                self.turns += 1
                size = sum(path.stat().st_size for path in (self.path, self.beside) if path.exists())
                too_long = self.turns > FREE_TURNS + size // BYTES_A_TURN
            except GeneratorExit:
                raise
            except BaseException as error:
                self.stopped, too_long = error, True

    def close(self) -> None:
        self.base.close()

    def names(self) -> set[str]:
        """Of its tables."""
        return {str(name) for (name,) in self._do("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def fresh(self) -> bool:
        """Whether its owner has made the file and nothing else yet: all tables come at once."""
        return not self.names()

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Errors of the data base in our words: a full disk is an OSError, damage is Malformed."""
        try:
            yield
        except sqlite3.OperationalError as error:
            code = getattr(error, "sqlite_errorcode", 0) & PRIMARY
            if code == sqlite3.SQLITE_INTERRUPT:
                stopped, self.stopped = self.stopped, None
                raise stopped or self.damaged("it takes longer to read than a file of its size can") from None
            if code in ELSEWHERE:
                number, done = ELSEWHERE[code]
                raise OSError(number, f"the {self.what} cannot be {done}: {error}", str(self.path)) from None
            raise self.damaged(error) from None
        except (sqlite3.Error, UnicodeError) as error:
            raise self.damaged(error) from None

    def damaged(self, what: object) -> Malformed:
        """One line, without anything that stands in the data base."""
        reason = " ".join(str(what).partition(" with text ")[0].split())[:SAID_LIMIT]
        return Malformed(f"the {self.what} {self.path} cannot be used: {reason}{self.hint and f' ({self.hint})'}")

    @contextlib.contextmanager
    def whole(self) -> Iterator[None]:
        """What is written within it is there afterwards, all of it, or nothing if the process ends before."""
        self._do("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self.base.execute("ROLLBACK")
            raise
        self._do("COMMIT")

    def _do(self, command: str, *values: object) -> list[tuple[object, ...]]:
        return list(self._rows(command, *values))

    def _rows(self, command: str, *values: object) -> Iterator[tuple[object, ...]]:
        self.turns = 0
        with self.told():
            yield from self.base.execute(command, values)

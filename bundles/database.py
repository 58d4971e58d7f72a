"""A data base in a file: SQLite in WAL mode, every change on the disk before it counts. One process writes, any number read."""
from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from stark.errors import Malformed

WAIT_S = 30.0
SAID_LIMIT = 200


class Database:
    """An opened data base. `what` and `hint` say in errors what it is and what can be done when it is damaged."""

    what, hint, tables = "data base", "", ""

    def __init__(self, path: Path, writing: bool = True) -> None:
        self.path = path
        if writing:
            # SQLite gives its other files the mode of this one; a link may lead to anybody's file
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
        elif not path.is_file():
            raise FileNotFoundError(errno.ENOENT, f"there is no {self.what}", str(path))
        with self.told():
            address = f"file:{quote(str(path.absolute()))}?mode={'rw' if writing else 'ro'}"
            self.base = sqlite3.connect(address, WAIT_S, isolation_level=None, uri=True)
            if writing:
                self.base.execute("PRAGMA journal_mode = WAL")
                self.base.execute("PRAGMA synchronous = FULL")
                self.base.executescript(f"BEGIN IMMEDIATE; {self.tables} COMMIT;")

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
            if "full" in str(error) or "disk I/O" in str(error):
                raise OSError(errno.ENOSPC, f"the {self.what} cannot be written: {error}", str(self.path)) from None
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
        with self.told():
            return list(self.base.execute(command, values))

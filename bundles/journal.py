"""What has been done for a bundle's proof, in SQLite: one row for every task that was ever begun.

A row is written when a task begins and when it ends, so that after any kill the rows that say `running` are what was in flight.
No input, output or memory of the guest is ever written here: names of tasks, digests, numbers, and the first line of an error.
"""
from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from bundles.database import Database
from bundles.tasks import Task, parsed
from stark.errors import Malformed

RUNNING, DONE, FAILED, QUARANTINED = "running", "done", "failed", "quarantined"
STATES = (RUNNING, DONE, FAILED, QUARANTINED)
VERSION = 1
NOTE_LIMIT = 300
TABLES = """
CREATE TABLE IF NOT EXISTS job (version INTEGER, identity BLOB, segments INTEGER, out TEXT, workers INTEGER);
CREATE TABLE IF NOT EXISTS tasks (name TEXT PRIMARY KEY, state TEXT NOT NULL, artefact BLOB, starts INTEGER NOT NULL,
                                  failures INTEGER NOT NULL, seconds REAL NOT NULL, finished REAL, note TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Row:
    """A task as the journal knows it. `starts` counts every beginning, `failures` those since the last success or resumption."""

    task: Task
    state: str
    artefact: bytes | None
    starts: int
    failures: int
    seconds: float
    finished: float | None
    note: str


@dataclass(frozen=True)
class JobRow:
    """What the tasks are for: bundle and keys as one digest, the number of segments, where the proof goes, with how many workers."""

    identity: bytes
    segments: int
    out: str
    workers: int


class Journal(Database):
    """An opened journal. One process writes, any number read at the same time."""

    what, tables = "journal", TABLES

    def __init__(self, path: Path, writing: bool = True) -> None:
        self.hint = f"to begin anew, remove the folder {path.parent}"
        super().__init__(path, writing)

    def begin(self, job: JobRow, longer: bool = False) -> int:
        """Goes on with this job, or begins it and forgets any other; says how many tasks were in flight when the last owner ended.
        What failed may be tried again. `longer`: it is the job that is there, whose run has become longer."""
        found = self.job()
        if not longer and (found is None or (found.identity, found.segments) != (job.identity, job.segments)):
            self._do("DELETE FROM tasks")
        self._do("DELETE FROM job")
        self._do("INSERT INTO job VALUES (?, ?, ?, ?, ?)", VERSION, job.identity, job.segments, kept(job.out), job.workers)
        in_flight = len(self._do("SELECT name FROM tasks WHERE state = ?", RUNNING))
        self._do("UPDATE tasks SET state = ?, failures = 0 WHERE state != ?", FAILED, DONE)
        return in_flight

    def grown(self, identity: bytes, segments: int) -> None:
        """The run of the job is longer than it was."""
        self._do("UPDATE job SET identity = ?, segments = ?", identity, segments)

    def job(self) -> JobRow | None:
        if self.fresh():
            return None
        rows = self._do("SELECT version, identity, segments, out, workers FROM job")
        if not rows:
            return None
        version, identity, segments, out, workers = rows[0]
        out = os.fsdecode(out) if isinstance(out, bytes) else out
        if version != VERSION:
            raise self.damaged(f"it has format {version}, this longrun reads format {VERSION}")
        if not (isinstance(identity, bytes) and isinstance(segments, int) and isinstance(out, str) and isinstance(workers, int)):
            raise self.damaged("it describes no job")
        return JobRow(identity, segments, out, workers)

    def rows(self) -> list[Row]:
        if self.fresh():
            return []
        found = self._do("SELECT name, state, artefact, starts, failures, seconds, finished, note FROM tasks ORDER BY rowid")
        return [self._row(values) for values in found]

    def _row(self, values: tuple[object, ...]) -> Row:
        name, state, artefact, starts, failures, seconds, finished, note = values
        whole = isinstance(artefact, bytes) and len(artefact) == 32 if state == DONE else artefact is None
        if not (isinstance(name, str) and state in STATES and whole and isinstance(starts, int) and isinstance(failures, int)
                and isinstance(seconds, float) and isinstance(finished, float | None) and isinstance(note, str)):
            raise self.damaged("a row describes no task")
        try:
            task = parsed(name)
        except Malformed as error:
            raise self.damaged(error) from None
        return Row(task, str(state), artefact if isinstance(artefact, bytes) else None, starts, failures, seconds, finished, note)

    def started(self, task: Task) -> None:
        self._do("INSERT INTO tasks VALUES (?, ?, NULL, 1, 0, 0.0, NULL, '') ON CONFLICT (name) DO UPDATE "
                 "SET state = excluded.state, artefact = NULL, starts = starts + 1", str(task), RUNNING)

    def finished(self, task: Task, artefact: bytes, seconds: float) -> None:
        self._do("UPDATE tasks SET state = ?, artefact = ?, failures = 0, seconds = ?, finished = ?, note = '' WHERE name = ?",
                 DONE, artefact, seconds, time.time(), str(task))

    def failed(self, task: Task, note: str, quarantined: bool, counts: bool = True) -> None:
        """`counts` is False where the task is not to blame."""
        line = (note.splitlines() or [""])[0][:NOTE_LIMIT]
        self._do("UPDATE tasks SET state = ?, artefact = NULL, failures = failures + ?, note = ? WHERE name = ?",
                 QUARANTINED if quarantined else FAILED, int(counts), line, str(task))

    def forget(self, task: Task, reason: str) -> None:
        """A result that can no longer be used: the task is to be done again."""
        self._do("UPDATE tasks SET state = ?, artefact = NULL, note = ? WHERE name = ?", FAILED, reason[:NOTE_LIMIT], str(task))


def kept(path: str) -> str | bytes:
    """Text, where it is any; names of files are bytes."""
    try:
        path.encode()
        return path
    except UnicodeEncodeError:
        return os.fsencode(path)

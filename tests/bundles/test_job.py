"""What a job does when tasks fail, workers die, results get lost or somebody else is at work. The engine is played."""
from __future__ import annotations

import contextlib
import errno
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bundles import database
from bundles.engine import Failure, Finished, Reason
from bundles.errors import Busy, Stuck
from bundles.job import FAILURES, KILLS, ROUNDS, Job
from bundles.journal import DONE, FAILED, QUARANTINED, RUNNING, JobRow, Journal
from bundles.lock import held, writer
from bundles.session_log import SessionLog
from bundles.store import digest_of
from bundles.tasks import Task, everything, parsed, root
from longrun.failures import Interrupted
from longrun.stopping import heard
from stark.errors import Malformed

Play = Callable[[Task, int], Failure | None]
IDENTITY = digest_of(b"this job")
ROOT = Path(__file__).parents[2]


class Played:
    """An engine whose tasks succeed, unless the play says otherwise about a task's n-th beginning."""

    workers = 3

    def __init__(self, play: Play = lambda task, start: None) -> None:
        self.play, self.begun, self.waiting = play, list[Task](), list[Task]()
        self.closed, self.most = False, 0

    def submit(self, task: Task, inputs: Sequence[bytes], threads: int) -> None:
        assert inputs == [digest_of(str(needed).encode()) for needed in task.inputs] and threads >= 1
        self.begun.append(task)
        self.waiting.append(task)
        self.most = max(self.most, len(self.waiting))

    def wait(self, seconds: float) -> list[Finished]:
        task = self.waiting.pop()
        failure = self.play(task, self.begun.count(task))
        return [Finished(task, failure or digest_of(str(task).encode()), {"all": 1.0})]

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    opened = Journal(tmp_path / "journal.sqlite")
    opened.begin(JobRow(IDENTITY, 5, "x.proof", 3))
    return opened


def job(journal: Journal, engine: Played, segments: int = 5) -> Job:
    bundle: Any = SimpleNamespace(manifest=SimpleNamespace(segments=segments), directory=Path("run"))
    return Job(bundle, journal, engine, 4, lambda *_: None)


def starts(journal: Journal) -> dict[str, int]:
    return {str(row.task): row.starts for row in journal.rows()}


def test_every_task_is_done_once_and_no_more_at_a_time_than_there_are_workers(journal: Journal) -> None:
    engine = Played()
    assert job(journal, engine).run() == digest_of(b"root 0-5")
    assert sorted(map(str, engine.begun)) == sorted(map(str, everything(root(5))))
    assert engine.most == 3 and engine.closed
    assert all((row.state, row.starts, row.seconds) == (DONE, 1, 1.0) for row in journal.rows())


def test_a_second_sitting_does_only_what_was_in_flight(journal: Journal) -> None:
    class Killed(BaseException):
        pass

    def killed(task: Task, start: int) -> None:
        if str(task) == "leaf 2":
            raise Killed
    engine = Played(killed)
    with pytest.raises(Killed):
        job(journal, engine).run()
    in_flight = [str(row.task) for row in journal.rows() if row.state == RUNNING]
    assert "leaf 2" in in_flight and len(in_flight) <= 3 and engine.closed
    assert journal.begin(JobRow(IDENTITY, 5, "x.proof", 3)) == len(in_flight)
    assert job(journal, Played()).run() == digest_of(b"root 0-5")
    assert {name: count for name, count in starts(journal).items() if count > 1} == {name: 2 for name in in_flight}


def test_another_job_forgets_the_old_one(journal: Journal) -> None:
    job(journal, Played()).run()
    journal.begin(JobRow(digest_of(b"other keys"), 5, "x.proof", 3))
    assert journal.rows() == []


@pytest.mark.parametrize("reason", [Reason.DIED, Reason.FAULT, Reason.MEMORY])
def test_a_failure_is_tried_again(journal: Journal, reason: Reason) -> None:
    engine = Played(lambda task, start: Failure(reason, "bad luck") if str(task) == "join 0-2" and start < FAILURES else None)
    assert job(journal, engine).run() == digest_of(b"root 0-5")
    assert starts(journal)["join 0-2"] == FAILURES and sum(starts(journal).values()) == len(list(everything(root(5)))) + FAILURES - 1


def test_a_task_that_always_fails_is_left_aside_and_the_others_are_done(journal: Journal) -> None:
    engine = Played(lambda task, start: Failure(Reason.FAULT, "ValueError: poison\nsecond line") if str(task) == "segment 3" else None)
    with pytest.raises(Stuck, match="segment 3 failed again and again: ValueError: poison") as stuck:
        job(journal, engine).run()
    assert stuck.value.name == "segment 3" and engine.closed
    states = {str(row.task): row.state for row in journal.rows()}
    assert states["segment 3"] == QUARANTINED and starts(journal)["segment 3"] == FAILURES
    assert [name for name in ("segment 4", "leaf 4", "join 0-2", "leaf 2") if states.get(name) != DONE] == []
    assert [row.note for row in journal.rows() if row.state == QUARANTINED] == ["ValueError: poison"]
    journal.begin(JobRow(IDENTITY, 5, "x.proof", 3))
    assert job(journal, Played()).run() == digest_of(b"root 0-5")


def test_a_task_whose_worker_is_killed_from_outside_is_not_to_blame(journal: Journal) -> None:
    """Nor does it count together with failures of its own."""
    def unlucky(task: Task, start: int) -> Failure | None:
        if str(task) != "segment 3" or start >= KILLS + FAILURES - 1:
            return None
        return Failure(Reason.FAULT, "a fault") if start < FAILURES else Failure(Reason.KILLED, "killed")
    engine = Played(unlucky)
    assert job(journal, engine).run() == digest_of(b"root 0-5")
    assert starts(journal)["segment 3"] == KILLS + FAILURES - 1 > 2 * FAILURES


def test_a_task_whose_worker_is_killed_all_the_time_is_left_aside_in_the_end(journal: Journal) -> None:
    engine = Played(lambda task, start: Failure(Reason.KILLED, "killed") if str(task) == "segment 3" else None)
    with pytest.raises(Stuck, match="segment 3 failed again and again: killed"):
        job(journal, engine).run()
    assert starts(journal)["segment 3"] == KILLS and [row.failures for row in journal.rows() if row.state == QUARANTINED] == [0]


@pytest.mark.parametrize("reason, most", [(Reason.DIED, FAILURES), (Reason.MEMORY, FAILURES), (Reason.KILLED, KILLS)])
def test_the_last_attempt_is_made_alone_when_nothing_else_can_be_begun(journal: Journal, reason: Reason, most: int) -> None:
    company: dict[int, list[Task]] = {}

    class Watched(Played):
        def submit(self, task: Task, inputs: Sequence[bytes], threads: int) -> None:
            super().submit(task, inputs, threads)
            for one in self.waiting:
                if str(one) == "segment 0":
                    company[self.begun.count(one)] = [*company.get(self.begun.count(one), []), *set(self.waiting) - {one}]
    engine = Watched(lambda task, start: Failure(reason, "bad luck") if str(task) == "segment 0" and start < most else None)
    assert job(journal, engine).run() == digest_of(b"root 0-5")
    assert company[1] and company[most] == [] and sorted(company) == list(range(1, most + 1))
    before = engine.begun[:len(engine.begun) - engine.begun[::-1].index(parsed("segment 0"))]
    assert {str(task) for task in before} >= {"segment 4", "leaf 4", "leaf 1", "join 2-4"}


def test_a_damaged_result_is_made_again(journal: Journal) -> None:
    engine = Played(lambda task, start: Failure(Reason.DAMAGED, "gone", "leaf 1") if str(task) == "join 0-2" and start == 1 else None)
    assert job(journal, engine).run() == digest_of(b"root 0-5")
    assert {name for name, count in starts(journal).items() if count > 1} == {"leaf 1", "join 0-2"}


def test_a_result_that_is_always_damaged_ends_the_job(journal: Journal) -> None:
    engine = Played(lambda task, start: Failure(Reason.DAMAGED, "gone", "leaf 1") if str(task) == "join 0-2" else None)
    with pytest.raises(Stuck, match="join 0-2"):
        job(journal, engine).run()
    assert starts(journal)["join 0-2"] == ROUNDS


def test_what_a_rejected_task_worked_on_is_made_again(journal: Journal) -> None:
    engine = Played(lambda task, start: Failure(Reason.REJECTED, "rejected: a cap") if str(task) == "leaf 1" and start == 1 else None)
    assert job(journal, engine).run() == digest_of(b"root 0-5")
    assert {name for name, count in starts(journal).items() if count > 1} == {"segment 1", "leaf 1"}


@pytest.mark.parametrize("reason, error", [(Reason.DISK, OSError), (Reason.BUNDLE, Malformed)])
def test_a_full_disk_or_a_damaged_bundle_stops_at_once_and_blames_no_task(journal: Journal, reason: Reason, error: type[Exception]) -> None:
    engine = Played(lambda task, start: Failure(reason, "it is full") if str(task) == "leaf 1" else None)
    with pytest.raises(error, match="it is full"):
        job(journal, engine).run()
    assert engine.closed and engine.begun.count(parsed("leaf 1")) == 1
    assert [(row.state, row.failures) for row in journal.rows() if str(row.task) == "leaf 1"] == [(FAILED, 0)]
    journal.begin(JobRow(IDENTITY, 5, "x.proof", 3))
    assert job(journal, Played()).run() == digest_of(b"root 0-5")


def test_a_journal_on_a_full_disk_stops_the_job_and_it_goes_on_when_there_is_room(journal: Journal) -> None:
    pages = int(journal.base.execute("PRAGMA page_count").fetchone()[0])
    journal.base.execute(f"PRAGMA max_page_count = {pages}")
    engine = Played()
    with pytest.raises(OSError, match="the journal cannot be written") as error:
        job(journal, engine, segments=80).run()
    assert error.value.errno == errno.ENOSPC and engine.closed
    done = sum(row.state == DONE for row in journal.rows())
    journal.base.execute("PRAGMA max_page_count = 100000")
    journal.begin(JobRow(IDENTITY, 5, "x.proof", 3))
    assert job(journal, Played(), segments=80).run() == digest_of(b"root 0-80")
    assert 0 < done < len(starts(journal)) <= sum(starts(journal).values()) <= len(starts(journal)) + Played.workers


def test_files_of_the_journal_are_for_the_owner_alone(journal: Journal) -> None:
    job(journal, Played()).run()
    files = list(journal.path.parent.iterdir())
    assert len(files) >= 2 and {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_journal_is_read_while_it_is_written(journal: Journal) -> None:
    job(journal, Played()).run()
    reader = Journal(journal.path, writing=False)
    journal.started(parsed("leaf 0"))
    assert next(row for row in reader.rows() if str(row.task) == "leaf 0").state == RUNNING
    with pytest.raises(PermissionError, match="readonly"):
        reader.started(parsed("leaf 1"))


def test_a_journal_that_is_just_being_made_says_nothing(tmp_path: Path) -> None:
    """Whoever asks how far a proof is in that moment must not hear that it is damaged."""
    for content in (b"", sqlite_with_nothing(tmp_path / "other")):
        (tmp_path / "journal.sqlite").write_bytes(content)
        reader = Journal(tmp_path / "journal.sqlite", writing=False)
        assert reader.job() is None and reader.rows() == []
        reader.close()
        (tmp_path / "session.sqlite").write_bytes(content)
        assert SessionLog(tmp_path / "session.sqlite", writing=False).header() is None


def sqlite_with_nothing(path: Path) -> bytes:
    with sqlite3.connect(path) as base:
        base.execute("PRAGMA journal_mode = WAL")
    base.close()
    return path.read_bytes()


@pytest.mark.parametrize("change", [
    "UPDATE tasks SET artefact = x'00'", "UPDATE tasks SET name = 'leaf x' WHERE name = 'leaf 1'", "UPDATE tasks SET state = 'lost'",
    "UPDATE tasks SET starts = 'many'", "UPDATE tasks SET seconds = 'long'", "UPDATE tasks SET note = x'ff'",
    "UPDATE tasks SET state = cast(x'ff0a0afe' AS TEXT)", "DROP TABLE tasks",
    "UPDATE job SET version = 2",
    "UPDATE job SET version = '2' || char(10) || hex(zeroblob(9999))",
    "UPDATE job SET segments = 'five'", "UPDATE tasks SET state = 'running'"])
def test_a_journal_that_says_nonsense_is_malformed(journal: Journal, change: str) -> None:
    job(journal, Played()).run()
    with sqlite3.connect(journal.path) as base:
        base.executescript(change)
    base.close()
    with pytest.raises(Malformed, match="journal") as error:
        reader = Journal(journal.path, writing=False)
        reader.job()
        reader.rows()
    assert "\n" not in str(error.value) and len(str(error.value)) < 1000


@pytest.mark.parametrize("written", [
    "DROP TABLE job; CREATE VIEW job AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) AS version FROM c",
    "CREATE TRIGGER t AFTER UPDATE ON tasks BEGIN DELETE FROM tasks; END", "CREATE TABLE more (x)", "CREATE INDEX i ON tasks (note)",
    "DROP TABLE job; CREATE TABLE job (version INTEGER, identity BLOB, segments INTEGER, out TEXT, workers AS (zeroblob(9)))"])
def test_a_data_base_with_more_than_our_tables_is_malformed(journal: Journal, written: str) -> None:
    """Whatever somebody wrote into it would be run by whoever reads it."""
    with sqlite3.connect(journal.path) as base:
        base.executescript(written)
    base.close()
    for writing in (False, True):
        with pytest.raises(Malformed, match="other tables"):
            Journal(journal.path, writing)


ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"


def test_a_data_base_is_read_in_bounded_time(journal: Journal) -> None:
    """Pages that are shared make rows without number in a small file; as long would this take."""
    with pytest.raises(Malformed, match="longer to read than a file of its size"):
        journal._do(ENDLESS)
    assert journal.rows() == []
    with pytest.raises(Malformed, match="too big"):
        journal._do("SELECT zeroblob(1 << 26)")


def test_an_interruption_ends_a_command_of_the_data_base(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "FREE_TURNS", 1 << 30)
    with heard(), pytest.raises(Interrupted):
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
        journal._do(ENDLESS)


def test_what_is_not_the_fault_of_the_file_is_no_damage(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """One hint for damage is to remove it."""
    monkeypatch.setattr(database, "WAIT_S", 0.1)
    with contextlib.closing(sqlite3.connect(journal.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OSError, match="cannot be used: database is locked"):
            Journal(journal.path)


def test_a_journal_in_a_folder_that_cannot_be_written_is_read(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    job(journal, Played()).run()
    journal.close()
    monkeypatch.setattr(os, "access", lambda *_: False)
    reader = Journal(journal.path, writing=False)
    assert reader.rows() and [path.name for path in journal.path.parent.iterdir() if "sqlite" in path.name] == [journal.path.name]
    reader.close()


def test_names_that_are_no_text(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    folder.mkdir()
    there = Journal(folder / "journal.sqlite")
    there.begin(JobRow(b"i", 1, str(folder / "app.proof"), 1))
    found = there.job()
    assert found is not None and Path(found.out) == folder / "app.proof"
    there.close()


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "work" / "lock"
    assert held(path) is None
    with writer(path):
        assert held(path) == f"process {os.getpid()} since " + (held(path) or "").partition("since ")[2]
        with pytest.raises(Busy, match=f"process {os.getpid()} since 20") as busy, writer(path):
            pass
        assert busy.value.directory == tmp_path
    assert held(path) is None
    with writer(path):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    program = """from pathlib import Path; import sys; from bundles.lock import writer
with writer(Path(sys.argv[1])):
    print('mine', flush=True); input()"""
    command = [sys.executable, "-c", program, tmp_path / "lock"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as other:
        assert other.stdout is not None and other.stdout.readline() == b"mine\n"
        with pytest.raises(Busy, match=f"process {other.pid}"), writer(tmp_path / "lock"):
            pass
        other.kill()
        other.wait()
        with writer(tmp_path / "lock"):
            pass

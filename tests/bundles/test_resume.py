"""Real proofs that are interrupted: whatever happens, the job ends with the same claim, or says what is wrong and can go on."""
from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bundles import api, store
from bundles.bundle import LOCK, PROOFS, open_bundle
from bundles.engine import Failure, Finished, Inline
from bundles.errors import Busy, Misuse
from bundles.job import work_on
from bundles.journal import DONE, RUNNING
from bundles.lock import writer
from bundles.processes import START, Processes
from bundles.store import Store
from bundles.tasks import Task, everything, parsed, root
from stark.errors import Malformed
from tests.bundles.jobs import SUM, alive, all_gone, answer, children, entered, longrun, recorded, rows

SEGMENTS = 2
INPUT = entered(SEGMENTS)
TASKS = len(list(everything(root(SEGMENTS))))
INLINE = api.Means(workers=1)


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that was proved without any trouble; its work folder is copied by those who need a part of it."""
    directory = tmp_path_factory.mktemp("proved") / "run"
    assert recorded(directory, SEGMENTS) == SEGMENTS
    api.prove(directory, directory.parent / "run.proof", lambda *_: None, INLINE)
    return directory


@pytest.fixture
def bundle(proved: Path, tmp_path: Path) -> Path:
    """The same run, not proved yet."""
    shutil.copytree(proved, tmp_path / "run", ignore=shutil.ignore_patterns("work"))
    return tmp_path / "run"


@pytest.fixture
def again(proved: Path, tmp_path: Path) -> Path:
    """The same run, proved."""
    shutil.copytree(proved, tmp_path / "run")
    return tmp_path / "run"


def good(file: Path, proved: Path) -> bool:
    """A valid proof of this run, word for word the same claim as that of the proof without trouble."""
    facts = api.verify(file, [SUM], INPUT, answer(INPUT), 0, allow_toy=True)
    same = {name: value for name, value in api.verify(proved.parent / "run.proof", [SUM], allow_toy=True).items() if name != "bytes"}
    return {name: value for name, value in facts.items() if name != "bytes"} == same


def starts(directory: Path) -> dict[str, int]:
    return {str(row.task): row.starts for row in rows(directory)}


def prove(directory: Path, means: api.Means = INLINE) -> Path:
    file = directory.parent / "again.proof"
    api.prove(directory, file, lambda *_: None, means)
    return file


def test_the_same_job_again_does_nothing_but_write_the_file(again: Path, proved: Path) -> None:
    assert good(prove(again), proved)
    assert starts(again) == {str(task): 1 for task in everything(root(SEGMENTS))}


def test_files_of_a_bundle_are_for_the_owner_alone(proved: Path) -> None:
    files = [path for path in proved.rglob("*") if path.is_file()]
    assert len(files) > TASKS and {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_two_workers_make_the_same_claim_and_go_home(bundle: Path, proved: Path) -> None:
    assert good(prove(bundle, api.Means(workers=2)), proved)
    assert children(os.getpid()) == []


def test_both_engines_answer_alike(again: Path) -> None:
    """Each of them: a done task, an input that is gone, a bundle that is damaged."""
    from bundles.api import kernels
    done = {row.task: row.artefact for row in rows(again) if row.artefact}
    leaf = parsed("leaf 0")
    results: list[list[str]] = []
    for engine in (Inline(work_on(again, kernels())), Processes(again, 1)):
        try:
            told = [ended(engine, leaf, [done[parsed("segment 0")]]), ended(engine, leaf, [bytes(32)]),
                    ended(engine, leaf, [done[parsed("segment 1")]]), ended(engine, leaf, [done[parsed("leaf 1")]])]
        finally:
            engine.close()
        results.append([f"{one.result.reason}, {one.result.about}" if isinstance(one.result, Failure) else "done" for one in told])
    assert results[0] == results[1] == ["done", "damaged, segment 0", "done", "damaged, segment 0"]


def ended(engine: Inline | Processes, task: Task, inputs: list[bytes]) -> Finished:
    engine.submit(task, inputs, 1)
    while not (finished := engine.wait(1.0)):
        pass
    return finished[0]


def test_a_killed_worker_is_replaced(bundle: Path, proved: Path) -> None:
    with longrun("prove", bundle, "-o", bundle.parent / "killed.proof", "--workers", "2") as process:
        workers = wait_for_workers(process.pid, bundle)
        os.kill(workers[0], signal.SIGKILL)
        assert process.wait() == 0
    assert good(bundle.parent / "killed.proof", proved) and all_gone(workers)
    assert TASKS <= sum(starts(bundle).values()) <= TASKS + 1


def test_a_worker_whose_parent_is_gone_ends_before_it_imports_anything() -> None:
    """On a busy machine that takes long, and so long it would be left over."""
    line = START.format(path=sys.path, module="nowhere")
    ended = [subprocess.run([sys.executable, "-c", line, str(parent)], stderr=subprocess.DEVNULL, check=False).returncode
             for parent in (os.getpid(), os.getppid())]
    assert ended == [1, 0]                      # the module that it would import is not there


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="how much memory a process has is read from /proc")
def test_a_worker_without_memory_is_replaced(bundle: Path, proved: Path) -> None:
    """It gets no more than it has, when it is about to begin."""
    with longrun("prove", bundle, "-o", bundle.parent / "poor.proof", "--workers", "2") as process:
        workers = wait_for_workers(process.pid, bundle)
        resource.prlimit(workers[0], resource.RLIMIT_AS, (1 << 20, 1 << 20))
        _, said = process.communicate()
    assert process.returncode == 0, said.decode()
    assert good(bundle.parent / "poor.proof", proved) and all_gone(workers)
    assert TASKS < sum(starts(bundle).values()) <= TASKS + 2


def test_a_killed_job_takes_its_workers_with_it_and_goes_on_later(bundle: Path, proved: Path) -> None:
    with longrun("prove", bundle, "-o", bundle.parent / "killed.proof", "--workers", "2") as process:
        workers = wait_for_workers(process.pid, bundle)
        process.kill()
        process.wait()
    assert all_gone(workers)
    in_flight = [str(row.task) for row in rows(bundle) if row.state == RUNNING]
    told = api.status(bundle)
    assert told["state"] == "stopped" and told["was running"] == in_flight and 1 <= len(in_flight) <= 2
    facts = api.resume(bundle, lambda *_: None, means=INLINE)
    assert facts["kind"] == "run" and good(bundle.parent / "killed.proof", proved)
    assert {name for name, count in starts(bundle).items() if count > 1} == set(in_flight)
    assert api.status(bundle)["state"] == "proved"


@pytest.mark.parametrize("sent, expected", [(signal.SIGINT, 130), (signal.SIGTERM, 130)])
def test_an_interruption_is_a_line_and_leaves_nothing_behind(bundle: Path, sent: signal.Signals, expected: int) -> None:
    with longrun("prove", bundle, "-o", bundle.parent / "stopped.proof", "--workers", "2") as process:
        workers = wait_for_workers(process.pid, bundle)
        process.send_signal(sent)
        _, err = process.communicate()
    assert process.returncode == expected and all_gone(workers)
    assert f"longrun resume {bundle} goes on" in err.decode().splitlines()[-1] and b"Traceback" not in err
    assert not (bundle.parent / "stopped.proof").exists()


def wait_for_workers(parent: int, directory: Path) -> list[int]:
    """The workers of a job, once it has both and something is in flight."""
    until = time.monotonic() + 60
    while time.monotonic() < until and alive(parent):
        workers = children(parent)
        if len(workers) == 2 and sum(row.state == RUNNING for row in rows(directory)) == 2:
            return workers
        time.sleep(0.02)
    pytest.fail("the job has no two workers")


def test_a_second_prove_says_in_a_line_who_is_at_work(bundle: Path) -> None:
    with writer(bundle / "work" / LOCK):
        with pytest.raises(Busy, match=f"process {os.getpid()}"):
            prove(bundle)
        with longrun("prove", bundle, "-o", bundle.parent / "second.proof") as second:
            _, err = second.communicate()
        assert second.returncode == 6 and len(err.splitlines()) == 1 and f"process {os.getpid()}" in err.decode()
        assert api.status(bundle)["state"] == "being proved"
        with pytest.raises(Busy):
            api.collect(bundle)


@pytest.mark.parametrize("after", [0, 3, TASKS - 1])
def test_a_full_disk_stops_the_job_and_it_goes_on_when_there_is_room(again: Path, proved: Path, after: int, full: list[int]) -> None:
    """After so many results. The keys and the first results are there, so that every way is short."""
    shutil.rmtree(again / "work" / PROOFS)
    full.append(after)
    with pytest.raises(OSError, match="No space left") as error:
        forgotten(again)
        prove(again)
    assert error.value.errno == errno.ENOSPC
    assert sum(row.state == DONE for row in rows(again)) == after and not list((again / "work").rglob(".writing-*"))
    full.clear()
    assert good(prove(again), proved)
    assert sum(starts(again).values()) == TASKS + 1


def test_workers_that_cannot_write_stop_the_job_with_a_line(bundle: Path, proved: Path) -> None:
    """They are allowed no file longer than a few bytes, as with a quota; the command itself can write its journal."""
    with longrun("prove", bundle, "-o", bundle.parent / "poor.proof", "--workers", "2") as process:
        workers = wait_for_workers(process.pid, bundle)
        for worker in workers:
            resource.prlimit(worker, resource.RLIMIT_FSIZE, (100, 100))
        _, said = process.communicate()
    last = said.decode().splitlines()[-1]
    assert process.returncode == 4 and os.strerror(errno.EFBIG) in last and last.startswith("longrun: ") and b"Traceback" not in said
    assert all_gone(workers) and not list((bundle / "work").rglob(".writing-*"))
    assert api.status(bundle)["state"] == "stopped" and good(prove(bundle), proved)


def forgotten(directory: Path) -> None:
    (directory / "work" / "journal.sqlite").unlink()


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A disk with room for so many files, once a number stands in the list."""
    room: list[int] = []
    write = store.write_whole

    def limited(path: Path, content: bytes, mode: int = 0o600, forced: bool = True) -> None:
        if room and PROOFS in path.parts:
            room[0] -= 1
            if room[0] < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        write(path, content, mode, forced)
    monkeypatch.setattr(store, "write_whole", limited)
    yield room


@pytest.mark.parametrize("lost, how", [("segment 1", "changed"), ("leaf 0", "deleted"), ("join 0-2", "cut"), ("root 0-2", "another")])
def test_a_lost_result_is_made_again(again: Path, proved: Path, lost: str, how: str) -> None:
    """The results after it are forgotten as by a kill, so that it is needed."""
    import sqlite3
    results = {str(row.task): row.artefact for row in rows(again)}
    later = [str(task) for task in everything(root(SEGMENTS)) if task.last - task.first >= parsed(lost).last - parsed(lost).first
             and task.kind in {"segment 1": ("leaf", "join", "root"), "leaf 0": ("join", "root"), "join 0-2": ("root",)}.get(lost, ())]
    with sqlite3.connect(again / "work" / "journal.sqlite") as base:
        base.executemany("UPDATE tasks SET state = 'running', artefact = NULL WHERE name = ?", [(name,) for name in later])
    base.close()
    path = Store(again / "work" / PROOFS).path(results[lost] or b"")
    content = path.read_bytes()
    if how == "deleted":
        path.unlink()
    else:
        other = Store(again / "work" / PROOFS).path(results["leaf 1"] or b"").read_bytes()
        path.write_bytes({"changed": content[:99] + bytes([content[99] ^ 1]) + content[100:], "cut": content[:99], "another": other}[how])
    assert good(prove(again), proved)
    assert starts(again)[lost] == 2
    assert {name for name, count in starts(again).items() if count > 1} <= {lost, *later}


def test_a_damaged_run_is_one_error_and_mended_it_goes_on(bundle: Path, proved: Path) -> None:
    manifest = open_bundle(bundle).manifest
    path = open_bundle(bundle).store.path(manifest.boundaries[1].snapshot)
    content = path.read_bytes()
    for damaged in (None, content[:-1] + bytes([content[-1] ^ 1])):
        path.unlink()
        if damaged is not None:
            path.write_bytes(damaged)
        with pytest.raises(Malformed, match="snapshot 1"):
            prove(bundle)
        path.write_bytes(content)
    assert good(prove(bundle), proved)


def test_gc_keeps_what_serves_and_nothing_else(again: Path, proved: Path) -> None:
    (again / "files" / "00").mkdir(exist_ok=True)
    (again / "files" / "00" / ("0" * 62)).write_bytes(b"x")
    (again / "work" / PROOFS / "00").mkdir(exist_ok=True)
    (again / "work" / PROOFS / "00" / ".writing-half").write_bytes(b"x")
    facts = api.collect(again)
    assert facts["files removed"] == TASKS - 1 + 1
    assert [path for path in (again / "work" / PROOFS).glob("*/*")] == [
        Store(again / "work" / PROOFS).path(row.artefact) for row in rows(again) if row.task == root(SEGMENTS) and row.artefact]
    assert api.collect(again)["files removed"] == 0
    assert good(prove(again), proved)


def test_a_proof_of_another_run_in_the_journal_is_not_handed_out(again: Path, proved: Path, tmp_path: Path) -> None:
    import sqlite3
    other = tmp_path / "other"
    assert api.record(SUM, INPUT[:-1] + b"9", other, "toy").segments == SEGMENTS
    api.prove(other, tmp_path / "other.proof", lambda *_: None, INLINE)
    (digest,) = (row.artefact for row in rows(other) if row.task == root(SEGMENTS))
    assert digest is not None
    Store(again / "work" / PROOFS).put(Store(other / "work" / PROOFS).get(digest, "the other proof", 1 << 24))
    with sqlite3.connect(again / "work" / "journal.sqlite") as base:
        base.execute("UPDATE tasks SET artefact = ? WHERE name = 'root 0-2'", [digest])
    base.close()
    assert good(prove(again), proved)
    assert {name for name, count in starts(again).items() if count > 1} == {"root 0-2"}


def test_gc_of_half_a_job_keeps_the_nearest_results(again: Path, proved: Path) -> None:
    import sqlite3
    with sqlite3.connect(again / "work" / "journal.sqlite") as base:
        base.execute("UPDATE tasks SET state = 'failed', artefact = NULL WHERE name IN ('root 0-2', 'join 0-2', 'leaf 1')")
    base.close()
    api.collect(again)
    kept = {path.name for path in (again / "work" / PROOFS).glob("*/*")}
    assert kept == {(row.artefact or b"").hex()[2:] for row in rows(again) if str(row.task) in ("leaf 0", "segment 1")}
    assert good(prove(again), proved)
    assert {name for name, count in starts(again).items() if count > 1} == {"root 0-2", "join 0-2", "leaf 1"}


def test_a_run_that_nobody_began_to_prove(bundle: Path) -> None:
    assert api.status(bundle)["state"] == "recorded" and api.status(bundle)["left"] == TASKS
    with pytest.raises(Malformed, match="no proof of .* was begun"):
        api.resume(bundle, lambda *_: None)


def test_one_task_alone(again: Path) -> None:
    before = rows(again)
    assert api.prove_only(again, "segment 1")["task"] == "segment 1"
    assert rows(again) == before
    for name, said in (("segment 7", "no task"), ("leaf", "no task is called")):
        with pytest.raises(Misuse, match=said):
            api.prove_only(again, name)

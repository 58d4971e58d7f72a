"""How a worker ended says who is to blame."""
from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bundles import deaths
from bundles.cluster import Cluster
from bundles.deaths import OUT_OF_MEMORY, death, memory_kills
from bundles.engine import Failure, Reason
from bundles.processes import Processes
from bundles.tasks import parsed

TASK = parsed("segment 0")


@pytest.fixture
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system that has killed seven processes for lack of memory."""
    path = tmp_path / "vmstat"
    path.write_text("nr_free_pages 12\noom_kill 7\noom_killer 3\n")
    monkeypatch.setattr(deaths, "COUNTERS", path)
    return path


@pytest.mark.parametrize("code, before, reason", [
    (-signal.SIGKILL, 7, Reason.KILLED), (-signal.SIGTERM, 7, Reason.KILLED), (-signal.SIGTERM, None, Reason.KILLED),
    (-signal.SIGKILL, 6, Reason.MEMORY), (OUT_OF_MEMORY, 7, Reason.MEMORY), (-signal.SIGKILL, None, Reason.DIED),
    (-signal.SIGSEGV, 7, Reason.DIED), (-signal.SIGABRT, 6, Reason.DIED), (0, 7, Reason.DIED), (1, 6, Reason.DIED)])
def test_who_is_to_blame(counted: Path, code: int, before: int | None, reason: Reason) -> None:
    failure = death(code, before)
    assert failure.reason is reason and "\n" not in failure.text


def test_a_system_that_does_not_count_blames_the_task(counted: Path) -> None:
    counted.write_text("nr_free_pages 12\n")
    assert memory_kills() is None and death(-signal.SIGKILL, 7).reason is Reason.DIED
    counted.unlink()
    assert memory_kills() is None and death(-signal.SIGKILL, None).reason is Reason.DIED


@pytest.mark.skipif(memory_kills() is None, reason="this system does not count")
@pytest.mark.parametrize("sent, reason", [(signal.SIGKILL, Reason.KILLED), (signal.SIGSEGV, Reason.DIED)])
def test_a_real_worker(tmp_path: Path, sent: signal.Signals, reason: Reason) -> None:
    engine = Processes(tmp_path, 1)
    try:
        engine.submit(TASK, [], 1)
        os.kill(engine.busy[0].process.pid, sent)
        until = time.monotonic() + 60
        while not (ended := engine.wait(1.0)) and time.monotonic() < until:
            pass
    finally:
        engine.close()
    assert [isinstance(one.result, Failure) and one.result.reason for one in ended] == [reason]


@pytest.mark.parametrize("line, reason", [("kill -9 $$", Reason.KILLED), ("exit 3", Reason.DIED), (f"exit {OUT_OF_MEMORY}", Reason.MEMORY)])
def test_a_worker_of_our_own_cluster(counted: Path, line: str, reason: Reason) -> None:
    """Whatever dask says of it. Its code is asked for when it has ended, or is about to."""
    pytest.importorskip("distributed")
    from bundles.own_cluster import OwnCluster
    with subprocess.Popen(["sh", "-c", line]) as process:
        own: Any = SimpleNamespace(processes=[process], codes={})
        cluster: Any = SimpleNamespace(own=SimpleNamespace(code=lambda name: OwnCluster.code(own, name)))
        error: Any = SimpleNamespace(last_worker=SimpleNamespace(name=str(process.pid)))
        assert Cluster.blamed(cluster, error, 7).reason is reason
        own.processes, own.codes = [], {str(process.pid): process.returncode}
        assert Cluster.blamed(cluster, error, 7).reason is reason


def test_a_worker_elsewhere_is_not_known_better() -> None:
    error: Any = SimpleNamespace(last_worker=SimpleNamespace(name="tls://203.0.113.5:1"))
    for own in (None, SimpleNamespace(code=lambda name: None)):
        assert Cluster.blamed(SimpleNamespace(own=own), error, 7).reason is Reason.DIED         # type: ignore[arg-type]


@pytest.mark.parametrize("status, result", [("cancelled", None), ("lost", None), ("finished", TimeoutError()), ("finished", KeyError())])
def test_a_task_that_the_scheduler_forgets_is_not_to_blame(status: str, result: Exception | None) -> None:
    def answer(timeout: float) -> None:
        if result:
            raise result
    future: Any = SimpleNamespace(status=status, result=answer, cancel=lambda: None)
    ended = Cluster.finished(SimpleNamespace(), TASK, [], future).result                        # type: ignore[arg-type]
    assert isinstance(ended, Failure) and ended.reason is Reason.KILLED


def test_workers_that_never_join_end_the_job() -> None:
    pytest.importorskip("distributed")
    from bundles.own_cluster import UNBORN, OwnCluster

    def started() -> subprocess.Popen[bytes]:
        return subprocess.Popen(["sh", "-c", "exit 3"], stdin=subprocess.PIPE)
    own: Any = SimpleNamespace(processes=[started()], codes={}, known=set(), unborn=0, started=started, joined=lambda: set())
    with pytest.raises(OSError, match="end before they join the cluster, the last one with 3"):
        for _ in range(UNBORN + 1):
            own.processes[0].wait()
            OwnCluster.replace(own)

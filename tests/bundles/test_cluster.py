"""The engine of a dask cluster: its jobs survive what other jobs survive, nothing that arrives is believed, nobody listens in."""
from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bundles import api, cluster
from bundles.api import kernels
from bundles.arrival import Arrival
from bundles.changes import Change
from bundles.cluster import CERTIFICATES, Cluster, Place
from bundles.engine import Failure, Finished, Reason
from bundles.errors import Unsupported
from bundles.files import RunFile, read_proof
from bundles.formats import decode_proof, encode_proof
from bundles.job import work_on
from bundles.journal import DONE
from bundles.tasks import everything, parsed, root
from stark.errors import Malformed, Rejected
from tests.bundles.jobs import ROOT, SUM, all_gone, answer, children, entered, longrun, recorded, rows

Digests = dict[str, bytes]
SEGMENTS = 2
INPUT = entered(SEGMENTS)
TASKS = [str(task) for task in everything(root(SEGMENTS))]


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("proved") / "run"
    assert recorded(directory, SEGMENTS) == SEGMENTS
    api.prove(directory, directory.parent / "run.proof", lambda *_: None, api.Means(workers=1))
    return directory


@pytest.fixture(scope="module")
def arrival(proved: Path) -> Arrival:
    return Arrival(work_on(proved, kernels()))


@pytest.fixture(scope="module")
def done(proved: Path, arrival: Arrival) -> Digests:
    return {str(row.task): row.artefact for row in rows(proved) if row.state == DONE and row.artefact}


@pytest.fixture(scope="module")
def caps(arrival: Arrival, done: Digests) -> Digests:
    """The digests of files with the caps of leaves and joins, as workers send them."""
    work, found = arrival.work, {}
    for name in TASKS:
        if name.startswith(("leaf", "join")):
            kind = work.artefacts.span(parsed(name), done[name]).kind
            found[name] = work.artefacts.store.put(work.prover.setup.cap(kind).astype("<u4").tobytes())
    return found


def check(arrival: Arrival, done: Digests, caps: Digests, name: str, result: bytes, cap: bytes | None = None) -> None:
    arrival.caps.clear()
    task = parsed(name)
    arrival.check(task, [done[str(needed)] for needed in task.inputs], result, caps.get(name, b"") if cap is None else cap)


def test_true_results_are_taken(arrival: Arrival, done: Digests, caps: Digests) -> None:
    assert set(done) == set(TASKS)
    for name in TASKS:
        check(arrival, done, caps, name, done[name])


@pytest.mark.parametrize("name", TASKS)
def test_a_changed_proof_is_refused_on_arrival(arrival: Arrival, done: Digests, caps: Digests, name: str) -> None:
    """One word of every payload, in turn; and a file of which there is nothing."""
    store = arrival.work.artefacts.store
    file = decode_proof(store.get(done[name], "a result", 1 << 24))
    for number, payload in enumerate(file.payloads):
        for place in {0, len(payload) // 2, len(payload) - 1}:
            changed = [part.copy() for part in file.payloads]
            changed[number][place] = (int(payload[place]) + 1) % 97
            if np.array_equal(changed[number], payload):
                continue
            with pytest.raises((Malformed, Rejected)):
                check(arrival, done, caps, name, store.put(encode_proof(file.kind, file.profile, changed)))
    with pytest.raises(Malformed, match="no file"):
        check(arrival, done, caps, name, bytes(32))


@pytest.mark.parametrize("name, other", [("segment 0", "segment 1"), ("leaf 0", "leaf 1"), ("leaf 1", "leaf 0"), ("leaf 0", "join 0-2"),
                                         ("join 0-2", "leaf 0"), ("segment 0", "leaf 0"), ("root 0-2", "leaf 0"), ("join 0-2", "root 0-2")])
def test_the_proof_of_another_task_is_refused(arrival: Arrival, done: Digests, caps: Digests, name: str, other: str) -> None:
    with pytest.raises((Malformed, Rejected)):
        check(arrival, done, caps, name, done[other], caps.get(other))


def test_the_run_proof_of_another_input_is_refused(arrival: Arrival, done: Digests, caps: Digests, tmp_path: Path) -> None:
    api.record(SUM, b"1 2", tmp_path / "other", "toy")
    api.prove(tmp_path / "other", tmp_path / "other.proof", lambda *_: None, api.Means(workers=1))
    digest = arrival.work.artefacts.store.put((tmp_path / "other.proof").read_bytes())
    with pytest.raises(Rejected, match="of this bundle's run"):
        check(arrival, done, caps, "root 0-2", digest)


def test_the_run_proof_with_another_state_difference_is_refused(arrival: Arrival, done: Digests, caps: Digests) -> None:
    store = arrival.work.artefacts.store
    file = read_proof(decode_proof(store.get(done["root 0-2"], "a result", 1 << 24)))
    assert isinstance(file, RunFile)
    digest = store.put(replace(file, changes=(Change(b"k" * 32, None, bytes(32)),)).encode())
    with pytest.raises(Rejected, match="the state difference is the one"):
        check(arrival, done, caps, "root 0-2", digest)


def test_a_foreign_key_is_refused(arrival: Arrival, done: Digests, caps: Digests) -> None:
    store = arrival.work.artefacts.store
    for cap in (bytes(64), b"\1" * 32, b"odd"):
        with pytest.raises((Malformed, Rejected)):
            check(arrival, done, caps, "leaf 0", done["leaf 0"], store.put(cap))
    with pytest.raises(Rejected, match="published"):
        check(arrival, done, caps, "join 0-2", done["join 0-2"], caps["leaf 0"])


@pytest.mark.parametrize("told", [
    {}, {"seconds": 1}, {"seconds": {}, "result": "zz", "cap": ""}, {"seconds": {}, "result": 7, "cap": ""}, None, "x",
    {"seconds": {"all": "y"}, "result": "00", "cap": ""}, {"seconds": {}, "reason": "because"},
    {"seconds": {}, "result": "00" * 32, "cap": "00" * 32}, {"seconds": {}, "result": "00" * 32}, {"seconds": {}, "result": "", "cap": ""},
    *({"seconds": {"all": seconds}, "reason": "disk", "text": "", "about": ""} for seconds in ("nan", "inf", -1, 10**400, 1e300))])
def test_whatever_a_worker_answers_is_no_more_than_a_failure(arrival: Arrival, done: Digests, told: Any) -> None:
    future = SimpleNamespace(status="finished", result=lambda timeout: told)
    finished = Cluster.finished(SimpleNamespace(arrival=arrival), parsed("leaf 0"), [done["segment 0"]], future)   # type: ignore[arg-type]
    assert isinstance(finished, Finished) and isinstance(finished.result, Failure) and finished.result.reason is Reason.FAULT


@pytest.mark.parametrize("address, folder, said", [
    ("tcp://203.0.113.5:8786", None, "without TLS"), ("tls://203.0.113.5:8786", None, "needs --tls FOLDER"),
    ("203.0.113.5:8786", None, "no address"), ("http://127.0.0.1:1", None, "no address"), ("tls://", None, "no address")])
def test_nobody_is_spoken_to_in_the_clear(address: str, folder: Path | None, said: str) -> None:
    with pytest.raises(Unsupported, match=said):
        Place(address, folder).security()


def test_all_certificates_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    with pytest.raises(FileNotFoundError) as error:
        Place("tls://203.0.113.5:8786", tmp_path).security()
    assert error.value.filename == str(tmp_path / "cert.pem")
    assert Place("tcp://127.0.0.1:8786").security() == {}


def test_without_the_extra_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(Unsupported, match=r"longrun\[dask\]"):
        cluster.needed()


def test_an_engine_that_does_not_exist(proved: Path) -> None:
    with pytest.raises(Unsupported, match="no engine abacus"):
        api.prove(proved, proved.parent / "x.proof", lambda *_: None, api.Means(workers=1, engine="abacus"))


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_a_scheduler_that_does_not_answer_is_one_error(proved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "PATIENCE_S", 1.0)
    shutil.copytree(proved, proved.parent / "alone", ignore=shutil.ignore_patterns("work"))
    with pytest.raises(OSError, match="does not answer"):
        api.prove(proved.parent / "alone", proved.parent / "x.proof", lambda *_: None, api.Means(scheduler=f"tcp://127.0.0.1:{free_port()}"))


def test_kills_change_nothing(tmp_path: Path) -> None:
    """A worker of the embedded cluster, then the command itself; the job goes on and repeats only what was in flight."""
    pytest.importorskip("distributed")
    recorded(tmp_path / "run", SEGMENTS)
    arguments = "prove", tmp_path / "run", "-o", tmp_path / "run.proof", "--engine", "dask", "--workers", "2"
    with longrun(*arguments) as process:
        workers = waited_for(process, tmp_path / "run", 1)
        os.kill(workers[0], signal.SIGKILL)
        waited_for(process, tmp_path / "run", len(workers))
        process.kill()
        process.wait()
    assert all_gone(workers)
    before = {str(row.task): row.starts for row in rows(tmp_path / "run") if row.state == DONE}
    with longrun(*arguments) as process:
        _, said = process.communicate()
    assert process.returncode == 0, said.decode()
    assert {str(row.task): row.starts for row in rows(tmp_path / "run") if str(row.task) in before} == before
    assert sum(row.starts for row in rows(tmp_path / "run")) <= len(TASKS) + 4
    api.verify(tmp_path / "run.proof", [SUM], INPUT, answer(INPUT), 0, allow_toy=True)
    assert b"distributed" not in said and all_gone(children(process.pid))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="how much memory a process has is read from /proc")
def test_a_worker_without_memory_is_replaced(tmp_path: Path) -> None:
    """It gets no more than it has, when it is about to begin."""
    pytest.importorskip("distributed")
    recorded(tmp_path / "run", 1)
    with longrun("prove", tmp_path / "run", "-o", tmp_path / "run.proof", "--engine", "dask", "--workers", "2") as process:
        workers = waited_for(process, tmp_path / "run", 1)
        for worker in workers[:1]:
            resource.prlimit(worker, resource.RLIMIT_AS, (1 << 20, 1 << 20))
        _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said.decode()
    assert all_gone(workers) and sum(row.starts for row in rows(tmp_path / "run")) <= 3 + 2
    content = entered(1)
    api.verify(tmp_path / "run.proof", [SUM], content, answer(content), 0, allow_toy=True)


def begun(directory: Path) -> int:
    return sum(row.starts for row in rows(directory))


def waited_for(process: subprocess.Popen[bytes], directory: Path, started: int) -> list[int]:
    """The workers, once so many tasks were begun."""
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        if begun(directory) >= started and len(found := children(process.pid)) >= 2:
            return found
        time.sleep(0.05)
    pytest.fail("the job has no workers")


class Elsewhere:
    """A scheduler with TLS and a worker, as the tutorial starts them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.address = f"tls://127.0.0.1:{self.port}"
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        options = {"ca-file": "ca.pem", "cert": "cert.pem", "key": "key.pem"}
        secrets = [f"--tls-{option}={self.folder / name}" for option, name in options.items()]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        for line in (["scheduler", "--protocol=tls", "--host=127.0.0.1", f"--port={self.port}", "--no-dashboard"],
                     ["worker", self.address, "--nthreads=1", "--no-nanny", "--no-dashboard", "--host=127.0.0.1"]):
            command = [sys.executable, "-m", "dask", *line, *secrets]
            self.processes.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
                                                   process_group=0))

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        self.processes.clear()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Elsewhere]:
    pytest.importorskip("distributed")
    for name in ("keys", "others"):
        with longrun("certificates", tmp_path / name) as process:
            process.communicate()
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()}
    assert modes == dict.fromkeys(CERTIFICATES.values(), 0o600)
    cluster_there = Elsewhere(tmp_path / "keys")
    yield cluster_there
    cluster_there.stop()


def test_a_scheduler_elsewhere_with_tls(elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger with other certificates is not let in; when the scheduler dies, the job stops with one line; with another it goes on."""
    directory, file = tmp_path / "run", tmp_path / "run.proof"
    recorded(directory, 1)
    elsewhere.start()
    with longrun("prove", directory, "-o", file, "--scheduler", elsewhere.address, "--tls", elsewhere.folder) as process:
        until = time.monotonic() + 60
        while not begun(directory) and time.monotonic() < until:
            time.sleep(0.1)
        with monkeypatch.context() as patch, pytest.raises(OSError, match="does not answer"):
            patch.setattr(cluster, "PATIENCE_S", 1.0)
            cluster.client(elsewhere.address, Place(elsewhere.address, tmp_path / "others").security())
        elsewhere.stop()
        _, said = process.communicate(timeout=90)
    assert process.returncode == 4 and b"the scheduler is gone" in said and b"Traceback" not in said, said.decode()
    assert api.status(directory)["state"] == "stopped"
    elsewhere.start()
    api.prove(directory, file, lambda *_: None, api.Means(scheduler=elsewhere.address, certificates=elsewhere.folder))
    content = entered(1)
    api.verify(file, [SUM], content, answer(content), 0, allow_toy=True)

"""The input of a run is private: it stands in files of the bundle that only the owner reads, and nowhere else."""
from __future__ import annotations

import contextlib
import os
import stat
import subprocess
import time
from pathlib import Path

import pytest

from bundles import api
from bundles.bundle import open_bundle
from bundles.lock import writer
from bundles.session import Session
from bundles.store import Store
from tests.bundles.jobs import children, longrun
from wasm_exec import kept_files, spool
from wasm_exec.text import from_text

CANARY = b"canary-5f1e-of-private-input-"
ECHO_LENGTH = from_text(b"""(module
  (import "longrun" "read_input" (func $read (param i32 i32) (result i32)))
  (memory 1)
  (func (export "main") (result i32) (call $read (i32.const 0) (i32.const 1000))))""")
PRIVATE = CANARY * 12
FORMS = (CANARY, CANARY.hex().encode(), repr(CANARY).encode())


def found(content: bytes) -> bool:
    return any(form in content for form in FORMS)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "app.wasm").write_bytes(ECHO_LENGTH)
    (tmp_path / "in.txt").write_bytes(PRIVATE)
    return tmp_path


def said(process: subprocess.Popen[bytes]) -> bytes:
    out, err = process.communicate()
    return out + err


def test_the_input_shows_nowhere_but_in_the_files_of_the_run(place: Path) -> None:
    told = [said(longrun("run", place / "app.wasm", "--input", place / "in.txt", "-o", place / "run", "--profile", "toy"))]
    with longrun("prove", place / "run", "-o", place / "run.proof", "--workers", "2") as process:
        shown = watched(process)
        told.append(said(process))
    assert process.returncode == 0 and len(shown) > 5
    for command in ("status", "gc", "inspect"):
        told.append(said(longrun(command, place / "run")))
    told.append(said(longrun("verify", place / "run.proof", "--program", place / "app.wasm", "--input", place / "in.txt", "--allow-toy")))
    told.append(said(longrun("verify", place / "run.proof", "--program", place / "app.wasm", "--input", place / "app.wasm", "--allow-toy")))
    assert b"verified" in told[-2] and b"does not hold" in told[-1]
    assert not any(map(found, [*told, *shown]))
    with_it = [path for path in (place / "run").rglob("*") if path.is_file() and found(path.read_bytes())]
    assert with_it and all(path.is_relative_to(place / "run" / "files") for path in with_it)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (place / "run").rglob("*") if path.is_file()} == {0o600}
    assert not any(found(str(path).encode()) for path in place.rglob("*"))


def test_folders_are_for_the_owner_alone_whatever_the_mask_is(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "ROOM", 0)               # changed pages lie in a file while the run is recorded
    before = os.umask(0)
    try:
        api.record(ECHO_LENGTH, PRIVATE, place / "run", "toy")
        with Session.begin(place / "s", from_text(b'(module (memory 1) (func (export "f")))'), "toy") as session:
            session.call("f")
        with writer(place / "run" / "work" / "lock"):
            Store(place / "run" / "work" / "proofs").put(b"x")
        kept_files.write(place / "cache" / "longrun" / "recorders" / "x", b"x")
    finally:
        os.umask(before)
    found = [path for path in place.rglob("*") if path.parent != place or path.is_dir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_file()} == {0o600}


def test_what_a_call_is_given_shows_nowhere_but_in_the_session(place: Path) -> None:
    """While it is open in its data base, afterwards in the files of the run."""
    Path(place / "app.wat").write_text("""(module (import "longrun" "read_input" (func $read (param i32 i32) (result i32))) (memory 1)
        (func (export "take") (result i32) (call $read (i32.const 0) (i32.const 1000))) (func (export "break") unreachable))""")
    told = [said(longrun("open", place / "app.wat", "-o", place / "s", "--profile", "toy"))]
    for arguments in (["take", "--payload"], ["fly", "--payload"], ["take", "1", "--payload"], ["break", "--payload"]):
        told.append(said(longrun("call", place / "s", *arguments, place / "in.txt")))
    told.append(said(longrun("status", place / "s")))
    assert b"348" in told[1] and b"trapped" in told[4]
    with_it = [path for path in (place / "s").rglob("*") if path.is_file() and found(path.read_bytes())]
    assert with_it and all(path.name.startswith("session.sqlite") for path in with_it)
    told += [said(longrun("close", place / "s")), said(longrun("inspect", place / "s"))]
    with_it = [path for path in (place / "s").rglob("*") if path.is_file() and found(path.read_bytes())]
    assert with_it and all(path.is_relative_to(place / "s" / "files") for path in with_it)
    assert not any(map(found, told)) and not any(found(str(path).encode()) for path in place.rglob("*"))


def test_an_open_session_that_is_proved_on_a_cluster_shows_nothing_either(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of tasks, what the cluster logs and keeps for itself, arguments of its workers, the bundle of the session as it stands."""
    pytest.importorskip("distributed")
    (place / "scratch").mkdir()
    monkeypatch.setenv("TMPDIR", str(place / "scratch"))
    monkeypatch.setenv("DASK_LOGGING__DISTRIBUTED", "debug")
    Path(place / "app.wat").write_text("""(module (import "longrun" "read_input" (func $read (param i32 i32) (result i32))) (memory 1)
        (func (export "take") (result i32) (call $read (i32.const 0) (i32.const 1000))))""")
    told = [said(longrun("open", place / "app.wat", "-o", place / "s", "--profile", "toy")),
            said(longrun("call", place / "s", "take", "--payload", place / "in.txt"))]
    with longrun("prove", place / "s", "-o", place / "s.proof", "--engine", "dask", "--workers", "2") as process:
        shown = watched(process)
        told.append(said(process))
    assert process.returncode == 0 and len(shown) > 5, told[-1]
    files = [path for path in (place / "s").rglob("*") if path.is_file()]
    assert any("paused" in path.parts for path in files) and {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert not any("work" in path.parts and found(path.read_bytes()) for path in files)
    told += [said(longrun(command, place / "s")) for command in ("status", "inspect", "gc")]
    assert not any(map(found, [*told, *shown])) and not any(found(str(path).encode()) for path in place.rglob("*"))
    with_it = {path.relative_to(place).parts[:2] for path in place.rglob("*") if path.is_file() and found(path.read_bytes())}
    assert with_it <= {("in.txt",), ("s", "session.sqlite"), ("s", "session.sqlite-wal")} and len(with_it) > 1


def watched(process: subprocess.Popen[bytes]) -> list[bytes]:
    """Arguments and environments of the command and its workers while it works."""
    seen: list[bytes] = []
    while process.poll() is None and len(seen) < 200:
        for number in (process.pid, *children(process.pid)):
            with contextlib.suppress(OSError):
                seen += [Path(f"/proc/{number}/{name}").read_bytes() for name in ("cmdline", "environ")]
        time.sleep(0.1)
    return seen


def test_errors_do_not_show_the_input(place: Path) -> None:
    """Of a run whose files are damaged one after the other."""
    api.record(ECHO_LENGTH, PRIVATE, place / "run", "toy")
    bundle = open_bundle(place / "run")
    for digest in {bundle.manifest.input, bundle.manifest.program, *(b.snapshot for b in bundle.manifest.boundaries)}:
        path = Store(place / "run" / "files").path(digest)
        content = path.read_bytes()
        for damaged in (content[:-1], PRIVATE, content + CANARY):
            path.write_bytes(damaged)
            with longrun("prove", place / "run", "-o", place / "run.proof", "--workers", "1") as process:
                told = said(process)
            if process.returncode:
                assert process.returncode == 3 and not found(told), told
                assert [line[:8] for line in told.splitlines() if not line.startswith(b"segments ")] == [b"longrun:"], told
            path.write_bytes(content)
    for path in (place / "run" / "work").rglob("*"):
        assert path.is_dir() or not found(path.read_bytes())
    assert os.listdir(place / "run" / "work")

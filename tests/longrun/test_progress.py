"""What is said while something takes long, and when it is stopped."""
from __future__ import annotations

import os
import re
import shutil
import signal
import threading
import time
from pathlib import Path
from typing import NoReturn

import pytest

from bundles import api, programs, recording
from bundles.session import Session
from longrun.failures import Interrupted
from longrun.stopping import heard, proving
from longrun.telling import Lines
from tests.longrun.conftest import SAMPLES, Longrun


def test_the_hint_of_a_stopped_proof_is_a_command_that_goes_on(longrun: Longrun) -> None:
    """`resume` only where it does: where a proof was begun, and not of an open session."""
    shutil.copy(SAMPLES / "session" / "counter.wat", ".")
    longrun("run", "hello.wasm", "-o", "run", "--profile", "toy")
    longrun("open", "counter.wat", "-o", "open", "--profile", "toy")
    assert proving(Path("run"), Path("x"))[1] == "longrun prove run -o x goes on"
    Path("run/work").mkdir()
    Path("run/work/journal.sqlite").touch()
    assert proving(Path("run"), Path("x"))[1] == "longrun resume run goes on"
    assert proving(Path("open"), Path("x"), follow=True)[1] == "longrun prove open -o x --follow goes on"


def test_proving_without_the_native_kernels_says_that_it_is_slow(longrun: Longrun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stark.kernels.has_native", lambda: False)
    for name in ("prove", "batch", "resume", "status"):
        monkeypatch.setattr(api, name, lambda *_: {"kind": "x", "done": 0, "tasks": 1, "left": 1, "attempts": 0})
    for line in ("prove . -o x", "resume .", "batch a b -o x"):
        code, _, err = longrun(*line.split())
        assert code == 0 and err.startswith("the native kernels are not installed, and without them proving takes very long")
    monkeypatch.setattr("stark.kernels.has_native", lambda: True)
    assert longrun("resume", ".")[2] == ""


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_not_lost_while_an_object_is_finalised(sent: signal.Signals) -> None:
    class Finalised:
        def __del__(self) -> None:
            signal.raise_signal(sent)
            heard_there.append(None)
    heard_there: list[None] = []
    before = signal.signal(sent, signal.default_int_handler)        # where nothing is heard, as in the background, nobody is stopped
    try:
        with pytest.raises(Interrupted), heard():
            thing = Finalised()
            del thing
            for _ in range(3000):
                time.sleep(0.01)
    finally:
        signal.signal(sent, before)
    assert not heard_there              # the finaliser was left where the signal came


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_what_is_stopped_says_what_is_there_then(longrun: Longrun, monkeypatch: pytest.MonkeyPatch, sent: signal.Signals) -> None:
    """The endless run really runs when the signal comes; of the others it comes at their beginning."""
    def later(*arguments: object, **named: object) -> object:
        threading.Timer(0.3, os.kill, (os.getpid(), sent)).start()
        return record(*arguments, **named)

    def now(*_: object, **__: object) -> NoReturn:
        os.kill(os.getpid(), sent)
        raise AssertionError("nobody was stopped")
    record = api.record
    Path("endless.wat").write_text("(module (func (export \"_start\") (loop $again (br $again))))")
    shutil.copy(SAMPLES / "session" / "counter.wat", ".")
    longrun("open", "counter.wat", "-o", "c", "--profile", "toy")
    monkeypatch.setattr(api, "record", later)
    for place in ("prove", "batch"):
        monkeypatch.setattr(api, place, now)
    monkeypatch.setattr(Session, "close", now)
    monkeypatch.setattr(Session, "call", now)
    before = signal.signal(sent, signal.default_int_handler)        # where nothing is heard, as in the background, nobody is stopped
    for line, said in (("run endless.wat -o d --profile toy --max-steps 9000000",
                        "stopped; nothing was recorded (the same command begins again)"),
                       ("close c", "stopped; the session is open as before (longrun close c closes it)"),
                       ("call c say", "stopped; a call is whole or has not happened (longrun status c shows how many there are)"),
                       ("prove c -o x", "stopped; what is done is kept (longrun prove c -o x goes on)"),
                       ("batch toy.proof toy.proof -o x", "stopped; nothing was written (the same command begins again)")):
        code, _, err = longrun(*line.split())
        assert code == 130 and err.splitlines()[-1] == f"longrun: {said}", err
    assert signal.signal(sent, before) == signal.default_int_handler
    assert longrun("status", "c")[0] == 0 and not Path("d/manifest.msgpack").exists()


def test_a_batch_that_is_stopped_at_its_very_end_says_that_the_proof_is_there(longrun: Longrun, monkeypatch: pytest.MonkeyPatch) -> None:
    def written(_: object, out: Path, *__: object) -> NoReturn:
        out.with_suffix(".new").write_bytes(b"a proof")
        out.with_suffix(".new").rename(out)
        signal.raise_signal(signal.SIGTERM)
        raise AssertionError("nobody was stopped")
    monkeypatch.setattr(api, "batch", written)
    for _ in range(2):
        code, _, err = longrun(*"batch toy.proof toy.proof -o x.proof".split())
        assert code == 130 and err.splitlines()[-1] == "longrun: stopped; the proof is written (longrun inspect x.proof shows it)", err


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What lines of progress say."""
    heard: list[str] = []
    monkeypatch.setattr("typer.echo", lambda text, err=False: heard.append(text))
    return heard


def test_a_long_recording_shows_how_far_it_is(said: list[str]) -> None:
    lines = Lines(every=0.0)
    lines.began -= 2.0
    lines("steps", 100, 0)              # after a program was compiled for two seconds
    lines.attempt_began -= 2.0
    lines("steps", 4_000_100, 0)
    lines("segments", 1, 4)
    lines.end()
    assert said == ["steps 100, 2 s", "steps 4,000,100, 2 s, 2.0 million a second", "steps 4,000,100, segments 1/4, 2 s"]
    waiting = Lines(every=5.0)
    waiting.began = waiting.last = waiting.began - 100.0
    waiting("steps", 27, 0)
    assert len(said) == 3, "a line came with the first steps"


def test_a_run_that_is_recorded_once_more_is_another_attempt(said: list[str]) -> None:
    """Whose rate counts from its own beginning."""
    lines = Lines(every=0.0)
    lines.began -= 100.0
    lines("steps", 2_000_000, 0)
    lines.every = 1000.0
    lines("steps", 500_000, 0)
    lines.attempt_began -= 1.0
    lines.say()
    assert said == ["steps 2,000,000, 100 s", "steps (attempt 2) 500,000, 100 s, 0.5 million a second"]


def test_what_takes_long_before_the_first_step_is_said(longrun: Longrun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "LARGE_MODULE", 100)
    monkeypatch.setattr(programs, "LARGE_PROGRAM", 20)
    code, _, err = longrun("run", "sum.wasm", "-o", "run", "--profile", "toy")
    assert code == 0 and re.search(r"^translating a module of [0-9,]+ bytes[a-z, ]*\ncompiling [0-9,]+ register instructions", err)
    monkeypatch.setattr(recording, "INSTRUCTIONS_LIMIT", 50)
    code, _, err = longrun("run", "sum.wasm", "-o", "large", "--profile", "toy")
    assert code == 3 and "of which at most 49 can be proved: a smaller module is needed" in err


def test_progress_tells_what_is_left() -> None:
    """At the rate of this sitting: what an earlier one did says nothing about it."""
    lines, said = Lines(every=1000.0), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.echo", lambda text, err=False: said.append(text))
        lines("segments", 10, 20)
        lines("leaves", 4, 20)
        lines("segments", 12, 20)
        lines("leaves", 6, 20)
        lines.began -= 8.0
        lines.end()
        lines("segments", 20, 20)
        lines("leaves", 20, 20)
        lines("root", 0, 1)
        lines.end()
    assert said == ["segments 12/20, leaves 6/20, 8 s, 30.0 a minute, about 32 s left",
                    "segments 20/20, leaves 20/20, root 0/1, 8 s, 3.2 a second"]

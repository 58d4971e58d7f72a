"""Sessions on disk: every call is whole or lost, costs its own steps, and what is closed is what would have run without a pause."""
from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import longrun
from bundles import api, session, sitting
from bundles.bundle import MANIFEST, SESSION_LOG, is_open, open_bundle
from bundles.errors import BadCall, Busy, GivenUp, Over, Unsupported
from bundles.lock import writer
from bundles.open_sessions import up_to_now
from bundles.session import Answer, Session
from bundles.session_log import SessionLog, State
from stark.errors import Malformed
from wasm_exec.cutting import Budget
from wasm_exec.events import Event, close, encode
from wasm_exec.execute import run
from wasm_exec.recording import Outcome, Status
from wasm_exec.text import from_text
from wasm_exec.wasi_input import WasiInput, pack

ROOT = Path(__file__).parents[2]
COUNTER = from_text(ROOT / "samples" / "session" / "counter.wat")
OTHERS = from_text(b"""(module
    (import "longrun" "read_input" (func $read (param i32 i32) (result i32)))
    (import "longrun" "write_output" (func $write (param i32 i32)))
    (import "longrun" "halt" (func $halt (param i32)))
    (memory 1) (data (i32.const 0) "0123456789") (global $turn (mut i32) (i32.const 0))
    (func (export "take") (param i32) (result i32)
        (global.set $turn (i32.add (global.get $turn) (i32.const 1)))
        (i32.store8 (local.get 0) (i32.const 0))
        (drop (call $read (i32.add (i32.const 2000) (i32.mul (global.get $turn) (i32.const 24))) (i32.const 20)))
        (call $write (i32.const 0) (i32.const 10))
        (call $write (i32.const 2000) (i32.const 40))
        (global.get $turn))
    (func (export "spin") (param i32)
        (loop $again (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "leave") (call $write (i32.const 0) (i32.const 3)) (call $halt (i32.const 5)))
    (func (export "break") (call $write (i32.const 0) (i32.const 4)) unreachable))""")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "bundle"


@pytest.fixture
def short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a few dozen steps, and all pages written together early, so that a short session is a long one."""
    monkeypatch.setattr(sitting, "BUDGET", Budget.uniform(22, 60))
    monkeypatch.setattr(session, "SMALL", 2000)


def opened(place: Path, app: bytes = OTHERS) -> Session:
    return Session.begin(place, app, "toy")


def test_a_session_in_a_few_lines(place: Path) -> None:
    with longrun.open(COUNTER, place, "toy") as bundle:
        assert bundle.call("add", 5) == Answer((5,), b"", "paused")
        assert bundle.call("add", -7).results == (-2,)
        assert bundle.call("say").output == b"-2\n"
    assert open_bundle(place).manifest.outcome.exited and not list(place.glob("session*"))
    with pytest.raises(Over, match="is closed"):
        longrun.resume(place)


@pytest.mark.parametrize("seed", range(3))
def test_many_sittings_make_one_run(place: Path, short_pieces: None, seed: int) -> None:
    """Left and gone on with at random moments; one call at a time or several. The answers, and what is closed, are those of one run."""
    generator, events, answers = random.Random(seed), [], list[Answer]()
    held = opened(place)
    for _ in range(30):
        calls = [("take", [generator.randrange(12)], bytes([65 + generator.randrange(9)]) * generator.randrange(21))
                 for _ in range(generator.randrange(1, 4))]
        answers += held.calls(calls)
        events += [Event(*call) for call in calls]
        if generator.randrange(2):
            held.leave()
            held = Session(place)
    assert len(held.log.places()) >= 1
    content = encode(held.program, events) + close()
    held.close()
    whole = run(held.program, content, Budget.uniform(5000, 500))
    bundle = open_bundle(place)
    assert (bundle.input(), bundle.output(), bundle.manifest.outcome) == (content, whole.output, whole.outcome)
    assert [answer.results for answer in answers] == [(number,) for number in range(1, len(answers) + 1)]
    written = b"".join((12 + len(a.output) - 4).to_bytes(4, "little") + a.results[0].to_bytes(8, "little") + a.output for a in answers)
    assert written == whole.output


def test_a_call_costs_its_own_steps(place: Path, short_pieces: None) -> None:
    """However long the session is already: between two calls it goes back by a bounded number of steps, and reads no old place."""
    costs = []
    for sitting_number in range(12):
        with_steps = opened(place) if sitting_number == 0 else Session(place)
        machine = with_steps.restored()
        before, ran = machine.paused_steps, 0
        segment = machine.engine.segment

        def counted(*arguments: object, segment: object = segment, **named: object) -> object:
            nonlocal ran
            end = segment(*arguments, **named)          # type: ignore[operator]
            ran += end.steps
            return end
        machine.engine.segment = counted                # type: ignore[method-assign, assignment]
        with_steps.machine = machine
        with_steps.call("take", 1, payload=b"x" * 20)
        costs.append((with_steps.state.steps - before, ran, len(with_steps.log.places())))
        with_steps.calls([("take", [1], b"y" * 20)] * 10)
        with_steps.leave()
    assert costs[-1][0] == costs[1][0] and all(ran <= own + 400 for own, ran, _ in costs) and max(count for *_, count in costs) < 9
    assert with_steps.state.steps > 25 * max(ran for _, ran, _ in costs[1:])


def test_nothing_is_half_there(place: Path, short_pieces: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever fails while a call is written, the session is as before it, in this process and in another."""
    held = opened(place)
    held.calls([("take", [1], b"a")] * 3)
    for owner, name in ((held.log, "called"), (held.log, "placed"), (held.store, "put"), (held, "answers"), (held.log, "whole")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, failing)
            state = held.state
            with pytest.raises(OSError, match="played"):
                for _ in range(9):                      # not every call comes to a later place
                    held.call("take", 2, payload=b"b" * 20)
                    state = held.state
        with_log = SessionLog(place / SESSION_LOG, writing=False)
        assert with_log.state() == held.state == state
        with_log.close()
        assert held.call("take", 3).results == (state.events + 1,)
    held.leave()
    with Session(place) as again:
        assert again.state == held.state
    assert len(open_bundle(place).output()) == 62 * held.state.events


def failing(*_: object, **__: object) -> None:
    raise OSError("played")


KILLED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)        # heard even where these tests run and none is heard
sys.path[:] = {path!r}
from pathlib import Path
from bundles.session import Session
held = Session(Path({place!r}))
print("begun", flush=True)
while True:
    print(*held.call("take", 3, payload=b"c" * 20).results, flush=True)
"""


def test_a_killed_caller_loses_at_most_the_call_that_it_was_in(place: Path) -> None:
    opened(place).leave()
    generator, told = random.Random(1), 0
    for _ in range(6):
        with subprocess.Popen([sys.executable, "-c", KILLED.format(path=sys.path, place=str(place))], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None and process.stdout.readline() == b"begun\n"
            time.sleep(generator.uniform(0, 0.15))
            process.kill()
            told = max([told, *(int(line) for line in process.stdout.read().split(b"\n")[:-1] if line)])
        held = Session(place)
        assert held.state.events in (told, told + 1)
        told = int(held.call("take", 1).results[0])
        assert told == held.state.events
        held.leave()
    with Session(place):
        pass
    bundle = open_bundle(place)
    assert len(bundle.output()) == told * 62 and bundle.manifest.outcome.exited


def test_a_second_caller_is_told_in_a_line(place: Path) -> None:
    held = opened(place)
    with pytest.raises(Busy, match=f"in use already, by process {os.getpid()}"):
        Session(place)
    done = command("call", place, "take", "1")
    assert done.returncode == 6 and len(done.stderr.splitlines()) == 1 and f"process {os.getpid()}" in done.stderr
    held.leave()
    assert command("call", place, "take", "1").stdout.splitlines()[0] == "results: 1"


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "longrun", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name, outcome, output", [("leave", "exited(5)", b"\0" b"12"), ("break", "trapped(unreachable", b"\0" b"123")])
def test_an_event_can_end_the_session(place: Path, name: str, outcome: str, output: bytes) -> None:
    """Also in the middle of several: those behind it never come."""
    with opened(place) as held:
        held.call("take", 0)
        first, last = held.calls([("spin", [2], b""), (name, [], b""), ("take", [1], b""), ("spin", [1], b"")])
        assert first == Answer((), b"", last.outcome) and last.outcome.startswith(outcome)
        assert (last.results, last.output, last.ended) == ((), output, True)
        with pytest.raises(Over, match="has ended"):
            held.call("take", 1)
    assert open_bundle(place).input() == encode(held.program, [Event("take", [0]), Event("spin", [2]), Event(name)])
    assert held.recorded is not None and held.recorded.outcome == last.outcome


def test_a_call_that_takes_too_long_has_not_happened(place: Path, short_pieces: None) -> None:
    held = opened(place)
    held.call("take", 1)
    before = held.state
    with pytest.raises(Unsupported, match="more steps than it may"):
        held.call("spin", 10**6, max_steps=1000)
    for limit, given in (("memory", {"max_memory": 0}), ("time", {"max_seconds": 0})):
        with pytest.raises(GivenUp) as stop:
            held.call("spin", 1, **given)  # type: ignore[arg-type]
        assert stop.value.limit == limit
    assert held.call("take", 2).results == (2,) and held.state.calls == before.calls + 1
    held.leave()


def test_a_call_goes_little_beyond_its_steps(place: Path) -> None:
    held = opened(place)
    for most in (1000, 100_000):
        with pytest.raises(GivenUp, match="given up after") as stop:
            held.call("spin", 10**6, max_steps=most)
        assert most <= int(str(stop.value).split()[6].replace(",", "")) < most + 3000
    held.leave()


def test_an_error_inside_a_block_leaves_the_session_open(place: Path) -> None:
    with pytest.raises(RuntimeError), opened(place) as held:
        held.call("take", 1)
        raise RuntimeError
    assert is_open(place) and api.status(place)["events"] == 1 and api.status(place)["owner"] is None
    with longrun.resume(place) as held:
        assert held.call("take", 2).results == (2,)
    assert not is_open(place)


def test_what_is_no_session(place: Path) -> None:
    with pytest.raises(Unsupported, match="main function"):
        Session.begin(place, from_text(ROOT / "samples" / "hello.wat"), "toy")
    with pytest.raises(FileNotFoundError, match="no such session directory"):
        Session(place)
    place.mkdir()
    with pytest.raises(Malformed, match="not an open session"):
        Session(place)
    opened(place).leave()
    with pytest.raises(FileExistsError):
        opened(place)


def test_what_comes_before_the_events_is_a_container_for_wasi(place: Path) -> None:
    """Anything else would be its first event, and the end of it."""
    wasi = from_text(b"""(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))) (memory (export "memory") 1)
        (func (export "f") (result i32) (i32.const 7)))""")
    for app, container, said in ((COUNTER, pack(WasiInput()), "none of WASI"), (wasi, b"junk" * 20, "no WASI container")):
        with pytest.raises((Unsupported, Malformed), match=said):
            Session.begin(place, app, "toy", container=container)
        assert not place.exists()
    with Session.begin(place, wasi, "toy", container=pack(WasiInput())) as held:
        assert held.call("f").results == (7,)


def test_a_session_that_ends_before_its_first_event_says_so(place: Path) -> None:
    held = opened(place, COUNTER)
    held.log.called(State(0, 0, 24, 0, 0, Outcome(Status.PAUSED, 0)), b"junk" * 6)
    held.leave()
    answer = Session(place).call("add", 1)
    assert answer.ended and answer.outcome.startswith("trapped(bad_event") and answer.results == ()


def test_one_that_was_not_opened_to_the_end_can_be_opened_again(place: Path) -> None:
    place.mkdir()
    SessionLog(place / SESSION_LOG).close()
    with pytest.raises(Malformed, match="not an open session"):
        Session(place)
    with opened(place) as held:
        assert held.call("take", 1).results == (1,)


def test_what_is_damaged_is_said_in_a_line(place: Path, short_pieces: None) -> None:
    held = opened(place)
    held.calls([("take", [1], b"a" * 20)] * 20)
    file = held.store.path(held.log.places()[-1].pages)
    held.leave()
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    again = Session(place)
    with pytest.raises(Malformed, match="damaged"):
        again.call("take", 1)
    again.leave()
    file.write_bytes(whole)
    for column, value in (("pc", 10**6), ("fp", 1 << 20), ("pc", -1)):
        again = Session(place)
        again.log.base.execute(f"UPDATE places SET {column} = {value}")
        with pytest.raises(Malformed, match="cannot be used"):
            again.call("take", 1)
        again.leave()
    for content in (b"", b"SQLite format 3\0" + bytes(200), b"something else" * 99):
        shutil.rmtree(place)
        place.mkdir()
        (place / SESSION_LOG).write_bytes(content)
        done = command("call", place, "take", "1")
        assert done.returncode == 3 and len(done.stderr.splitlines()) == 1, done.stderr


def test_arguments_are_what_the_module_says(place: Path) -> None:
    app = from_text(b"""(module (func (export "turn") (param i64 f32 f64 i32) (result i32 f64 f32 i64)
        (local.get 3) (local.get 2) (local.get 1) (local.get 0)))""")
    with opened(place, app) as held:
        assert held.call("turn", -1, 1.5, "-0.25", "0xffffffff").results == (-1, -0.25, 1.5, -1)
        assert held.call("turn", 2**64 - 1, 3, 1e300, -2**31).results == (-2**31, 1e300, 3.0, -1)
        for wrong in ((1, 2, 3), (2**64, 1, 1, 1), ("x", 1, 1, 1), (1, "y", 1, 1), (1.5, 1, 1, 1), (1, 1e300, 1, 1), (1, 1, 1, -2**31 - 1)):
            with pytest.raises(BadCall, match="turn"):
                held.call("turn", *wrong)
        with pytest.raises(BadCall, match=r"^argument 4 of turn is '2\^31' and no i32, a whole number from -2\^31 to 2\^32 - 1$"):
            held.call("turn", 1, 1, 1, "2^31")
        with pytest.raises(BadCall, match="no event fly"):
            held.call("fly")


def test_an_open_session_is_proved_as_it_stands_and_followed_to_its_end(place: Path) -> None:
    held = opened(place, COUNTER)
    held.call("add", 3)
    file = place.parent / "app.proof"
    assert api.prove(place, file, lambda *_: None, api.Means(workers=1))["outcome"] == "paused"
    with_one = encode(held.program, [Event("add", [3])])
    assert api.verify(file, [COUNTER], with_one, allow_toy=True)["outcome"] == "paused"
    told: list[object] = []
    following = threading.Thread(target=lambda: told.append(api.prove(place, file, lambda *_: None, api.Means(workers=1), follow=True)))
    following.start()
    held.call("add", 4)
    time.sleep(0.3)
    assert not told and following.is_alive()
    held.close()
    following.join()
    assert api.verify(file, [COUNTER], with_one + encode(held.program, [Event("add", [4])]) + close(), exit_code=0, allow_toy=True)
    assert sorted(path.name for path in place.iterdir()) == ["files", "manifest.msgpack", "work"]


def test_gc_of_an_open_session(place: Path, short_pieces: None) -> None:
    held = opened(place)
    held.calls([("take", [1], b"a" * 20)] * 20)
    held.store.put(b"needless")
    with pytest.raises(Busy):
        api.collect(place)
    held.leave()
    assert api.collect(place)["files removed"] == 1
    with Session(place) as again:
        assert again.call("take", 1).results == (21,)


def test_a_bundle_of_an_open_session_stays_while_it_is_proved(place: Path) -> None:
    """Whatever the session does meanwhile: further calls and another proof, gc, close. Nothing behind a link is removed."""
    held = opened(place, COUNTER)
    held.call("add", 3)
    first = up_to_now(place)
    with writer(first / "work" / "lock"):
        held.call("add", 4)
        second = up_to_now(place)
        held.leave()
        api.collect(place)
        assert (first / MANIFEST).is_file() and not second.exists()
        Session(place).close()
        assert (first / MANIFEST).is_file()
    api.collect(place)
    assert sorted(path.name for path in place.iterdir()) == ["files", "manifest.msgpack", "work"]
    precious = place.parent / "precious" / "1"
    precious.mkdir(parents=True)
    (place / "paused").symlink_to(precious.parent)
    api.collect(place)
    assert precious.is_dir()


def test_a_kill_at_the_very_end_of_closing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundle is whole then; what only the open session needed is removed by gc."""
    held = opened(place)
    held.call("take", 1)
    monkeypatch.setattr(session, "forgotten", failing)
    with pytest.raises(OSError, match="played"):
        held.close()
    held.leave()
    monkeypatch.undo()
    with pytest.raises(Over, match="closed"):
        Session(place)
    assert open_bundle(place).manifest.outcome.exited and (place / SESSION_LOG).exists()
    api.collect(place)
    assert sorted(path.name for path in place.iterdir()) == ["files", "manifest.msgpack", "work"]


def test_only_the_owner_reads_a_session(place: Path) -> None:
    held = opened(place)
    held.call("take", 1, payload=b"private")
    assert {path.stat().st_mode & 0o777 for path in place.rglob("*") if path.is_file()} == {0o600}
    assert place.stat().st_mode & 0o777 == 0o700
    held.leave()


def test_a_session_that_was_let_go_says_so(place: Path) -> None:
    with opened(place) as held:
        held.call("take", 1)
    with pytest.raises(Over, match="let go or closed here"):
        held.call("take", 1)


def test_an_interrupted_caller_lets_go(place: Path) -> None:
    opened(place).leave()
    with subprocess.Popen([sys.executable, "-c", KILLED.format(path=sys.path, place=str(place))], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGINT)
        process.communicate()
    with Session(place) as held:
        assert held.call("take", 1).results == (held.state.events,)


BOOKED = from_text(b"""(module
    (import "longrun" "state_get" (func $get (param i32 i32) (result i32)))
    (import "longrun" "state_set" (func $set (param i32 i32)))
    (memory 1)
    (func (export "add") (param i32) (result i32)
        (i32.store (i32.const 0) (i32.const 7))
        (drop (call $get (i32.const 0) (i32.const 32)))
        (i32.store (i32.const 32) (i32.add (i32.load (i32.const 32)) (local.get 0)))
        (call $set (i32.const 0) (i32.const 32))
        (i32.load (i32.const 32))))""")


def test_a_session_goes_on_with_the_state_of_another(tmp_path: Path, short_pieces: None) -> None:
    with longrun.open(BOOKED, tmp_path / "first", "toy") as bundle:
        assert [bundle.call("add", 5).results for _ in range(3)] == [(5,), (10,), (15,)]
    second = longrun.open(BOOKED, tmp_path / "second", "toy", state=tmp_path / "first")
    assert second.call("add", 1).results == (16,)
    second.leave()
    with longrun.resume(tmp_path / "second") as again:
        assert [again.call("add", 1).results for _ in range(12)] == [(17 + k,) for k in range(12)]
    first, last = open_bundle(tmp_path / "first"), open_bundle(tmp_path / "second")
    assert last.state_before() == first.state_after() and last.manifest.states[0] == first.manifest.states[1]
    assert [int.from_bytes(value[:4], "little") for value in last.state_after().entries.values()] == [28]


def test_a_session_that_is_open_keeps_its_state_and_can_be_proved_as_it_stands(tmp_path: Path) -> None:
    from bundles.open_sessions import collected, up_to_now
    with longrun.open(BOOKED, tmp_path / "first", "toy") as bundle:
        bundle.call("add", 5)
    second = longrun.open(BOOKED, tmp_path / "second", "toy", state=tmp_path / "first")
    second.call("add", 2)
    second.leave()
    collected(tmp_path / "second")
    now = open_bundle(up_to_now(tmp_path / "second"))
    assert now.state_before() == open_bundle(tmp_path / "first").state_after() != now.state_after()

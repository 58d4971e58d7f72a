"""Sessions: events call exports, memory lives on, and a session that is continued elsewhere is the same as one that never stopped."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
from pathlib import Path

import pytest

from bundles.bundle import open_bundle, write_bundle
from tests.wasm_exec.test_agreement import check_agreement
from wasm_exec.cutting import Budget, Limits
from wasm_exec.errors import Invalid, Malformed, TrapKind
from wasm_exec.events import Answer, Event, answers, close, encode, filled
from wasm_exec.execute import resume, run
from wasm_exec.program import Program
from wasm_exec.recording import Recording
from wasm_exec.text import from_text
from wasm_exec.translate import load
from wasm_exec.wasi_input import WasiInput, pack

SMALL, LARGE = Budget.uniform(16, 30), Budget.uniform(5000, 500)
COUNTER = """(module
    (import "longrun" "read_input" (func $read (param i32 i32) (result i32)))
    (import "longrun" "write_output" (func $write (param i32 i32)))
    (import "longrun" "halt" (func $halt (param i32)))
    (memory 1) (global $sum (mut i32) (i32.const 0))
    (func (export "_initialize") (i32.store (i32.const 0) (i32.const 1000)))
    (func (export "add") (param i32) (result i32)
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (local.get 0))) (i32.load (i32.const 0)))
    (func (export "echo") (param i32 i32) (local $n i32)
        (local.set $n (call $read (i32.const 64) (i32.const 100)))
        (local.set 0 (i32.add (i32.and (i32.sub (local.get 0) (i32.const 1)) (i32.const 3)) (i32.const 1)))
        (loop $again
            (call $write (i32.const 64) (local.get $n))
            (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (global.set $sum (i32.add (global.get $sum) (call $read (i32.const 64) (i32.const 100)))))
    (func (export "rest") (result i32) (i32.add (global.get $sum) (call $read (i32.const 64) (i32.const 100))))
    (func (export "leave") (call $halt (i32.const 5)))
    (func (export "break") unreachable))"""
WIDE = """(module (memory 1)
    (func (export "swap") (param i64 i32 f64) (result f64 i32 i64) (local.get 2) (local.get 1) (local.get 0))
    (func (export "nothing")))"""
EVENTS = [Event("add", [5]), Event("echo", [2, 0], b"hello"), Event("rest", [], b"abc"), Event("add", [2**32 - 6]), Event("echo", [1, 9]),
          Event("rest")]
ANSWERS = [Answer((1005,), b""), Answer((), b"hellohello"), Answer((3,), b""), Answer((999,), b""), Answer((), b""), Answer((0,), b"")]


def counter(rows: int = 14) -> Program:
    return load(from_text(COUNTER.encode()), rows, 8)


def same(one: Recording, other: Recording) -> bool:
    return (one.outcome, one.output, one.input, len(one.segments)) == (other.outcome, other.output, other.input, len(other.segments)) \
        and all(mine.same_as(theirs) for mine, theirs in zip([*one.segments, one.final], [*other.segments, other.final], strict=True))


def test_events_call_exports_and_memory_lives_on() -> None:
    program = counter()
    paused = run(program, encode(program, EVENTS), LARGE)
    assert str(paused.outcome) == "paused" and paused.final.status == 2
    assert answers(program, paused.output, [event.export for event in EVENTS]) == ANSWERS
    closed = run(program, encode(program, EVENTS) + close() + b"whatever", LARGE)
    assert str(closed.outcome) == "exited(0)" and closed.output == paused.output


def test_the_same_at_every_cut_in_both_engines() -> None:
    program = counter()
    for end in (b"", close()):
        recording = check_agreement(program, encode(program, EVENTS) + end, SMALL, traces=5)
        assert len(recording.segments) > 7


def test_wide_values() -> None:
    program = load(from_text(WIDE.encode()), 16, 8)
    values = [2**63 + 5, 2**32 - 1, 0x7FF0000000000001]
    recording = check_agreement(program, encode(program, [Event("nothing"), Event("swap", values)]), SMALL, traces=5)
    assert answers(program, recording.output, ["nothing", "swap"]) == [Answer((), b""), Answer(tuple(reversed(values)), b"")]


@pytest.mark.parametrize("budget", [SMALL, LARGE], ids=["small", "large"])
def test_a_continued_session_is_the_same_as_a_whole_one(budget: Budget) -> None:
    """Cut at every event, and at every byte of the input; continued once or byte by byte."""
    program = counter()
    content = encode(program, EVENTS[:4]) + close()
    whole = run(program, content, budget)
    step_by_step = run(program, b"", budget)
    for cut in range(len(content)):
        part = run(program, content[:cut], budget)
        assert part.outcome.paused
        if cut % 3 == 0 or cut > len(content) - 4:
            assert same(resume(part, content[cut:]), whole)
            step_by_step = resume(step_by_step, content[len(step_by_step.input) : cut])
            assert same(step_by_step, part)


def test_another_process_can_go_on(tmp_path: Path) -> None:
    program = counter()
    first, rest = encode(program, EVENTS[:3]), encode(program, EVENTS[3:]) + close()
    (tmp_path / "paused").write_bytes(pickle.dumps(run(program, first, SMALL)))
    script = f"""
import pickle, sys
from wasm_exec.execute import resume
recording = pickle.load(open({str(tmp_path / "paused")!r}, "rb"))
pickle.dump(resume(recording, {rest!r}), open({str(tmp_path / "closed")!r}, "wb"))"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[2])
    assert same(pickle.loads((tmp_path / "closed").read_bytes()), run(program, first + rest, SMALL))


def test_a_session_left_open_in_a_bundle_can_go_on(tmp_path: Path) -> None:
    wasm = from_text(COUNTER.encode())
    program = load(wasm, 14, 8)
    first, rest = encode(program, EVENTS[:3]), encode(program, EVENTS[3:]) + close()
    write_bundle(tmp_path / "open", wasm, run(program, first, SMALL), "toy", "toy")
    bundle = open_bundle(tmp_path / "open")
    found = bundle.recording(load(bundle.app(), 14, 8))
    assert found.outcome.paused and same(resume(found, rest, cuts=SMALL), run(program, first + rest, SMALL))
    with pytest.raises(ValueError, match="budgets of their own"):
        resume(found, rest)


def test_a_run_that_was_given_up_can_go_on() -> None:
    program = counter()
    content = encode(program, EVENTS) + close()
    part = run(program, content, SMALL, Limits(50))
    assert part.final.status == 0 and same(resume(part), run(program, content, SMALL))


def test_what_cannot_go_on() -> None:
    program = counter()
    with pytest.raises(ValueError, match="has ended, exited"):
        resume(run(program, encode(program, EVENTS) + close(), LARGE))
    command = load(from_text(b'(module (func (export "_start") (loop (br 0))))'))
    with pytest.raises(ValueError, match="only a session"):
        resume(run(command, b"", LARGE, Limits(1)), b"more")


def test_halt_and_traps_inside_an_event() -> None:
    program = counter()
    halted = run(program, encode(program, [Event("add", [1]), Event("leave"), Event("add", [1])]), LARGE)
    assert str(halted.outcome) == "exited(5)"
    with pytest.raises(Malformed, match="more output"):
        answers(program, halted.output, ["add"])
    broken = run(program, encode(program, [Event("break")]), LARGE)
    assert broken.outcome.trapped and broken.outcome.kind is TrapKind.UNREACHABLE


@pytest.mark.parametrize("content", [
    b"\x04\0\0\0\x05\0\0\0", b"\x04\0\0\0\xfe\xff\xff\xff", b"\x04\0\0\0\0\0\0\0", b"\x0b\0\0\0" + bytes(11), b"\x03\0\0\0" + bytes(4),
    b"\x05\0\0\0\xff\xff\xff\xff\0",
])
def test_bad_events_trap(content: bytes) -> None:
    recording = check_agreement(counter(), content, LARGE, traces=1)
    assert recording.outcome.trapped and recording.outcome.kind is TrapKind.BAD_EVENT


def test_wild_input_never_breaks_an_engine() -> None:
    generator, program = random.Random(3), counter()
    for _ in range(40):
        content = bytearray(encode(program, EVENTS))
        for _ in range(generator.randint(1, 4)):
            content[generator.randrange(len(content))] = generator.choice([0, 1, 4, 8, 127, 128, 255])
        check_agreement(program, bytes(content), LARGE, traces=1)


def test_what_cannot_be_encoded() -> None:
    program = counter()
    wrong = {"no event": Event("_initialize"), "takes 1 arguments": Event("add"), "no argument of 32": Event("add", [2**32])}
    for words, event in wrong.items():
        with pytest.raises(ValueError, match=words):
            encode(program, [event])


WASI = """(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "longrun" "write_output" (func $write (param i32 i32)))
    (memory 1) (func $start (drop (call $args (i32.const 16) (i32.const 32)))) (start $start)
    (func (export "line")
        (drop (call $environ (i32.const 200) (i32.const 204))) (drop (call $clock (i32.const 0) (i64.const 0) (i32.const 208)))
        (drop (call $open (i32.const 3) (i32.const 0) (i32.const 32) (i32.const 4) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0)
            (i32.const 216)))
        (i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const 50))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (call $write (i32.const 100) (i32.load (i32.const 8))) (call $write (i32.const 32) (i32.const 4))))"""


def test_a_session_with_a_container() -> None:
    """Standard input is the payload of the event. Nothing begins before the container is there."""
    program = load(from_text(WASI.encode()), 16, 8)
    container, events = pack(WasiInput(["abcd"], stdin=b"not this")), [Event("line", [], b"first"), Event("line", [], b"second")]
    content = filled(container) + encode(program, events)
    whole = check_agreement(program, content, SMALL, traces=3)
    assert [answer.output for answer in answers(program, whole.output, ["line"] * 2)] == [b"firstabcd", b"secondabcd"]
    for cut in range(0, len(content), 5):
        assert same(resume(run(program, content[:cut], SMALL), content[cut:]), whole)
    plain_content = encode(program, [Event("line", [], b"1"), Event("line", [], b"second")])
    whole = run(program, plain_content, SMALL)
    for cut in range(len(plain_content)):
        assert same(resume(run(program, plain_content[:cut], SMALL), plain_content[cut:]), whole)
    plain = run(program, encode(program, [Event("line", [], b"first")]), LARGE)
    assert answers(program, plain.output, ["line"])[0].output == b"firstprog"
    small = run(program, content[:8] + bytes(60), LARGE)
    assert small.outcome.kind is TrapKind.BAD_EVENT


@pytest.mark.parametrize("text", [
    '(func (export "_initialize"))', '(func (export "_initialize") (param i32)) (func (export "a"))',
    '(func (export "a") (param externref))',
])
def test_what_is_no_session(text: str) -> None:
    with pytest.raises(Invalid):
        load(from_text(f"(module {text})".encode()))


def test_a_module_with_start_is_a_command() -> None:
    program = load(from_text(b"""(module (memory 1) (func (export "_initialize") unreachable) (func (export "add") unreachable)
        (func (export "_start")))"""))
    assert not program.events and str(run(program, b"", LARGE).outcome) == "exited(0)"


def test_output_full() -> None:
    program = load(from_text(b"""(module (import "longrun" "write_output" (func $write (param i32 i32))) (memory 256)
        (func (export "fill") (param i32) (result i32) (call $write (i32.const 0) (local.get 0)) (i32.const 7)))"""))
    almost = 2**24 - 12 - 11
    recording = run(program, encode(program, [Event("fill", [almost]), Event("fill", [0])]), Budget.uniform(1 << 19, 1 << 18))
    assert recording.outcome.kind is TrapKind.OUTPUT_FULL
    fits = run(program, encode(program, [Event("fill", [almost - 1]), Event("fill", [0])]), Budget.uniform(1 << 19, 1 << 18))
    assert fits.outcome.paused and len(fits.output) == 2**24

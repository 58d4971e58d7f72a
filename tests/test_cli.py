"""The command line: what it says, its exit codes, and that mistakes are one line."""
from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from bundles import api
from bundles.bundle import open_bundle
from bundles.errors import Busy, Misuse, Over, Stuck
from bundles.formats import Kind, encode_proof
from bundles.session import Session
from longrun import failures
from longrun.cli import app, main
from longrun.failures import told
from longrun.stopping import proving
from longrun.telling import Lines, show
from wasm_exec.text import from_text
from wasm_exec.wasi_input import WasiInput, pack

SAMPLES = Path(__file__).parent.parent / "samples"
ECHO = b"""(module
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
        (drop (call $sizes (i32.const 0) (i32.const 4)))
        (drop (call $get (i32.const 8) (i32.const 64)))
        (i32.store (i32.const 40) (i32.const 64))
        (i32.store (i32.const 44) (i32.load (i32.const 4)))
        (drop (call $write (i32.const 1) (i32.const 40) (i32.const 1) (i32.const 48)))))"""
Longrun = Callable[..., tuple[int, str, str]]


@pytest.fixture
def longrun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Longrun:
    """Runs the command in a folder of its own: (exit code, output, errors)."""
    monkeypatch.chdir(tmp_path)
    for name in ("sum", "hello"):
        Path(f"{name}.wasm").write_bytes(from_text(SAMPLES / f"{name}.wat"))
    Path("in.txt").write_bytes(b"12 30 400")
    Path("line.wat").write_text('(module\n (func (export "_start") i32.const))\n')
    Path("toy.proof").write_bytes(encode_proof(Kind.RUN, "toy", [np.arange(20, dtype=np.uint32)]))

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main(list(arguments))
        said = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        return stop.value.code, said.out, said.err
    return run


def test_a_run_says_how_it_went(longrun: Longrun) -> None:
    code, out, err = longrun("run", "sum.wasm", "--input", "in.txt", "-o", "bundle", "--profile", "toy")
    assert (code, err) == (0, "")
    assert "exited(0), profile toy" in out and "output: 3 bytes, '442'" in out
    code, out, _ = longrun("inspect", "bundle")
    assert code == 0 and "exited(0)" in out and "not checked" in out


def test_a_trap_is_an_outcome_with_a_code_of_its_own(longrun: Longrun) -> None:
    Path("trap.wasm").write_bytes(from_text(b'(module (func (export "_start") unreachable))'))
    code, out, err = longrun("run", "trap.wasm", "-o", "bundle", "--profile", "toy")
    assert code == 5 and "trapped(unreachable" in out and "the program trapped" in err
    assert Path("bundle/manifest.msgpack").is_file()


def test_a_trap_says_where_in_its_object(longrun: Longrun) -> None:
    Path("boom.wat").write_text('(module (func $boom unreachable) (func (export "_start") (call $boom)))')
    code, out, _ = longrun("run", "boom.wat", "-o", "boom", "--profile", "toy", "--json")
    trap = json.loads(out)["trap"]
    assert code == 5 and trap["kind"] == "unreachable" and [place["function"] for place in trap["places"]] == ["boom", "_start"]
    assert [sorted(place) for place in trap["places"]] == [["byte", "function", "index", "line"]] * 2


def test_the_output_goes_into_a_file(longrun: Longrun) -> None:
    code, out, _ = longrun("run", "sum.wasm", "--input", "in.txt", "-o", "bundle", "--profile", "toy", "--output", "out.txt")
    assert code == 0 and Path("out.txt").read_bytes() == b"442" and "'442', in out.txt" in out
    for place in (".", "no/out.txt", "other/out.txt"):
        code, _, err = longrun("run", "sum.wasm", "--input", "in.txt", "-o", "other", "--profile", "toy", "--output", place)
        assert code == 4 and not Path("other").exists() and len(err.splitlines()) == 1


ERRORS = r"""(module (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32))) (memory 1)
    (data (i32.const 0) "\10\00\00\00\06\00\00\00\16\00\00\00\06\00\00\00first\0asec\1bd\0a")
    (func $say (export "say") (param i32) (drop (call $write (local.get 0) (i32.const 0) (i32.const 2) (i32.const 60))))
    {main})"""


def test_what_a_program_says_to_standard_error_is_shown_and_kept_nowhere(longrun: Longrun) -> None:
    Path("errors.wat").write_text(ERRORS.format(
        main='(func (export "_start") (call $say (i32.const 2)) (call $say (i32.const 1)) (call $say (i32.const 2)) unreachable)'))
    code, out, err = longrun("run", "errors.wat", "-o", "run", "--profile", "toy", "--json")
    assert code == 5 and err.startswith("first\nsec?d\nfirst\nsec?d\nlongrun: the program trapped")
    assert bytes.fromhex(json.loads(out)["output"]) == b"first\nsec\x1bd\n"
    Path("session.wat").write_text(ERRORS.format(main='(func (export "_initialize") (call $say (i32.const 2)))'))
    assert longrun("open", "session.wat", "-o", "s", "--profile", "toy")[0] == 0
    for channel, said in (("1", "first\nsec?d\n"), ("2", "first\nsec?d\n"), ("1", ""), ("2", "first\nsec?d\n")):
        code, out, err = longrun("call", "s", "say", channel)
        assert code == 0 and err == said and ("output: 12 bytes" in out) == (channel == "1")
    assert not any(b"first" in path.read_bytes() for path in Path("s").rglob("*.sqlite*")) and longrun("close", "s")[0] == 0
    assert b"first" not in (Path("s") / "manifest.msgpack").read_bytes()


def test_a_toy_proof_is_refused(longrun: Longrun) -> None:
    code, _, err = longrun("verify", "toy.proof", "--program", "sum.wasm")
    assert code == 1 and "a toy proof, which proves nothing" in err and "--allow-toy" in err
    for demanded in ("p100", "p128"):
        code, _, err = longrun("verify", "toy.proof", "--program", "sum.wasm", "--allow-toy", "--profile", demanded)
        assert code == 1 and f"asked for. This does not hold: the profile is the one given, expected {demanded}, got toy" in err


@pytest.mark.parametrize("arguments, expected, said", [
    (["run", "missing.wasm", "-o", "d"], 4, "missing.wasm"),
    (["run", "in.txt", "-o", "d"], 3, "not a WebAssembly module"),
    (["run", "sum.wasm", "-o", "d", "--profile", "p99"], 2, "choose one of p100"),
    (["run", "sum.wasm", "-o", "d", "--input", "missing"], 4, "missing"),
    (["run", "sum.wasm", "-o", "in.txt"], 4, "in.txt"),
    (["run", "sum.wasm"], 2, "--out"),
    (["fly"], 2, "fly"),
    (["run", "sum.wasm", "-o", "d", "--segments", "2^17"], 2, "2^16 or 2^20"),
    (["run", "line.wat", "-o", "d"], 3, "line.wat, line 2, column 35, is not WebAssembly text"),
    (["run", "sum.wasm", "-o", "/proc/none/d"], 4, "/proc"),
    (["prove", "d", "-o", "x", "--engine", "abacus"], 2, "there is no engine abacus, but inline, processes, dask"),
    (["prove", "d", "-o", "x", "--scheduler", "203.0.113.5"], 2, "no address"),
    (["prove", "d", "-o", "x", "--scheduler", "tcp://203.0.113.5:8786"], 2, "without TLS"),
    (["prove", "d", "-o", "x", "--scheduler", "tcp://127.0.0.1:1", "--engine", "processes"], 2, "for the engine dask"),
    (["prove", "d", "-o", "x", "--scheduler", "tcp://127.0.0.1:1", "--workers", "2"], 2, "beside it"),
    (["prove", "d", "-o", "x", "--tls", "keys"], 2, "none is named"),
    (["prove", "d", "-o", "x", "--engine", "inline", "--workers", "2"], 2, "has one worker"),
    (["prove", "d", "--only", "leaf 0", "-o", "x", "--follow"], 2, "-o and --follow cannot be used with --only"),
    (["prove", "d", "--only", "leaf 0", "--workers", "1", "--memory-limit", "1", "--engine", "inline", "--scheduler", "x", "--tls", "y"],
     2, "--workers and --memory-limit and --engine and --scheduler and --tls cannot be used with --only"),
    (["prove", "d", "--only", "leaf"], 2, "no task is called 'leaf'"),
    (["batch", "toy.proof", "-o", "x"], 2, "at least two"),
    (["verify", "missing.proof", "--program", "sum.wasm"], 4, "missing.proof"),
    (["verify", "in.txt", "--program", "sum.wasm"], 3, "not a proof file"),
    (["verify", "toy.proof", "--program", "missing.wasm"], 4, "missing.wasm"),
    (["verify", "toy.proof"], 2, "--program"),
    (["verify", "toy.proof", "--program", "sum.wasm", "--profile", "p99"], 2, "choose one of p100, p128, toy"),
    (["verify", "toy.proof", "--program", "sum.wasm", "--exit-code", "-1"], 2, "--exit-code"),
    (["inspect", "in.txt"], 3, "not a proof file"),
    (["verify", "toy.proof", "sum.wasm", "--program", "hello.wasm"], 2, "it is not clear what sum.wasm is (every program stands behind"),
    (["inspect", "."], 3, "not a bundle"),
    (["open", "sum.wasm"], 3, "no session"),
    (["call", ".", "add"], 3, "not an open session"),
    (["close", "."], 3, "not an open session"),
    (["call", "missing", "add"], 4, "missing: there is no such session directory"),
    (["status", "missing"], 4, "missing: there is no such bundle directory"),
    (["prove", "missing", "-o", "x"], 4, "missing: there is no such bundle directory"),
    (["prove", "sum.wasm", "-o", "x"], 3, "is a file, not a bundle directory (longrun run sum.wasm -o DIR, or open, makes one)"),
    (["prove", "toy.proof", "-o", "x"], 3, "is a file, not a bundle directory (longrun inspect toy.proof shows the proof"),
    (["status", "in.txt"], 3, "in.txt is a file, not a bundle directory (longrun inspect in.txt says what it is"),
    (["verify", ".", "--program", "sum.wasm"], 4, ".: this is a directory, not a proof, which longrun prove makes of a bundle"),
    (["batch", "toy.proof", "other.proof", "-o", "./toy.proof"], 2, "toy.proof is one of the proofs"),
    (["prove", ".", "-o", "x", "--follow"], 3, "not a bundle"),
])
def test_a_mistake_is_a_line_and_a_code(longrun: Longrun, arguments: list[str], expected: int, said: str) -> None:
    code, _, err = longrun(*arguments)
    assert (code, said in err) == (expected, True), err
    assert "Traceback" not in err
    if expected != 2 or arguments[-2:] == ["--only", "leaf"]:
        assert len(err.splitlines()) == 1


def test_what_stands_behind_two_dashes_are_the_arguments_of_a_program(longrun: Longrun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that look like options of ours. The file is its standard input. `verify` asks for the same input."""
    Path("echo.wasm").write_bytes(from_text(ECHO))
    given = "--input", "in.txt", "--", "-v", "--json", "two words"
    code, out, err = longrun("run", "echo.wasm", "-o", "bundle", "--profile", "toy", *given)
    assert (code, err) == (0, "") and "output: 28 bytes" in out
    bundle = open_bundle(Path("bundle"))
    assert bundle.output() == b"program\0-v\0--json\0two words\0"
    assert bundle.input() == pack(WasiInput(["program", "-v", "--json", "two words"], stdin=b"12 30 400"))
    asked: list[bytes] = []
    monkeypatch.setattr(api, "verify", lambda proof, programs, input, *rest: asked.append(input) or {"profile": "toy"})
    assert longrun("verify", "toy.proof", "--program", "echo.wasm", *given)[0] == 0 and asked == [bundle.input()]
    Path("packed").write_bytes(bundle.input())
    for arguments, said in ((["run", "sum.wasm", "-o", "d", "--", "--json"], "none of WASI"),
                            (["run", "echo.wasm", "-o", "d", "--input", "packed", "--", "x"], "has arguments already"),
                            (["verify", "toy.proof", "--program", "echo.wasm", "--program", "sum.wasm", "--", "x"], "in common")):
        code, out, err = longrun(*arguments)
        assert (code, out, said in err) == (2, "", True)


def test_a_task_that_the_proof_does_not_have_is_wrong_usage(longrun: Longrun) -> None:
    assert longrun("run", "hello.wasm", "-o", "run", "--profile", "toy")[0] == 0
    code, _, err = longrun("prove", "run", "--only", "segment 7")
    assert code == 2 and "has no task segment 7; its last one is root 0-1" in err


def test_hints_name_the_bundle() -> None:
    """As one types it."""
    place = Path("my run")
    for error, said in ((Busy("process 7", "being proved", place), "longrun status 'my run' shows"),
                        (Over("it has ended", place), "longrun status 'my run' shows"),
                        (Stuck({"leaf 7": "bad luck"}, place), "longrun prove 'my run' --only 'leaf 7' shows")):
        assert said in told(error).line


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


def test_a_bundle_is_not_written_over(longrun: Longrun) -> None:
    arguments = "run", "hello.wasm", "-o", "bundle", "--profile", "toy"
    assert longrun(*arguments)[0] == 0
    code, _, err = longrun(*arguments)
    assert code == 4 and "not an empty directory" in err


def test_where_a_proof_goes_is_checked_before_any_work(longrun: Longrun) -> None:
    assert longrun("run", "hello.wasm", "-o", "run", "--profile", "toy")[0] == 0
    for place, said in ((".", "a directory"), ("in.txt", "not a proof"), ("/proc/app.proof", "/proc: no file can be made here"),
                        ("/proc/none/app.proof", "/proc"), ("in.txt/app.proof", "in.txt")):
        code, _, err = longrun("prove", "run", "-o", place)
        assert code == 4 and said in err and place[:5] in err and "segments" not in err
        assert longrun("batch", "toy.proof", "toy.proof", "-o", place)[0] == 4


def test_a_function_that_fits_no_segment_is_refused_in_words(longrun: Longrun) -> None:
    Path("locals.wat").write_text(f"(module (func $f (local {'i32 ' * 1000}) (call $f)) (func (export \"_start\") (call $f)))")
    code, _, err = longrun("run", "locals.wat", "-o", "locals", "--profile", "toy")
    assert code == 3 and "too many locals" in err and len(err.splitlines()) == 1


def test_a_run_can_be_given_up(longrun: Longrun) -> None:
    Path("endless.wat").write_text("(module (func (export \"_start\") (loop $again (br $again))))")
    code, out, err = longrun("run", "endless.wat", "-o", "endless", "--profile", "toy", "--max-steps", "5000")
    assert code == 9 and "running" in out and "given up after" in err and len(err.splitlines()) == 1
    code, _, err = longrun("prove", "endless", "-o", "endless.proof")
    assert code == 3 and "was given up: it takes more steps than it may;" in err and "run it again into another directory" in err
    state = json.loads(longrun("status", "endless", "--json")[1])
    assert (state["state"], state["given up because"]) == ("given up", "it takes more steps than it may")
    (Path("endless") / "given_up").write_bytes(b"\xff")
    assert "was given up; it has not" in longrun("prove", "endless", "-o", "endless.proof")[2]
    code, out, err = longrun("run", "endless.wat", "-o", "again", "--profile", "toy", "--max-steps", "5000", "--json")
    assert code == 9 and json.loads(out)["exit code"] == 9 and json.loads(out)["steps"] >= 5000 and "given up after" in err


GREEDY = """(module (memory 1)
    (func $down (param i32) (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "{name}") (call $down (i32.const 300)) (drop (memory.grow (i32.const 2))) (loop $again (br $again))))"""


@pytest.mark.parametrize("options, said", [
    ("--max-steps 2000", "more steps than it may; it has not ended, so that nothing can be proved (run it into another directory, "
     "again with a larger --max-steps, or without it)"),
    ("--max-memory 0.15", "more memory than it may"), ("--max-depth 500", "deeper than they may"), ("--max-seconds 0", "longer than it"),
    ("--max-steps 2000000 --max-seconds 2 --max-memory 0.15 --max-depth 1048576", "again with a larger --max-memory, or without it)"),
])
def test_every_limit_of_a_run(longrun: Longrun, options: str, said: str) -> None:
    Path("greedy.wat").write_text(GREEDY.format(name="_start"))
    code, out, err = longrun("run", "greedy.wat", "-o", "greedy", "--profile", "toy", *options.split())
    assert code == 9 and "running" in out and said in err and len(err.splitlines()) == 1


@pytest.mark.parametrize("options, said", [
    ("--max-steps 2000", "more steps than it may; the session is as it was before (again with a larger --max-steps, or without it)"),
    ("--max-memory 0.15", "(again with a larger --max-memory, or without it)"),
    ("--max-depth 500", "(again with a larger --max-depth, or without it)"),
    ("--max-seconds 0", "(again with a larger --max-seconds, or without it)"),
])
def test_every_limit_of_a_call(longrun: Longrun, options: str, said: str) -> None:
    Path("greedy.wat").write_text(GREEDY.format(name="spin"))
    assert longrun("open", "greedy.wat", "-o", "greedy", "--profile", "toy")[0] == 0
    code, _, err = longrun("call", "greedy", "spin", *options.split())
    assert code == 9 and said in err and len(err.splitlines()) == 1
    assert "steps         0\n" in longrun("status", "greedy")[1]


NAMES = r"""(module (func (export "a\1b[31mred\0a\07x")) (func (export "\e2\80\aeright") unreachable))"""


def test_names_do_nothing_to_a_terminal(longrun: Longrun) -> None:
    """Of exports, imports and files: no escapes, no second line, nothing that turns the direction of writing."""
    Path("names.wat").write_text(NAMES)
    Path("import.wat").write_text(r'(module (import "e\1b[31mvil" "x\0ay" (func)) (func (export "_start")))')
    for command in ("open names.wat -o names --profile toy", "call names nothing", "call names \u202eright", "run import.wat -o import",
                    "run no\x1b[31m\nne.wat -o none", "run no\udcffne.wat -o none"):
        _, out, err = longrun(*command.split(" "))
        assert all(line.isprintable() for line in (out + err).splitlines()) and len(re.findall(r"^(?!  )", err, re.M)) <= 2, command
    assert "the import e?[31mvil.x?y is not supported" in longrun("run", "import.wat", "-o", "import")[2]
    Path("long.wat").write_text(f'(module (import "{"e" * 10**5}" "f" (func)) (func (export "_start")))')
    code, _, err = longrun("run", "long.wat", "-o", "long")
    assert code == 3 and len(err) < 2100


@pytest.mark.parametrize("options", ["--max-memory nan", "--max-seconds inf", "--max-seconds -1", "--max-depth 0", "--max-steps 1.5",
                                     "--max-memory 0", "--max-memory many"])
def test_limits_that_are_none(longrun: Longrun, options: str) -> None:
    code, _, err = longrun("run", "hello.wasm", "-o", "none", *options.split())
    assert code == 2 and options.split()[0] in err and not Path("none").exists() and "Input should" not in err


COMMANDS = sorted(str(command.name or getattr(command.callback, "__name__", "")) for command in app.registered_commands)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_and_json(longrun: Longrun, name: str) -> None:
    code, out, _ = longrun(name, "--help")
    assert code == 0 and f"Example: longrun {name}" in out and "--json" in out
    assert name in longrun("--help")[1]


def test_numbers_that_are_none_are_texts_in_an_object(longrun: Longrun) -> None:
    Path("f.wat").write_text("""(module (func (export "none") (result f64) (f64.const nan))
        (func (export "less") (result f32) (f32.const -inf))
        (func (export "same") (param f32 f64) (result f32 f64) (local.get 0) (local.get 1)))""")
    assert longrun("open", "f.wat", "-o", "s", "--profile", "toy")[0] == 0

    def results(*words: str) -> object:
        def refuse(name: str) -> NoReturn:
            raise AssertionError(f"{name} is no JSON")
        return json.loads(longrun("call", "s", *words, "--json")[1], parse_constant=refuse)["results"]
    assert [results("none"), results("less"), results("same", "inf", "1.5")] == [["nan"], ["-inf"], ["inf", 1.5]]


def test_a_difference_says_that_it_was_not_checked(longrun: Longrun) -> None:
    """As a table too, beside it."""
    assert longrun("run", "sum.wasm", "-o", "r", "--profile", "toy")[0] == 0
    assert json.loads(longrun("diff", "r")[1])["checked"] is False
    assert longrun("diff", "r", "--format", "csv") == (0, "key,old,new\n", "(not checked: longrun verify does that)\n")


def test_a_pipe_is_neither_written_over_nor_waited_for(longrun: Longrun) -> None:
    os.mkfifo("pipe")
    assert longrun("run", "sum.wasm", "-o", "r", "--profile", "toy")[0] == 0
    for command in (["prove", "r", "-o", "pipe"], ["batch", "a", "b", "-o", "pipe"], ["state", "r", "-o", "pipe"]):
        code, _, error = longrun(*command)
        assert code == failures.FILES and "pipe: this is no file" in error
    assert longrun("status", "pipe")[0] == failures.UNUSABLE
    code, _, error = longrun("inspect", "pipe")
    assert code == failures.UNUSABLE and "a pipe or a device" in error
    for name in ("r/given_up", "r/work/lock"):
        Path(name).parent.mkdir(exist_ok=True)
        os.mkfifo(name)
    assert longrun("status", "r")[0] == 0
    assert longrun("gc", "r")[0] == failures.FILES
    store = open_bundle(Path("r")).store
    program = store.path(open_bundle(Path("r")).manifest.program)
    program.unlink()
    os.mkfifo(program)
    code, _, error = longrun("prove", "r", "-o", "r.proof")
    assert code == failures.UNUSABLE and "the program: there is no file" in error


def test_help_has_a_short_name_too(longrun: Longrun) -> None:
    assert longrun("-h") == longrun("--help") and longrun("call", "-h") == longrun("call", "--help")
    assert "Example" in longrun("call", "-h")[1]


def test_proving_without_the_native_kernels_says_that_it_is_slow(longrun: Longrun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stark.kernels.has_native", lambda: False)
    for name in ("prove", "batch", "resume", "status"):
        monkeypatch.setattr(api, name, lambda *_: {"kind": "x", "done": 0, "tasks": 1, "left": 1, "attempts": 0})
    for line in ("prove . -o x", "resume .", "batch a b -o x"):
        code, _, err = longrun(*line.split())
        assert code == 0 and err.startswith("the native kernels are not installed, and without them proving takes very long")
    monkeypatch.setattr("stark.kernels.has_native", lambda: True)
    assert longrun("resume", ".")[2] == ""


def test_completion_is_offered(longrun: Longrun) -> None:
    code, out, _ = longrun("--help")
    assert code == 0 and "--install-completion" in out and "--show-completion" in out


@pytest.mark.parametrize("words, offered", [("longrun pro", "prove"), ("longrun prove --sch", "--scheduler")])
def test_completion_completes(words: str, offered: str) -> None:
    environment = {**os.environ, "_LONGRUN_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    command = f"import sys; sys.path.insert(0, {str(SAMPLES.parent)!r}); from longrun.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", command], env=environment, capture_output=True, text=True, check=False)
    assert offered in done.stdout.split(), done


def test_the_readme_has_every_command_and_every_exit_code() -> None:
    readme = (SAMPLES.parent / "README.md").read_text()
    codes = {value for name, value in vars(failures).items() if name.isupper() and isinstance(value, int)}
    told = readme.split("\nExit codes: ")[1].split("\n\n")[0]
    assert codes | {0} == {int(part.split()[0]) for part in told.split(" ·")} and len(codes) >= 11
    for name in COMMANDS:
        assert f"\n    longrun {name} " in readme


def test_every_command_answers_with_one_object(longrun: Longrun) -> None:
    """From a recording to a rollup; what is told to people goes to the error stream or into the object."""
    Path("other.txt").write_bytes(b"1 2")
    shutil.copy(SAMPLES / "session" / "counter.wat", ".")
    told = {}
    for line in ("run sum.wasm --input in.txt -o first --profile toy", "run sum.wasm --input other.txt -o second --profile toy",
                 "prove first -o first.proof --workers 1", "prove second -o second.proof --workers 1", "status first", "resume first",
                 "gc first", "batch first.proof second.proof -o both.proof", "verify both.proof --program sum.wasm --allow-toy",
                 "inspect both.proof", "inspect first", "run sum.wasm --input in.txt -o third --profile toy",
                 "state first -o first.state", "diff first", "profile sum.wasm -o sum.json --input in.txt",
                 "open counter.wat --profile toy", "call counter.bundle add -5", "close counter.bundle"):
        code, out, _ = longrun(*line.split(), "--json")
        assert code == 0, line
        told[line.split()[0]] = json.loads(out)
    assert set(told) == set(COMMANDS) - {"doctor", "certificates"} and all(isinstance(facts, dict) for facts in told.values())
    assert told["run"] == {"steps": told["inspect"]["steps"], "segments": 1, "outcome": "exited(0)", "profile": "toy", "output bytes": 3,
                           "output": b"442".hex()}
    assert told["open"] == {"bundle": "counter.bundle", "profile": "toy", "events": {"add": "i32", "reset": "", "say": ""}}
    assert told["call"] == {"results": [-5], "output": "", "steps": told["call"]["steps"], "outcome": "paused", "ended": False}
    assert told["close"]["outcome"] == "exited(0)" and told["close"]["steps"] > told["call"]["steps"] > 10
    assert told["verify"]["verified"] is True and told["inspect"]["checked"] is False and told["status"]["state"] == "proved"
    code, out, _ = longrun("prove", "first", "--only", "root 0-1", "--json")
    assert code == 3 and "cannot be used" in json.loads(out)["error"]           # gc has removed what a root is made of


@pytest.mark.parametrize("line, code", [("verify toy.proof --program sum.wasm", 1), ("batch toy.proof -o x", 2), ("inspect in.txt", 3),
                                        ("verify missing --program sum.wasm", 4), ("resume .", 3), ("status .", 3), ("gc .", 3)])
def test_an_error_is_an_object_too(longrun: Longrun, line: str, code: int) -> None:
    ended, out, err = longrun(*line.split(), "--json")
    told = json.loads(out)
    assert (ended, told["exit code"]) == (code, code) and told["error"] in err and len(err.splitlines()) == 1


def test_a_session_is_told_in_words(longrun: Longrun) -> None:
    shutil.copy(SAMPLES / "session" / "counter.wat", ".")
    _, out, _ = longrun("open", "counter.wat", "-o", "c", "--profile", "toy")
    assert out == "c is open, profile toy; its events: add(i32), reset(), say()\n"
    assert longrun("call", "c", "add", "0x10")[1] == "results: 16\n"
    assert longrun("call", "c", "say")[1] == "results: none\noutput: 3 bytes, '16\\n'\n"
    assert "functions     add(i32), reset(), say()\n" in longrun("inspect", "c")[1]
    for arguments, said in (([], "no function is named (the session has add(i32), reset(), say())"),
                            (["add"], "takes 1 argument (i32), not 0"), (["add", "x"], "no i32"), (["fly"], "it has add, reset, say")):
        code, _, err = longrun("call", "c", *arguments)
        assert code == 2 and said in err and len(err.splitlines()) == 1
    assert longrun("call", "c", "add", "1", "--payload", "missing")[0] == 4
    assert "events        2\n" in longrun("status", "c")[1]
    for command in ("diff c", "state c -o s"):
        code, _, err = longrun(*command.split())
        assert code == 3 and err == "longrun: the session in c is open (longrun close c makes a bundle of it)\n"
    _, _, err = longrun("run", "counter.wat", "-o", "alone", "--profile", "toy")
    assert err.startswith("this module has no main function: it is a session")
    assert longrun("resume", "c")[0] == 3
    code, out, err = longrun("close", "c")
    assert code == 0 and err.startswith("the session runs once more, 186 steps, to be cut into segments\n")
    assert " in 1 segment, exited(0)" in out
    code, _, err = longrun("call", "c", "add", "1")
    assert code == 8 and "is closed (longrun status c shows how it stands)" in err and longrun("close", "c")[0] == 8


def test_an_event_that_traps_has_the_exit_code_of_a_trap(longrun: Longrun) -> None:
    Path("break.wat").write_text('(module (func (export "break") unreachable) (func (export "fine")))')
    assert longrun("open", "break.wat", "-o", "b", "--profile", "toy")[0] == 0
    code, out, err = longrun("call", "b", "break")
    assert code == 5 and out.startswith("results: trapped(unreachable, ") and "trapped in break (function 0) at byte 0x" in err
    assert "(the session has ended, trapped(unreachable" in err
    told = json.loads(longrun("status", "b", "--json")[1])
    assert told["outcome"].startswith("trapped(") and told["trapped in"].startswith("break (function 0) at byte 0x")
    code, _, err = longrun("call", "b", "fine")
    assert code == 8 and "has ended" in err
    code, out, _ = longrun("close", "b", "--json")
    assert code == 0 and json.loads(out)["trap"]["places"][0]["index"] == 0 and "trapped" in longrun("inspect", "b")[1]


def test_what_does_not_hold_is_said_in_words(longrun: Longrun) -> None:
    assert longrun("run", "hello.wasm", "-o", "run", "--profile", "toy")[0] == 0
    assert longrun("prove", "run", "-o", "run.proof", "--workers", "1")[0] == 0
    code, _, err = longrun("verify", "run.proof", "--program", "sum.wasm", "--allow-toy")
    assert code == 1 and err.startswith("longrun: the proof is not of what was asked for. This does not hold: the program is the one given")
    code, _, err = longrun("batch", "run.proof", "run.proof", "-o", "twice.proof")
    assert code == 1 and err.startswith("longrun: these runs make no batch. This does not hold: a batch has every claim once")
    content = bytearray(Path("run.proof").read_bytes())
    content[len(content) * 7 // 8] ^= 1                 # among the opened rows
    Path("run.proof").write_bytes(content)
    code, _, err = longrun("verify", "run.proof", "--program", "hello.wasm", "--allow-toy")
    assert code == 1 and err.startswith("longrun: the proof is not valid. This does not hold: ") and len(err.splitlines()) == 1


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


def test_an_unfinished_recording_is_gone_on_with(longrun: Longrun) -> None:
    Path("run/files/00").mkdir(parents=True)
    assert longrun("run", "hello.wasm", "-o", "run", "--profile", "toy")[0] == 0


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
    from bundles import recording
    monkeypatch.setattr(api, "LARGE_MODULE", 100)
    monkeypatch.setattr(api, "LARGE_PROGRAM", 20)
    code, _, err = longrun("run", "sum.wasm", "-o", "run", "--profile", "toy")
    assert code == 0 and re.search(r"^translating a module of [0-9,]+ bytes[a-z, ]*\ncompiling [0-9,]+ register instructions", err)
    monkeypatch.setattr(recording, "INSTRUCTIONS_LIMIT", 50)
    code, _, err = longrun("run", "sum.wasm", "-o", "large", "--profile", "toy")
    assert code == 3 and "of which at most 49 can be proved: a smaller module is needed" in err


def test_a_profile_is_a_command(longrun: Longrun) -> None:
    Path("echo.wat").write_bytes(ECHO)
    code, out, _ = longrun("profile", "echo.wat", "-o", "p.json", "--json", "--", "-v")
    assert code == 0 and json.loads(out)["outcome"] == "exited(0)" and json.loads(Path("p.json").read_text())["exporter"] == "longrun"
    for line in ("profile", "profile none.wasm -o p.json", "profile sum.wasm -o no/p.json", "profile sum.wasm -o p.json -- -v"):
        code, _, err = longrun(*line.split())
        assert code in (2, 4) and "Traceback" not in err
    code, out, err = longrun("profile", "sum.wasm", "-o", "p.json", "--input", "in.txt", "--max-steps", "1", "--json")
    assert json.loads(out)["outcome"] == "exited(0)"        # the run ended within the first piece


def test_a_run_from_python(longrun: Longrun) -> None:
    import longrun as package
    recorded = package.run("sum.wasm", "one", input=b"12 30 400", profile="toy")
    assert (recorded.output, recorded.outcome, recorded.errors, recorded.trace) == (b"442", "exited(0)", b"", ())
    assert b"-v" in package.run(ECHO, "two", arguments=["-v"], profile="toy").output
    with pytest.raises(Misuse, match="none of WASI"):
        package.run("sum.wasm", "three", arguments=["-v"], profile="toy")
    with pytest.raises(package.Rejected, match="the profile is for real proofs"):
        package.verify("toy.proof", "sum.wasm")


def test_people_read_beginnings_of_digests_and_programs_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    runs = [{"program": letter * 64, "output": "0" * 64, "outcome": "exited(0)"} for letter in "ab"]
    facts = {"kind": "rollup", "runs": [runs[0], {"name": "app.wasm", **runs[1]}],
             "applications": [{"program": "b" * 64, "changed keys": 3}]}
    show(facts, False)
    told = capsys.readouterr().out.splitlines()
    assert told[1].split() == ["runs", "2"] and f"program {'a' * 16}…, output" in told[2] and f"{'b' * 16}… (app.wasm), output" in told[3]
    assert told[4].split() == ["changed", "keys", "(program", f"{'b' * 16}…)", "3"]
    show(facts, True)
    assert json.loads(capsys.readouterr().out) == facts


def test_progress_tells_what_is_left() -> None:
    """At the rate of this sitting: what an earlier one did says nothing about it."""
    from longrun.telling import Lines
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


def test_doctor_measures(longrun: Longrun) -> None:
    code, out, _ = longrun("doctor", "--json")
    facts = json.loads(out)
    assert code == 0 and facts["cores"] >= 1 and facts["a billion steps, hours"] > 0 and facts["a leaf, s of one core"] > 0


def test_a_proof_file_without_a_proof_is_malformed(longrun: Longrun) -> None:
    code, _, err = longrun("inspect", "toy.proof")
    assert code == 3 and "payloads" in err


def alone(*arguments: str, output: int | None = None) -> subprocess.Popen[bytes]:
    root = Path(__file__).parent.parent
    command = f"import sys; sys.path.insert(0, {str(root)!r}); from longrun.cli import main; main({list(arguments)!r})"
    return subprocess.Popen([sys.executable, "-c", command], stdout=subprocess.PIPE if output is None else output, stderr=subprocess.PIPE)


@pytest.mark.parametrize("json_option", [(), ("--json",)])
def test_a_reader_who_goes_away_changes_no_exit_code(longrun: Longrun, json_option: tuple[str, ...]) -> None:
    """1 means that a proof was rejected."""
    with alone("run", "sum.wasm", "--input", "in.txt", "-o", "unread", "--profile", "toy", *json_option) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        process.stderr.close()
    assert process.returncode == 0 and longrun("inspect", "unread")[0] == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("json_option", [(), ("--json",)])
def test_an_output_that_is_full_is_one_line(longrun: Longrun, json_option: tuple[str, ...]) -> None:
    longrun("run", "sum.wasm", "--input", "in.txt", "-o", "bundle", "--profile", "toy")
    with Path("/dev/full").open("wb") as full, alone("inspect", "bundle", *json_option, output=full.fileno()) as process:
        err = process.communicate()[1].decode()
    assert process.returncode == 4 and err.startswith("longrun: ") and len(err.splitlines()) == 1

"""How a run went: its outcome, its exit code, where it trapped, what it wrote, and what it was given."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from bundles import api
from bundles.bundle import open_bundle
from bundles.errors import Misuse
from tests.longrun.conftest import Longrun
from wasm_exec.text import from_text
from wasm_exec.wasi_input import WasiInput, pack

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


def test_an_unfinished_recording_is_gone_on_with(longrun: Longrun) -> None:
    Path("run/files/00").mkdir(parents=True)
    assert longrun("run", "hello.wasm", "-o", "run", "--profile", "toy")[0] == 0


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


def test_a_run_that_is_dear_to_prove_is_told_with_what_fills_its_segments(longrun: Longrun) -> None:
    text = """(module (memory 256) (func (export "_start") (local $i i32)
      (loop $turn (i32.store (i32.and (i32.mul (local.get $i) (i32.const 77777)) (i32.const 0xfffffc)) (local.get $i))
        (br_if $turn (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const %d))))))"""
    for name, turns in (("long", 300_000), ("short", 3_000)):
        Path(f"{name}.wat").write_text(text % turns)
        code, _, err = longrun("run", f"{name}.wat", "-o", name)
        assert code == 0 and ("dear to prove" in err) == (name == "long")
    assert "full of pages of memory that it touches" in longrun("run", "long.wat", "-o", "again")[2]
    assert json.loads(longrun("run", "long.wat", "-o", "third", "--json")[1])["cells a step"] > 400

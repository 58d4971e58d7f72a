"""Sessions, as their commands tell of them."""
from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import NoReturn

from bundles.bundle import open_bundle
from tests.longrun.conftest import SAMPLES, Longrun


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
    assert longrun("close", "c", "--events", "missing/calls")[0] == 4 and longrun("close", "c", "--output", ".")[0] == 4
    code, out, err = longrun("close", "c", "--events", "calls", "--output", "answers")
    bundle = open_bundle(Path("c"))
    assert (Path("calls").read_bytes(), Path("answers").read_bytes()) == (bundle.input(), bundle.output()) and b"16\n" in bundle.output()
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


def test_a_run_never_was_a_session(longrun: Longrun) -> None:
    assert longrun("run", "hello.wasm", "-o", "run", "--profile", "toy")[0] == 0
    for line in ("call run say", "call run", "close run"):
        code, _, err = longrun(*line.split())
        assert code == 3 and "run is the bundle of a run and never was a session" in err and len(err.splitlines()) == 1

"""Runs and calls that may take only so much, and what is said when they would take more."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.longrun.conftest import Longrun


def test_a_run_can_be_given_up(longrun: Longrun) -> None:
    Path("endless.wat").write_text("(module (func (export \"_start\") (loop $again (br $again))))")
    code, out, err = longrun("run", "endless.wat", "-o", "endless", "--profile", "toy", "--max-steps", "5000")
    assert code == 9 and "running" in out and "given up after" in err and len(err.splitlines()) == 1
    code, _, err = longrun("prove", "endless", "-o", "endless.proof")
    assert code == 3 and "was given up: it takes more steps than it may;" in err and "run it again into another directory" in err
    state = json.loads(longrun("status", "endless", "--json")[1])
    assert (state["state"], state["given up because"]) == ("given up", "it takes more steps than it may")
    assert state["steps"] >= 5000 and not any("done" in name or "tasks" in name for name in state)
    for line in ("prove endless --segment 0 -o endless.proof", "prove endless --segment 0", "resume endless"):
        code, _, err = longrun(*line.split())
        assert code == 3 and "this run was given up" in err and len(err.splitlines()) == 1 and not Path("endless.proof").exists()
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


@pytest.mark.parametrize("options", ["--max-memory nan", "--max-seconds inf", "--max-seconds -1", "--max-depth 0", "--max-steps 1.5",
                                     "--max-memory 0", "--max-memory many"])
def test_limits_that_are_none(longrun: Longrun, options: str) -> None:
    code, _, err = longrun("run", "hello.wasm", "-o", "none", *options.split())
    assert code == 2 and options.split()[0] in err and not Path("none").exists() and "Input should" not in err

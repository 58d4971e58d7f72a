"""What every command has: help, completion, a place in the README, and an object as its answer."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from longrun import failures
from longrun.cli import app
from longrun.telling import show
from tests.longrun.conftest import ROOT, SAMPLES, Longrun

COMMANDS = sorted(str(command.name or getattr(command.callback, "__name__", "")) for command in app.registered_commands)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_and_json(longrun: Longrun, name: str) -> None:
    code, out, _ = longrun(name, "--help")
    assert code == 0 and f"Example: longrun {name}" in out and "--json" in out
    assert name in longrun("--help")[1]


def test_a_difference_says_that_it_was_not_checked(longrun: Longrun) -> None:
    """As a table too, beside it."""
    assert longrun("run", "sum.wasm", "-o", "r", "--profile", "toy")[0] == 0
    assert json.loads(longrun("diff", "r")[1])["checked"] is False
    assert longrun("diff", "r", "--format", "csv") == (0, "key,old,new\n", "(not checked: longrun verify does that)\n")


def test_help_has_a_short_name_too(longrun: Longrun) -> None:
    assert longrun("-h") == longrun("--help") and longrun("call", "-h") == longrun("call", "--help")
    assert "Example" in longrun("call", "-h")[1]


def test_completion_is_offered(longrun: Longrun) -> None:
    code, out, _ = longrun("--help")
    assert code == 0 and "--install-completion" in out and "--show-completion" in out


@pytest.mark.parametrize("words, offered", [("longrun pro", "prove"), ("longrun prove --sch", "--scheduler")])
def test_completion_completes(words: str, offered: str) -> None:
    environment = {**os.environ, "_LONGRUN_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    command = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from longrun.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", command], env=environment, capture_output=True, text=True, check=False)
    assert offered in done.stdout.split(), done


def test_the_readme_has_every_command_and_every_exit_code() -> None:
    readme = (ROOT / "README.md").read_text()
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
    for line in ("setup sum.wasm --profile toy", "run sum.wasm --input in.txt -o first --profile toy",
                 "run sum.wasm --input other.txt -o second --profile toy",
                 "prove first -o first.proof --workers 1", "prove second -o second.proof --workers 1", "status first", "resume first",
                 "gc first", "batch first.proof second.proof -o both.proof", "verify both.proof --program sum.wasm --allow-toy",
                 "inspect both.proof", "inspect first", "run sum.wasm --input in.txt -o third --profile toy",
                 "state first -o first.state", "diff first", "profile sum.wasm -o sum.json --input in.txt",
                 "open counter.wat --profile toy", "call counter.bundle add -5", "close counter.bundle"):
        code, out, _ = longrun(*line.split(), "--json")
        assert code == 0, line
        told[line.split()[0]] = json.loads(out)
    assert set(told) == set(COMMANDS) - {"doctor", "certificates"} and all(isinstance(facts, dict) for facts in told.values())
    assert told["run"].pop("cells a step") > 100
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


def test_doctor_measures(longrun: Longrun) -> None:
    code, out, _ = longrun("doctor", "--json")
    facts = json.loads(out)
    assert code == 0 and facts["cores"] >= 1 and facts["a billion steps, hours"] > 0 and facts["a leaf, s of one core"] > 0

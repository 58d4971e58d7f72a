"""Mistakes, and proofs that are refused: one line and an exit code."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bundles.bundle import open_bundle
from bundles.errors import Busy, Over, Stuck, Unsupported
from bundles.formats import Kind, encode_proof
from bundles.opened import NOTHING
from bundles.programs import all_translated
from continuation.kinds import RUNS
from continuation.layout import FORMS
from longrun.failures import told
from stark import profiles
from stark.errors import Rejected
from tests.longrun.conftest import Longrun
from wasm_exec.text import from_text


def test_a_toy_proof_is_refused(longrun: Longrun) -> None:
    code, _, err = longrun("verify", "toy.proof", "--program", "sum.wasm")
    assert code == 1 and "a toy proof, which proves nothing" in err and "--allow-toy" in err
    for demanded in ("p100", "p128"):
        for allowed in ([], ["--allow-toy"]):
            code, _, err = longrun("verify", "toy.proof", "--program", "sum.wasm", "--profile", demanded, *allowed)
            assert code == 1 and f"asked for. This does not hold: the profile is the one given, expected {demanded}, got toy\n" in err
    assert "--allow-toy" in longrun("verify", "toy.proof", "--program", "sum.wasm", "--profile", "toy")[2]


@pytest.mark.parametrize("arguments, expected, said", [
    (["run", "missing.wasm", "-o", "d"], 4, "missing.wasm"),
    (["run", "in.txt", "-o", "d"], 3, "not a WebAssembly module"),
    (["run", "sum.wasm", "-o", "d", "--profile", "p99"], 2, "choose one of p100"),
    (["run", "sum.wasm", "-o", "d", "--input", "missing"], 4, "missing"),
    (["run", "sum.wasm", "-o", "in.txt"], 4, "in.txt"),
    (["run", "sum.wasm"], 2, "--out"),
    (["fly"], 2, "fly"),
    (["doctor", "--profile", "toy"], 2, "no measure of anything"),
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


def test_a_task_that_the_proof_does_not_have_is_wrong_usage(longrun: Longrun) -> None:
    assert longrun("run", "hello.wasm", "-o", "run", "--profile", "toy")[0] == 0
    code, _, err = longrun("prove", "run", "--only", "segment 7")
    assert code == 2 and "has no task segment 7; its only segment is 0" in err
    assert "has no task root 0-7; its last one is root 0-1" in longrun("prove", "run", "--only", "root 0-7")[2]
    Path("numbers").write_bytes(b" ".join(b"%d" % number for number in range(200)))
    assert longrun("run", "sum.wasm", "--input", "numbers", "-o", "long", "--profile", "toy")[0] == 0
    last = open_bundle(Path("long")).manifest.segments - 1
    for words, task in ((["--segment", "99"], "segment 99"), (["--only", "leaf 99"], "leaf 99")):
        code, _, err = longrun("prove", "long", *words)
        assert code == 2 and last > 0 and f"has no task {task}; its segments are 0 to {last}" in err


def test_hints_name_the_bundle() -> None:
    """As one types it."""
    place = Path("my run")
    for error, said in ((Busy("process 7", "being proved", place), "longrun status 'my run' shows"),
                        (Over("it has ended", place), "longrun status 'my run' shows"),
                        (Stuck({"leaf 7": "bad luck"}, place), "longrun prove 'my run' --only 'leaf 7' shows")):
        assert said in told(error).line


def test_runs_that_make_no_batch_are_not_called_invalid(longrun: Longrun) -> None:
    for name, profile in (("one", "toy"), ("two", "p100")):
        words = FORMS[profiles.get(profile).hash.width].statement
        payloads = [np.array([RUNS[0].number], np.uint32), np.zeros(words, np.uint32), np.zeros(1, np.uint32), NOTHING.words]
        Path(f"{name}.proof").write_bytes(encode_proof(Kind.RUN, profile, payloads))
    code, _, err = longrun("batch", "one.proof", "two.proof", "-o", "both.proof")
    assert code == 1 and err == ("longrun: these runs make no batch. This does not hold: run 2 has the profile of run 1, as a batch is of "
                                 "one profile, expected toy, got p100\n")
    assert told(Rejected("run 2 is proved with the keys of this setup", "1", "2")).message.startswith("these runs make no batch")


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


def test_a_proof_file_without_a_proof_is_malformed(longrun: Longrun) -> None:
    code, _, err = longrun("inspect", "toy.proof")
    assert code == 3 and "payloads" in err


@pytest.mark.parametrize("words, what", [
    ("run --json", "Missing argument"), ("verify x --nonsense --json", "--nonsense"), ("nonsense --json", "nonsense"),
    ("prove x --workers many --json", "no whole number"), ("run sum.wasm -o x --max-steps 0 --json", "at least 1")])
def test_a_mistake_in_the_words_is_an_object_too(longrun: Longrun, words: str, what: str) -> None:
    code, out, err = longrun(*words.split())
    told = json.loads(out)
    assert code == told["exit code"] == 2 and what in told["error"] and told["hint"].endswith("--help") and what in err
    assert longrun(*words.replace(" --json", "").split())[:2] == (2, "")


def test_a_module_that_cannot_be_run_is_named(longrun: Longrun) -> None:
    Path("none.wat").write_text("(module (func))")
    Path("cut.wasm").write_bytes(Path("sum.wasm").read_bytes()[:-5])
    for file, said in (("none.wat", "cannot be run: there is no exported function: neither _start nor main, nor one that events"),
                       ("cut.wasm", "is not a WebAssembly module: ")):
        for line in ("setup {}", "run {} -o d", "open {} -o d", "profile {} -o p", "inspect {}"):
            code, _, err = longrun(*line.format(file).split())
            assert code == 3 and err.startswith(f"longrun: {file} {said}") and "at byte 0" not in err and len(err.splitlines()) == 1
    assert longrun("run", "hello.wasm", "-o", "run", "--profile", "toy")[0] == 0
    assert longrun("prove", "run", "--segment", "0", "-o", "segment.proof")[0] == 0
    code, _, err = longrun("verify", "segment.proof", "--allow-toy", "--program", "none.wat")
    assert code == 3 and err.startswith("longrun: none.wat cannot be run: ")
    with pytest.raises(Unsupported, match="^second cannot be run: there is no exported function"):
        all_translated([Path("sum.wasm").read_bytes(), from_text(Path("none.wat"))], ["first", "second"])


def test_a_damaged_manifest_is_named(longrun: Longrun) -> None:
    """With its path, whatever is wrong with it."""
    assert longrun("run", "hello.wasm", "-o", "run", "--profile", "toy")[0] == 0
    content = Path("run/manifest.msgpack").read_bytes()
    for damaged, said in ((content[:100], "it ends too soon"), (content.replace(b"\xa3toy", b"\xa3tax", 1), "no profile is named 'tax'"),
                          (content.replace(b"version\x04", b"version\x63"), "this bundle has format 99")):
        Path("run/manifest.msgpack").write_bytes(damaged)
        for line in ("status run", "prove run -o run.proof", "inspect run", "inspect run/manifest.msgpack", "gc run"):
            code, _, err = longrun(*line.split())
            assert code == 3 and err.startswith("longrun: run/manifest.msgpack: ") and said in err and err.count("manifest") <= 2, err

"""The command line: what it says, its exit codes, and that mistakes are one line."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bundles.formats import Kind, encode_proof
from longrun.cli import main
from wasm_exec.text import from_text

SAMPLES = Path(__file__).parent.parent / "samples"
Longrun = Callable[..., tuple[int, str, str]]


@pytest.fixture
def longrun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Longrun:
    """Runs the command in a folder of its own: (exit code, output, errors)."""
    monkeypatch.chdir(tmp_path)
    for name in ("sum", "hello"):
        Path(f"{name}.wasm").write_bytes(from_text(SAMPLES / f"{name}.wat"))
    Path("in.txt").write_bytes(b"12 30 400")
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


def test_a_toy_proof_is_refused(longrun: Longrun) -> None:
    code, _, err = longrun("verify", "toy.proof", "--program", "sum.wasm")
    assert code == 1 and "rejected" in err and "--allow-toy" in err


@pytest.mark.parametrize("arguments, expected, said", [
    (["run", "missing.wasm", "-o", "d"], 4, "missing.wasm"),
    (["run", "in.txt", "-o", "d"], 3, "not a WebAssembly module"),
    (["run", "sum.wasm", "-o", "d", "--profile", "p99"], 2, "choose one of p100"),
    (["run", "sum.wasm", "-o", "d", "--input", "missing"], 4, "missing"),
    (["run", "sum.wasm", "-o", "in.txt"], 4, "in.txt"),
    (["run", "sum.wasm"], 2, "--out"),
    (["fly"], 2, "fly"),
    (["batch", "toy.proof", "-o", "x"], 2, "at least two"),
    (["verify", "missing.proof", "--program", "sum.wasm"], 4, "missing.proof"),
    (["verify", "in.txt", "--program", "sum.wasm"], 3, "not a proof file"),
    (["verify", "toy.proof", "--program", "missing.wasm"], 4, "missing.wasm"),
    (["verify", "toy.proof"], 2, "--program"),
    (["verify", "toy.proof", "--program", "sum.wasm", "--exit-code", "-1"], 2, "--exit-code"),
    (["inspect", "in.txt"], 3, "not a proof file"),
    (["inspect", "."], 3, "not a bundle"),
])
def test_a_mistake_is_a_line_and_a_code(longrun: Longrun, arguments: list[str], expected: int, said: str) -> None:
    code, _, err = longrun(*arguments)
    assert (code, said in err) == (expected, True), err
    assert "Traceback" not in err
    if expected != 2:
        assert len(err.splitlines()) == 1


def test_a_bundle_is_not_written_over(longrun: Longrun) -> None:
    arguments = "run", "hello.wasm", "-o", "bundle", "--profile", "toy"
    assert longrun(*arguments)[0] == 0
    code, _, err = longrun(*arguments)
    assert code == 4 and "already a bundle" in err


def test_a_proof_file_without_a_proof_is_malformed(longrun: Longrun) -> None:
    code, _, err = longrun("inspect", "toy.proof")
    assert code == 3 and "payloads" in err

"""The command line in a folder of its own."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bundles.formats import Kind, encode_proof
from longrun.cli import main
from wasm_exec.text import from_text

ROOT = Path(__file__).parent.parent.parent
SAMPLES = ROOT / "samples"
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

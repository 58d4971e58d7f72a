"""The trusted part is small: verifying loads no prover, and works with no Rust on the machine."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bundles import api
from wasm_exec.text import from_text

SAMPLES = Path(__file__).parents[2] / "samples"
VERIFY = """
import sys
sys.modules["longrun_native"] = None
from pathlib import Path
from bundles import api
print(api.verify(Path(sys.argv[1]), [Path(sys.argv[2]).read_bytes()], allow_toy={toy})["outcome"])
loaded = [name for name in sys.modules if name.split(".")[-1] in ("prover", "prove", "proving", "fill", "replay", "wasmtime")]
sys.exit(f"loaded: {{loaded}}" if loaded else 0)
"""


@pytest.mark.parametrize("profile", ["toy", "p100", "p128"])
def test_a_proof_verifies_without_rust_and_without_a_prover(profile: str, tmp_path: Path) -> None:
    app = from_text(SAMPLES / "hello.wat")
    (tmp_path / "app.wasm").write_bytes(app)
    api.record(app, b"one", tmp_path / "run", profile)
    api.prove(tmp_path / "run", tmp_path / "run.proof", lambda *_: None)
    done = subprocess.run([sys.executable, "-c", VERIFY.format(toy=profile == "toy"), tmp_path / "run.proof", tmp_path / "app.wasm"],
                          capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert (done.returncode, done.stdout.strip()) == (0, "exited(0)"), done.stderr

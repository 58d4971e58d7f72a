"""Circuits that were made once, in files of the user, so that neither every command nor every worker makes them.

A file is believed to be what we wrote by its digest and its owner, and nothing rests on that: its columns must give the key that was
published, and a proof that it spoils is refused like any other.
"""
from __future__ import annotations

import hashlib
import platform
from functools import lru_cache
from pathlib import Path

import numpy as np

from continuation.freezing import freeze, thaw
from continuation.lowering import Circuit
from continuation.shape import RecursionShape
from stark.errors import Malformed
from wasm_exec.kept_files import KeptFiles, folder_of

SIZE_LIMIT = 1 << 30            # bytes of all files together; a circuit has 8 to 20 million
PACKAGES = "continuation", "segments", "stark", "wasm_exec"


@lru_cache(maxsize=1)
def circumstances() -> bytes:
    """Everything besides its key that decides how a circuit is written down: our code, numpy, Python."""
    root = Path(__file__).parent.parent
    files = [path for package in PACKAGES for path in sorted((root / package).rglob("*.py"))]
    ours = hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files))
    return repr((ours.hexdigest(), np.__version__, platform.python_version())).encode()


class Shelf(KeptFiles):
    """Of such files."""

    def circuit(self, what: bytes, shape: RecursionShape) -> Circuit | None:
        """`what` are bytes that determine the circuit."""
        content = self.find(circumstances() + what)
        if content is None:
            return None
        try:
            return thaw(content, shape)
        except Malformed:
            return None

    def put(self, what: bytes, circuit: Circuit) -> None:
        if self.folder is not None:
            self.keep(circumstances() + what, freeze(circuit), SIZE_LIMIT)


STANDARD = Shelf(folder_of("circuits"))      # `STANDARD.folder = None` switches it off

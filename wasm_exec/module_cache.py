"""Compiled recorder modules, kept by digest in a folder of the user. Whatever is wrong with a file there is as if it were not there."""

from __future__ import annotations

import hashlib
import os
import platform
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import wasmtime

DIGEST_BYTES = 32
SIZE_LIMIT = 1 << 30  # bytes of all files together


def default_folder() -> Path:
    """Below $XDG_CACHE_HOME, or ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "longrun" / "recorders"


@lru_cache(maxsize=1)
def circumstances() -> bytes:
    """Everything besides the program that decides what a compiled module is: our code, wasmtime, the machine."""
    ours = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))))
    return repr((ours.hexdigest(), metadata.version("wasmtime"), platform.machine(), platform.system(), platform.node())).encode()


@dataclass
class ModuleCache:
    """A folder of such files. Without a folder nothing is kept."""

    folder: Path | None

    def module(self, engine: wasmtime.Engine, what: bytes, emit: Callable[[], bytes]) -> wasmtime.Module:
        """The module that `emit` gives, compiled; `what` are bytes that determine it."""
        if self.folder is None:
            return wasmtime.Module(engine, emit())
        path = self.folder / hashlib.sha256(circumstances() + what).hexdigest()
        found = read(engine, path)
        if found is None:
            found = wasmtime.Module(engine, emit())
            write(path, bytes(found.serialize()))
            tidy(self.folder, path)
        return found


def read(engine: wasmtime.Engine, path: Path) -> wasmtime.Module | None:
    """The module in this file. It is native code: its digest keeps out what is damaged, and only the user's own files are taken."""
    try:
        if hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
            return None
        content = path.read_bytes()
        if hashlib.sha256(content[DIGEST_BYTES:]).digest() != content[:DIGEST_BYTES]:
            return None
        module = wasmtime.Module.deserialize(engine, content[DIGEST_BYTES:])
        os.utime(path)
        return module
    except (OSError, wasmtime.WasmtimeError):
        return None


def write(path: Path, content: bytes) -> None:
    """Under another name first, so that a reader sees all of it or nothing. A folder that cannot be written is no error."""
    name = ""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(content).digest() + content)
        os.replace(name, path)
    except OSError:
        if name:
            Path(name).unlink(missing_ok=True)


def tidy(folder: Path, newest: Path) -> None:
    """Removes what was not used for the longest time while there is too much."""
    with suppress(OSError):
        files = sorted(((path.stat().st_mtime, path.stat().st_size, path) for path in folder.iterdir() if path != newest), reverse=True)
        total = newest.stat().st_size if newest.exists() else 0
        for _, size, path in files:
            total += size
            if total > SIZE_LIMIT:
                path.unlink(missing_ok=True)


STANDARD = ModuleCache(default_folder())  # `STANDARD.folder = None` switches it off

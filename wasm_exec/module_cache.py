"""Compiled recorder modules, kept by digest in a folder of the user. Whatever is wrong with a file there is as if it were not there."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import wasmtime

from wasm_exec import kept_files
from wasm_exec.kept_files import folder_of

SIZE_LIMIT = 1 << 30  # bytes of all files together


def default_folder() -> Path:
    """Below $XDG_CACHE_HOME, or ~/.cache."""
    return folder_of("recorders")


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
        path = self.path(self.folder, what)
        found = read(engine, path)
        if found is None:
            found = wasmtime.Module(engine, emit())
            kept_files.write(path, bytes(found.serialize()))
            kept_files.tidy(self.folder, path, SIZE_LIMIT)
        return found

    def path(self, folder: Path, what: bytes) -> Path:
        return folder / hashlib.sha256(circumstances() + what).hexdigest()

    def is_kept(self, what: bytes) -> bool:
        """Whether there is a file of it, good or bad."""
        return self.folder is not None and self.path(self.folder, what).is_file()


def read(engine: wasmtime.Engine, path: Path) -> wasmtime.Module | None:
    """The module in this file, which is native code: hence nobody's files but the user's are read."""
    content = kept_files.read(path)
    if content is None:
        return None
    try:
        return wasmtime.Module.deserialize(engine, content)
    except wasmtime.WasmtimeError:
        return None


STANDARD = ModuleCache(default_folder())  # `STANDARD.folder = None` switches it off

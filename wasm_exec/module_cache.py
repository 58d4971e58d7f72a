"""Compiled recorder modules, kept by digest in a folder of the user. Whatever is wrong with a file there is as if it were not there."""

from __future__ import annotations

import platform
from collections.abc import Callable
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import wasmtime

from wasm_exec.kept_files import KeptFiles, folder_of, our_code

SIZE_LIMIT = 1 << 30  # bytes of all files together


def default_folder() -> Path:
    """Below $XDG_CACHE_HOME, or ~/.cache."""
    return folder_of("recorders")


@lru_cache(maxsize=1)
def circumstances() -> bytes:
    """Everything besides the program that decides what a compiled module is: our code, wasmtime, the machine."""
    return repr((our_code(), metadata.version("wasmtime"), platform.machine(), platform.system(), platform.node())).encode()


class ModuleCache(KeptFiles):
    """Of such files."""

    def module(self, engine: wasmtime.Engine, what: bytes, emit: Callable[[], bytes]) -> wasmtime.Module:
        """The module that `emit` gives, compiled; `what` are bytes that determine it."""
        if self.folder is None:
            return wasmtime.Module(engine, emit())
        what = circumstances() + what
        found = loaded(engine, self.find(what))
        if found is None:
            found = wasmtime.Module(engine, emit())
            self.keep(what, bytes(found.serialize()), SIZE_LIMIT)
        return found

    def is_kept(self, what: bytes) -> bool:
        return self.has(circumstances() + what)


def loaded(engine: wasmtime.Engine, content: bytes | None) -> wasmtime.Module | None:
    """The module of a file, which is native code: hence nobody's files but the user's are read."""
    if content is None:
        return None
    try:
        return wasmtime.Module.deserialize(engine, content)
    except wasmtime.WasmtimeError:
        return None


STANDARD = ModuleCache(default_folder())  # `STANDARD.folder = None` switches it off

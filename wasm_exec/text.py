"""WebAssembly from a file: the binary format as it is, the text format translated."""

from __future__ import annotations

from pathlib import Path

import wasmtime

from wasm_exec.decode import MAGIC
from wasm_exec.errors import Malformed


def from_text(source: Path | str | bytes) -> bytes:
    """The binary module of a path (.wat or .wasm) or of the bytes of one."""
    content = source if isinstance(source, bytes) else Path(source).read_bytes()
    if content.startswith(MAGIC):
        return content
    try:
        return bytes(wasmtime.wat2wasm(content))
    except wasmtime.WasmtimeError as failure:
        raise Malformed(str(failure), 0) from None

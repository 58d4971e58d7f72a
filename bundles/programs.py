"""From a module to the program that is run and proved, and to the input of a program with arguments."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bundles.errors import Misuse, Unsupported

if TYPE_CHECKING:
    from wasm_exec.errors import Invalid, Malformed
    from wasm_exec.program import Program

SIZES_OF_BLOCKS = 64, 8                                 # rows, pages
LARGE_MODULE, LARGE_PROGRAM = 1 << 20, 1 << 16          # bytes, instructions: from there on it takes seconds before the first step


def with_arguments(app: bytes, input: bytes, arguments: Sequence[str]) -> bytes:
    """The input of a run with these arguments, for which `input` is standard input; Misuse if the program can have none, or has others."""
    from wasm_exec.decode import decode
    from wasm_exec.wasi_input import MAGIC, WasiInput, pack
    from wasm_exec.wasi_source import MODULE
    if not arguments:
        return input
    if not any(one.module == MODULE for one in decode(app).imports):
        raise Misuse("this program is none of WASI, so that it has no arguments")
    if input.startswith(MAGIC):
        raise Misuse("the input has arguments already")
    try:
        return pack(WasiInput(["program", *arguments], stdin=input))
    except ValueError as error:
        raise Misuse(str(error)) from None


def prepared(app: bytes, on_note: Callable[[str], None] | None) -> Program:
    """The register code, and a word about what takes long with a large module."""
    from bundles.recording import check_instructions
    from wasm_exec.instance import compiled
    from wasm_exec.program_cache import STANDARD
    if on_note is not None and len(app) >= LARGE_MODULE and not STANDARD.is_kept(app, SIZES_OF_BLOCKS):
        on_note(f"translating a module of {len(app):,} bytes, which is kept for the next run")
    program = remembered(app)
    check_instructions(program)
    if on_note is not None and len(program.instructions) >= LARGE_PROGRAM and not compiled(program).is_kept():
        on_note(f"compiling {len(program.instructions):,} register instructions, which are kept for the next run")
    return program


def translated(app: bytes) -> Program:
    """The register code of a module, in blocks small enough for the smallest segments."""
    from wasm_exec.translate import load
    return load(app, *SIZES_OF_BLOCKS)


def all_translated(apps: Sequence[bytes], names: Sequence[str] = ()) -> list[Program]:
    """The same of several; Unsupported, with its name, if one of them cannot be run and they have names."""
    from wasm_exec import errors
    found: list[Program] = []
    for number, app in enumerate(apps):
        try:
            found.append(translated(app))
        except (errors.Malformed, errors.Invalid) as error:
            if not names:
                raise
            raise Unsupported(why_not(error, names[number])) from None
    return found


def why_not(error: Malformed | Invalid, name: str = "this module") -> str:
    """Why a module cannot be run."""
    from wasm_exec import errors
    return f"{name} {'is not a WebAssembly module' if isinstance(error, errors.Malformed) else 'cannot be run'}: {error}"


def remembered(app: bytes) -> Program:
    """The same, from the user's files if a large module was translated before: for those who record and prove. Who verifies translates."""
    from wasm_exec.program_cache import STANDARD
    return STANDARD.program(app, SIZES_OF_BLOCKS, lambda: translated(app))

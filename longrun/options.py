"""Arguments and options that several commands have, and how files are read for them."""
from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Annotated

import typer

from bundles.errors import Misuse
from longrun.failures import UNUSABLE, USAGE, Stop
from stark import profiles

PROGRAM_LIMIT = INPUT_LIMIT = 1 << 24


def finite(value: float | None) -> float | None:
    """The number; nan and inf are none that one can count up to."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no number to count up to")
    return value


App = Annotated[Path, typer.Argument(metavar="APP.wasm", help="a WebAssembly module (.wasm, or .wat as text)")]
Programs = Annotated[list[Path], typer.Option(metavar="APP.wasm", help="the .wasm that must have run; for a rollup of several programs "
                                              "one option each, in any order")]
Out = Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="where the result is written")]
NewBundle = Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="the bundle directory that is made")]
Bundle = Annotated[Path, typer.Argument(metavar="DIR", help="a bundle directory")]
Arguments = Annotated[list[str] | None, typer.Argument(metavar="[-- ARGS]", help="arguments of a WASI program, which everybody on this "
                                                       "machine can read; what is private is given as --input", show_default=False)]
OutputFile = Annotated[Path | None, typer.Option("--output", metavar="FILE", help="write the output of the program into this file")]
Json = Annotated[bool, typer.Option("--json", help="one JSON object on the output")]
Workers = Annotated[int | None, typer.Option(min=1, metavar="N", help="worker processes; as many as cores and memory allow if left out")]
SegmentMemory = Annotated[float | None, typer.Option("--memory-limit", min=0.1, callback=finite, metavar="GB",
                                                     help="how much memory proving one segment may take; 4 if left out, "
                                                          "4.4 under p128")]
Memory = Annotated[float | None, typer.Option(min=0.1, callback=finite, metavar="GB", help="how much memory all workers together may take")]
EngineName = Annotated[str | None, typer.Option("--engine", metavar="NAME", help="inline, processes or dask; chosen if left out")]
Scheduler = Annotated[str | None, typer.Option(metavar="ADDRESS", help="of a dask cluster, tls://HOST:PORT; with --engine dask alone a "
                                               "cluster on this machine is made")]
Tls = Annotated[Path | None, typer.Option(metavar="FOLDER", help="ca.pem, cert.pem and key.pem to speak with the scheduler")]
Profile = Annotated[str | None, typer.Option(metavar="NAME", help=f"how strong the proofs will be: {', '.join(profiles.PROFILES)}; p100 if "
                                             "left out, or that of the bundle whose state goes on")]
Strength = Annotated[str, typer.Option("--profile", metavar="NAME", help=f"how strong the proofs will be: {', '.join(profiles.PROFILES)}")]
Segments = Annotated[str | None, typer.Option(metavar="SIZE", help="2^16 or 2^20 steps a segment (not under toy); "
                                                  "chosen by the run's length if left out")]

MaxSteps = Annotated[int | None, typer.Option(min=1, metavar="N", help="give up after about so many steps")]
MaxMemory = Annotated[float | None, typer.Option(min=0.07, callback=finite, metavar="MB", help="give up when the program's "
                                                 "memory is larger than so many millions of bytes; it cannot be larger than "
                                                 "1 GiB, 1074 of them")]
MaxDepth = Annotated[int | None, typer.Option(min=1, max=1 << 20, metavar="SLOTS", help="give up when its calls take so many slots of the "
                                              "call stack; beyond 2^20 it traps by itself")]
MaxSeconds = Annotated[float | None, typer.Option(min=0, callback=finite, metavar="S", help="give up after about so many seconds")]
MEGABYTE, GIGABYTE = 10**6, 10**9


def in_bytes(size: float | None, unit: int = GIGABYTE) -> int | None:
    return None if size is None else int(size * unit)


def chosen(profile: str | None, state: Path | None) -> str:
    """The profile of a run or session that is begun."""
    if profile is not None:
        return known(profile)
    from bundles.state_files import profile_of
    return profile_of(state)


def known(profile: str) -> str:
    if profile not in profiles.PROFILES:
        raise Stop(USAGE, f"there is no profile {profile}", f"choose one of {', '.join(profiles.PROFILES)}")
    return profile


def read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise Stop(UNUSABLE, f"{path} has more than {limit:,} bytes")
    return content


def entered(program: bytes, input: Path | None, arguments: list[str] | None) -> bytes | None:
    """The input of a run; with arguments that of a WASI program, for which the file is its standard input. None: neither was given."""
    content = read(input, INPUT_LIMIT) if input else None
    if not arguments:
        return content
    from bundles import api
    try:
        return api.with_arguments(program, content or b"", arguments)
    except Misuse as error:
        raise Stop(USAGE, str(error), "--input FILE gives it its input; what stands behind -- are arguments") from None


def module(path: Path) -> bytes:
    """A .wasm file, or a .wat file assembled."""
    content = read(path, PROGRAM_LIMIT)
    if path.suffix != ".wat":
        from wasm_exec.decode import MAGIC
        if not content.startswith(MAGIC):
            raise Stop(UNUSABLE, f"{path} is not a WebAssembly module", "WebAssembly text is read from files named .wat")
        return content
    from wasm_exec import errors
    from wasm_exec.text import from_text
    try:
        return from_text(content)
    except errors.Malformed as error:
        raise Stop(UNUSABLE, f"{path}{place_in(error.message)} is not WebAssembly text: {error.message.splitlines()[0]}") from None


def place_in(message: str) -> str:
    """Line and column, where the reader of texts names them."""
    found = re.search(r"^\s*--> .*?:(\d+):(\d+)$", message, re.MULTILINE)
    return f", line {found[1]}, column {found[2]}," if found else ""

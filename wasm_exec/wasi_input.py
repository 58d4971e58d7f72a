"""The input of a WASI program: arguments, environment, standard input, files, clock and seed in one container.

The bytes are canonical: `pack` makes them, `unpack` takes nothing else. The program itself reads the container with routines that do not
believe it (`wasi_source.py`), so a proof of a run holds for any input; who compares a claimed input should compare with `pack(…)`.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wasm_exec.errors import Malformed
from wasm_exec.spaces import INPUT_LIMIT

MAGIC = b"longrun\x01"
CLOCK = 1_767_225_600 * 10**9  # 1 January 2026, in nanoseconds
SEED = 0x9E3779B97F4A7C15  # what a seed is added to


class Header:
    """Little-endian: where everything is in the container."""

    FORMAT = struct.Struct("<8s6I2Q")
    PLACES = {"size": 8, "arguments": 12, "argument_bytes": 16, "variables": 20, "variable_bytes": 24, "files": 28, "clock": 32, "seed": 40}


HEADER_BYTES = Header.FORMAT.size
ENTRY = struct.Struct("<4I")  # place and length of the path, place and length of the content
ENTRY_BYTES = ENTRY.size


@dataclass(frozen=True)
class WasiInput:
    """What a WASI program finds. The path of a file has no leading `/`; all of them are in the directory `/`."""

    arguments: Sequence[str] = ("program",)
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict)
    seed: int = 0
    clock: int = CLOCK


def pack(wanted: WasiInput) -> bytes:
    """The container; ValueError if there is none for these values."""
    if not (0 <= wanted.seed < 1 << 64 and 0 <= wanted.clock < 1 << 64):
        raise ValueError("the seed and the clock are numbers of 64 bits")
    for path in wanted.files:
        if any(part in ("", ".", "..") for part in path.split("/")) or "\0" in path:
            raise ValueError(f"{path!r} is no path of a file: it has no leading /, and no part that is empty, . or ..")
    for variable in wanted.environment:
        if not variable or "=" in variable:
            raise ValueError(f"{variable!r} is no name of a variable")
    arguments = strings(wanted.arguments)
    variables = strings([f"{name}={value}" for name, value in sorted(wanted.environment.items())])
    named = sorted((name.encode(), content) for name, content in wanted.files.items())
    files = [(b"", wanted.stdin), *named]
    paths = b"".join(name for name, _ in files)
    path_place = HEADER_BYTES + ENTRY_BYTES * len(files) + len(arguments) + len(variables)
    place = path_place + len(paths)
    table = b""
    for name, content in files:
        table += ENTRY.pack(path_place, len(name), place, len(content))
        path_place, place = path_place + len(name), place + len(content)
    if place > INPUT_LIMIT:
        raise ValueError(f"the container has {place} bytes, the limit is {INPUT_LIMIT}")
    head = Header.FORMAT.pack(MAGIC, place, len(wanted.arguments), len(arguments), len(wanted.environment), len(variables), len(files),
                              wanted.clock, wanted.seed)
    return b"".join([head, table, arguments, variables, paths, *(content for _, content in files)])


def strings(values: Sequence[str]) -> bytes:
    for value in values:
        if "\0" in value:
            raise ValueError(f"{value!r} contains a zero byte")
    return b"".join(value.encode() + b"\0" for value in values)


def unpack(content: bytes) -> WasiInput:
    """What a container holds; Malformed if these are not the bytes that `pack` makes of it."""
    if len(content) < HEADER_BYTES or content[:8] != MAGIC:
        raise Malformed("this is not the input of a WASI program", 0)
    _, _, arguments, argument_bytes, variables, variable_bytes, files, clock, seed = Header.FORMAT.unpack_from(content)
    place = HEADER_BYTES + ENTRY_BYTES * files
    if not files or place > len(content):
        raise Malformed("the table of files is not there", HEADER_BYTES)
    entries = [ENTRY.unpack_from(content, HEADER_BYTES + ENTRY_BYTES * number) for number in range(files)]
    parts = [(content[path : path + length], content[start : start + size]) for path, length, start, size in entries]
    try:
        listed = content[place : place + argument_bytes].decode().split("\0")[:-1]
        pairs = [item.partition("=") for item in content[place + argument_bytes :][:variable_bytes].decode().split("\0")[:-1]]
        found = WasiInput(listed, {name: value for name, _, value in pairs}, parts[0][1],
                          {path.decode(): part for path, part in parts[1:]}, seed, clock)
        same = (len(listed), len(pairs)) == (arguments, variables) and pack(found) == content
    except ValueError as failure:  # of decoding too
        raise Malformed(str(failure), 0) from None
    if not same:
        raise Malformed("the bytes of the container are not canonical", 0)
    return found

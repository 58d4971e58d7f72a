"""Makes the input of a WASI program from the command line.

    python -m wasm_exec.pack input.bin --argument program --argument -v --variable NAME=value --stdin FILE --file path=FILE --seed 7
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from wasm_exec.wasi_input import CLOCK, WasiInput, pack


def pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m wasm_exec.pack", description="The input of a WASI program.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--argument", action="append", default=[], help="one more argument; the first is the name of the program")
    parser.add_argument("--variable", action="append", default=[], type=pair, metavar="NAME=VALUE", help="a variable of the environment")
    parser.add_argument("--stdin", type=Path, metavar="FILE", help="standard input")
    parser.add_argument("--file", action="append", default=[], type=pair, metavar="PATH=FILE", help="a file that the program can read")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--clock", type=int, default=CLOCK, help="the time at the beginning, in nanoseconds since 1970")
    chosen = parser.parse_args(arguments)
    files = {path: Path(source).read_bytes() for path, source in chosen.file}
    stdin = chosen.stdin.read_bytes() if chosen.stdin else b""
    try:
        content = pack(WasiInput(chosen.argument or ["program"], dict(chosen.variable), stdin, files, chosen.seed, chosen.clock))
    except ValueError as failure:
        parser.error(str(failure))
    chosen.out.write_bytes(content)


if __name__ == "__main__":
    main()

"""python -m tests.wasm_exec.spec.full [--check] [NAME ...]: all that the official tests execute is checked and proved at toy parameters.

With --check nothing is proved. A file that is in both suites with the same bytes is taken once.
"""
from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from tests.wasm_exec.spec.crate import CRATE, VERSION, data_folder
from tests.wasm_exec.spec.proving import Look, Proved, ProvingScript, Tally, checked

SUITES = ("wasm-v1", "wasm-v2")
COLUMNS = ("modules", "runs", "returning calls", "trapping calls", "stretches passed over", "segments", "steps")


def scripts(folder: Path, names: list[str]) -> Iterator[Path]:
    seen = set()
    for suite in SUITES:
        for path in sorted((folder / suite).glob("*.wast")):
            digest = sha256(path.read_bytes()).digest()
            if digest not in seen and (not names or path.stem in names or f"{suite}/{path.stem}" in names):
                yield path
            seen.add(digest)


def looked_at(path: Path, look: Look) -> Tally:
    script = ProvingScript(path)
    script.run()
    return script.look(look)


def line(name: str, tally: Tally, seconds: float) -> str:
    counts = "".join(f"{tally.counts[column]:>{width(column)}}" for column in COLUMNS)
    return f"{name:<34}{counts}{seconds:>9.1f}{len(tally.problems):>9}"


def width(column: str) -> int:
    return len(column) + 3


def main(arguments: list[str]) -> int:
    folder, total, begun = data_folder(), Tally(), time.process_time()
    if folder is None:
        print(f"the crate {CRATE} {VERSION} cannot be fetched")
        return 2
    look: Look = checked if "--check" in arguments else Proved()
    print(f"{'script':<34}" + "".join(f"{column:>{width(column)}}" for column in COLUMNS) + f"{'CPU s':>9}{'broken':>9}")
    for path in scripts(folder, [name for name in arguments if not name.startswith("-")]):
        since = time.process_time()
        tally = looked_at(path, look)
        print(line(f"{path.parent.name}/{path.stem}", tally, time.process_time() - since), flush=True)
        for problem in tally.problems[:5]:
            print("    " + problem[:300], flush=True)
        total.add(tally)
    print(line("all", total, time.process_time() - begun))
    return int(bool(total.problems))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

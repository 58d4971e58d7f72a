"""python -m tests.wasm_exec.spec.full [--check] [NAME ...]: all that the official tests execute is checked and proved at toy parameters.

With --check nothing is proved. A file that is in both suites with the same bytes is taken once. Every core has a file at a time, so
that files come as they are done.
"""
from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from hashlib import sha256
from pathlib import Path

from tests.wasm_exec.spec.crate import CRATE, VERSION, data_folder
from tests.wasm_exec.spec.proving import Proved, ProvingScript, Tally, checked

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


def looked_at(path: Path, check_only: bool) -> tuple[str, Tally, float]:
    """The name of the file, what became of it, and the seconds of a processor."""
    began, script = time.process_time(), ProvingScript(path)
    script.run()
    tally = script.look(checked if check_only else Proved())
    return f"{path.parent.name}/{path.stem}", tally, time.process_time() - began


def line(name: str, tally: Tally, seconds: float) -> str:
    counts = "".join(f"{tally.counts[column]:>{width(column)}}" for column in COLUMNS)
    return f"{name:<34}{counts}{seconds:>9.1f}{len(tally.problems):>9}"


def width(column: str) -> int:
    return len(column) + 3


def main(arguments: list[str]) -> int:
    folder, total, spent = data_folder(), Tally(), 0.0
    if folder is None:
        print(f"the crate {CRATE} {VERSION} cannot be fetched")
        return 2
    print(f"{'script':<34}" + "".join(f"{column:>{width(column)}}" for column in COLUMNS) + f"{'CPU s':>9}{'broken':>9}")
    paths = scripts(folder, [name for name in arguments if not name.startswith("-")])
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), multiprocessing.get_context("spawn"), max_tasks_per_child=1) as processes:
        for done in as_completed([processes.submit(looked_at, path, "--check" in arguments) for path in paths]):
            name, tally, seconds = done.result()
            print(line(name, tally, seconds), flush=True)
            for problem in tally.problems[:5]:
                print("    " + problem[:300], flush=True)
            total.add(tally)
            spent += seconds
    print(line("all", total, spent))
    return int(bool(total.problems))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`make fuzz`: 10,000 random modules of our own, 10,000 of the crate wasm-smith, and every float operation on a million operands, and the
Go guest.

    python -m tests.wasm_exec.fuzz [--modules N] [--smith N] [--floats N] [--first N] [--processes N]

What differs is printed with its number and reproduced with --first NUMBER --modules 1. Exit code 1 if anything differed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.wasm_exec.differential import Differs, TooDeep, compare
from tests.wasm_exec.random_modules import random_module
from tests.wasm_exec.spec.machine import Disagreement
from tests.wasm_exec.test_floats import NAMES, agree
from tests.wasm_exec.test_guests import SAMPLES, carried_out, entered, expected, under_wasmtime
from wasm_exec.cutting import Budget
from wasm_exec.text import from_text

SMITH = Path(__file__).parent / "smith"
BATCH, TOLD = 25, 1000           # modules


def smith() -> str | None:
    """The program that prints modules of wasm-smith, built if it can be."""
    target = Path(tempfile.gettempdir()) / f"longrun-smith-{os.getuid()}"
    command = ["cargo", "build", "--release", "--quiet", "--manifest-path", str(SMITH / "Cargo.toml"), "--target-dir", str(target)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"wasm-smith cannot be built, its modules are left out: {getattr(error, 'stderr', None) or error}")
        return None
    return str(target / "release" / "longrun-smith")


def own_modules(first: int, count: int) -> Iterator[bytes]:
    for seed in range(first, first + count):
        yield from_text(random_module(seed).encode())


def smith_modules(program: str, first: int, count: int) -> Iterator[bytes]:
    printed = subprocess.run([program, str(first), str(count)], check=True, capture_output=True).stdout
    while printed:
        size = int.from_bytes(printed[:4], "little")
        yield printed[4 : 4 + size]
        printed = printed[4 + size :]


def check(modules: Iterator[bytes], first: int) -> tuple[Counter[str], list[str]]:
    """How many agreed, and what the others are."""
    counts, failures = Counter[str](), []
    for seed, wasm in enumerate(modules, first):
        try:
            counts["calls"] += compare(wasm, seed)
            counts["agree"] += 1
        except TooDeep:
            counts["too deep to compare"] += 1
        except Exception as error:  # whatever happens belongs to this module, and the others go on
            counts["differ" if isinstance(error, (Differs, Disagreement)) else "fail"] += 1
            failures.append(f"{seed}: {type(error).__name__} {error}")
    return counts, failures


def check_own(first: int, count: int) -> tuple[Counter[str], list[str]]:
    return check(own_modules(first, count), first)


def check_smith(program: str, first: int, count: int) -> tuple[Counter[str], list[str]]:
    return check(smith_modules(program, first, count), first)


def check_floats(name: str, count: int) -> tuple[Counter[str], list[str]]:
    try:
        agree(name, count)
    except AssertionError:
        return Counter({"differ": 1}), [name]
    return Counter({"agree": 1}), []


def check_go() -> bool:
    """The Go guest, which takes too long for every day: it prints what it prints under wasmtime."""
    if shutil.which("go") is None:
        print("go: there is no Go compiler, its guest is left out")
        return True
    with tempfile.TemporaryDirectory() as name:
        subprocess.run([SAMPLES / "go" / "build.sh", name], check=True)
        wasm = Path(name, "words.wasm").read_bytes()
        ours = carried_out(wasm, entered("words"), Budget.uniform(1 << 18, 5000)).output
        theirs = under_wasmtime(wasm, entered("words"), Path(name))
    fine = ours == expected("words") and theirs == (0, ours)
    print(f"go: {'agrees' if fine else 'differs'}", flush=True)
    return fine


def all_of(title: str, task: Callable[..., tuple[Counter[str], list[str]]], arguments: list[tuple[object, ...]], processes: int) -> bool:
    """Prints what comes out; whether all agreed."""
    counts, failures = Counter[str](), list[str]()
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:   # a fork loses wasmtime's threads
        for number, future in enumerate([pool.submit(task, *given) for given in arguments], 1):
            more, found = future.result()
            counts += more
            failures += found
            for line in found:
                print(f"{title} {line}", flush=True)
            if number % (TOLD // BATCH) == 0 and number < len(arguments):
                print(f"{title}, {number} of {len(arguments)} pieces: {dict(counts)}", flush=True)
    print(f"{title}: {', '.join(f'{count:,} {what}' for what, count in counts.items())}", flush=True)
    return not failures


def batches(first: int, count: int) -> list[tuple[int, int]]:
    return [(start, min(BATCH, first + count - start)) for start in range(first, first + count, BATCH)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("modules", 10_000), ("smith", 10_000), ("floats", 1_000_000), ("first", 0), ("processes", os.cpu_count() or 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    fine = all_of("floats", check_floats, [(name, options.floats) for name in NAMES], options.processes) if options.floats else True
    fine &= all_of("own modules", check_own, list(batches(options.first, options.modules)), options.processes)
    fine &= check_go()
    program = smith() if options.smith else None
    if program:
        each = [(program, *batch) for batch in batches(options.first, options.smith)]
        fine &= all_of("wasm-smith", check_smith, list(each), options.processes)
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()

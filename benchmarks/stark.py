"""Figures of the toolkit: proving time over the floor (one extension and one hashing of the same cells), memory, sizes, verification.

They are taken in a process of their own, so that its peak memory is the proof's.
"""
from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.machines import machine
from benchmarks.report import Figures
from stark import profiles
from stark.kernels import load
from stark.key import Key
from stark.prover import prove
from stark.setup import commit_fixed
from stark.verifier import check_proof
from stark.watch import Watch

CELL = 4            # bytes
NO_STATEMENT = np.zeros(0, np.uint32)


def floor_seconds(committed: Sequence[tuple[int, int]], log_rows: int, threads: int) -> float:
    """One commitment of exactly these (columns, log rows)."""
    kernels = load("best", threads)
    rng = np.random.default_rng(0)
    matrices = [rng.integers(0, 2**30, (columns, 1 << log), np.uint32) for columns, log in committed]
    started = time.perf_counter()
    kernels.commit(matrices, log_rows, 1, 4)
    return time.perf_counter() - started


def committed_columns(key: Key) -> list[tuple[int, int]]:
    """How many columns a proof commits to at each height: (columns, log rows)."""
    by_height: dict[int, int] = {}
    for i, log_height in enumerate(key.log_heights):
        by_height[log_height] = by_height.get(log_height, 0) + sum(tree.widths[i] for tree in key.trees if tree.name != "fixed")
    return sorted(((columns, log) for log, columns in by_height.items()), key=lambda pair: pair[1])


def one_proof(log_rows: int, chips: int, triples: int, threads: int) -> dict[str, object]:
    """What is measured on one machine, by figure; run in a fresh process."""
    key, fixed, mains = machine(log_rows, chips, triples, profiles.get("p100").segment)
    kernels = load("best", threads)
    proving = commit_fixed(key, fixed, kernels)
    watch, started = Watch(), time.perf_counter()
    proof = prove(proving, mains, NO_STATEMENT, kernels, watch)
    seconds, peak = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    main_columns = sum(len(table) for table in mains.values())
    mains = {}
    committed = committed_columns(key)
    cells = sum(columns << log for columns, log in committed)
    floor = min(floor_seconds(committed, log_rows, threads) for _ in range(2))
    started = time.perf_counter()
    check_proof(proving.key, NO_STATEMENT, proof, kernels.permute)
    verifying = time.perf_counter() - started
    started = time.perf_counter()
    check_proof(proving.key, NO_STATEMENT, proof, load("reference").permute)
    python = time.perf_counter() - started
    return {"columns": main_columns, "cells": cells, "seconds": seconds, "floor": floor, "peak": peak, "bytes": CELL * len(proof),
            "verify": verifying, "python": python, "stages": dict(watch.seconds)}


def measure(figures: Figures, log_rows: int = 20, chips: int = 20, triples: int = 10, threads: int = 1) -> None:
    command = [sys.executable, "-m", "benchmarks.stark", *map(str, (log_rows, chips, triples, threads))]
    done = subprocess.run(command, cwd=Path(__file__).parent.parent, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    what = f"{chips} chips of 2^{log_rows - 2} to 2^{log_rows} rows, {found['columns']} main columns, {threads} thread"
    figures.add("stark.floor_ratio", found["seconds"] / found["floor"], f"proving over one extension and hashing of the same cells: {what}")
    figures.add("stark.ns_per_cell", found["seconds"] / found["cells"] * 1e9, f"{found['cells'] / 1e6:.0f} M committed cells")
    figures.add("stark.bytes_per_cell", found["peak"] / (CELL * found["cells"]), f"peak {found['peak'] / 1e9:.2f} GB")
    figures.add("stark.proof_words_bytes", found["bytes"], "p100, as words, nothing pruned")
    figures.add("stark.verify_ms", 1000 * found["verify"], "the numbers reading with the native permutation")
    figures.add("stark.verify_python_s", found["python"], "the same without Rust")
    figures.stages("stark.prove", found["stages"])


if __name__ == "__main__":
    print(json.dumps(one_proof(*map(int, sys.argv[1:]))))

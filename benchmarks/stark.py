"""Figures of the toolkit: proving time over the floor (one extension and one hashing of the same cells), sizes, verification."""
from __future__ import annotations

import time

import numpy as np

from benchmarks.machines import machine
from benchmarks.report import Figures
from stark import profiles
from stark.kernels import load
from stark.prover import prove
from stark.setup import commit_fixed
from stark.verifier import check_proof
from stark.watch import Watch


def floor_seconds(log_cells: list[tuple[int, int]], log_rows: int, threads: int) -> float:
    """One commitment of exactly these (columns, log rows)."""
    kernels = load("best", threads)
    rng = np.random.default_rng(0)
    matrices = [rng.integers(0, 2**30, (columns, 1 << log)).astype(np.uint32) for columns, log in log_cells]
    started = time.perf_counter()
    kernels.commit(matrices, log_rows, 1, 4)
    return time.perf_counter() - started


def measure(figures: Figures, log_rows: int = 16, chips: int = 12, triples: int = 12, threads: int = 1) -> None:
    parameters = profiles.get("p100").segment
    key, fixed, mains = machine(log_rows, chips, triples, parameters)
    kernels = load("best", threads)
    proving = commit_fixed(key, fixed, kernels)
    statement = np.zeros(0, np.uint32)
    watch, started = Watch(), time.perf_counter()
    proof = prove(proving, mains, statement, kernels, watch)
    seconds = time.perf_counter() - started
    by_height: dict[int, int] = {}
    for i, log_height in enumerate(key.log_heights):
        by_height[log_height] = by_height.get(log_height, 0) + sum(tree.widths[i] for tree in key.trees if tree.name != "fixed")
    committed = sorted(((columns, log) for log, columns in by_height.items()), key=lambda pair: pair[1])
    cells = sum(columns << log for columns, log in committed)
    floor = min(floor_seconds(committed, log_rows, threads) for _ in range(2))
    started = time.perf_counter()
    check_proof(proving.key, statement, proof, kernels.permute)
    verifying = time.perf_counter() - started
    started = time.perf_counter()
    check_proof(proving.key, statement, proof, load("reference").permute)
    python = time.perf_counter() - started
    figures.add("stark.floor_ratio", seconds / floor, "proving over one extension and hashing of the same cells")
    figures.add("stark.ns_per_cell", seconds / cells * 1e9, f"{cells / 1e6:.1f} M committed cells, {threads} thread")
    figures.add("stark.proof_bytes", 4 * len(proof), "p100, paths not pruned")
    figures.add("stark.verify_ms", 1000 * verifying, "the numbers reading with the native permutation")
    figures.add("stark.verify_python_s", python, "the same without Rust")
    figures.stages("stark.prove", watch.seconds)

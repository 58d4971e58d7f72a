"""Figures of the toolkit: proving time over the floor (one extension and one hashing of the same cells), memory, sizes, verification.

They are taken in a process of their own, so that its peak memory is the proof's. Proofs are measured as bytes (stark/codec.py), and
verifying is decoding and checking.
"""
from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machines import machine
from benchmarks.report import Figures
from stark import profiles
from stark.codec import decode, encode
from stark.kernels import load
from stark.kernels.protocol import Kernels
from stark.key import Key
from stark.prover import HandedOver, prove
from stark.setup import commit_fixed
from stark.verifier import check_proof
from stark.watch import Watch

Clock = Callable[[], float]
CELL = 4            # bytes
NO_STATEMENT = np.zeros(0, np.uint32)
SIZES = 20, 20, 10  # log rows, chips, triples: 20 chips of 2^18 to 2^20 rows, 621 main columns


def floor_seconds(committed: Sequence[tuple[int, int]], key: Key, kernels: Kernels, clock: Clock) -> float:
    """One commitment of exactly these (columns, log rows): every column is extended once, those that share one as one. What constraints ask
    for beside that, short columns taken apart again, is no part of it."""
    rng = np.random.default_rng(0)
    matrices = [rng.integers(0, 2**30, (columns, 1 << log), np.uint32) for columns, log in committed]
    packs = [key.pack(key.log_heights.index(log)) for _, log in committed]
    started = clock()
    kernels.commit(matrices, key.log_rows, key.parameters.log_blowup, key.parameters.log_cap, key.hash.width, packs)
    return clock() - started


def committed_columns(key: Key) -> list[tuple[int, int]]:
    """How many columns a proof commits to at each height: (columns, log rows)."""
    by_height: dict[int, int] = {}
    for i, log_height in enumerate(key.log_heights):
        by_height[log_height] = by_height.get(log_height, 0) + sum(tree.widths[i] for tree in key.trees if tree.name != "fixed")
    return sorted(((columns, log) for log, columns in by_height.items()), key=lambda pair: pair[1])


def one_machine(profile: str, rounds: int, log_rows: int, chips: int, triples: int, threads: int) -> dict[str, object]:
    """What is measured on one machine, by figure; run in a fresh process. Proof and floor take turns, and the least of each counts (a
    single round has no floor); on one thread their seconds are the processor's. Every proof is handed its tables, as that of a segment is:
    the next one gets new ones. The peak is that of the first."""
    key, fixed, mains = machine(log_rows, chips, triples, profiles.get(profile).segment)
    kernels, clock = load("best", threads), time.process_time if threads == 1 else time.perf_counter
    proving, committed, proof = commit_fixed(key, fixed, kernels), committed_columns(key), NO_STATEMENT
    columns = sum(len(table) for table in mains.values())
    proofs: list[tuple[float, dict[str, float]]] = []
    floors: list[float] = []
    peak = 0
    for _ in range(rounds):
        tables = mains if mains else machine(log_rows, chips, triples, key.parameters)[2]
        watch, started = Watch(clock), clock()
        proof = prove(proving, HandedOver(tables), NO_STATEMENT, kernels, watch)
        proofs.append((clock() - started, dict(watch.seconds)))
        peak = peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        if rounds > 1:
            floors.append(floor_seconds(committed, key, kernels, clock))
    content, bytes_checked = encode(proving.key, NO_STATEMENT, proof, kernels.permute), []
    for permute in (kernels.permute, load("reference").permute):
        started = time.process_time()
        check_proof(proving.key, NO_STATEMENT, decode(proving.key, NO_STATEMENT, content, permute), permute)
        bytes_checked.append(time.process_time() - started)
    best = min(proofs, key=lambda pair: pair[0])
    return {"columns": columns, "cells": sum(columns << log for columns, log in committed),
            "seconds": best[0], "stages": best[1], "floor": min(floors, default=None), "peak": peak,
            "bytes": len(content), "verify": bytes_checked}


def measured(profile: str, rounds: int, sizes: tuple[int, int, int], threads: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.stark", profile, *map(str, (rounds, *sizes, threads))]
    done = subprocess.run(command, cwd=Path(__file__).parent.parent, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure(figures: Figures, sizes: tuple[int, int, int] = SIZES, threads: int = 1) -> None:
    found, wide = measured("p100", 2, sizes, threads), measured("p128", 1, sizes, threads)
    (log_rows, chips, _), (native, python) = sizes, found["verify"]
    what = f"{chips} chips of 2^{log_rows - 2} to 2^{log_rows} rows, {found['columns']} main columns, {threads} thread"
    figures.add("stark.floor_ratio", found["seconds"] / found["floor"], f"proving over one extension and hashing of the same cells: {what}")
    figures.add("stark.ns_per_cell", found["seconds"] / found["cells"] * 1e9, f"{found['cells'] / 1e6:.0f} M committed cells")
    figures.add("stark.bytes_per_cell", found["peak"] / (CELL * found["cells"]),
                f"all memory of the process at most, {found['peak'] / 1e9:.2f} GB, over 4 bytes for every committed cell")
    figures.add("stark.proof_bytes.p100", found["bytes"], "encoded, openings pruned")
    longer = wide["seconds"] / found["seconds"]
    figures.add("stark.proof_bytes.p128", wide["bytes"], f"the same machine, {longer:.2f} times as long to prove")
    figures.add("stark.verify_ms", 1000 * native, "decoding and checking these bytes with the native permutation, p100")
    figures.add("stark.verify_python_s", python, "the same without Rust")
    figures.stages("stark.prove", found["stages"])


if __name__ == "__main__":
    print(json.dumps(one_machine(sys.argv[1], *map(int, sys.argv[2:]))))

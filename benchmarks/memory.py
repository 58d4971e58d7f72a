"""`stark.bytes_per_cell`: the peak memory of a proof over four bytes for every committed cell, measured in a process of its own.

The process makes the key, the fixed columns and the tables of benchmarks/machines.py, proves once, and says by how much its resident memory
has grown at most since before it made the tables: inputs, extended columns, trees and scratch are all in it, libraries are not.
"""
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.report import Figures

PROGRAM = "from benchmarks.memory import child; import sys; child(*map(int, sys.argv[1:]))"


def resident(field: str) -> int:
    """VmRSS or VmHWM of this process, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return 1024 * int(line.split()[1])
    raise OSError(f"the system does not say {field}")


def child(log_rows: int, chips: int, triples: int, threads: int) -> None:
    import numpy as np

    from benchmarks.machines import machine
    from stark import profiles
    from stark.kernels import load
    from stark.prover import prove
    from stark.setup import commit_fixed

    parameters, kernels = profiles.get("p100").segment, load("best", threads)
    small = machine(6, 2, 2, parameters)
    prove(commit_fixed(small[0], small[1], kernels), small[2], np.zeros(0, np.uint32), kernels)      # loads what there is to load
    before = resident("VmRSS")
    key, fixed, mains = machine(log_rows, chips, triples, parameters)
    made, made_at_most = resident("VmRSS") - before, resident("VmHWM") - before
    prove(commit_fixed(key, fixed, kernels), mains, np.zeros(0, np.uint32), kernels)
    cells = sum(sum(tree.widths[i] for tree in key.trees if tree.name != "fixed") << log for i, log in enumerate(key.log_heights))
    print(json.dumps({"cells": cells, "tables": made, "making": made_at_most, "peak": resident("VmHWM") - before}))


def measure(figures: Figures, log_rows: int = 18, chips: int = 6, triples: int = 12, threads: int = 1) -> None:
    arguments = [str(number) for number in (log_rows, chips, triples, threads)]
    command, folder = [sys.executable, "-c", PROGRAM, *arguments], Path(__file__).parent.parent
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    if found["making"] >= found["peak"]:
        raise RuntimeError("making the tables took more memory than the proof")
    note = f"{found['peak'] / 2**20:,.0f} MiB for {found['cells'] / 1e6:.1f} M committed cells, tables included"
    figures.add("stark.bytes_per_cell", found["peak"] / (4 * found["cells"]), note)

"""What the machine gives at this moment: other figures of the same run are to be read beside it.

A server that is shared runs at half speed at some hours, and its second core may be half a core. The same extension and hashing is done
by one process, then by two at a time, each on one thread; the best of three counts.
"""
from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from benchmarks.report import Figures
from stark.kernels import load

COLUMNS, LOG_ROWS, ROUNDS = 64, 16, 3


def seconds(rounds: int = ROUNDS) -> float:
    """The least of some commitments to the same cells."""
    kernels, cells = load("best", 1), np.random.default_rng(0).integers(0, 2**30, (COLUMNS, 1 << LOG_ROWS), np.uint32)
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        kernels.commit([cells], LOG_ROWS, 1, 4, 16, [0])
        found.append(time.perf_counter() - started)
    return min(found)


def measure(figures: Figures) -> None:
    with ProcessPoolExecutor(2) as both:
        list(both.map(seconds, [1, 1]))             # both have started
        alone = both.submit(seconds).result()
        together = max(both.map(seconds, [ROUNDS, ROUNDS]))
    figures.add("machine.cells_per_s", COLUMNS * (1 << LOG_ROWS) / alone, "extension and hashing on one core, now")
    figures.add("machine.second_core", 2 * alone / together, "what two processes do at a time over what one does alone")


if __name__ == "__main__":
    measure(Figures())

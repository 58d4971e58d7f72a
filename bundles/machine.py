"""What this machine offers: processors that may be used, memory that is free, and how many workers that makes."""
from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from bundles.errors import Unsupported
from bundles.keys import RunKeys
from bundles.manifest import sizes_under

MEMORY_INFO = Path("/proc/meminfo")
GROUP_LIMIT, GROUP_USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
# By the width of the hash, as all that follows: a worker with circuits and keys; measured 0.6 GB with a leaf, 0.2 GB more under p128.
PROCESS_BYTES = {16: 600 << 20, 24: 800 << 20}
ROOT_BYTES = {16: 0, 24: 1_700_000_000}             # one that proves a run: many points for every row; measured 1.56 GB, 0.70 GB under p100
BYTES_PER_CELL = 9                  # of a segment, with its extension and trees; measured 8.1 beside 0.63 GB


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_memory() -> int:
    """Bytes that processes may take without swapping, as far as the system tells."""
    free = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if MEMORY_INFO.is_file():
        lines = dict(line.split(":", 1) for line in MEMORY_INFO.read_text().splitlines() if ":" in line)
        free = int(lines["MemAvailable"].split()[0]) << 10 if "MemAvailable" in lines else free
    if GROUP_LIMIT.is_file() and GROUP_USED.is_file() and (limit := GROUP_LIMIT.read_text().strip()).isdigit():
        free = min(free, max(0, int(limit) - int(GROUP_USED.read_text())))
    return free


def cells_of(keys: RunKeys) -> int:
    """Committed cells of a segment in the general shape, which no segment exceeds; most take a cheaper one."""
    return keys.shape.committed


def worker_bytes(keys: RunKeys) -> int:
    """What one worker needs for segments of this shape, and for the proof of the run."""
    width = keys.shape.width
    return max(PROCESS_BYTES[width] + BYTES_PER_CELL * cells_of(keys), ROOT_BYTES[width])


def smallest(keys: RunKeys) -> int:
    """What one worker needs for the smallest segments that the same program can have."""
    return min(worker_bytes(replace(keys, shape=replace(keys.shape, name=size))) for size in sizes_under(keys.profile))


def needed_gigabytes(needed: int) -> str:
    """With one digit, rounded up: so many are enough."""
    return f"{-(-needed // 10**8) / 10:.1f}"


def cells_within(memory: int, width: int = 16) -> int:
    """How many committed cells a segment may have so that one worker needs no more than this for it."""
    return (memory - PROCESS_BYTES[width]) // BYTES_PER_CELL


def fitting_workers(keys: RunKeys, segments: int, wanted: int | None, memory_limit: int | None) -> int:
    """As many as were wanted, or else as processors, memory and segments allow; Unsupported if the limit is too low for one."""
    if memory_limit is not None and memory_limit < (needed := worker_bytes(keys)):
        smaller = smallest(keys)
        hint = (f"longrun run with --memory-limit makes smaller ones, down to {needed_gigabytes(smaller)} GB" if smaller < needed
                else f"there are no smaller ones under profile {keys.profile.name}")
        raise Unsupported(f"segments of size {keys.shape.size} need up to {needed_gigabytes(needed)} GB, not {memory_limit / 1e9:.10g}: "
                          f"{hint}")
    if wanted is not None:
        return max(1, wanted)
    memory = free_memory() if memory_limit is None else memory_limit
    return max(1, min(cores(), segments, memory // worker_bytes(keys)))

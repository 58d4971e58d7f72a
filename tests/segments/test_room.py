"""What was freed goes back to the system."""
from __future__ import annotations

import mmap
import subprocess
import sys
from pathlib import Path

import pytest

HELD = """
import mmap
import numpy as np
from segments.room import give_back
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * mmap.PAGESIZE
pieces = [np.ones(12_000) for _ in range(2_000)]        # 96 KB each: from the heap, with the last one at its top
last = pieces[-1]
del pieces
before = resident()
give_back()
print(before - resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the C library of Linux")
def test_memory_below_what_is_held_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", HELD], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, check=True)
    assert int(done.stdout) > 1000 * 12_000 * 8 > 64 * mmap.PAGESIZE

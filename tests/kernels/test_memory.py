"""Tables are zeros, and nobody else's, whatever was given back before them."""
from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings

from stark.kernels.protocol import U32, Kernels
from tests.kernels.values import SEED

WORDS = 1 << 19             # of a huge page


def random_sizes(rng: np.random.Generator) -> tuple[int, int]:
    """From far below a page to many pages, whole ones and others."""
    columns = int(rng.integers(1, 9))
    return columns, int(rng.choice([0, 5, 1 << 14, 1 << 16, WORDS // 8, WORDS // 2 + 1, WORDS, 3 * WORDS + 7]))


def use(kernels: Kernels, seed: int, turns: int) -> None:
    """Tables that hold their number, some of which go each time before the next comes."""
    rng, held = np.random.default_rng(seed), dict[int, U32]()
    for number in range(1, turns + 1):
        columns, rows = random_sizes(rng)
        table = kernels.table(columns, rows)
        assert table.shape == (columns, rows) and table.dtype == np.uint32 and not table.any()
        table[:] = number
        held[number] = table
        for known in [*held]:
            if rng.random() < 0.4:
                assert (held.pop(known) == known).all()
    assert all((table == number).all() for number, table in held.items())


@given(SEED)
@settings(max_examples=4, deadline=None)
def test_a_table_is_zeros_and_nobody_elses(kernels: Kernels, seed: int) -> None:
    use(kernels, seed, 60)


def test_threads_share_no_table(kernels: Kernels) -> None:
    broken: list[BaseException] = []

    def turn(seed: int) -> None:
        try:
            use(kernels, seed, 40)
        except BaseException as error:              # an assertion in a thread is heard here alone
            broken.append(error)
    threads = [threading.Thread(target=turn, args=[seed]) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not broken


def test_what_was_given_back_is_used_for_tables_of_any_size(kernels: Kernels) -> None:
    """A large table, then many small ones in its place: none has anything of it."""
    large = kernels.table(16, 8 * WORDS)
    large[:] = 7
    del large
    small = [kernels.table(1 + k % 5, WORDS + k) for k in range(24)]
    assert not any(table.any() for table in small)
    del small
    assert not kernels.table(13, 5 * WORDS).any()


MANY = """
held = [kernels.table(1, 1 << 16) for _ in range(9000)]
del held
assert not kernels.table(3, 1 << 16).any()
"""

FORKS = """
import os, signal, threading
going = True
def turn(step):
    number = 0
    while going:
        number += 1
        table = kernels.table(1 + number % 7, step + number % 5 * (1 << 19))
        table[:, ::4096] = 1
        del table
def committing():
    while going:
        kernels.commit([np.ones((4, 1 << 15), np.uint32)], 15, 1, 0)
threads = [threading.Thread(target=turn, args=[1 << 19]), threading.Thread(target=committing)]
for thread in threads:
    thread.start()
try:
    for _ in range(80):
        child = os.fork()
        if not child:
            signal.alarm(20)
            os._exit(int(kernels.table(3, 1 << 20).any()))
        assert os.waitpid(child, 0)[1] == 0
finally:
    going = False
"""

ADDRESSES = """
import resource
had = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (had + (400 << 20),) * 2)
for _ in range(2):
    try:
        kernels.table(1 << 12, 1 << 16)
        raise SystemExit("too much")
    except MemoryError:
        pass
small = [kernels.table(1, 1 << 18) for _ in range(250)]
del small
assert not kernels.table(250, 1 << 18).any()            # there is room when those that are kept have gone
"""

MAPPINGS = """
def mappings():
    with open("/proc/self/maps") as lines:
        return sum(1 for _ in lines)
had = mappings()
for rows in (1 << 19, (1 << 19) + 1, 1 << 20, 3 << 19):
    table = kernels.table(96, rows)
    table[:] = 1
    del table
assert mappings() < had + 60, mappings()                # and not one for every huge page, of which a process cannot have many
"""

FAULTS = """
import resource
def faults():
    begun = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    table = kernels.table(64, 1 << 19)
    table[:] = 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - begun
first = faults()
kernels.table(1, 1 << 16)                               # of a new size, which takes a page of what is kept and not all of it
assert faults() < first / 4, first
"""


@pytest.mark.skipif(importlib.util.find_spec("longrun_native") is None, reason="longrun-native is not installed")
@pytest.mark.skipif(sys.platform != "linux", reason="what is asked of the system is Linux's")
@pytest.mark.parametrize("script", [MANY, FORKS, ADDRESSES, MAPPINGS, FAULTS],
                         ids=["many blocks", "forks", "addresses", "mappings", "faults"])
def test_in_a_process_of_its_own(script: str) -> None:
    begun = "import numpy as np\nfrom stark.kernels import load\nkernels = load('native', 1)\n"
    subprocess.run([sys.executable, "-W", "ignore", "-c", begun + script], check=True, timeout=120)

"""Tables are zeros, and nobody else's, whatever was given back before them."""
from __future__ import annotations

import threading

import numpy as np
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

"""What accesses to cells find, and how often tables are looked up: every kernel set says the same, and it is right."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stark.kernels import load
from stark.kernels.protocol import Asking, Kernels
from tests.kernels.chips import FIXED, MAIN, MAIN_NEXT, PUBLIC, Code, operand, random_chip
from tests.kernels.values import EXAMPLES, REFERENCE, SEED, residues

TOP = (1 << 33) - 1         # the last address


def random_accesses(rng: np.random.Generator, count: int, cells: int) -> tuple[Any, ...]:
    """Many accesses to few cells of some pages, with a page that nobody touches."""
    known = np.unique(np.append(rng.integers(0, TOP, cells), [0, TOP, 31, 32]))
    address = np.where(rng.random(count) < 0.2, -rng.integers(1, 9, count), rng.choice(known, count))
    pages = np.unique(np.append(known // 32, 77))
    left, before = (rng.integers(0, 1 << 64, size, np.uint64) for size in (count, 32 * len(pages)))
    return address, left, pages, before, rng.integers(0, 1 << 32, 32 * len(pages), np.uint32)


@given(SEED, st.integers(0, 300), st.integers(1, 40))
@EXAMPLES
def test_accesses_find_what_was_left(kernels: Kernels, seed: int, count: int, cells: int) -> None:
    address, left, pages, before, times = random_accesses(np.random.default_rng(seed), count, cells)
    held = dict(zip((32 * pages[:, None] + np.arange(32)).reshape(-1).tolist(), zip(times.tolist(), before.tolist(), strict=True),
                    strict=True))
    expected = []
    for time, (cell, word) in enumerate(zip(address.tolist(), left.tolist(), strict=True)):
        expected.append(held.get(cell, (0, 0)))
        if cell >= 0:
            held[cell] = time, word
    then, cell, after, last = kernels.found(address, left, pages, before, times)
    assert list(zip(then.tolist(), cell.tolist(), strict=True)) == expected
    assert list(zip(last.tolist(), after.tolist(), strict=True)) == list(held.values())
    assert kernels.pages(address).tolist() == sorted({cell // 32 for cell in address.tolist() if cell >= 0})


@given(SEED, st.integers(0, 400), st.integers(1, 9))
@EXAMPLES
def test_steps_are_dealt(kernels: Kernels, seed: int, count: int, chips: int) -> None:
    """Also where an instruction without a chip is never fetched."""
    rng = np.random.default_rng(seed)
    chip = np.append(rng.integers(0, chips, 11), 255).astype(np.uint8)
    fetched, counts = rng.integers(0, 11, count).astype(np.uint32), rng.integers(0, 1 << 32, (3, 12), np.uint32)
    rows, before, times = kernels.deal(fetched, chip, counts, chips)
    steps = fetched.tolist()
    assert [one.tolist() for one in rows] == [[k for k, pc in enumerate(steps) if chip[pc] == number] for number in range(chips)]
    assert before.tolist() == [[sum(own[pc] for pc in steps[:k]) % (1 << 32) for k in range(count)] for own in counts.tolist()]
    assert times.tolist() == [steps.count(pc) for pc in range(12)]


def random_asking(rng: np.random.Generator, flat: Any, tables: int) -> list[Asking]:
    return [(int(rng.integers(tables)), tuple(int(rng.choice([0, 1, 3, 256])) for _ in parts)) for _, _, parts in flat.messages]


@given(SEED, st.integers(0, 9), st.integers(1, 4))
@EXAMPLES
def test_kernels_count_the_same_questions(other: Kernels, seed: int, log_height: int, tables: int) -> None:
    rng = np.random.default_rng(seed)
    chip = random_chip(rng, log_height, 0)
    fixed, main = (columns % rng.integers(1, 90, (len(columns), 1)).astype(np.uint32) for columns in (chip.fixed, chip.main))
    rows, asking = int(rng.integers((1 << log_height) + 1)), random_asking(rng, chip.flat, tables)
    ours, theirs = (one.asked(chip.flat, fixed, main, rows, asking, tables, 10) for one in (other, REFERENCE))
    assert ours.tolist() == theirs.tolist() and ours.dtype == theirs.dtype


def test_questions_are_counted(kernels: Kernels) -> None:
    """Each of 1000 rows asks for the row x + 16 y + 64 x' where z is not zero; the last rows ask for nothing."""
    rng = np.random.default_rng(3)
    flat = Code(np.zeros((0, 4), np.uint32), 0, np.zeros(0, np.uint32), np.zeros(0, np.uint32),
                [(1, operand(MAIN, 2), (operand(MAIN, 0), operand(FIXED, 0), operand(MAIN_NEXT, 0)))])
    main, fixed = rng.integers(0, 3, (3, 1024)).astype(np.uint32), residues(rng, 1, 1024) % np.uint32(5)
    x, _, z = main.astype(np.int64)
    row = x + 16 * fixed[0] + 64 * np.roll(x, -1)
    expected = np.bincount(row[:1000][z[:1000] != 0], minlength=256)[:128]
    assert kernels.asked(flat, fixed, main, 1000, [(1, (1, 16, 64))], 2, 7).tolist() == [[0] * 128, expected.tolist()]
    assert load(kernels.name, 1).asked(flat, fixed, main, 1000, [(0, (1, 16, 64))], 1, 7).tolist() == [expected.tolist()]


WORDS, NONE = np.zeros(2, np.uint64), np.zeros(0, np.int64)
CHIPS = np.array([2, 3], np.uint8)
PAGE, TIMES = np.zeros(32, np.uint64), np.zeros(32, np.uint32)
ASKS = Code(np.zeros((0, 4), np.uint32), 0, np.zeros(0, np.uint32), np.zeros(0, np.uint32), [(1, operand(MAIN, 0), (operand(MAIN, 0),))])
STATES = Code(np.zeros((0, 4), np.uint32), 0, np.zeros(0, np.uint32), np.zeros(0, np.uint32), [(1, operand(PUBLIC, 0), ())])
COLUMNS = np.zeros((0, 8), np.uint32), np.ones((1, 8), np.uint32)
REFUSED: dict[str, Callable[[Kernels], object]] = {
    "a cell of another page": lambda k: k.found(np.array([5, 32]), WORDS, np.array([0]), PAGE, TIMES),
    "a cell of no page": lambda k: k.found(np.array([5, 32]), WORDS, NONE, PAGE[:0], TIMES[:0]),
    "fewer words than accesses": lambda k: k.found(np.array([5]), WORDS, np.array([0]), PAGE, TIMES),
    "half a page": lambda k: k.found(np.array([5, 6]), WORDS, np.array([0]), PAGE[:16], TIMES[:16]),
    "a page without times": lambda k: k.found(np.array([5, 6]), WORDS, np.array([0]), PAGE, TIMES[:16]),
    "an instruction without a chip": lambda k: k.deal(np.array([1], np.uint32), CHIPS, np.zeros((1, 2), np.uint32), 3),
    "an instruction that is not there": lambda k: k.deal(np.array([2], np.uint32), CHIPS, np.zeros((1, 2), np.uint32), 9),
    "counts of other instructions": lambda k: k.deal(np.array([1], np.uint32), CHIPS, np.zeros((1, 3), np.uint32), 9),
    "an address of no cell": lambda k: k.pages(np.array([3, TOP + 1])),
    "a message that nobody counts": lambda k: k.asked(ASKS, *COLUMNS, 8, [], 1, 4),
    "a part without a weight": lambda k: k.asked(ASKS, *COLUMNS, 8, [(0, ())], 1, 4),
    "a table that is not there": lambda k: k.asked(ASKS, *COLUMNS, 8, [(1, (1,))], 1, 4),
    "more rows than there are": lambda k: k.asked(ASKS, *COLUMNS, 9, [(0, (1,))], 1, 4),
    "a word of the statement": lambda k: k.asked(STATES, *COLUMNS, 8, [(0, ())], 1, 4),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_makes_no_sense_is_refused(kernels: Kernels, what: str) -> None:
    with pytest.raises(ValueError):
        REFUSED[what](kernels)


def test_counts_of_instructions_may_lie_in_any_order(kernels: Kernels) -> None:
    counts = np.array([[1, 2, 3], [4, 5, 6]], np.uint32)
    for lying in (counts, np.asfortranarray(counts), counts[:, ::-1][:, ::-1]):
        assert kernels.deal(np.array([2, 0, 1], np.uint32), np.zeros(3, np.uint8), lying, 1)[1].tolist() == [[0, 3, 4], [0, 6, 10]]

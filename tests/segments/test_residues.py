"""What chips look up is counted from the same words as the check reading's, and remainders come before a number could be too large."""
from __future__ import annotations

import numpy as np
import pytest

from segments.buses import LOOKUPS
from segments.residues import LIMIT, Below, computed, reduced, residues_of
from stark.check import Filled, values_of
from stark.chip import Chip
from stark.expression import P
from tests.segments.small import of_everything


@pytest.mark.parametrize("filled", of_everything().filled, ids=lambda filled: filled.chip.name)
def test_the_words_are_those_of_the_check_reading(filled: Filled) -> None:
    roots = [n for m in filled.chip.messages if m.bus in LOOKUPS for n in (m.times.number, *(part.number for part in m.parts))]
    found, expected = residues_of(filled, roots), values_of(filled, np.zeros(64, np.uint32), roots)
    assert all(np.array_equal(found[root], expected[root]) for root in roots)


def test_the_next_row_and_long_chains() -> None:
    chip = Chip("chain", "nothing")
    x, y = chip.column("x"), chip.column("y")
    grown = [x, x.next - y]
    for k in range(40):
        grown.append(grown[-1] * (k + 2) - grown[-2] * y + (P - 1))
    rng = np.random.default_rng(5)
    filled = Filled(chip, np.zeros((0, 64), np.uint32), rng.integers(P - 3, P, (2, 64)).astype(np.uint32))
    roots = [one.number for one in grown]
    found, expected = residues_of(filled, roots), values_of(filled, (), roots)
    assert all(np.array_equal(found[root], expected[root]) for root in roots)


@pytest.mark.parametrize("name", ["add", "sub", "mul"])
def test_what_numbers_are_below_is_true(name: str) -> None:
    """With numbers as large as they may be."""
    for first, second in ((P, P), (1 << 33, 1 << 31), (LIMIT - 5, 3), (LIMIT, LIMIT), (P * P, P * P)):
        a, b = first - 1, second - 1
        value, below = computed(name, one(a, first), one(b, second))
        exact = a * b if name == "mul" else a + b if name == "add" else a - b
        assert int(value) < below <= LIMIT and int(value) % P == exact % P
        assert int(reduced((value, below))[0]) == exact % P


def one(value: int, below: int) -> Below:
    return np.array(value, np.uint64), below

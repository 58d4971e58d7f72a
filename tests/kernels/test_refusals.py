"""Wrong shapes and wrong code are refused with a ValueError, by every kernel set."""
from __future__ import annotations

import numpy as np
import pytest

from stark.field import P
from stark.kernels.protocol import U32, Commitment, Kernels
from tests.kernels.chips import CONSTANT, MAIN, Chip, Code, make_round, operand


def ones(*shape: int) -> U32:
    return np.ones(shape, np.uint32)


def committed(kernels: Kernels) -> Commitment:
    return kernels.commit([ones(2, 8)], 3, 1, 0)


REFUSED = {
    "height that is no power of two": lambda k: k.commit([ones(2, 6)], 3, 1, 0),
    "no matrix": lambda k: k.commit([], 3, 1, 0),
    "no column": lambda k: k.commit([ones(0, 8)], 3, 1, 0),
    "tall before short": lambda k: k.commit([ones(1, 8), ones(1, 4)], 3, 1, 0),
    "taller than the tallest": lambda k: k.commit([ones(1, 8)], 2, 1, 0),
    "shorter than the cap": lambda k: k.commit([ones(1, 2), ones(1, 8)], 3, 1, 5),
    "more columns in one than there is room for": lambda k: k.commit([ones(1, 4)], 3, 1, 0, 16, [2]),
    "packed more and more": lambda k: k.commit([ones(1, 2), ones(1, 4)], 3, 1, 0, 16, [0, 1]),
    "a pack for another matrix": lambda k: k.commit([ones(1, 4)], 3, 1, 0, 16, [0, 0]),
    "a part of a unit": lambda k: k.commit([ones(4, 4)], 3, 1, 0, 16, [0], 5),
    "domain larger than the field's": lambda k: k.commit([ones(1, 8)], 3, 22, 0),
    "a domain that wraps around": lambda k: k.commit([ones(1, 8)], 2**64 - 1, 1, 0),
    "a blow-up that wraps around": lambda k: k.commit([ones(1, 8)], 3, 2**64 - 1, 0),
    "rows that are no power of two": lambda k: k.commit_rows(ones(3, 2), 0),
    "fewer rows than the cap": lambda k: k.commit_rows(ones(2, 2), 2),
    "leaf that does not exist": lambda k: committed(k).open(np.array([16])),
    "negative leaf": lambda k: committed(k).open(np.array([-1])),
    "evaluation under a smaller tallest": lambda k: committed(k).evaluate(2, ones(1, 5)),
    "evaluation of rows": lambda k: k.commit_rows(ones(2, 2), 0).evaluate(3, ones(2, 5)),
    "weights of another width": lambda k: k.combine([committed(k)], [ones(3, 5)], 0, 4),
    "weights of another count": lambda k: k.combine([committed(k)], [], 0, 4),
    "domain shorter than a column": lambda k: k.combine([committed(k)], [ones(2, 5)], 0, 3),
    "columns that are packed otherwise": lambda k: k.combine([committed(k)], [ones(2, 5)], 1, 4),
    "no sum to divide": lambda k: k.deep([], [], ones(2, 5), ones(5), 3),
    "polynomials of another length": lambda k: k.deep([ones(8, 5)], [ones(2, 3, 5)], ones(2, 5), ones(5), 3),
    "more folding than values": lambda k: k.fold(ones(4, 5), 3, ones(5), 3),
    "values that are no extension": lambda k: k.interpolate(ones(4, 4), 3),
    "state of another width": lambda k: k.permute(ones(4, 15)),
    "hash of another width": lambda k: k.commit([ones(2, 8)], 3, 1, 0, 20),
    "rows under a hash of another width": lambda k: k.commit_rows(ones(2, 2), 0, 8),
    "trace of another width": lambda k: k.trace_permutations(ones(4, 17)),
    "short state": lambda k: k.grind(ones(15), 3),
    "word that is not canonical": lambda k: k.commit([ones(1, 2) * P], 1, 1, 0),
    "too much grinding": lambda k: k.grind(ones(16), 31),
    "a table without end": lambda k: k.table(1 << 40, 1 << 40),
}


@pytest.mark.parametrize("what", REFUSED)
def test_wrong_shapes_are_refused(kernels: Kernels, what: str) -> None:
    with pytest.raises(ValueError):
        REFUSED[what](kernels)


BAD_CODE = {
    "operand that does not exist": Code(np.array([[0, operand(MAIN, 9), MAIN, 0]], np.uint32), 1, ones(0), ones(0), []),
    "slot that does not exist": Code(np.array([[0, MAIN, MAIN, 1]], np.uint32), 1, ones(0), ones(0), []),
    "more slots than there is memory for": Code(np.array([[0, MAIN, MAIN, 0]], np.uint32), 1 << 62, ones(0), ones(0), []),
    "operation that does not exist": Code(np.array([[3, MAIN, MAIN, 0]], np.uint32), 1, ones(0), ones(0), []),
    "requirement that does not exist": Code(np.zeros((0, 4), np.uint32), 0, ones(0), np.array([CONSTANT], np.uint32), []),
}


@pytest.mark.parametrize("what", BAD_CODE)
def test_wrong_code_is_refused(kernels: Kernels, what: str) -> None:
    flat, rng = BAD_CODE[what], np.random.default_rng(1)
    with pytest.raises(ValueError):
        made = make_round(kernels, rng, [Chip(flat, 2, ones(0, 4), ones(1, 4))], 1, ones(0))
        kernels.quotient(made.jobs, 2, 1)

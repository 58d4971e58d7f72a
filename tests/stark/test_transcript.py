"""The transcript and the values on its machine. (What must be absorbed: test_ledger.py.)"""
from __future__ import annotations

import numpy as np
import pytest

from stark.errors import Malformed
from stark.kernels import load
from stark.numbers import Numbers
from stark.transcript import Transcript
from tests.stark.examples import example

KERNELS = load("best")



def test_absorbing_nothing_gives_no_new_draw() -> None:
    key = example((3, 3, 2))[0]
    m = Numbers(np.zeros(0, np.uint32), KERNELS.permute)
    first, second = Transcript(m, key), Transcript(m, key)
    for transcript in (first, second):
        transcript.draw()
    second.absorb(m.constant([]))
    assert first.draw().data.tolist() == second.draw().data.tolist()


def test_a_value_does_not_steer() -> None:
    m = Numbers(np.arange(3, dtype=np.uint32), KERNELS.permute)
    value = m.read(1)
    for ask in (bool, int, iter, hash, lambda v: v == v):
        with pytest.raises(TypeError):
            ask(value)
    with pytest.raises(Malformed):
        m.read(3)

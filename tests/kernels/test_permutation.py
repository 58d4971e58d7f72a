"""Poseidon2 gives what p3-koala-bear gives, and its trace ends in its output."""
from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stark import poseidon2
from stark.field import P
from stark.kernels.protocol import Kernels
from tests.kernels.values import EXAMPLES, REFERENCE, SEED, residues, wide

KNOWN = [
    [1467453764, 68262570, 2085334433, 1711169726, 869537427, 698494029, 1998923102, 727938840,
     1236421175, 857433239, 1995651691, 1526804549, 968729910, 15322618, 1511105384, 1900792116],
    [1259554834, 663463928, 1989430097, 476523442, 836740795, 1803459961, 1229318262, 2023956904,
     2054405130, 1556655036, 1455339712, 1471465890, 423337459, 353979748, 1203410294, 1592576868],
    [2099104886, 1135614414, 2072416469, 1694003856, 938430089, 977761515, 890195797, 1576442388,
     1081657563, 1229705866, 850266868, 1739002224, 1460530344, 1003261640, 2107563608, 1028339170],
]


def test_known_answers(kernels: Kernels) -> None:
    """What the default permutation of p3-koala-bear 0.8.0 gives."""
    states = np.array([[0] * 16, list(range(16)), [P - 1] * 16], np.uint32)
    assert kernels.permute(states).tolist() == KNOWN


@given(SEED, st.integers(0, 40))
@EXAMPLES
def test_permutations_agree(kernels: Kernels, seed: int, count: int) -> None:
    states = residues(np.random.default_rng(seed), count, 16)
    expected = poseidon2.permute(wide(states))
    assert kernels.permute(states).tolist() == expected.tolist()
    trace = kernels.trace_permutations(states)
    assert trace.shape == (148, count) and trace.dtype == np.uint32
    assert trace.tolist() == REFERENCE.trace_permutations(states).tolist()
    assert trace[132:].T.tolist() == expected.tolist()

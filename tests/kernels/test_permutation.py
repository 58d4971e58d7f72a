"""Poseidon2 gives what p3-koala-bear gives, and its trace ends in its output."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stark import poseidon2
from stark.field import P
from stark.kernels.protocol import Kernels
from tests.kernels.values import EXAMPLES, REFERENCE, SEED, residues, wide

KNOWN = {
    16: [
        [1467453764, 68262570, 2085334433, 1711169726, 869537427, 698494029, 1998923102, 727938840,
         1236421175, 857433239, 1995651691, 1526804549, 968729910, 15322618, 1511105384, 1900792116],
        [1259554834, 663463928, 1989430097, 476523442, 836740795, 1803459961, 1229318262, 2023956904,
         2054405130, 1556655036, 1455339712, 1471465890, 423337459, 353979748, 1203410294, 1592576868],
        [2099104886, 1135614414, 2072416469, 1694003856, 938430089, 977761515, 890195797, 1576442388,
         1081657563, 1229705866, 850266868, 1739002224, 1460530344, 1003261640, 2107563608, 1028339170],
    ],
    24: [
        [1918697942, 2025897067, 904050874, 1093610768, 214053233, 1029880100, 2130076554, 348914674,
         1690826780, 1746457725, 397349473, 1037728683, 217139752, 1271784670, 1515047731, 784532753,
         1019638077, 322148854, 291094520, 370500222, 899996969, 2115305425, 979986821, 471585472],
        [723511737, 87131171, 587052829, 1323145575, 949917837, 2060493993, 234724110, 834906887,
         306751607, 1771020267, 329216878, 823818173, 765507096, 1447982946, 605505945, 247386051,
         1223069940, 354661286, 233493652, 2075130821, 1961191294, 313483662, 1701936810, 1815724394],
        [183828835, 1991954039, 401807484, 1644239264, 126532167, 1284192441, 1341354515, 1128683886,
         1076715824, 174848453, 1343545408, 898640790, 450695106, 469085995, 2036634106, 962043808,
         1738983119, 573885605, 804719628, 1589319544, 1764477922, 383356203, 1287775286, 1954005496],
    ],
}
WIDTHS = st.sampled_from([16, 24])


@pytest.mark.parametrize("width", KNOWN)
def test_known_answers(kernels: Kernels, width: int) -> None:
    """What the default permutations of p3-koala-bear 0.8.0 give."""
    states = np.array([[0] * width, list(range(width)), [P - 1] * width], np.uint32)
    assert kernels.permute(states).tolist() == KNOWN[width]
    assert kernels.permute(np.tile(states, (4, 1))).tolist() == 4 * KNOWN[width]                  # many at once have a way of their own


@given(SEED, st.integers(0, 40), WIDTHS)
@EXAMPLES
def test_permutations_agree(kernels: Kernels, seed: int, count: int, width: int) -> None:
    states = residues(np.random.default_rng(seed), count, width)
    expected = poseidon2.permute(wide(states))
    assert kernels.permute(states).tolist() == expected.tolist()
    trace = kernels.trace_permutations(states)
    assert trace.shape == (poseidon2.HASHES[width].trace_columns, count) and trace.dtype == np.uint32
    assert trace.tolist() == REFERENCE.trace_permutations(states).tolist()
    assert trace[-width:].T.tolist() == expected.tolist()


@given(SEED, st.integers(0, 70), WIDTHS)
@EXAMPLES
def test_the_portable_way_agrees_with_that_of_this_machine(seed: int, count: int, width: int) -> None:
    rust = pytest.importorskip("longrun_native")
    states = residues(np.random.default_rng(seed), count, width)
    expected = poseidon2.permute(wide(states)).tolist()
    assert [rust.permute(1, states, portable).tolist() for portable in (False, True)] == [expected, expected]


@pytest.mark.parametrize("width", KNOWN)
def test_many_permutations_keep_their_bounds(kernels: Kernels, width: int) -> None:
    """States of the greatest and the least words, and what comes of them: sums that are reduced late must not overflow."""
    corners = np.array([0, 1, 2**24 - 1, 2**24, P - 2**24, P - 1], np.uint32)
    states = corners[np.random.default_rng(width).integers(0, len(corners), (4096, width))]
    assert kernels.permute(states).tolist() == poseidon2.permute(wide(states)).tolist()


def test_the_wide_hash_resists_collisions_to_128_bits() -> None:
    """Capacity and digest have twice as many bits, and the rest of a state is filled by whole digests or blocks."""
    kind = poseidon2.HASHES[24]
    assert 31 * min(kind.digest, kind.width - kind.rate) >= 2 * 128 + 8
    assert 2 * kind.digest <= kind.width and kind.rate + kind.digest == kind.width

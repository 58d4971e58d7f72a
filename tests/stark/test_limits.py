"""Bounds at their limits: the last value that is allowed passes, the next is refused."""
from __future__ import annotations

import numpy as np
import pytest

from stark.chip import Bus, Chip
from stark.errors import Malformed
from stark.expression import P
from stark.field import root_of_unity
from stark.kernels import load
from stark.numbers import Numbers
from stark.prover import prove
from stark.rules import violations, weight_violations
from stark.setup import commit_fixed
from stark.soundness import ground
from stark.verifier import check_proof
from tests.stark.examples import example

KERNELS = load("best")
BUS = Bus(1, "much", ("value",))


def sender(name: str, count: int) -> Chip:
    chip = Chip(name, "sends what it has")
    value = chip.column("value")
    for _ in range(count):
        chip.send(BUS, value)
    return chip


def test_a_bus_carries_fewer_messages_than_the_characteristic() -> None:
    """127 messages in 2^24 rows are p - 1; one more would be p, and p messages count as none."""
    chips, heights = [sender("tall", 127)], {"tall": 24, "short": 0}
    assert weight_violations(chips, heights) == [] and 127 << 24 == P - 1
    chips.append(sender("short", 1))
    assert weight_violations(chips, heights) == [f"bus much can carry {P} messages"]
    assert f"bus much can carry {P} messages" in violations(chips, heights)


def test_the_largest_word_is_canonical_and_the_next_is_not() -> None:
    assert int(Numbers(np.array([P - 1], np.uint32), KERNELS.permute).read(1).data[0]) == P - 1
    for word in (P, 2**32 - 1):
        with pytest.raises(Malformed, match="not canonical"):
            Numbers(np.array([word], np.uint32), KERNELS.permute)
    with pytest.raises(Malformed, match="not canonical"):
        Numbers(np.array([2**32], np.uint64), KERNELS.permute)        # not taken for the zero that fits into 32 bits


def test_a_statement_has_one_spelling() -> None:
    key, fixed, mains, statement = example((1, 2, 1))
    proving = commit_fixed(key, fixed, KERNELS)
    proof = prove(proving, mains, statement, KERNELS)
    assert statement[0] + P < 2**32
    other = statement.copy()
    other[0] += np.uint32(P)
    with pytest.raises(Malformed, match="not canonical"):
        check_proof(proving.key, other, proof, KERNELS.permute)


def test_the_field_has_no_larger_domain() -> None:
    assert pow(root_of_unity(24), 1 << 23, P) == P - 1
    with pytest.raises(ValueError, match="no root of unity"):
        root_of_unity(25)


def test_grinding_counts_no_more_than_it_costs() -> None:
    """Zeros in the lowest bits of a word below p are a little likelier than they should be, and that is subtracted."""
    for bits in (0, 1, 12, 16, 24, 30):
        favourable = sum(1 for _ in range(0, P, 1 << bits)) if bits > 20 else -(-P // (1 << bits))
        assert ground(bits) <= bits and abs(2 ** -ground(bits) - favourable / P) < 1e-12

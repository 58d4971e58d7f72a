"""Quotients over one denominator, and claims that are taken away behind the first folding, are the quotients of docs/protocol.md."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from stark.chip import Bus, Chip
from stark.field import ONE_EXT, P, ext_inverse, ext_mul, ext_power, root_of_unity
from stark.formulas import polynomial
from stark.fused import fold
from stark.kernels import load
from stark.key import Key
from stark.machine import Value
from stark.numbers import Numbers
from stark.profiles import Parameters
from stark.quotients import both_points, by_pack, claims_together, quotients, without_claims

U64 = npt.NDArray[np.uint64]
RNG = np.random.default_rng(7)
CHALLENGE, SECOND, ZETA = (RNG.integers(0, P, 5).astype(np.uint64) for _ in range(3))


def key_of(heights: list[int], log_arity: int, log_pack: int, speaking: bool = False) -> Key:
    parameters = Parameters(log_blowup=1, queries=4, log_arity=log_arity, log_cap=2, grinding=0, min_log_final=3, log_pack=log_pack)
    chips = [Chip(f"chip {k}", "an example") for k in range(len(heights))]
    for chip in chips:
        chip.require("nothing stands here", chip.column("nothing"))
        if speaking:
            chip.send(Bus(1, "example", ("value",)), chip.column("said"))
    return Key(list(zip(chips, heights, strict=True)), parameters)


def machine() -> Numbers:
    return Numbers(np.zeros(0, np.uint32), load("reference").permute)


def one_by_one(key: Key, reduced: dict[int, U64], claimed: dict[int, U64], x: int) -> U64:
    """At one point, as the protocol says it: every pack by itself, with both its denominators."""
    total = np.zeros(5, np.uint64)
    for pack in key.packs:
        for side, z in enumerate((ZETA, ZETA * np.uint64(root_of_unity(key.log_rows)) % P)):
            power = ONE_EXT * np.uint64(pow(x, 1 << pack, P))
            opened = sum((claimed[pack][side, j] * np.uint64(pow(x, j, P)) % P for j in range(1 << pack)), np.zeros(5, np.uint64)) % P
            quotient = ext_mul((reduced[pack] + P - opened) % P, ext_inverse((power + P - ext_power(z, 1 << pack)) % P))
            total = (total + (ext_mul(quotient, SECOND) if side else quotient)) % P
    return total


@pytest.mark.parametrize("heights, log_arity, log_pack", [([12, 11, 10], 3, 3), ([14, 13, 11, 10], 2, 4), ([11], 3, 3), ([12, 10], 3, 1)])
def test_folding_first_and_taking_away_then_is_the_same(heights: list[int], log_arity: int, log_pack: int) -> None:
    """All points that are folded to one: what is folded with the claims taken away before, and after."""
    key, m = key_of(heights, log_arity, log_pack), machine()
    size, start = 1 << log_arity, int(RNG.integers(2, P))
    turns = [sum((j >> b & 1) << (log_arity - 1 - b) for b in range(log_arity)) for j in range(size)]
    points = [start * pow(root_of_unity(log_arity), turn, P) % P for turn in turns]
    reduced = {pack: RNG.integers(0, P, (size, 5)).astype(np.uint64) for pack in key.packs}
    claimed = {pack: RNG.integers(0, P, (2, 1 << pack, 5)).astype(np.uint64) for pack in key.packs}

    def value(words: U64) -> Value:
        return Value(m, words, True)
    zeta = both_points(m, key, value(ZETA))
    claims = claims_together(m, key, {pack: value(words) for pack, words in claimed.items()}, zeta)
    powers = [m.constant([pow(x, 1 << k, P) for x in points]) for k in range(key.log_span + 1)]
    found = quotients(m, key, {pack: value(words) for pack, words in reduced.items()}, claims, value(SECOND), zeta, powers)
    inverse = m.constant([pow(start, P - 2, P)])
    challenge = value(CHALLENGE)

    def folded(values: U64) -> Value:
        return fold(m, value(values[None]), challenge.broadcast(1), inverse)
    each = [one_by_one(key, {pack: words[k] for pack, words in reduced.items()}, claimed, x) for k, x in enumerate(points)]
    before = folded(np.stack(each))
    below = m.constant([pow(start, size, P)])
    after = without_claims(m, found, folded(found.sums.data).broadcast(size), challenge, log_arity, below.broadcast(size))
    assert (after.data == before.data).all() and not m.failed
    at_once = without_claims(m, found, found.sums, None, 0, powers[0])
    assert (at_once.data == np.stack(each)).all()


@pytest.mark.parametrize("heights", [[12, 11, 10], [14, 13, 11, 10], [11], [12, 12, 10]])
def test_running_sums_are_told_apart(heights: list[int]) -> None:
    """Of every pack what is summed over its groups: the difference of the running sums behind each group and before it, weighted."""
    key, m = key_of(heights, 3, 3, speaking=True), machine()
    packs = [group.pack for _, group in key.placed]
    assert len(packs) > len(key.packs) and (packs != sorted(packs, reverse=True) or len(key.packs) == 1)        # they come back
    sums = RNG.integers(0, P, (len(key.placed), 6, 5)).astype(np.uint64)
    weights = [*RNG.integers(0, P, (len(key.placed) - 1, 5)).astype(np.uint64), ONE_EXT]
    found = by_pack(m, key, [Value(m, words, True) for words in sums], [Value(m, words, True) for words in weights])
    weighted = [ext_mul(words, np.broadcast_to(weight, words.shape)) for words, weight in zip(sums, weights, strict=True)]
    wanted = {pack: np.zeros((6, 5), np.uint64) for pack in key.packs}
    for (_, group), before, after in zip(key.placed, [np.zeros((6, 5), np.uint64), *weighted], weighted, strict=False):
        wanted[group.pack] = (wanted[group.pack] + after + P - before) % P
    assert found.keys() == wanted.keys()
    assert all((found[pack].broadcast(6).data == wanted[pack]).all() for pack in wanted)


def test_every_claim_counts() -> None:
    """A claim that is changed changes what is tested, at every point."""
    key, m = key_of([12, 11, 10], 3, 3), machine()
    claimed = {pack: RNG.integers(0, P, (2, 1 << pack, 5)).astype(np.uint64) for pack in key.packs}
    zeta = both_points(m, key, Value(m, ZETA, True))
    x = m.constant(RNG.integers(2, P, 6))

    def together(claims: dict[int, U64]) -> U64:
        both = claims_together(m, key, {pack: Value(m, words, True) for pack, words in claims.items()}, zeta)
        return np.stack([polynomial(m, both[side], x).data for side in (0, 1)])
    honest = together(claimed)
    for pack in key.packs:
        for side in (0, 1):
            for j in range(1 << pack):
                other = {k: words.copy() for k, words in claimed.items()}
                other[pack][side, j, 2] = (other[pack][side, j, 2] + 1) % P
                assert (together(other)[side] != honest[side]).any(axis=-1).all()

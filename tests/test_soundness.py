"""Security bits are numbers, and numbers are tests."""
from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

from bundles import security
from bundles.keys import shapes_of
from continuation.published import published
from segments.catalogue import CATALOGUE
from segments.setup import shape_key
from segments.shape import Shape as SegmentShape
from stark import bounds, profiles, soundness
from stark.field import ext_powers_of
from stark.key import LOG_ROOM, Key
from stark.profiles import Parameters
from stark.prover import batch_weights
from stark.soundness import Shape
from tests.stark.examples import TOY as TINY
from tests.stark.examples import example

P100, P128, TOY = profiles.get("p100"), profiles.get("p128"), profiles.get("toy")
LARGEST_SEGMENT = Shape(log_rows=22, powers=2500, constraints=5000, messages=2**31 - 2**24, width=32)


def largest_recursion(parameters: Parameters) -> Shape:
    """What the field admits, with a bit of room."""
    return replace(LARGEST_SEGMENT, log_rows=23 - parameters.log_blowup)


def rounded(parameters: Parameters, shape: Shape) -> tuple[str, dict[str, float]]:
    regime, table = soundness.best(parameters, shape)
    return regime.name, {name: round(value, 2) for name, value in table.items()}


def test_the_largest_segment_has_a_hundred_bits_term_by_term() -> None:
    assert rounded(P100.segment, LARGEST_SEGMENT) == ("johnson m=61", {
        "look-up challenges": 112.47,
        "combination of constraints": 136.21,
        "out-of-domain point": 124.92,
        "batching": 102.03,
        "folding 2^23": 101.51,
        "folding 2^20": 104.51,
        "folding 2^17": 107.51,
        "folding 2^14": 110.51,
        "folding 2^11": 113.51,
        "folding 2^8": 116.51,
        "queries": 101.44,
        "hash collisions": 123.95,
    })


@pytest.mark.parametrize("layer, log_rows, queries, folding", [("leaf", 21, 100.89, 101.01), ("recursion", 21, 100.88, 100.88),
                                                                ("last", 19, 101.14, 101.18)])
def test_the_largest_recursion_has_a_hundred_bits(layer: str, log_rows: int, queries: float, folding: float) -> None:
    """The greatest shapes that the field admits; those in use are far smaller."""
    table = rounded(getattr(P100, layer), replace(LARGEST_SEGMENT, log_rows=log_rows))[1]
    assert (table["queries"], table["folding 2^23"]) == (queries, folding) and table["batching"] > 104


@pytest.mark.parametrize("layer, first_folding, out_of_domain, batching, folding, queries", [
    ("segment", 23, 131.36, 130.66, 132.14, 128.48), ("leaf", 23, 132.36, 130.66, 132.14, 128.56),
    ("recursion", 23, 132.36, 130.66, 132.14, 128.56)])
def test_every_layer_of_p128_term_by_term(layer: str, first_folding: int, out_of_domain: float, batching: float, folding: float,
                                          queries: float) -> None:
    foldings = {f"folding 2^{first_folding - 3 * k}": round(folding + 3 * k, 2) for k in range(6)}
    shape = LARGEST_SEGMENT if layer == "segment" else largest_recursion(getattr(P128, layer))
    assert rounded(getattr(P128, layer), shape) == ("unique", {
        "look-up challenges": 128.91, "combination of constraints": 142.66, "out-of-domain point": out_of_domain, "batching": batching,
        **foldings, "queries": queries, "hash collisions": 139.45})


def test_unique_decoding_term_by_term() -> None:
    table = soundness.terms(P100.segment, LARGEST_SEGMENT, soundness.unique_decoding(22, 1))
    assert {name: round(value, 2) for name, value in table.items() if not name.startswith("folding")} == {
        "look-up challenges": 118.91, "combination of constraints": 142.66, "out-of-domain point": 131.36,
        "batching": 132.66, "queries": 88.63, "hash collisions": 123.95}


@pytest.mark.parametrize("log_blowup, log_rows, batch_grinding, expected", [
    (1, 22, 12, 172), (1, 20, 12, 171), (2, 21, 12, 86), (2, 20, 12, 85), (3, 21, 12, 57), (3, 20, 12, 57),
    (1, 22, 20, 172), (1, 22, 0, 187), (2, 22, 0, 91), (3, 21, 0, 60)])
def test_the_least_number_of_queries(log_blowup: int, log_rows: int, batch_grinding: int, expected: int) -> None:
    parameters = replace(P100.segment, log_blowup=log_blowup, batch_grinding=batch_grinding)
    shape = replace(LARGEST_SEGMENT, log_rows=log_rows)
    assert soundness.queries_for(100, parameters, shape) == expected
    assert soundness.bits(replace(parameters, queries=expected - 1), shape) < 100
    assert soundness.bits(replace(parameters, queries=expected), shape) >= 100


def test_the_profile_takes_the_least_number_of_queries() -> None:
    # Where the most share, and the table of limbs alone is as tall.
    smallest = replace(LARGEST_SEGMENT, log_rows=16, log_pack=P128.segment.log_pack)
    assert soundness.queries_for(128, P128.segment, LARGEST_SEGMENT) == P128.segment.queries - 1
    assert soundness.queries_for(128, P128.segment, smallest) == P128.segment.queries
    for parameters in (P128.leaf, P128.recursion):
        assert soundness.queries_for(128, parameters, largest_recursion(parameters)) == parameters.queries


def test_the_last_layer_of_p128_rests_on_work_before_every_folding(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has the least number of queries under the stricter reading of the Johnson bound, and without any of its works there is none that
    is nearly as small."""
    last, shape = P128.last, largest_recursion(P128.last)
    assert soundness.bits(last, shape) >= 128
    monkeypatch.setattr(soundness, "johnson", as_printed)
    assert soundness.queries_for(128, last, shape) == last.queries
    for less in (replace(last, folding_grinding=10), replace(last, batch_grinding=18), replace(last, lookup_grinding=8)):
        assert (soundness.queries_for(128, less, shape) or 1000) > last.queries + 10


def as_printed(log_rows: int, log_blowup: int, m: int, log_pack: int = 0) -> soundness.Regime:
    """Theorem 4.2 of BCHKS25 as it is printed, with a gap of sqrt(rho)/m where theorem 1.5 has sqrt(rho)/2m: docs/decisions/0003."""
    rho = 2.0**-log_blowup
    theta = sqrt(soundness.rate_of_opened(log_rows, log_blowup, log_pack)) * (1 + 1 / m)
    return bounds.of_johnson(f"johnson as printed, m={m}", rho, theta, m, (m + 0.5) / sqrt(rho))


def test_p100_holds_under_both_readings_of_the_johnson_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its numbers of queries are the least under the stricter one."""
    layers = [(P100.segment, LARGEST_SEGMENT), *((one, largest_recursion(one)) for one in (P100.leaf, P100.recursion, P100.last))]
    likely = [soundness.bits(parameters, shape) for parameters, shape in layers]
    monkeypatch.setattr(soundness, "johnson", as_printed)
    for (parameters, shape), bits in zip(layers, likely, strict=True):
        assert soundness.queries_for(100, parameters, shape) == parameters.queries
        assert 100 <= soundness.bits(parameters, shape) < bits


@pytest.mark.parametrize("name, target", [("p100", 100), ("p128", 128)])
def test_the_shapes_that_ship_have_their_bits_under_both_readings(name: str, target: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every layer, and every shape of segments; the fewest bits are those that are told."""
    profile, trusted = profiles.get(name), published(name)
    assert trusted is not None and set(trusted.layers) == {"leaf", "wide", "join", "last"}
    assert security.bits(profile) == security.bits(profile, trusted) and (security.bits(profile) or 0) >= target
    keys = {name: shape_key(shape, profile.segment) for name, shape in shapes_of(profile).items()} | dict(trusted.layers)
    assert security.bits(profile) == min(soundness.bits(key.parameters, soundness.shape_of(key)) for key in keys.values())
    monkeypatch.setattr(soundness, "johnson", as_printed)
    for layer, key in keys.items():
        assert soundness.bits(key.parameters, soundness.shape_of(key)) >= target, layer


def test_grinding_counts_for_the_draw_behind_it_alone() -> None:
    regime = soundness.johnson(22, 1, 20)
    without = soundness.terms(replace(P100.segment, batch_grinding=0, grinding=0), LARGEST_SEGMENT, regime)
    ground = soundness.terms(P100.segment, LARGEST_SEGMENT, regime)
    gains = {name: round(ground[name] - without[name], 3) for name in ground}
    assert {name: gain for name, gain in gains.items() if gain} == {"batching": 12.0, "queries": 16.0}
    ground = soundness.terms(replace(P100.segment, lookup_grinding=10), LARGEST_SEGMENT, regime)
    assert round(ground["look-up challenges"] - without["look-up challenges"], 3) == 10


def test_128_bits_need_the_wide_hash_and_work_before_both_early_challenges() -> None:
    for less in (P100.segment, replace(P128.segment, hash_width=16), replace(P128.segment, lookup_grinding=9),
                 replace(P128.segment, batch_grinding=7)):
        assert soundness.queries_for(128, less, LARGEST_SEGMENT) is None
    assert round(soundness.hash_bits(16), 2) == 123.95 and round(soundness.hash_bits(24), 2) == 139.45


def test_toy_is_a_toy() -> None:
    for parameters in (TOY.segment, TOY.leaf, TOY.recursion, TOY.last):
        assert soundness.bits(parameters, replace(LARGEST_SEGMENT, log_rows=10)) < 20
    assert TOY.toy and not P100.toy


@pytest.mark.parametrize("name", profiles.PROFILES)
def test_a_profile_is_what_its_name_says(name: str) -> None:
    profile = profiles.get(name)
    if not profile.toy:
        target = int(name.removeprefix("p"))
        assert soundness.bits(profile.segment, LARGEST_SEGMENT) >= target
        for parameters in (profile.leaf, profile.recursion, profile.last):
            assert soundness.bits(parameters, largest_recursion(parameters)) >= target


def test_more_rows_columns_or_messages_never_prove_more() -> None:
    bits = soundness.bits(P100.segment, LARGEST_SEGMENT)
    for worse in (replace(LARGEST_SEGMENT, log_rows=23), replace(LARGEST_SEGMENT, powers=5000), replace(LARGEST_SEGMENT, messages=2**50)):
        assert soundness.bits(P100.segment, worse) < bits


def test_the_tallest_chip_must_be_tall() -> None:
    """On a domain of few points the degree that FRI does not see is a great share: docs/protocol.md says from where a profile holds."""
    for profile, target, first in ((P100, 100, 7), (P128, 128, 12)):
        for parameters in (profile.segment, profile.recursion, profile.last):
            admitted = range(min(22, 24 - parameters.log_blowup))
            packs = [max(0, min(parameters.log_pack, k - LOG_ROOM)) for k in admitted]      # as many as can share: see stark/key.py
            bits = [soundness.bits(parameters, replace(LARGEST_SEGMENT, log_rows=k, log_pack=pack)) for k, pack in enumerate(packs)]
            assert min(bits[first:]) >= target and (bits[2] < target or parameters is P128.last)       # which has bits to spare there


@pytest.mark.parametrize("parameters", [P100.segment, P100.leaf, P100.recursion, P100.last, TOY.segment])
@pytest.mark.parametrize("log_rows", [5, 9, 10, 11, 20])
def test_the_rounds_are_those_of_the_verifier(parameters: Parameters, log_rows: int) -> None:
    key = Key.__new__(Key)
    key.log_heights, key.parameters = [log_rows], parameters
    assert [size for size, _ in soundness.rounds(parameters, key.log_rows)] == list(key.fri_rounds[:-1])


@pytest.mark.parametrize("hash_width", [16, 24])
def test_a_shape_is_counted_from_the_key(hash_width: int) -> None:
    key = example((6, 4, 5), parameters=replace(TINY, hash_width=hash_width))[0]
    shape = soundness.shape_of(key)
    assert (shape.log_rows, shape.messages, shape.width) == (6, 4 * 64 + 16 + 32, 2)
    assert shape.constraints == 2 + 0 + 4 + sum(chip.logup_columns + 2 for chip in key.chips)
    challenge = np.arange(2, 7, dtype=np.uint64)
    assert (batch_weights(key, challenge)[0] == ext_powers_of(challenge, shape.powers)[-1]).all()
    assert soundness.bits(key.parameters, shape) < 20


@pytest.mark.parametrize("parameters, shape", [(P100.segment, LARGEST_SEGMENT), (P100.recursion, largest_recursion(P100.recursion)),
                                               (TOY.segment, replace(LARGEST_SEGMENT, log_rows=10))])
def test_no_multiplicity_is_better_than_the_one_found(parameters: Parameters, shape: Shape) -> None:
    every = [soundness.johnson(shape.log_rows, parameters.log_blowup, m) for m in range(3, 200)]
    best = max(soundness.total(soundness.terms(parameters, shape, regime)) for regime in every)
    assert soundness.bits(parameters, shape) >= best


@pytest.mark.parametrize("log_program", [10, 19])
def test_every_size_of_segment_has_128_bits_under_p128(log_program: int) -> None:
    for name in CATALOGUE:
        key = shape_key(SegmentShape(name, log_program, P128.hash.width), P128.segment)
        assert soundness.bits(key.parameters, soundness.shape_of(key)) >= 128, name


def test_every_size_of_segment_has_a_hundred_bits() -> None:
    for name in CATALOGUE:
        shape = SegmentShape(name, 19)
        key = Key([(chip, shape.log_heights[chip.name]) for chip in shape.chips], P100.segment, 64)
        assert soundness.bits(key.parameters, soundness.shape_of(key)) >= 100

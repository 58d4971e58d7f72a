"""Security bits are numbers, and numbers are tests."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segments.machine import machine
from segments.shape import SIZES
from segments.shape import Shape as SegmentShape
from stark import profiles, soundness
from stark.field import ext_powers_of
from stark.key import Key
from stark.profiles import Parameters
from stark.prover import batch_weights
from stark.soundness import Shape
from tests.stark.examples import example

P100, TOY = profiles.get("p100"), profiles.get("toy")
LARGEST_SEGMENT = Shape(log_rows=22, powers=2500, constraints=5000, messages=2**31 - 2**24, width=32)


def largest_recursion(parameters: Parameters) -> Shape:
    """What the field admits, with a bit of room."""
    return replace(LARGEST_SEGMENT, log_rows=23 - parameters.log_blowup)


def rounded(parameters: Parameters, shape: Shape) -> tuple[str, dict[str, float]]:
    regime, table = soundness.best(parameters, shape)
    return regime.name, {name: round(value, 2) for name, value in table.items()}


def test_the_largest_segment_has_a_hundred_bits_term_by_term() -> None:
    assert rounded(P100.segment, LARGEST_SEGMENT) == ("johnson m=72", {
        "look-up challenges": 112.23,
        "combination of constraints": 135.98,
        "out-of-domain point": 124.68,
        "batching": 100.84,
        "folding 2^23": 100.32,
        "folding 2^20": 103.32,
        "folding 2^17": 106.32,
        "folding 2^14": 109.32,
        "folding 2^11": 112.32,
        "folding 2^8": 115.32,
        "queries": 100.28,
        "hash collisions": 123.95,
    })


@pytest.mark.parametrize("layer, log_rows, queries, folding", [("leaf", 21, 100.04, 100.13), ("recursion", 21, 100.03, 100.13),
                                                               ("last", 19, 101.14, 101.18)])
def test_the_largest_recursion_has_a_hundred_bits(layer: str, log_rows: int, queries: float, folding: float) -> None:
    """The greatest shapes that the field admits; those in use are far smaller."""
    table = rounded(getattr(P100, layer), replace(LARGEST_SEGMENT, log_rows=log_rows))[1]
    assert (table["queries"], table["folding 2^23"]) == (queries, folding) and table["batching"] > 104


def test_unique_decoding_term_by_term() -> None:
    table = soundness.terms(P100.segment, LARGEST_SEGMENT, soundness.unique_decoding(22, 1))
    assert {name: round(value, 2) for name, value in table.items() if not name.startswith("folding")} == {
        "look-up challenges": 118.91, "combination of constraints": 142.66, "out-of-domain point": 131.36,
        "batching": 132.66, "queries": 87.39, "hash collisions": 123.95}


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
    assert soundness.queries_for(100, P100.segment, LARGEST_SEGMENT) == P100.segment.queries
    for parameters in (P100.leaf, P100.recursion, P100.last):
        assert soundness.queries_for(100, parameters, largest_recursion(parameters)) == parameters.queries


def test_grinding_counts_for_the_draw_behind_it_alone() -> None:
    regime = soundness.johnson(22, 1, 20)
    without = soundness.terms(replace(P100.segment, batch_grinding=0, grinding=0), LARGEST_SEGMENT, regime)
    ground = soundness.terms(P100.segment, LARGEST_SEGMENT, regime)
    gains = {name: round(ground[name] - without[name], 3) for name in ground}
    assert {name: gain for name, gain in gains.items() if gain} == {"batching": 12.0, "queries": 16.0}


def test_no_number_of_queries_gives_128_bits_in_this_field_and_hash() -> None:
    assert soundness.queries_for(128, P100.segment, LARGEST_SEGMENT) is None


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


def test_an_unknown_profile_has_no_parameters() -> None:
    with pytest.raises(LookupError, match="p100"):
        profiles.get("p99")


@pytest.mark.parametrize("parameters", [P100.segment, P100.leaf, P100.recursion, P100.last, TOY.segment])
@pytest.mark.parametrize("log_rows", [5, 9, 10, 11, 20])
def test_the_rounds_are_those_of_the_verifier(parameters: Parameters, log_rows: int) -> None:
    key = Key.__new__(Key)
    key.log_heights, key.parameters = [log_rows], parameters
    assert [size for size, _ in soundness.rounds(parameters, log_rows)] == list(key.fri_rounds[:-1])


def test_a_shape_is_counted_from_the_key() -> None:
    key = example((6, 4, 5))[0]
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


def test_every_size_of_segment_has_a_hundred_bits() -> None:
    for size in SIZES:
        heights = SegmentShape.of(size, 1 << 16).log_heights
        key = Key([(chip, heights[chip.name]) for chip in machine().chips], P100.segment, 64)
        assert soundness.bits(key.parameters, soundness.shape_of(key)) >= 100

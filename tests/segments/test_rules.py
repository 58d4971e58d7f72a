"""What must be true of the chips before any row is filled (more: soundness/rules.py), and of the pages printed from them."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from segments.buses import ALL
from segments.catalogue import CATALOGUE
from segments.fill import Segment
from segments.machine import machine
from segments.pages import printed
from segments.setup import shape_key
from segments.shape import Shape
from stark import profiles
from stark.chip import Bus, Chip
from stark.expression import P
from stark.measure import measure
from stark.rules import violations
from stark.setup import check_rules
from tests.segments import small

CHIPS = machine().chips
DOCS = Path(__file__).parents[2] / "docs" / "chips"

@pytest.mark.parametrize("name", CATALOGUE)
def test_the_chips_keep_the_rules(name: str) -> None:
    shape = Shape(name, 19)
    assert violations(shape.chips, shape.log_heights) == []


@pytest.mark.parametrize("made", [small.of_everything, small.of_hosts])
def test_the_chips_keep_the_rules_with_what_is_fixed(made: Callable[[], Segment]) -> None:
    """Rows of the program, and rows where the last comes before the first, are looked at too."""
    segment = made()
    fixed = {filled.chip.name: filled.fixed for filled in segment.filled if filled.chip.fixed_names}
    check_rules(shape_key(segment.shape, profiles.get("toy").segment), fixed)


def test_the_buses_are_distinct() -> None:
    assert len({bus.number for bus in ALL}) == len({bus.name for bus in ALL}) == len(ALL)


def test_the_rules_find_what_they_should() -> None:
    chip = Chip("bad", "nothing")
    x, y = chip.column("x"), chip.column("y")
    chip.require("too high", x * x * x * y)
    chip.require("looks ahead", x.next - y)
    chip.column("unused")
    chip.send(Bus(1, "one", ("value",)), x * y, times=x * x * x)
    chip.send(Bus(1, "two", ("value", "value2")), x, y)
    found = "\n".join(violations([chip, chip], {"bad": 31}))
    for text in ("has degree 4", "looks at the next row", "is looked at never", "multiplicity of degree 3", "field value of bus one",
                 "buses share the number", "two chips are called", "can carry"):
        assert text in found


def test_the_pages_are_printed_from_the_chips() -> None:
    """After a change: python scripts/publish_keys.py."""
    assert {path.name: path.read_text() for path in DOCS.glob("*.md")} == printed()


def test_columns_and_cells_are_what_they_were() -> None:
    cells = {chip.name: measure(chip).cells for chip in CHIPS}
    assert cells == {"add": 73, "mul": 88, "div": 131, "bitwise": 85, "shift": 100, "compare": 89, "branch": 36, "move": 48, "select": 74,
                     "load": 111, "store": 117, "call": 58, "halt": 19,
                     "add64": 88, "mul64": 150, "div64": 198, "bitwise64": 111, "shift64": 128, "compare64": 102, "move64": 53,
                     "select64": 82, "load64": 113, "store64": 120, "convert": 52, "count": 101, "count64": 159, "indirect": 71,
                     "grow": 43, "outside": 73,
                     "sha256": 21, "poseidon2": 21, "keccak": 21, "mulmod": 21, "cells": 28, "compression": 603, "sponge": 233,
                     "rounds": 2620, "remainder": 663,
                     "boundary": 39, "page": 106, "node": 68, "hash": 176, "program": 7, "lookup": 19}


@pytest.mark.parametrize("name", CATALOGUE)
def test_time_stays_far_below_the_prime(name: str) -> None:
    """And a full segment stays below 2^24, so that the difference of any two times can be shown to be small."""
    logs = Shape(name, 10).log_heights
    ticks = sum(family.ticks << logs[family.name] for family in machine().families if family.name in logs)
    assert ticks + 2 < 1 << 24 < P - (1 << 24)


def test_a_program_has_the_smallest_height_that_holds_it_and_the_size_of_memory() -> None:
    counts = (1, 1023, 1024, 8191, 8192, 2**19 - 1, 2**20 - 1)
    assert [Shape.of("toy", count).log_program for count in counts] == [10, 10, 13, 13, 16, 19, 20]
    with pytest.raises(LookupError, match="no shape is for a program"):
        Shape.of("toy", 2**20)

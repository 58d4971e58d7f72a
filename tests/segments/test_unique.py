"""Code U by a solver, on the chips where it takes no time (all: make soundness). It is optional: pip install .[solver]."""
from __future__ import annotations

from dataclasses import replace

import pytest

from segments.buses import LOOKUPS
from segments.machine import machine
from segments.steps import GuestFamily
from stark.chip import Chip
from wasm_exec.instructions import BY_NUMBER

pytest.importorskip("bitwuzla")
from tests.segments.soundness.unique import Case, cases, verdict  # noqa: E402

SECONDS = 240.0           # by the clock; a second is enough on a machine of one's own
QUICK = ("add", "branch", "move", "select", "halt", "add64", "convert", "move64")


def family(name: str) -> GuestFamily:
    return next(family for family in machine().families if family.name == name)


def case(name: str, operation: str, of: GuestFamily | None = None) -> Case:
    return next(case for case in cases(of or family(name)) if case.operation == operation)


@pytest.mark.parametrize("name", QUICK)
def test_what_a_row_gives_follows_from_what_it_takes(name: str) -> None:
    found = {case.operation: verdict(case, SECONDS) for case in cases(family(name))}
    assert set(found.values()) == {"unique"} and set(found) == {o.name for o in BY_NUMBER.values() if o.family is family(name).family}


@pytest.mark.parametrize("operation", ["LT_S", "JUMP_EQI", "JUMP_GE_U"])
def test_answers_and_jumps_follow(operation: str) -> None:
    assert verdict(case("compare", operation), SECONDS) == "unique"


@pytest.mark.parametrize("name, operation, sentence", [
    ("add", "SUB", "limbs 1 and the carry add up"), ("branch", "BRZ", "anything else has one"),
    ("compare", "JUMP_EQ", "equal numbers have no difference"), ("compare", "JUMP_LT_U", "the target of a jump"),
    ("compare", "LT_S", "limbs 1 and the borrow subtract"), ("select", "SELECT", "")])
def test_without_a_sentence_there_are_two_rows(name: str, operation: str, sentence: str) -> None:
    """Without a sentence (or the last one) the solver finds them."""
    honest = family(name)
    chip = honest.chip
    gone = next((r for r in chip.requirements if sentence and r.sentence.startswith(sentence)), chip.requirements[-1])
    less = Chip(**{**vars(chip), "requirements": [r for r in chip.requirements if r is not gone]})
    assert verdict(case(name, operation, replace(honest, chip=less)), SECONDS) == "two"


def test_without_ranges_there_are_two_rows() -> None:
    honest = family("add")
    less = Chip(**{**vars(honest.chip), "messages": [m for m in honest.chip.messages if m.bus not in LOOKUPS]})
    assert verdict(case("add", "ADD", replace(honest, chip=less)), SECONDS) == "two"

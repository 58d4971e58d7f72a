"""A sample of the attacks on the chips; all of them: make soundness."""
from __future__ import annotations

import numpy as np
import pytest

from segments.buses import RANGE16
from segments.claim import STEPS
from segments.machine import machine
from stark.check import Filled, check
from stark.chip import Chip
from tests.segments.small import of_everything, one_segment
from tests.segments.soundness.deletions import (
    Breaker,
    by_a_program,
    columns_of,
    requirement_verdicts,
    shifted_otherwise,
    verdicts,
)
from tests.segments.soundness.lies import LIES, honest, operations_of, status_at, told
from tests.segments.soundness.mutations import on_padding, on_used_rows
from tests.segments.soundness.pairs import says_something_else
from tests.segments.soundness.rules import violations_of
from tests.segments.soundness.subjects import CHIPS, GUESTS, TABLES, gathered, last_real, rows_of_every_kind
from tests.segments.soundness.whole import LINES, done, variants

LARGE = ("remainder", "rounds", "div", "div64", "shift64", "mul64", "hash")
COLUMNS = {"rounds": 61}         # of a chip that has thousands, one in so many


@pytest.mark.parametrize("name", CHIPS)
def test_no_cell_that_counts_can_be_changed(name: str) -> None:
    found = on_used_rows(name, 3, COLUMNS.get(name, 1))
    assert found.tried and not found.accepted
    assert name not in TABLES or found.refused == found.tried


@pytest.mark.parametrize("name", CHIPS)
def test_padding_says_nothing(name: str) -> None:
    assert not on_padding(name, COLUMNS.get(name, 1)).accepted


@pytest.mark.parametrize("chip, column", [("program", 0), ("lookup", 0), ("lookup", 1), ("lookup", 2), ("lookup", 3), ("hash", 164)])
def test_a_wrong_multiplicity_is_noticed(chip: str, column: int) -> None:
    """The attacks above let a table follow; here it does not."""
    changed, public = [], of_everything().public.copy()
    for f in of_everything().filled:
        main = f.main.copy()
        if f.chip.name == chip:
            main[column, 3] += 1
        if f.chip.name == chip == "program":        # so many steps are stated, too
            main[1, 4:] += 1
            public[STEPS] += 1
        changed.append(Filled(f.chip, f.fixed, main))
    assert [broken.sentence for broken in check(changed, public)] == [
        f"bus {dict(program='program', hash='hash').get(chip, ('range16', 'bytes', 'and', 'shift')[column % 4])}: 1 received too many"]


@pytest.mark.parametrize("name", CHIPS)
def test_what_is_deleted_is_missed(name: str) -> None:
    """Every sentence, and of chips where that takes long one in many."""
    found = verdicts(name, 13 if name in LARGE else 1)
    assert not [verdict.sentence for verdict in found if not verdict.how]


@pytest.mark.parametrize("sentence", ["a word is taken into the space of the input", "a word that is taken begins at an even byte"])
def test_a_strange_program_breaks_one_sentence(sentence: str) -> None:
    assert by_a_program("store", sentence) and not by_a_program("store", "a word is taken where zeros are")


@pytest.mark.parametrize("name, columns", [
    ("mul64", [f"carry.{k}" for k in range(7)]), ("div", ["size of a.0", "d value.0", "d value.1"]),
    ("div64", [*(f"carry.{k}" for k in range(3)), "carry.0 carry.1 carry.2", "rest.3", *(f"size of a.{k}" for k in range(3)),
               *(f"d value.{k}" for k in range(4))])])
def test_every_limb_and_carry_has_to_be_looked_up(name: str, columns: list[str]) -> None:
    """A row shows it without a search: a wrong product, a wrong quotient by 1 (the sum of all carries is looked up, too, and does not make
    up for a single one, nor they for the sum), a quotient that is 1 too large, and limbs of a result or a size that are none."""
    f = gathered(name)
    breaker = Breaker(f, range(f.main.shape[1]))
    shown = [m for m in f.chip.messages if m.bus == RANGE16 and shifted_otherwise(breaker, m)]
    assert sorted(" ".join(sorted(columns_of(f.chip, m))) for m in shown) == sorted(columns)


def test_the_same_rows_are_attacked_wherever_they_stand() -> None:
    for f in of_everything().filled:
        if f.chip.name in GUESTS:
            used = last_real(f) + 1
            other = f.main.copy()
            other[:, :used] = f.main[:, np.random.default_rng(0).permutation(used)]
            chosen, again = (table[:, rows_of_every_kind(Filled(f.chip, f.fixed, table))] for table in (f.main, other))
            assert {row.tobytes() for row in chosen.T} == {row.tobytes() for row in again.T}


def test_a_sentence_that_says_nothing_is_not_missed() -> None:
    """The attacks can fail to notice: here is a sentence that follows from others."""
    f = gathered("branch")
    chip = Chip(**{**vars(f.chip), "requirements": [*f.chip.requirements, f.chip.requirements[-1]]})
    assert not [*requirement_verdicts("branch", Filled(chip, f.fixed, f.main), 1)][-1].how


@pytest.mark.parametrize("name", GUESTS)
def test_lies_are_refused(name: str) -> None:
    """Two kinds for each family, other ones for every family; none of them may be accepted, and some must be refused by the chips."""
    number = GUESTS.index(name)
    found = list(told(name, lies=[LIES[number % len(LIES)], LIES[(number * 7 + 1) % 12]]))
    assert found and all(one.result != "accepted" for one in found)


@pytest.mark.parametrize("name", GUESTS)
def test_the_program_that_is_lied_about_is_honest(name: str) -> None:
    operation = operations_of(name)[-1]
    segment = one_segment(honest(operation, name == "outside")[0])
    assert check(segment.filled, segment.public) == [] and segment.after.status == (status_at(operation, name) or 1)


@pytest.mark.parametrize("name", GUESTS)
def test_no_row_can_say_something_else(name: str) -> None:
    assert says_something_else(name, 1) is None


@pytest.mark.parametrize("chip", machine().chips, ids=lambda chip: chip.name)
def test_the_rules_are_kept(chip: Chip) -> None:
    assert violations_of(chip) == []


def test_the_same_done_otherwise() -> None:
    assert {done(lines).results for _, lines in list(variants())[1::2]} == {done(LINES).results}


@pytest.mark.parametrize("cut", [1, 11, len(LINES)])
def test_the_same_root_wherever_it_is_cut(cut: int) -> None:
    honest_run = done(LINES)
    assert honest_run.broken == 0 and done(LINES, [cut]) == honest_run

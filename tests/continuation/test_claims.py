"""Claims in plain Python: what joins, what does not, and with which sentence."""
from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from continuation.claims import MOST_STEPS, BatchClaim, RunClaim, SpanClaim, close, program_with_image
from segments.claim import Boundary
from stark.errors import Rejected
from tests.continuation import small

KEYS, PROGRAM = (1,) * 8, (2,) * 8
ENDS = small.ends()
FIRST, MIDDLE, LAST = small.boundaries([7, 7], ENDS)
LEFT, RIGHT = SpanClaim(PROGRAM, KEYS, FIRST, MIDDLE, 5), SpanClaim(PROGRAM, KEYS, MIDDLE, LAST, 7)


def test_neighbours_join() -> None:
    assert LEFT.join(RIGHT) == SpanClaim(PROGRAM, KEYS, FIRST, LAST, 12)
    assert SpanClaim.of(LEFT.words) == LEFT
    most = replace(LEFT, steps=MOST_STEPS - 8)
    assert most.join(RIGHT).steps == MOST_STEPS - 1 and SpanClaim.of(most.words) == most


@pytest.mark.parametrize("left, right, sentence", [
    (LEFT, replace(RIGHT, program=KEYS), "both spans are of one program"),
    (LEFT, replace(RIGHT, keys=PROGRAM), "both spans were made with the same keys"),
    (RIGHT, LEFT, "the right span starts where the left one ends"),
    (LEFT, LEFT, "the right span starts where the left one ends"),
    (LEFT, replace(RIGHT, before=replace(MIDDLE, pc=5)), "the right span starts where the left one ends"),
    (replace(LEFT, after=LAST), replace(RIGHT, before=LAST), "nothing goes on after the end"),
    (replace(LEFT, steps=MOST_STEPS - 7), RIGHT, "the steps of both can be counted")])
def test_others_do_not(left: SpanClaim, right: SpanClaim, sentence: str) -> None:
    with pytest.raises(Rejected, match=sentence):
        left.join(right)


def test_a_whole_run() -> None:
    run = close(LEFT.join(RIGHT), ENDS)
    assert run == RunClaim(program_with_image(PROGRAM, ENDS.before), KEYS, ENDS.before[6], ENDS.after[8], 1, LAST.pc, (7, 0, 0, 0), 12)
    assert RunClaim.of(run.words) == run


def test_the_input_is_no_part_of_the_program_and_the_rest_is() -> None:
    for space in range(16):
        others = list(ENDS.before)
        others[space] = KEYS
        assert (program_with_image(PROGRAM, others) == program_with_image(PROGRAM, ENDS.before)) == (space == 6)


WHOLE = LEFT.join(RIGHT)


@pytest.mark.parametrize("span, ends, sentence", [
    (RIGHT, ENDS, "a run starts at its entry"),
    (replace(WHOLE, before=replace(FIRST, status=2)), ENDS, "a run starts at its entry"),
    (LEFT, ENDS, "a run is complete"),
    (WHOLE, replace(ENDS, before=ENDS.after), "the spaces before"),
    (WHOLE, replace(ENDS, after=ENDS.before), "the spaces after"),
    (WHOLE, replace(ENDS, page=(1, *ENDS.page[1:])), "the exit code stands in the system space")])
def test_what_is_no_whole_run(span: SpanClaim, ends: small.Ends, sentence: str) -> None:
    with pytest.raises(Rejected, match=sentence):
        close(span, ends)


def test_batches_keep_the_order() -> None:
    one, other = close(WHOLE, ENDS), replace(close(WHOLE, ENDS), pc=9)
    there, back = BatchClaim.one(one).join(BatchClaim.one(other)), BatchClaim.one(other).join(BatchClaim.one(one))
    assert there.count == back.count == 2 and there.runs != back.runs
    assert BatchClaim.of(there.words) == there
    with pytest.raises(Rejected, match="same keys"):
        there.join(replace(back, keys=PROGRAM))


@pytest.mark.parametrize("seed", range(4))
def test_a_thousand_segments_joined_in_any_order_and_tree_are_one_run(seed: int) -> None:
    rng = np.random.default_rng(seed)
    places = small.boundaries([7] * 1000, ENDS)
    spans = [SpanClaim(PROGRAM, KEYS, before, after, 1 << 20) for before, after in pairwise(places)]
    while len(spans) > 1:
        at = int(rng.integers(len(spans) - 1))
        spans[at:at + 2] = [spans[at].join(spans[at + 1])]
    assert spans == [SpanClaim(PROGRAM, KEYS, places[0], places[-1], 1000 << 20)]
    assert close(spans[0], ENDS) == close(SpanClaim(PROGRAM, KEYS, FIRST, places[-1], 1000 << 20), ENDS)


def test_a_boundary_is_ten_words() -> None:
    assert Boundary.of(MIDDLE.words) == MIDDLE and len(MIDDLE.words) == 10

"""Claims in plain Python: what joins, what does not, and with which sentence."""
from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from continuation.batches import Application, BatchClaim, chained, meeting
from continuation.claims import RunClaim, SpanClaim, close, program_with_image
from continuation.counts import MOST_STEPS
from segments.claim import Boundary
from stark.errors import Rejected
from stark.field import P
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
    assert run == RunClaim(program_with_image(PROGRAM, ENDS.before), KEYS, ENDS.after[6], ENDS.after[8], 1, LAST.pc, (7, 0, 0, 0),
                           ENDS.before[10], ENDS.after[10], 12)
    assert RunClaim.of(run.words) == run


def test_the_state_is_no_part_of_the_program_and_the_rest_is() -> None:
    """Of the input too: a run that finds some before its first step is of another program."""
    for space in range(16):
        others = list(ENDS.before)
        others[space] = KEYS
        assert (program_with_image(PROGRAM, others) == program_with_image(PROGRAM, ENDS.before)) == (space == 10)


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


def state_run(program: int, before: int, after: int, **other: Any) -> RunClaim:
    """A run of an application that leads from one state to another."""
    return replace(close(WHOLE, ENDS), program=(program,) * 8, before=(before,) * 8, after=(after,) * 8, **other)


def test_neighbours_of_one_application_chain() -> None:
    runs = [state_run(3, 0, 1), state_run(3, 1, 2), state_run(3, 2, 2), state_run(3, 2, 9)]
    for tree in (((0, 1), (2, 3)), (0, ((1, 2), 3))):
        def joined(part: Any) -> BatchClaim:
            return BatchClaim.one(runs[part]) if isinstance(part, int) else joined(part[0]).join(joined(part[1]))
        whole = joined(tree)
        assert (whole.single, whole.first, whole.last) == (1, Application((3,) * 8, (0,) * 8), Application((3,) * 8, (9,) * 8))
        assert BatchClaim.of(whole.words) == whole
    for left, right in ((0, 2), (1, 0), (0, 0)):
        with pytest.raises(Rejected, match="neighbouring runs of one application chain"):
            BatchClaim.one(runs[left]).join(BatchClaim.one(runs[right]))


def test_a_batch_of_two_applications_is_not_single() -> None:
    one, other = BatchClaim.one(state_run(3, 0, 1)), BatchClaim.one(state_run(4, 5, 6))
    mixed = one.join(other)
    assert (mixed.single, mixed.first.program, mixed.last.program) == (0, (3,) * 8, (4,) * 8)
    assert mixed.join(BatchClaim.one(state_run(3, 1, 2))).single == 0 == mixed.join(BatchClaim.one(state_run(4, 6, 7))).single
    with pytest.raises(Rejected, match="neighbouring runs of one application chain"):
        mixed.join(BatchClaim.one(state_run(4, 5, 7)))


def test_a_list_chains_for_every_application() -> None:
    chained([state_run(3, 0, 1), state_run(4, 7, 7), state_run(3, 1, 2), state_run(4, 7, 8)])
    for runs in ([state_run(3, 0, 1), state_run(4, 7, 7), state_run(3, 0, 2)], [state_run(3, 0, 1), state_run(3, 2, 3)],
                 [state_run(3, 1, 2), state_run(3, 0, 1)], [state_run(3, 0, 1), state_run(3, 0, 1)]):
        with pytest.raises(Rejected, match="in the state that the application was left in"):
            chained(runs)


@pytest.mark.parametrize("place", range(8))
def test_where_programs_differ_there_are_weights(place: int) -> None:
    one, other = BatchClaim.one(state_run(3, 0, 1)), BatchClaim.one(state_run(3, 1, 1))
    assert meeting(one, other).tolist() == [1] + [0] * 8
    program = tuple(5 if k == place else 3 for k in range(8))
    other = replace(other, first=Application(program, (1,) * 8))
    assert meeting(one, other)[1 + place] * 2 % P == 1 and meeting(one, other)[0] == 0


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

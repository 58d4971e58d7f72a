"""The tree of tasks: every segment once, spans that fit together, and an order in which a few spans are open at a time."""
from __future__ import annotations

import pytest

from bundles.tasks import Task, everything, parsed, ready, root, serving, span
from stark.errors import Malformed


@pytest.mark.parametrize("segments", [1, 2, 3, 5, 8, 13, 40])
def test_a_run_of_n_segments_has_n_leaves_and_n_less_one_joins(segments: int) -> None:
    tasks = list(everything(root(segments)))
    kinds = [task.kind for task in tasks]
    assert (kinds.count("segment"), kinds.count("leaf"), kinds.count("join"), kinds.count("root")) == (segments, segments, segments - 1, 1)
    assert len(set(tasks)) == len(tasks)
    place = {task: number for number, task in enumerate(tasks)}
    assert all(place[needed] < place[task] for task in tasks for needed in task.inputs)
    for task in tasks:
        if task.kind == "join":
            left, right = task.inputs
            assert (left.first, left.last, right.last) == (task.first, right.first, task.last)


def test_names_come_back() -> None:
    for task in everything(root(13)):
        assert parsed(str(task)) == task


@pytest.mark.parametrize("name", ["", "segment", "segment -1", "segment 1-2", "join 3", "join 3-4", "join 4-4", "root 0-0", "leaf 1 ",
                                  "fold 1", "segment 99999999999", "join 1-2\n"])
def test_other_names_are_malformed(name: str) -> None:
    with pytest.raises(Malformed):
        parsed(name)


def test_what_is_ready_leads_to_the_end_and_few_spans_are_open() -> None:
    done: set[Task] = set()
    goal, order = root(40), []
    while goal not in done:
        task = next(ready(goal, done, ()))
        order.append(task)
        done.add(task)
        assert len(list(serving(goal, done))) <= 7
    assert len(order) == len(set(order)) == 40 + 40 + 39 + 1


def test_what_is_begun_is_not_ready() -> None:
    busy = list(ready(root(3), (), ()))
    assert busy == [Task("segment", k, k + 1) for k in range(3)]
    assert list(ready(root(3), (), busy)) == []


def test_a_lost_result_is_made_again_with_what_it_needs() -> None:
    done = {span(0, 2), Task("segment", 0, 1)}
    assert list(ready(root(3), done, ())) == [Task("segment", 2, 3)]
    assert set(ready(root(3), {Task("segment", 0, 1)}, ())) == {span(0, 1), Task("segment", 1, 2), Task("segment", 2, 3)}

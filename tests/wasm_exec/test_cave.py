"""The story of samples/rust/cave.rs: a session from a compiler, whose world lives from one event to the next, wherever it is continued."""

from __future__ import annotations

from pathlib import Path

from tests.wasm_exec.test_agreement import check_agreement
from tests.wasm_exec.test_sessions import same
from wasm_exec.cutting import Budget
from wasm_exec.events import Answer, Event, answers, close, encode
from wasm_exec.execute import resume, run
from wasm_exec.translate import load

CAVE = (Path(__file__).parents[2] / "samples" / "built" / "cave.wasm").read_bytes()
BUDGET = Budget.uniform(1 << 14, 500)
STORY = [
    ("go north", b"A dark cave. Water drips below; the light is in the south.\nHere is: rope.\n"),
    ("go down", b"It is too dark to climb down.\n"),
    ("go south", b"A meadow. A cave opens in the north.\nHere is: lamp.\n"),
    ("take pearl", b"That is not here.\n"),
    ("take lamp", b"Taken.\n"),
    ("go north", b"A dark cave. Water drips below; the light is in the south.\nHere is: rope.\n"),
    ("go down", b"A still lake under the earth. A stair leads up.\nHere is: pearl.\n"),
    ("take pearl", b"Taken.\n"),
    ("have", b"You have: lamp.\nYou have: pearl.\n"),
    ("dance", b"You can look, go, take, have.\n"),
]
EVENTS = [*(Event("say", (), line.encode()) for line, _ in STORY), Event("score")]


def test_the_story_goes_on_from_event_to_event() -> None:
    program = load(CAVE)
    recording = run(program, encode(program, EVENTS) + close(), BUDGET)
    assert str(recording.outcome) == "exited(0)"
    told = [Answer((turn,), text) for turn, (_, text) in enumerate(STORY, 1)]
    assert answers(program, recording.output, [event.export for event in EVENTS]) == [*told, Answer((55,), b"")]


def test_a_story_that_is_continued_later_is_the_same() -> None:
    program = load(CAVE, 64, 8)
    budget = Budget.uniform(300, 60)
    whole = run(program, encode(program, EVENTS) + close(), budget)
    assert len(whole.segments) > 3
    for cut in range(0, len(EVENTS), 3):
        paused = run(program, encode(program, EVENTS[:cut]), budget)
        assert paused.outcome.paused
        assert same(resume(paused, encode(program, EVENTS[cut:]) + close()), whole)


def test_both_engines_tell_it() -> None:
    program = load(CAVE, 24, 8)
    recording = check_agreement(program, encode(program, EVENTS[:4]) + close(), Budget.uniform(40, 40), traces=4)
    assert len(recording.segments) > 10

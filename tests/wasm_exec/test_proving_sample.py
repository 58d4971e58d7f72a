"""A dozen of the official tests, proved: every session as one run, every trapping call alone; all of them: make test-full."""
from __future__ import annotations

import pytest

from segments.fill import Segment
from tests.wasm_exec.spec.crate import data_folder
from tests.wasm_exec.spec.proving import Proved, ProvingScript, Tally, checked
from wasm_exec.program import Program

SAMPLE = "br br_if break-drop custom elem endianness forward func_ptrs labels local_get return switch".split()


def script(name: str) -> ProvingScript:
    folder = data_folder()
    if folder is None:
        pytest.skip("the crate with the official tests cannot be fetched")
    found = ProvingScript(folder / "wasm-v1" / f"{name}.wast")
    found.run()
    return found


@pytest.mark.parametrize("name", SAMPLE)
def test_official_script_is_proved(name: str) -> None:
    tally = script(name).look(Proved())
    assert tally.problems == [] and tally.counts["runs"]


def test_a_segment_that_does_not_hold_is_noticed() -> None:
    def changed(program: Program, segment: Segment) -> None:
        segment.mains["add"][0, 0] += 1
        checked(program, segment)
    assert "Unproved" in script("forward").look(changed).problems[0]


def test_an_answer_that_is_another_one_is_no_run() -> None:
    """A session that answers something else than the calls did is not taken for them."""
    made = script("forward")
    made.machines[0].calls[0].answer.values[0] ^= 1
    tally: Tally = made.look(lambda program, segment: None)
    assert tally.counts["runs"] == 0 and "answers something else" in tally.problems[0]

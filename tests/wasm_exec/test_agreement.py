"""The recorder cuts, stores and traces exactly as the interpreter does, wherever a run is cut."""

from __future__ import annotations

import numpy as np
import pytest

from tests.wasm_exec.random_programs import random_module
from tests.wasm_exec.test_samples import INPUTS, SAMPLES
from wasm_exec.cutting import Budget
from wasm_exec.errors import BudgetTooSmall
from wasm_exec.execute import replay_segment, run
from wasm_exec.image import MemoryImage
from wasm_exec.instance import Compiled
from wasm_exec.program import Program
from wasm_exec.recorder import Recorder
from wasm_exec.recording import Recording
from wasm_exec.spaces import FRAME_POINTER_LIMIT
from wasm_exec.text import from_text
from wasm_exec.trace import FIELDS
from wasm_exec.translate import load

BUDGETS = {"one segment": Budget.uniform(1 << 19, 4000), "about 40 steps": Budget.uniform(12, 30), "few pages": Budget.uniform(500, 24)}
EXHAUSTING = f"""(module (func $f (param i32) (result i32) (local {"i32 " * 4000})
    (i32.add (i32.const 1) (call $f (i32.add (local.get 0) (i32.const 1)))))
    (func (export "main") (result i32) (call $f (i32.const 0))))"""


def check_agreement(program: Program, input_bytes: bytes, budget: Budget, traces: int) -> Recording:
    slow = run(program, input_bytes, budget, engine="interpreter")
    fast = run(program, input_bytes, budget, engine="recorder")
    assert (slow.outcome, slow.output, len(slow.segments)) == (fast.outcome, fast.output, len(fast.segments))
    for one, other in zip([*slow.segments, slow.final], [*fast.segments, fast.final], strict=True):
        assert one.same_as(other)
    for index in sorted({*range(0, len(slow.segments), max(1, len(slow.segments) // traces)), len(slow.segments) - 1}):
        one_trace, other_trace = replay_segment(slow, index, "interpreter"), replay_segment(fast, index, "recorder")
        for field in FIELDS:
            np.testing.assert_array_equal(getattr(one_trace, field), getattr(other_trace, field), err_msg=field)
        assert len(one_trace) == slow.boundary(index + 1).steps - slow.boundary(index).steps
    return slow


@pytest.mark.parametrize("budget", BUDGETS.values(), ids=BUDGETS)
@pytest.mark.parametrize("name", INPUTS)
def test_samples(name: str, budget: Budget) -> None:
    check_agreement(load(from_text(SAMPLES / f"{name}.wat"), 12, 8), INPUTS[name], budget, traces=8)


@pytest.mark.parametrize("seed", range(60))
def test_random_programs(seed: int) -> None:
    program = load(from_text(random_module(seed, traps=seed % 2 == 0).encode()), 12, 8)
    budget = list(BUDGETS.values())[seed % 3]
    check_agreement(program, b"", budget, traces=6)


@pytest.mark.parametrize("seed", range(40))
def test_random_programs_with_wide_values(seed: int) -> None:
    program = load(from_text(random_module(seed, traps=seed % 2 == 0, with_wide=True).encode()), 12, 8)
    check_agreement(program, b"", list(BUDGETS.values())[seed % 3], traces=6)


@pytest.mark.parametrize("name", ["fib_recursive", "sum"])
def test_long_functions_in_several_chunks(name: str) -> None:
    program, budget = load(from_text(SAMPLES / f"{name}.wat"), 12, 8), BUDGETS["about 40 steps"]
    whole = run(program, INPUTS[name], budget, engine="recorder")
    parts = run(program, INPUTS[name], budget, engine=Recorder(program, Compiled(program, chunk_blocks=2)))
    for one, other in zip([*whole.segments, whole.final], [*parts.segments, parts.final], strict=True):
        assert one.same_as(other)
    engine = Recorder(program, Compiled(program, chunk_blocks=3))
    for index in range(0, len(whole.segments), 4):
        assert replay_segment(whole, index, engine).same_as(replay_segment(whole, index))


def test_exhaustion() -> None:
    program = load(from_text(EXHAUSTING.encode()))
    recording = check_agreement(program, b"", Budget.uniform(1 << 19, 1 << 18), traces=1)
    assert recording.outcome.trapped and str(recording.outcome).startswith("trapped(exhaustion, ")
    assert recording.final.fp < FRAME_POINTER_LIMIT


def test_where_a_run_is_cut_changes_nothing() -> None:
    wasm, content = from_text(SAMPLES / "sort.wat"), INPUTS["sort"]
    whole = run(load(wasm), content, BUDGETS["one segment"], engine="recorder")
    assert len(whole.segments) == 1
    end = whole.image(1)
    for rows in range(12, 40):
        pieces = run(load(wasm, 12, 8), content, Budget.uniform(rows, 30), engine="recorder")
        assert len(pieces.segments) > 5 and pieces.final.steps == whole.final.steps and pieces.output == whole.output
        assert pieces.image(len(pieces.segments)).same_as(end)


def test_segments_continue_each_other() -> None:
    """Running on from a stored boundary, with nothing but the cells of its image, meets the next boundary."""
    program = load(from_text(SAMPLES / "collatz.wat"), 12, 8)
    recording = run(program, INPUTS["collatz"], BUDGETS["about 40 steps"], engine="recorder")
    for index in (0, 7, len(recording.segments) // 2):
        trace = replay_segment(recording, index)
        following = recording.boundary(index + 1)
        taken = program.instructions[trace.pc[-1]]
        assert following.pc in (taken[7], taken[5])
        assert len(trace) == following.steps - recording.segments[index].steps


@pytest.mark.parametrize("engine", ["interpreter", "recorder"])
def test_a_budget_that_no_block_fits(engine: str) -> None:
    program = load(from_text(SAMPLES / "hello.wat"))
    with pytest.raises(BudgetTooSmall):
        run(program, b"abc", Budget.uniform(2, 100), engine=engine)  # type: ignore[arg-type]
    with pytest.raises(BudgetTooSmall):
        run(program, b"abc", Budget.uniform(100, 2), engine=engine)  # type: ignore[arg-type]


def test_image_of_the_input() -> None:
    """It is offered, and nothing of it is there before the first step; at the end all of it is."""
    program = load(from_text(SAMPLES / "hello.wat"))
    image = MemoryImage.initial(program, b"abcdefghij")
    assert image.offered == b"\x0a" + bytes(7) + b"abcdefghij" and not image.cells[6].any() and image.input() == b""
    assert image.copy().offered == image.offered
    found = run(program, b"abcdefghij", BUDGETS["one segment"])
    assert found.taken == b"abcdefghij" and found.image(1).read_cell(6, 1) == int.from_bytes(b"abcdefgh", "little")
    assert image.exists(3, 255) and not image.exists(3, 256) and image.exists(8, 1 << 20)

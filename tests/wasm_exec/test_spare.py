"""A tracing machine that is used again: whatever the memory of its trace had in it, the trace is that of the segment."""

from __future__ import annotations

import gc
import sys

import numpy as np
import pytest

from tests.wasm_exec.random_programs import random_module
from tests.wasm_exec.test_samples import INPUTS, SAMPLES
from wasm_exec.cutting import Budget
from wasm_exec.execute import replay_segment, run
from wasm_exec.instance import SPARE, Instance
from wasm_exec.program import Program
from wasm_exec.spaces import Space
from wasm_exec.text import from_text
from wasm_exec.trace_columns import BASE, CELLS_BASE, EXTRA_BASE, MEMORY_BASE
from wasm_exec.translate import load

BUDGET = Budget.uniform(120, 90)
GROWING = b"""(module (import "longrun" "sha256_compress" (func $sha256 (param i32 i32)))
    (import "longrun" "poseidon2" (func $poseidon2 (param i32))) (memory 1) (global $g (mut i64) (i64.const -1))
    (func (export "main") (result i32)
        (drop (memory.grow (i32.const 1)))
        (i64.store offset=3 (i32.const 65530) (i64.const -5))
        (global.set $g (i64.load offset=1 (i32.const 65530)))
        (call $sha256 (i32.const 256) (i32.const 0))
        (call $poseidon2 (i32.const 512))
        (i64.store (i32.const 8) (select (global.get $g) (i64.const 77) (i32.load8_u (i32.const 256))))
        (f64.store (i32.const 16) (f64.div (f64.const 1) (f64.const 3)))
        (i32.rem_s (i32.load (i32.const 256)) (i32.wrap_i64 (i64.ctz (global.get $g))))))"""
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="no memory is emptied here, so that no machine is used again")


def spare() -> Instance:
    gc.collect()
    [instance] = SPARE.kept
    return instance


def check(program: Program, content: bytes) -> None:
    recording = run(program, content, BUDGET)
    count = len(recording.segments)
    replay_segment(recording, 0)
    for index in sorted({*range(0, count, max(1, count // 12)), count - 1}):
        instance = spare()
        memory = instance.view("trace")
        for base in (*BASE.values(), EXTRA_BASE, MEMORY_BASE, CELLS_BASE):
            memory[base : base + (1 << 15)] = 0xA5
        del memory
        trace = replay_segment(recording, index)
        assert recording.outcome.trapped or (not SPARE.kept and np.shares_memory(trace.pc, instance.view("trace")))
        assert trace.same_as(replay_segment(recording, index, "interpreter"))
        del trace, instance


@needs_linux
@pytest.mark.parametrize("seed", range(12))
def test_random_programs(seed: int) -> None:
    check(load(from_text(random_module(seed, traps=seed % 6 == 0, with_wide=True).encode()), 12, 8), b"")


@needs_linux
@pytest.mark.parametrize("name", INPUTS)
def test_samples(name: str) -> None:
    check(load(from_text(SAMPLES / f"{name}.wat"), 12, 8), INPUTS[name])


@needs_linux
def test_growing_crossing_cells_and_host_functions() -> None:
    check(load(from_text(GROWING), 12, 8), b"")


@needs_linux
def test_a_trace_that_somebody_has_is_not_written_over() -> None:
    recording = run(load(from_text(SAMPLES / "sort.wat"), 12, 8), INPUTS["sort"], BUDGET)
    first = replay_segment(recording, 0)
    part, again = first.d[5:], replay_segment(recording, 1)
    copies = part.copy(), again.d.copy()
    del first
    third = replay_segment(recording, 2)
    assert np.array_equal(part, copies[0]) and np.array_equal(again.d, copies[1])
    assert not np.shares_memory(third.d, part) and not np.shares_memory(third.d, again.d)


@needs_linux
def test_only_the_trace_is_left_in_it() -> None:
    """What a program and its run had in memory is gone: the next segment finds zeros beyond its image."""
    recording = run(load(from_text(SAMPLES / "sort.wat"), 12, 8), INPUTS["sort"], BUDGET)
    last = len(recording.segments) - 1
    assert recording.image(last).cells[Space.LINEAR].any()
    replay_segment(recording, last)
    instance = spare()
    assert not instance.guest.any() and not instance.part(0, instance.layout.flags[Space.LINEAR], np.uint8).any()

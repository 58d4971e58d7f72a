"""Segments that a deep recursion fills with frames: what they touch fits their shape, and holds."""
from __future__ import annotations

import pytest

from segments.fill import fill_cheapest
from segments.memory_tree import MemoryTree
from segments.shape import Shape
from stark.poseidon2 import permute
from tests.segments.test_operations import holds
from wasm_exec.cutting import Limits
from wasm_exec.execute import replay, run
from wasm_exec.text import from_text
from wasm_exec.translate import load

DEEP = """(module (func $down (param i32) (result i32) (local {locals})
        (if (result i32) (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 3))))
    (func (export "main") (result i32) (call $down (i32.const 5000))))"""


@pytest.mark.parametrize("locals", [0, 300, 700])
def test_segments_full_of_frames(locals: int) -> None:
    program = load(from_text(DEEP.format(locals="i32 " * locals).encode()), 64, 8)
    shape = Shape.of("toy", len(program.instructions))
    recording = run(program, b"", shape.budget, Limits(1000))
    index = len(recording.segments) - 1
    image = recording.image(index)
    trace = replay(program, recording.segments[index], image, shape.budget)
    assert holds(fill_cheapest(program, shape, trace, image, MemoryTree(image, permute)))

"""Random modules, with and without traps: every segment holds and ends where the interpreter says."""
from __future__ import annotations

import pytest

from segments.fill import fill
from segments.memory_tree import MemoryTree
from segments.shape import Shape
from stark.check import check
from stark.poseidon2 import permute
from tests.wasm_exec.random_programs import random_module
from wasm_exec.cutting import Limits
from wasm_exec.execute import replay, run
from wasm_exec.text import from_text
from wasm_exec.translate import load


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("wide", [False, True])
def test_a_random_program(seed: int, wide: bool) -> None:
    """`wide`: with numbers of 64 bits, floats, tables and memory that grows."""
    program = load(from_text(random_module(seed, traps=seed % 2 == 0, with_wide=wide).encode()), 64, 8)
    shape = Shape.of("toy", len(program.instructions))
    recording = run(program, b"abc", shape.budget, Limits(20000))
    tree = MemoryTree(recording.image(0), permute)
    for index, start in enumerate(recording.segments[:3]):
        image, end = recording.image(index), recording.boundary(index + 1)
        segment = fill(program, shape, replay(program, start, image, shape.budget), image, tree)
        assert check(segment.filled, segment.public) == []
        assert (segment.after.pc, segment.after.status) == (end.pc, end.status)
        fresh = MemoryTree(recording.image(index + 1), permute)
        assert segment.after.root == tuple(fresh.root.tolist())

"""Memory that grows: a new page is there from its GROW step on and not before, it begins with zeros, and the tree knows it."""
from __future__ import annotations

import numpy as np
import pytest

from segments.fill import Segment, fill
from segments.memory_tree import MemoryTree
from segments.shape import Shape
from stark.check import Filled, broken_requirements, check
from stark.poseidon2 import permute
from tests.segments.small import Line, const, const64, one_segment, program
from wasm_exec.execute import replay, run
from wasm_exec.interpreter import Interpreter, Step
from wasm_exec.spaces import PAGE_BYTES, Space, SystemCell

GROW: Line = ("GROW", 0, 0, 0, 0, 0)
HALT: Line = ("HALT", 0, 0, 0, 0, 0)
NEW = 0x10000       # the first byte that is not there at the beginning
LINES: list[Line] = [const(0, NEW), const64(1, 7), GROW, ("LOAD64", 2, 0, 3, 8, 0), ("STORE64", 3, 0, 1, 16, 0), GROW, HALT]


class Larger(Interpreter):
    """Memory has one more page than it has grown by."""

    def linear_bytes(self) -> int:
        return super().linear_bytes() + PAGE_BYTES


class Filler(Interpreter):
    """After the step at pc 2, something is changed."""

    def __init__(self, space: Space, cell: int, value: int) -> None:
        super().__init__(program(LINES))
        self.change = space, cell, value

    def step(self) -> Step:
        event = super().step()
        if event.pc == 2:
            space, cell, value = self.change
            self.cells[space][cell] = value
        return event


def test_memory_grows() -> None:
    segment = one_segment(program(LINES))
    assert check(segment.filled, segment.public) == [] and segment.after.status == 1


@pytest.mark.parametrize("grown, offset, status", [(0, 0, 18), (1, 248, 1), (1, 249, 18), (2, 249, 1), (2, 0x1F9, 18)])
def test_the_edge_moves(grown: int, offset: int, status: int) -> None:
    segment = one_segment(program([const(0, NEW), *[GROW] * grown, ("LOAD64", 2, 0, 3, offset, 0), HALT]))
    assert check(segment.filled, segment.public) == [] and segment.after.status == status


@pytest.mark.parametrize("access", [("LOAD32", 2, 0, 3, 0, 0), ("STORE8", 3, 0, 0, 0, 0)])
def test_nothing_is_read_or_written_before_the_page_is_there(access: Line) -> None:
    lines = [const(0, NEW), access, GROW, HALT]
    segment = one_segment(program(lines), Larger(program(lines)))
    assert segment.after.status == 1
    assert any("gap" in str(broken) or "bus" in str(broken) for broken in check(segment.filled, segment.public))
    late = one_segment(program([lines[0], GROW, access, HALT]))
    assert check(late.filled, late.public) == []


@pytest.mark.parametrize("space, cell, value", [
    (Space.SYSTEM, SystemCell.GROWN_PAGES, 2), (Space.LINEAR, NEW // 8 + 1, 5)])
def test_a_machine_that_grows_wrongly_is_refused(space: Space, cell: int, value: int) -> None:
    segment = one_segment(program(LINES), Filler(space, cell, value))
    assert check(segment.filled, segment.public)


def of_pages(segment: Segment, rows: slice, **columns: int) -> Filled:
    """The page table with other values in these rows."""
    f = next(f for f in segment.filled if f.chip.name == "page")
    main = f.main.copy()
    for name, value in columns.items():
        main[f.chip.main_names.index(name.replace("__", ".").replace("_", " ")), rows] = value
    return Filled(f.chip, f.fixed, main)


def test_every_sentence_about_new_pages_is_needed() -> None:
    segment = one_segment(program(LINES))
    f = next(f for f in segment.filled if f.chip.name == "page")
    new = np.flatnonzero(f.main[f.chip.main_names.index("new")])
    first, old = slice(new[0], new[0] + 16), slice(0, 16)
    free = int(np.flatnonzero(f.main[f.chip.main_names.index("real")]).max()) + 1
    other = int(np.flatnonzero(f.main[f.chip.main_names.index("index")] == int(Space.FRAMES32) << 24)[0])
    for rows, columns, sentence in [
            (first, {"before__3": 5}, "limb 3 of a new page is 0"),
            (first, {"hashed_before__2": 5}, "word 2 of the digest of a page that does not exist is 0"),
            (old, {"since": 9}, "any other page is there since time 0"),
            (slice(free, free + 16), {"new": 1}, "only a real page is new"),
            (slice(other, other + 16), {"new": 1}, "a new page is one of linear memory"),
            (slice(new[0] + 1, new[0] + 2), {"since": 9}, "the rows of a page agree on its beginning"),
            (slice(new[0] + 1, new[0] + 2), {"new": 0}, "the rows of a page agree on its newness"),
            (first, {"new": 2}, "new is 0 or 1")]:
        assert sentence in {broken.sentence for broken in broken_requirements(of_pages(segment, rows, **columns), (), 1000)}


def test_a_page_is_new_only_by_a_step() -> None:
    """The leaf was nothing before, the cells are zeros, everything agrees; but no GROW says so. And not twice by one step."""
    segment = one_segment(program(LINES))
    without = [Filled(f.chip, f.fixed, np.zeros_like(f.main)) if f.chip.name == "grow" else f for f in segment.filled]
    assert any("bus" in str(broken) for broken in check(without, segment.public))


def test_growing_goes_on_in_the_next_segment() -> None:
    """256 pages at once do not fit in a segment; the tree of every boundary is that of its image."""
    made = program([const(0, 200), GROW, ("ADDI", 0, 0, 0, 0xFFFF, 0xFFFF), ("BRNZ", 0, 0, 0, 1, 0), const(0, NEW),
                    ("STORE32", 3, 0, 0, 0, 0), HALT])
    shape = Shape.of("toy", len(made.instructions))
    recording = run(made, b"", shape.budget)
    tree = MemoryTree(recording.image(0), permute)
    assert len(recording.segments) > 3
    for index, start in enumerate(recording.segments):
        image = recording.image(index)
        segment = fill(made, shape, replay(made, start, image, shape.budget), image, tree)
        assert check(segment.filled, segment.public) == []
        assert segment.after.root == tuple(MemoryTree(recording.image(index + 1), permute).root.tolist())

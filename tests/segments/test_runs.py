"""Whole programs, cut into segments: every segment holds, boundaries meet, and the chain opens to the run."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import wasmtime

from continuation.claims import Ends, SpanClaim, close
from continuation.digests import tree_root
from segments.claim import Boundary, SegmentClaim
from segments.fill import Segment, fill
from segments.memory_tree import MemoryTree
from segments.openings import input_digest, openings, output_digest, roots
from segments.shape import Shape
from stark import poseidon2
from stark.check import check
from stark.errors import Rejected
from wasm_exec.execute import replay, run
from wasm_exec.image import MemoryImage
from wasm_exec.program import Program
from wasm_exec.recording import Recording
from wasm_exec.spaces import Space
from wasm_exec.translate import load

SAMPLES = Path(__file__).parents[2] / "samples"
WORDS = tuple(range(8))


def sample(name: str) -> Program:
    return load(bytes(wasmtime.wat2wasm((SAMPLES / f"{name}.wat").read_text())))


def segments(program: Program, content: bytes, which: Sequence[int] | None = None) -> tuple[Recording, list[Segment], MemoryTree]:
    shape = Shape.of("toy", len(program.instructions))
    recording = run(program, content, shape.budget)
    tree = MemoryTree(MemoryImage.initial(program, content), poseidon2.permute)
    out = []
    for index, start in enumerate(recording.segments):
        image = recording.image(index)
        out.append(fill(program, shape, replay(program, start, image, shape.budget), image, tree))
        if which is None or index in which:
            assert check(out[-1].filled, out[-1].public) == []
    return recording, out, tree


@pytest.fixture(scope="module")
def fibonacci() -> tuple[Program, Recording, list[Segment], MemoryTree]:
    program = sample("fib_recursive")
    return program, *segments(program, b"\x0d")


def test_a_run_in_several_segments(fibonacci: tuple[Program, Recording, list[Segment], MemoryTree]) -> None:
    program, recording, filled, tree = fibonacci
    assert len(filled) > 2
    for left, right in zip(filled, filled[1:], strict=False):
        assert left.after == right.before
    for index, segment in enumerate(filled):
        boundary = recording.boundary(index + 1)
        assert (boundary.pc, boundary.status) == (segment.after.pc, segment.after.status)
    fresh = MemoryTree(recording.image(len(filled)), poseidon2.permute)
    assert (fresh.root == tree.root).all() and tuple(fresh.root.tolist()) == filled[-1].after.root
    for level, (mine, theirs) in enumerate(zip(tree.levels, fresh.levels, strict=True)):
        assert (tree.digests(level, theirs.index) == theirs.digest).all() and (fresh.digests(level, mine.index) == mine.digest).all()


def test_a_statement_has_the_steps_of_its_segment(fibonacci: tuple[Program, Recording, list[Segment], MemoryTree]) -> None:
    """Another number in the statement, the size of memory counted in, and a sum that jumps are all seen."""
    _, recording, filled, _ = fibonacci
    places = [boundary.steps for boundary in (*recording.segments[1:], recording.final)]
    assert [segment.steps for segment in filled] == np.diff([0, *places]).tolist()
    segment = filled[0]
    public = segment.public
    public[-1] += 1
    assert {str(broken.sentence) for broken in check(segment.filled, public)} == {"the statement has the number of steps"}
    index = next(k for k, one in enumerate(segment.filled) if one.chip.name == "program")
    table = segment.filled[index]
    for row in (1, table.height - 1):
        main = table.main.copy()
        main[-1, row:] += 1
        lied = [*segment.filled[:index], replace(table, main=main), *segment.filled[index + 1:]]
        assert "the steps of an instruction are counted" in {str(broken.sentence) for broken in check(lied, public)}


def test_the_chain_opens_to_the_run(fibonacci: tuple[Program, Recording, list[Segment], MemoryTree]) -> None:
    program, recording, filled, tree = fibonacci
    claims = [SegmentClaim(WORDS, segment.before, segment.after, segment.steps) for segment in filled]
    whole = claims[0]
    for claim in claims[1:]:
        whole = whole.join(claim)
    found = close(SpanClaim(WORDS, WORDS, whole.before, whole.after, whole.steps), ends_of(program, recording, tree))
    assert (found.status, found.pc, found.exit_code) == (1, recording.outcome.pc, (recording.outcome.code, 0, 0, 0))
    assert found.input == input_digest(b"\x0d") and found.output == output_digest(recording.output)
    assert recording.outcome.code == 233 and recording.output == (233).to_bytes(4, "little")


def ends_of(program: Program, recording: Recording, tree: MemoryTree) -> Ends:
    end = openings(recording.image(len(recording.segments)), tree)
    before = roots(MemoryTree(MemoryImage.initial(program, recording.input), poseidon2.permute))
    return Ends(before, end.spaces, end.system_page, end.path)


def test_what_does_not_fit_is_refused(fibonacci: tuple[Program, Recording, list[Segment], MemoryTree]) -> None:
    program, recording, filled, tree = fibonacci
    claims = [SegmentClaim(WORDS, segment.before, segment.after, segment.steps) for segment in filled]
    with pytest.raises(Rejected, match="begins where the one before it ends"):
        claims[0].join(claims[2])
    with pytest.raises(Rejected, match="begins where the one before it ends"):
        claims[1].join(claims[0])
    with pytest.raises(Rejected, match="of one program"):
        claims[0].join(replace(claims[1], program=WORDS[::-1]))
    whole = SegmentClaim(WORDS, filled[0].before, filled[-1].after, sum(segment.steps for segment in filled))
    ends = ends_of(program, recording, tree)
    page = list(ends.page)
    page[4] += 1
    for sentence, first, last, wrong in (
            ("starts at its entry", replace(whole.before, pc=1), whole.after, ends),
            ("spaces before", claims[1].before, whole.after, ends),
            ("spaces before", whole.before, whole.after, replace(ends, before=(*ends.before[:6], WORDS, *ends.before[7:]))),
            ("is complete", whole.before, replace(whole.after, status=0), ends),
            ("spaces after", whole.before, whole.after, replace(ends, after=(*ends.after[:8], WORDS, *ends.after[9:]))),
            ("exit code stands in the system space", whole.before, whole.after, replace(ends, page=tuple(page)))):
        first = replace(first, pc=0) if sentence == "spaces before" else first
        with pytest.raises(Rejected, match=sentence):
            close(SpanClaim(WORDS, WORDS, first, last, 1), wrong)


@pytest.mark.parametrize("name, content", [("sum", b"12 34 -5"), ("hello", b"whole house"), ("sort", b"the quick brown fox"),
                                           ("sieve", b"\x1e\0\0\0"), ("collatz", b"\x09\0")])
def test_samples(name: str, content: bytes) -> None:
    recording, filled, _ = segments(sample(name), content)
    assert filled[-1].after.status == 1 and recording.outcome.exited


def test_the_root_of_spaces_is_the_root(fibonacci: tuple[Program, Recording, list[Segment], MemoryTree]) -> None:
    _, _, filled, tree = fibonacci
    assert tree_root(roots(tree)) == filled[-1].after.root
    assert Boundary.of(filled[-1].after.words) == filled[-1].after


def test_a_path_leads_to_the_root(fibonacci: tuple[Program, Recording, list[Segment], MemoryTree]) -> None:
    tree = fibonacci[-1]
    for space, page in ((Space.FRAMES32, 0), (Space.LINEAR, 0), (Space.LINEAR, 300), (Space.OUTPUT, 5), (Space.SYSTEM, 0)):
        index = int(space) << 24 | page
        digest = tree.digests(28, np.array([index]))
        for k, sibling in enumerate(tree.path(28, index)):
            pair = (sibling[None], digest) if index >> k & 1 else (digest, sibling[None])
            digest = poseidon2.compress(*pair)
        assert (digest[0] == tree.root).all()

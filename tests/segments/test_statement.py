"""The statement, from end to end at toy: a run is proved segment by segment, and every change of what is claimed is refused by name."""
from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import pytest

from continuation.claims import Ends, RunClaim, SpanClaim, close
from continuation.digests import tree_root
from segments.claim import Boundary, SegmentClaim, SegmentProof
from segments.memory_tree import MemoryTree, wide
from segments.openings import input_digest, openings, output_digest, roots
from segments.prove import prove_alone
from segments.setup import program_words, setup
from segments.shape import Shape
from segments.verify import verify_segment
from stark.errors import Rejected
from stark.kernels import load as kernels_of
from stark.key import Key
from stark.profiles import PROFILES
from wasm_exec.execute import run
from wasm_exec.image import MemoryImage
from wasm_exec.program import Program
from wasm_exec.text import from_text
from wasm_exec.translate import load

KERNELS, TOY = kernels_of("best"), PROFILES["toy"].segment
KEYS = (0,) * 8
CONSTRAINTS = "the constraints are the quotient"
TEXT = """(module
    (import "longrun" "read_input" (func $read (param i32 i32) (result i32)))
    (import "longrun" "write_output" (func $write (param i32 i32)))
    (import "longrun" "halt" (func $halt (param i32)))
    (memory 1) (data (i32.const 64) "\\05")
    (func (export "_start") (local $n i32) (local $sum i32)
        (drop (call $read (i32.const 0) (i32.const 4)))
        (local.set $n (i32.const 300))
        (loop $again
            (local.set $sum (i32.add (i32.xor (local.get $sum) (local.get $n)) (i32.load (i32.const 0))))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (i32.store (i32.const 8) (i32.add (local.get $sum) (i32.load8_u (i32.const 64))))
        (call $write (i32.const 8) (i32.const 4))
        (call $halt (i32.const 3))))"""


@dataclass(frozen=True)
class Run:
    """A run with the proofs of its segments, and what opens the roots at its ends."""

    key: Key
    proofs: list[SegmentProof]
    ends: Ends
    input: bytes
    output: bytes

    @property
    def whole(self) -> SegmentClaim:
        claim = self.proofs[0].claim
        for proof in self.proofs[1:]:
            claim = claim.join(proof.claim)
        return claim

    def closed(self, before: Boundary | None = None, after: Boundary | None = None, ends: Ends | None = None) -> RunClaim:
        whole = self.whole
        return close(SpanClaim(whole.program, KEYS, before or whole.before, after or whole.after, whole.steps), ends or self.ends)


def program_of(text: str) -> Program:
    return load(from_text(text.encode()), 64, 8)


@cache
def proved(content: bytes, text: str = TEXT) -> Run:
    program = program_of(text)
    shape = Shape.of("toy", len(program.instructions))
    recording = run(program, content, shape.budget)
    proofs = [prove_alone(recording, index, "toy", TOY, KERNELS) for index in range(len(recording.segments))]
    image = recording.image(len(recording.segments))
    end = openings(image, MemoryTree(image, wide(KERNELS)))
    ends = Ends(spaces_before(program, content), end.spaces, end.system_page, end.path)
    return Run(setup(program, shape, TOY, KERNELS).key, proofs, ends, content, recording.output)


def spaces_before(program: Program, content: bytes) -> tuple[tuple[int, ...], ...]:
    return roots(MemoryTree(MemoryImage.initial(program, content), wide(KERNELS)))


def verify(made: Run, claim: SegmentClaim, proof: SegmentProof, key: Key | None = None) -> None:
    verify_segment(key or made.key, claim, proof.words, KERNELS.permute)


@pytest.fixture(scope="module")
def made() -> Run:
    return proved(b"\x07\0\0\0")


def test_the_run_holds(made: Run) -> None:
    for proof in made.proofs:
        verify(made, proof.claim, proof)
    found = made.closed()
    assert (found.status, found.exit_code, len(made.proofs)) == (1, (3, 0, 0, 0), 2)
    assert found.input == input_digest(made.input) and found.output == output_digest(made.output)


def test_another_byte_of_the_program(made: Run) -> None:
    other = program_of(TEXT.replace("i32.const 300", "i32.const 301"))
    key, proof = setup(other, Shape.of("toy", len(other.instructions)), TOY, KERNELS).key, made.proofs[0]
    with pytest.raises(Rejected, match="the claim is about the program of the key"):
        verify(made, proof.claim, proof, key)
    with pytest.raises(Rejected, match=CONSTRAINTS):
        verify(made, replace(proof.claim, program=program_words(key)), proof, key)


def test_another_byte_of_the_initial_memory(made: Run) -> None:
    other = spaces_before(program_of(TEXT.replace('"\\05"', '"\\06"')), made.input)
    with pytest.raises(Rejected, match="spaces before"):
        made.closed(ends=replace(made.ends, before=other))
    start = replace(made.whole.before, root=tree_root(other))
    with pytest.raises(Rejected, match=CONSTRAINTS):
        verify(made, replace(made.proofs[0].claim, before=start), made.proofs[0])


def test_another_input(made: Run) -> None:
    """Another byte, or the same bytes with another length, as what was taken up to the end."""
    for wrong in (b"\x08\0\0\0", b"\x07\0\0", b"\x07\0\0\0\0"):
        after = list(made.ends.after)
        after[6] = input_digest(wrong)
        with pytest.raises(Rejected, match="spaces after"):
            made.closed(ends=replace(made.ends, after=tuple(after)))


def test_a_run_that_found_its_input(made: Run) -> None:
    """The space of the input is empty at the beginning: what was there before the first step makes another program."""
    image = MemoryImage.initial(program_of(TEXT), b"")
    image.write_bytes(6, b"\x04")
    found = roots(MemoryTree(image, wide(KERNELS)))
    with pytest.raises(Rejected, match="spaces before"):
        made.closed(ends=replace(made.ends, before=found))
    start = replace(made.whole.before, root=tree_root(found))
    assert made.closed(start, ends=replace(made.ends, before=found)).program != made.closed().program


def test_another_output(made: Run) -> None:
    after = list(made.ends.after)
    after[8] = output_digest(made.output[::-1])
    with pytest.raises(Rejected, match="spaces after"):
        made.closed(ends=replace(made.ends, after=tuple(after)))


@pytest.mark.parametrize("changed", [{"status": 17}, {"status": 2}, {"pc": 1}], ids=str)
def test_another_outcome(made: Run, changed: dict[str, int]) -> None:
    last = made.proofs[-1]
    with pytest.raises(Rejected, match=CONSTRAINTS):
        verify(made, replace(last.claim, after=replace(last.claim.after, **changed)), last)


def test_an_unfinished_run_and_another_exit_code(made: Run) -> None:
    with pytest.raises(Rejected, match="is complete"):
        made.closed(after=made.proofs[0].claim.after)
    page = list(made.ends.page)
    page[4] += 1
    with pytest.raises(Rejected, match="exit code stands in the system space"):
        made.closed(ends=replace(made.ends, page=tuple(page)))


def test_a_boundary_of_another_run(made: Run) -> None:
    other = proved(b"\x09\0\0\0")
    with pytest.raises(Rejected, match="a segment begins where the one before it ends"):
        made.proofs[0].claim.join(other.proofs[1].claim)
    for claim in (replace(made.proofs[1].claim, before=other.proofs[1].claim.before), other.proofs[1].claim):
        with pytest.raises(Rejected, match=CONSTRAINTS):
            verify(made, claim, made.proofs[1])

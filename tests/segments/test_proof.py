"""One segment, proved and verified; and what must not verify."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segments.claim import SegmentProof, digest_of
from segments.prove import prove_alone, prove_segment
from segments.setup import program_digest, program_level, program_words, setup
from segments.shape import Shape
from segments.verify import verify_segment
from stark.errors import Malformed, Rejected
from stark.expression import P
from stark.kernels import load
from stark.key import Key
from stark.profiles import PROFILES
from tests.segments.small import Line, const, one_segment, program
from wasm_exec.execute import run
from wasm_exec.text import from_text
from wasm_exec.translate import load as translate

KERNELS = load("best")
SAMPLES = Path(__file__).parents[2] / "samples"
LINES: list[Line] = [const(0, 5), const(1, 6), ("MUL", 2, 0, 1, 0, 0), ("STORE16", 3, 1, 2, 0, 0), ("HALT", 0, 0, 0, 0, 0)]


def proved(lines: list[Line], width: int = 16) -> tuple[Key, SegmentProof]:
    made = program(lines)
    key = setup(made, Shape.of("toy", len(lines), width), replace(PROFILES["toy"].segment, hash_width=width), KERNELS)
    return key.key, prove_segment(key, one_segment(made, width=width), KERNELS)


@pytest.fixture(scope="module", params=[16, 24], ids=["width 16", "width 24"])
def honest(request: pytest.FixtureRequest) -> tuple[Key, SegmentProof]:
    return proved(LINES, request.param)


def test_a_segment_is_proved(honest: tuple[Key, SegmentProof]) -> None:
    key, proof = honest
    verify_segment(key, proof.claim, proof.words, KERNELS.permute)
    assert (proof.claim.after.status, proof.claim.after.pc) == (1, 4)
    assert len(proof.claim.program) == len(proof.claim.after.root) == key.hash.digest


def test_another_claim_is_refused(honest: tuple[Key, SegmentProof]) -> None:
    key, proof = honest
    claim = proof.claim
    for wrong in (replace(claim, before=claim.after), replace(claim, after=replace(claim.after, pc=3)),
                  replace(claim, after=replace(claim.after, status=17)),
                  replace(claim, after=replace(claim.after, root=(*claim.after.root[:-1], (claim.after.root[-1] + 1) % P)))):
        with pytest.raises(Rejected):
            verify_segment(key, wrong, proof.words, KERNELS.permute)
    with pytest.raises(Rejected, match="program of the key"):
        verify_segment(key, replace(claim, program=claim.program[::-1]), proof.words, KERNELS.permute)


def test_another_program_is_refused(honest: tuple[Key, SegmentProof]) -> None:
    key, proof = honest
    other, _ = proved([const(0, 7), *LINES[1:]], key.hash.width)
    with pytest.raises(Rejected, match="program of the key"):
        verify_segment(other, proof.claim, proof.words, KERNELS.permute)


def test_the_program_stands_in_a_commitment_of_its_own() -> None:
    """Whatever the rest of the shape, the words of a program are the same; another size of its memory is another program."""
    made, toy = program(LINES), PROFILES["toy"].segment
    small, large = (setup(made, Shape(size, 10), toy, KERNELS).key for size in ("toy", "2^18"))
    assert small.log_rows != large.log_rows and (small.caps["fixed"] != large.caps["fixed"]).any()
    assert program_words(small) == program_words(large) == program_digest(made, 10, toy, KERNELS)
    assert program_words(small) not in {digest_of(small.caps["fixed"], 11), digest_of(small.caps["program"], 12)}
    assert program_level(small) == 11
    assert program_digest(program(LINES, memory_pages=2), 10, toy, KERNELS) != program_words(small)


def test_changed_words_are_refused(honest: tuple[Key, SegmentProof]) -> None:
    key, proof = honest
    for place in np.linspace(0, len(proof.words) - 1, 8).astype(int):
        words = proof.words.copy()
        words[place] = (int(words[place]) + 1) % P
        with pytest.raises((Malformed, Rejected)):
            verify_segment(key, proof.claim, words, KERNELS.permute)


def test_one_segment_of_a_run_is_proved_alone() -> None:
    made = translate(from_text(SAMPLES / "fib_recursive.wat"), 64, 8)
    recording = run(made, b"\x0c", Shape.of("toy", len(made.instructions)).budget)
    parameters = PROFILES["toy"].segment
    proof = prove_alone(recording, 1, "toy", parameters, KERNELS)
    key = setup(made, Shape.of("toy", len(made.instructions)), parameters, KERNELS).key
    verify_segment(key, proof.claim, proof.words, KERNELS.permute)
    assert proof.claim.before.pc == recording.segments[1].pc and proof.claim.after.pc == recording.boundary(2).pc
    other = prove_alone(recording, 0, "toy", parameters, KERNELS)
    assert other.claim.join(proof.claim).after == proof.claim.after
    with pytest.raises(Rejected):
        verify_segment(key, proof.claim, other.words, KERNELS.permute)

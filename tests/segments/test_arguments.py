"""Code U by algebra: what the chips of SHA-256, of Keccak-f and of multiplication modulo a number leave follows from what they take, and
not without any one of their sentences."""
from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from segments.host import keccak, mulmod, sha256
from stark.chip import Chip, Message, Requirement
from tests.segments.soundness import blocks, division, rounds


def lacking(chip: Chip, gone: Requirement | Message) -> Chip:
    kept = {"requirements": [r for r in chip.requirements if r is not gone], "messages": [m for m in chip.messages if m is not gone]}
    return Chip(**{**vars(chip), **kept})


def of_every_kind(requirements: Sequence[Requirement]) -> list[Requirement]:
    """The middle one of those that differ in numbers only."""
    kinds: dict[str, list[Requirement]] = {}
    for requirement in requirements:
        kinds.setdefault(re.sub(r"\d+", "", requirement.sentence), []).append(requirement)
    return [alike[len(alike) // 2] for alike in kinds.values()]


def test_what_a_permutation_leaves_follows() -> None:
    assert rounds.unproved(keccak.chip()) == []


def test_a_permutation_does_not_follow_without_a_sentence() -> None:
    chip = keccak.chip()
    kinds = of_every_kind(chip.requirements)
    assert len(kinds) == 14
    for gone in kinds[2::8]:
        assert rounds.unproved(lacking(chip, gone)), gone.sentence


def test_nor_if_a_cell_is_not_asked_for() -> None:
    chip = keccak.chip()
    for gone in (chip.messages[0], chip.messages[-1]):
        assert list(rounds.said(lacking(chip, gone)))


def test_what_a_compression_leaves_follows() -> None:
    assert blocks.unproved(sha256.chip()) == []


def test_a_compression_does_not_follow_without_a_sentence_or_a_cell() -> None:
    chip = sha256.chip()
    kinds = of_every_kind(chip.requirements)
    assert len(kinds) == 26
    for gone in kinds[3::6]:
        assert blocks.unproved(lacking(chip, gone)), gone.sentence
    for message in chip.messages:
        assert list(blocks.said(lacking(chip, message)))


@pytest.mark.parametrize("limbs", [1, 2, mulmod.LIMBS])
def test_what_a_multiplication_leaves_follows(limbs: int) -> None:
    assert division.unproved(mulmod.chip(limbs), limbs) == []


def test_a_multiplication_does_not_follow_without_any_one_of_its_sentences() -> None:
    chip = mulmod.chip(2)
    passed = [gone for gone in (*chip.requirements, *chip.messages) if not division.unproved(lacking(chip, gone), 2)]
    assert not passed and len(chip.requirements) > 10

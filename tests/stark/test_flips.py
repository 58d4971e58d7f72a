"""Every word of a small proof is protected, and so are random bits of a big one; every refusal says which check it was."""
from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from stark.expression import P
from tests.stark.examples import TOY
from tests.stark.flips import big, flip, flips, proved, refusal

SMALL = replace(TOY, queries=2, log_cap=1, min_log_final=1, batch_grinding=0, grinding=1)


@pytest.mark.parametrize("hash_width, stride", [(16, 1), (24, 4)])
def test_every_word_of_a_small_proof(hash_width: int, stride: int) -> None:
    """Once with another canonical word, and once with the same number spelled otherwise or the highest bit set. (Under the second hash
    every fourth word.)"""
    key, statement, proof = proved((3, 1, 1), replace(SMALL, hash_width=hash_width))
    rng, found = np.random.default_rng(1), Counter[str]()
    for place, word in list(enumerate(proof.tolist()))[::stride]:
        changed = proof.copy()
        changed[place] = (word + int(rng.integers(1, P))) % P
        found[refusal(key, statement, changed)] += 1
        changed[place] = word + P if word + P < 2**32 else word | 1 << 31
        assert refusal(key, statement, changed) == "malformed: a word of the proof is not canonical"
    phases = {"constraints", "grinding", "fixed cap", "main cap", "logup cap", "quotient cap", "fri cap"}
    assert {check.partition(":")[0] for check in found} >= phases | ({"bus sums"} if stride == 1 else set())


def test_every_word_of_a_proof_about_single_rows() -> None:
    """Three chips of one row each: trees without a path, no folding, and a domain of two points, which many queries do not miss. Every
    other word of the head, some of the openings. (Not the last nonce: columns of one row are constants, all their rows are alike, so that a
    nonce that asks elsewhere is as good if it is ground.)"""
    key, statement, proof = proved((0, 0, 0), replace(SMALL, queries=30, grinding=0))
    assert key.log_domain == 1 and len(key.fri_rounds) == 1 and all(log == cap for log, _, cap in key.openings)
    for place in [*range(0, key.head_words, 2), *range(key.head_words, len(proof), 29)]:
        changed = proof.copy()
        changed[place] = (int(changed[place]) + 1 + 7919 * place) % P
        assert not refusal(key, statement, changed).startswith("malformed")


def test_every_word_of_a_statement() -> None:
    key, statement, proof = proved((3, 1, 1), SMALL)
    for place in range(len(statement)):
        for bit in range(32):
            assert refusal(key, flip(statement, place, bit), proof)


def test_words_lost_doubled_or_swapped() -> None:
    key, statement, proof = proved((3, 1, 1), SMALL)
    for place in range(0, len(proof), 31):
        assert refusal(key, statement, np.delete(proof, place)).startswith("malformed")
        assert refusal(key, statement, np.insert(proof, place, proof[place])).startswith("malformed")
        other = proof.copy()
        other[[place, place - 1]] = proof[[place - 1, place]]
        assert (other == proof).all() or refusal(key, statement, other)


def test_a_sample_of_the_bits_of_a_big_proof() -> None:
    """`make flips` does a hundred thousand."""
    key, statement, proof = big()
    assert len(proof) > 40_000
    found = flips(key, statement, proof, 100)
    assert sum(found.values()) == 100 and len(found) > 3

"""The Fiat–Shamir ledger: every word that is sent before a challenge changes that challenge and all later ones."""
from __future__ import annotations

import numpy as np
import pytest

from stark.errors import Malformed
from stark.expression import P
from stark.kernels import load
from stark.machine import Value
from stark.numbers import Numbers
from stark.prover import prove
from stark.setup import commit_fixed
from stark.transcript import Transcript
from stark.verifier import key_cap, verify
from tests.stark.examples import example

KERNELS = load("best")




def challenges(proving, statement, proof, monkeypatch):  # type: ignore[no-untyped-def]
    """(words of the tape read so far, drawn words) for each draw."""
    drawn: list[tuple[int, list[int]]] = []
    original = Transcript.draw_words

    def draw_words(self: Transcript, count: int) -> Value:
        words = original(self, count)
        drawn.append((self.m.at, words.data.tolist()))  # type: ignore[attr-defined]
        return words
    monkeypatch.setattr(Transcript, "draw_words", draw_words)
    m = Numbers(proof, KERNELS.permute)
    verify(m, proving.key, [m.constant(key_cap(proving.key))], m.constant(statement))
    monkeypatch.undo()
    return drawn


@pytest.fixture(scope="module")
def proved():  # type: ignore[no-untyped-def]
    key, fixed, mains, statement = example((3, 3, 2))
    proving = commit_fixed(key, fixed, KERNELS)
    return proving, statement, prove(proving, mains, statement, KERNELS)


def test_every_word_is_absorbed_before_the_next_challenge(proved, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    proving, statement, proof = proved
    honest = challenges(proving, statement, proof, monkeypatch)
    sent = honest[-1][0]                                        # the queries are drawn last; what follows is checked against caps
    assert len(honest) == 6 + len(proving.key.fri_rounds) - 1 + 3
    for place in range(0, sent, 7):
        changed = proof.copy()
        changed[place] = (int(changed[place]) + 1) % P
        for (read, words), (_, others) in zip(honest, challenges(proving, statement, changed, monkeypatch), strict=True):
            assert (words == others) == (place >= read), f"word {place} and the challenge drawn after {read} words"


def test_the_statement_and_the_fixed_cap_come_before_everything(proved, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    proving, statement, proof = proved
    honest = challenges(proving, statement, proof, monkeypatch)
    for other in (statement + np.uint32(1), statement[::-1]):
        assert all(a != b for (_, a), (_, b) in zip(honest, challenges(proving, other, proof, monkeypatch), strict=True))
    cap = key_cap(proving.key).copy()
    cap[0, 0] = (int(cap[0, 0]) + 1) % P
    forged = type(proving)(proving.key.with_cap(cap), proving.fixed, proving.trees)
    assert all(a != b for (_, a), (_, b) in zip(honest, challenges(forged, statement, proof, monkeypatch), strict=True))


def test_absorbing_nothing_gives_no_new_draw() -> None:
    key = example((3, 3, 2))[0]
    m = Numbers(np.zeros(0, np.uint32), KERNELS.permute)
    first, second = Transcript(m, key), Transcript(m, key)
    for transcript in (first, second):
        transcript.draw()
    second.absorb(m.constant([]))
    assert first.draw().data.tolist() == second.draw().data.tolist()


def test_a_value_does_not_steer(proved) -> None:  # type: ignore[no-untyped-def]
    m = Numbers(np.arange(3, dtype=np.uint32), KERNELS.permute)
    value = m.read(1)
    for ask in (bool, int, iter, hash, lambda v: v == v):
        with pytest.raises(TypeError):
            ask(value)
    with pytest.raises(Malformed):
        m.read(3)

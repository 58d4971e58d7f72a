"""What is no proof, no statement, no key: refused as `Malformed`, whatever Python object it is, before anything is hashed."""
from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from stark.codec import decode
from stark.errors import Malformed, Rejected
from stark.expression import P
from stark.kernels import load
from stark.key import Key
from stark.prover import prove
from stark.setup import commit_fixed
from stark.verifier import check_proof
from tests.stark.examples import TOY, U32, example

KERNELS = load("best")
MANY = replace(TOY, queries=150)
Made = tuple[Key, U32, U32]


@pytest.fixture(scope="module")
def made() -> Made:
    key, fixed, mains, statement = example((9, 5, 7), parameters=MANY)
    proving = commit_fixed(key, fixed, KERNELS)
    return proving.key, statement, prove(proving, mains, statement, KERNELS)


def never(states: U32) -> U32:
    raise AssertionError("hashed before the form was checked")


def nested(depth: int) -> list[Any]:
    out: list[Any] = []
    for _ in range(depth):
        out = [out]
    return out


def lowered(words: U32) -> Any:
    """The same residues, spelled as negative numbers."""
    out = words.astype(np.int64)
    out[0] -= P
    return out


def spelled_by(step: int, kind: type) -> Callable[[U32], Any]:
    """The first word as another number that a cast to 32 bits makes the same."""
    def spell(words: U32) -> Any:
        out = words.astype(kind)
        out[0] += step
        return out
    return spell


NOT_WORDS: dict[str, Callable[[U32], Any]] = {
    "None": lambda w: None, "a number": lambda w: 5, "a word": lambda w: w[0], "text": lambda w: "proof", "bytes": lambda w: w.tobytes(),
    "a list": lambda w: w.tolist(), "a nested list": lambda w: nested(500),
    "a generator": lambda w: (word for word in w), "a dict": lambda w: {0: w},
    "no dimension": lambda w: np.array(5, np.uint32), "a row of rows": lambda w: w[None], "a column": lambda w: w[:, None],
    "floats": lambda w: w.astype(np.float64),
    "not a number": lambda w: np.full(len(w), np.nan), "infinite": lambda w: np.full(len(w), np.inf),
    "a little more than integers": lambda w: w + 0.25, "complex": lambda w: w.astype(complex), "truths": lambda w: w.astype(bool),
    "objects": lambda w: w.astype(object), "huge numbers": lambda w: np.array([10**40] * len(w), object),
    "strings": lambda w: w.astype(str),
    "dates": lambda w: w.astype("M8[s]"), "records": lambda w: w.view([("word", "<u4")]), "residues below zero": lowered,
    "2^32 more": spelled_by(2**32, np.int64), "2^32 less": spelled_by(-2**32, np.int64), "unsigned 2^32 more": spelled_by(2**32, np.uint64),
    "all ones": lambda w: np.full(len(w), -1, np.int8), "the modulus": lambda w: np.full(len(w), P, np.uint32),
}


@pytest.mark.parametrize("name", NOT_WORDS)
def test_what_is_no_row_of_words_is_malformed(made: Made, name: str) -> None:
    key, statement, proof = made
    for one, other in ((statement, NOT_WORDS[name](proof)), (NOT_WORDS[name](statement), proof)):
        with pytest.raises(Malformed):
            check_proof(key, one, other, never)


def test_the_same_words_in_another_layout_are_the_same_proof(made: Made) -> None:
    key, statement, proof = made
    others: list[Any] = [proof.astype(np.int64), proof.astype(">u4"), np.repeat(proof, 2)[::2]]
    for same in others:
        check_proof(key, statement, same, KERNELS.permute)


@pytest.mark.parametrize("bad", [None, 7, "lrp", [1, 2], memoryview(b"lrp\1"), np.zeros(9, np.uint8), nested(500)],
                         ids=lambda bad: type(bad).__name__)
def test_what_is_no_string_of_bytes_is_malformed(made: Made, bad: Any) -> None:
    with pytest.raises(Malformed, match="string of bytes"):
        decode(made[0], made[1], bad, never)


LENGTHS: dict[str, Callable[[U32], U32]] = {
    "nothing": lambda w: w[:0], "one word": lambda w: w[:1], "truncated": lambda w: w[:-1], "half": lambda w: w[:len(w) // 2],
    "extended": lambda w: np.append(w, np.uint32(0)), "doubled": lambda w: np.tile(w, 2),
    "huge": lambda w: np.zeros(100 * len(w), np.uint32)}


@pytest.mark.parametrize("name", LENGTHS)
def test_a_wrong_length_is_malformed_fast_and_in_no_memory(made: Made, name: str) -> None:
    """Ten milliseconds for a MB (and one for the least proof), and at most three times the memory of the input."""
    key, statement, proof = made
    bad, seconds = LENGTHS[name](proof), []
    for _ in range(3):
        started = time.process_time()
        with pytest.raises(Malformed, match=f"words, not {key.words}"):
            check_proof(key, statement, bad, never)
        seconds.append(time.process_time() - started)
    assert min(seconds) <= .001 + .010 * bad.nbytes / 1e6
    tracemalloc.start()
    with pytest.raises(Malformed):
        check_proof(key, statement, bad, never)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most <= 3 * bad.nbytes + (1 << 16)


def test_a_proof_that_is_rejected_takes_the_work_of_one_that_holds(made: Made) -> None:
    """There is no way to make the verifier work longer than the key says."""
    key, statement, proof = made
    calls: list[list[int]] = []

    def counted(states: U32) -> U32:
        calls[-1].append(len(states))
        return KERNELS.permute(states)
    for place in (None, 0, len(proof) // 2, len(proof) - 1):
        changed = proof.copy()
        calls.append([])
        if place is None:
            check_proof(key, statement, changed, counted)
            continue
        changed[place] = (int(changed[place]) + 1) % P
        with pytest.raises(Rejected):
            check_proof(key, statement, changed, counted)
    assert calls[0] and all(one == calls[0] for one in calls)


CAPS: dict[str, Callable[[U32], Any]] = {
    "too few digests": lambda c: c[:-1], "half": lambda c: c[:2], "twice": lambda c: np.tile(c, (2, 1)),
    "one more": lambda c: np.vstack([c, c[:1]]),
    "shorter digests": lambda c: c[:, :7], "longer digests": lambda c: np.hstack([c, c[:, :1]]), "a row": lambda c: c.reshape(-1),
    "a list": lambda c: c.tolist(), "nothing": lambda c: None, "floats": lambda c: c.astype(float), "not a number": lambda c: c * np.nan,
    "residues below zero": lambda c: c.astype(np.int64) - P, "the modulus": lambda c: c * np.uint32(0) + np.uint32(P)}


@pytest.mark.parametrize("name", CAPS)
def test_a_commitment_of_another_form_is_malformed(made: Made, name: str) -> None:
    key, statement, proof = made
    assert key.cap is not None and key.cap.shape == (4, 8)
    with pytest.raises(Malformed):
        check_proof(key.with_cap(CAPS[name](key.cap)), statement, proof, never)


@pytest.mark.parametrize("change", [
    {"queries": 0}, {"queries": -1}, {"log_blowup": 0}, {"log_arity": 0}, {"grinding": 31}, {"batch_grinding": -1}, {"lookup_grinding": 64},
    {"log_cap": 0}, {"hash_width": 20}], ids=repr)
def test_parameters_that_prove_nothing_make_no_key(change: dict[str, int]) -> None:
    chips = list(zip(example()[0].chips, (2, 2, 2), strict=True))
    with pytest.raises(ValueError):
        Key(chips, replace(TOY, **change), 2)


def test_a_key_has_one_digest_however_its_numbers_are_kept() -> None:
    chips = example()[0].chips
    key = Key([(chip, 2) for chip in chips], TOY, 2)
    assert (Key([(chip, np.int64(2)) for chip in chips], TOY, np.uint8(2)).digest == key.digest).all()      # type: ignore[misc, arg-type]
    for number in (4.0, np.int64(4), True):
        with pytest.raises(ValueError, match="whole numbers"):
            Key([(chip, 2) for chip in chips], replace(TOY, queries=number), 2)         # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Key([(chip, 2.0) for chip in chips], TOY, 2)            # type: ignore[misc]


def test_a_key_without_chips_is_none() -> None:
    with pytest.raises(ValueError, match="has a chip"):
        Key([], TOY)


def test_the_most_grinding_is_that_of_the_longest_word() -> None:
    chips = list(zip(example()[0].chips, (2, 2, 2), strict=True))
    assert Key(chips, replace(TOY, grinding=30), 2).head_words

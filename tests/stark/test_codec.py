"""Bytes of proofs: shorter than the tape, one encoding for one proof, and bad bytes are refused fast and in little memory."""
from __future__ import annotations

import time
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stark.codec import HEADER, check_packed, decode, encode
from stark.errors import Malformed, Rejected
from stark.field import P
from stark.kernels import load
from stark.kernels.reference.tree import commit_rows
from stark.key import Key
from stark.numbers import Numbers
from stark.packing import pack, packed_length, unpack
from stark.poseidon2 import of_width
from stark.prover import prove
from stark.pruning import Opening, prune, restore, walk
from stark.rounds import converse
from stark.setup import commit_fixed
from stark.verifier import check_proof, key_cap
from tests.stark.examples import TOY, example

KERNELS = load("best")
MANY = replace(TOY, queries=60)


def proved(logs: tuple[int, int, int], parameters=TOY):  # type: ignore[no-untyped-def]
    key, fixed, mains, statement = example(logs, parameters=parameters)
    proving = commit_fixed(key, fixed, KERNELS)
    return proving.key, statement, prove(proving, mains, statement, KERNELS)


@pytest.fixture(scope="module")
def made():  # type: ignore[no-untyped-def]
    key, statement, proof = proved((9, 5, 7), MANY)
    return key, statement, proof, encode(key, statement, proof, KERNELS.permute)


@pytest.mark.parametrize("logs", [(6, 4, 5), (2, 2, 2), (1, 5, 3), (9, 5, 7)])
@pytest.mark.parametrize("parameters", [TOY, MANY, replace(TOY, log_blowup=2, log_arity=3), replace(TOY, hash_width=24)])
def test_decoding_gives_the_tape_back(logs: tuple[int, int, int], parameters) -> None:  # type: ignore[no-untyped-def]
    key, statement, proof = proved(logs, parameters)
    content = encode(key, statement, proof, KERNELS.permute)
    assert (decode(key, statement, content, KERNELS.permute) == proof).all()
    assert len(content) < 31 / 32 * proof.nbytes + HEADER.size + 4
    check_proof(key, statement, decode(key, statement, content, KERNELS.permute), KERNELS.permute)


def test_the_head_is_what_the_text_reads(made) -> None:  # type: ignore[no-untyped-def]
    for key, statement, proof in (made[:3], proved((3, 3, 2)), proved((3, 3, 2), replace(TOY, batch_grinding=0, grinding=0))):
        m = Numbers(proof, KERNELS.permute)
        converse(m, key, [m.constant(key_cap(key))], m.constant(statement))
        assert m.at == key.head_words and key.words == len(proof)


@given(st.lists(st.integers(0, 31), min_size=1, max_size=20), st.sampled_from([16, 24]))
@settings(max_examples=60, deadline=None)
def test_any_places_of_a_tree_are_pruned_and_restored(places: list[int], width: int) -> None:
    digest = of_width(width).digest
    tree = commit_rows(np.arange(32 * 3, dtype=np.uint32).reshape(32, 3), 1, width)
    positions = np.array(places, np.int64)
    tape = tree.open(positions)
    way = walk(Opening(5, (3,), 1, 0, digest), positions)
    pruned = prune(way, tape)
    assert len(pruned) == way.words and (restore(way, pruned, KERNELS.permute) == tape).all()
    different = len(set(places))
    assert len(pruned) <= different * (3 + digest * 4) and (different < 32 or len(pruned) == 32 * 3)


@given(st.lists(st.integers(0, P - 1), max_size=70))
@settings(max_examples=60, deadline=None)
def test_words_are_packed_and_unpacked(numbers: list[int]) -> None:
    words = np.array(numbers, np.uint32)
    content = pack(words)
    assert len(content) == packed_length(len(words)) and (unpack(content, len(words)) == words).all()


def test_long_words_are_packed_in_chunks() -> None:
    words = np.random.default_rng(0).integers(0, P, 20_011).astype(np.uint32)
    assert (unpack(pack(words), len(words)) == words).all()


def test_unpacking_refuses_other_spellings() -> None:
    with pytest.raises(ValueError, match="not below p"):
        pack(np.array([P], np.uint32))
    with pytest.raises(Malformed, match="not below p"):
        unpack(int(P).to_bytes(4, "little"), 1)
    with pytest.raises(Malformed, match="behind the last word"):
        unpack((1 << 31).to_bytes(4, "little"), 1)
    for count in (0, 2):
        with pytest.raises(Malformed, match="bytes, not"):
            unpack(bytes(4), count)


def bad_bytes(key: Key, content: bytes) -> dict[str, bytes]:
    """What a header, a length or a word can be wrong in."""
    magic, version, made_for, count = HEADER.unpack_from(content)
    body = content[HEADER.size:]
    return {
        "nothing": b"", "another kind of file": b"PK\3\4" + content, "a piece of the header": content[:7],
        "truncated": content[:-1], "half": content[:len(content) // 2], "extended": content + b"\0", "doubled": content + content,
        "another version": HEADER.pack(magic, version + 1, made_for, count) + body,
        "another key": HEADER.pack(magic, version, bytes(4), count) + body,
        "a huge length": HEADER.pack(magic, version, made_for, 2**32 - 1) + body,
        "a length that no proof has": HEADER.pack(magic, version, made_for, key.head_words) + body,
        "one word less": HEADER.pack(magic, version, made_for, count - 1) + body,
        "words that are not canonical": content[:HEADER.size] + b"\xff" * len(body),
        "the last word is not canonical": content[:-5] + b"\xff" * 5,
    }


def test_bad_bytes_are_malformed_fast_and_in_little_memory(made) -> None:  # type: ignore[no-untyped-def]
    key, statement, _, content = made

    def never(states: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        raise AssertionError("hashed before the form was checked")
    for name, bad in bad_bytes(key, content).items():
        times = []
        for _ in range(3):
            started = time.process_time()
            with pytest.raises(Malformed):
                decode(key, statement, bad, never)
            times.append(time.process_time() - started)
        assert min(times) <= 0.002 + 0.010 * len(bad) / 1e6, f"{name}: {min(times)} s for {len(bad)} bytes"
        tracemalloc.start()
        with pytest.raises(Malformed):
            decode(key, statement, bad, never)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most <= 3 * len(bad) + (1 << 19), f"{name}: {most} bytes of memory for {len(bad)}"


def test_the_words_of_another_profile_are_malformed(made) -> None:  # type: ignore[no-untyped-def]
    _, statement, _, content = made
    other = example((9, 5, 7), parameters=replace(MANY, queries=61))[0]
    with pytest.raises(Malformed, match="another key or profile"):
        decode(other, statement, content, KERNELS.permute)


def test_a_changed_byte_is_malformed_or_another_proof_that_is_rejected(made) -> None:  # type: ignore[no-untyped-def]
    """And whatever decodes is the encoding of what it decodes to: no proof has two spellings."""
    key, statement, proof, content = made
    rng, decoded = np.random.default_rng(3), 0
    for place in [*range(HEADER.size), *rng.integers(HEADER.size, len(content), 40).tolist()]:
        changed = bytearray(content)
        changed[place] ^= 1 << int(rng.integers(8))
        try:
            words = decode(key, statement, bytes(changed), KERNELS.permute)
        except Malformed:
            continue
        decoded += 1
        assert encode(key, statement, words, KERNELS.permute) == bytes(changed)
        with pytest.raises(Rejected):
            check_proof(key, statement, words, KERNELS.permute)
    assert decoded > 8


def test_what_is_no_proof_has_no_encoding(made) -> None:  # type: ignore[no-untyped-def]
    key, statement, proof, _ = made
    with pytest.raises(ValueError, match="has .* words"):
        encode(key, statement, proof[:-1], KERNELS.permute)
    contradiction = proof.copy()
    contradiction[-1] = (int(contradiction[-1]) + 1) % P           # a sibling of the last folding, where all queries meet
    with pytest.raises(ValueError, match="contradict"):
        encode(key, statement, contradiction, KERNELS.permute)


@pytest.mark.parametrize("change", ["negative", "fraction", "longer", "masked"])
def test_a_statement_is_words_in_a_row(change: str) -> None:
    """Also where bytes are read: the conversation is not heard before."""
    key, statement, proof = proved((6, 4, 5))
    content, masked = encode(key, statement, proof, KERNELS.permute), np.array([statement[0], P], np.uint32)
    check_packed(key, statement, content, KERNELS.permute)
    changed = {"negative": statement.astype(np.int64) - P, "fraction": statement.astype(np.float64),
               "longer": np.append(statement, statement), "masked": np.ma.masked_array(masked, [False, True])}[change]
    for read in (check_packed, decode):
        with pytest.raises(Malformed):
            read(key, changed, content, KERNELS.permute)

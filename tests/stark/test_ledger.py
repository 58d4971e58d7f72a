"""The ledger of the transcript: whatever is known or sent is absorbed before the next draw, and no absorbing can be left out unnoticed.

`unbound` is the test: it changes one word of every field of key, statement and proof head and looks which draws stay as they were. It
must find nothing; and with any one absorb of the text skipped it must find something.
"""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pytest

from stark.expression import P
from stark.kernels import load
from stark.key import Key
from stark.machine import Value
from stark.numbers import Numbers
from stark.prover import prove
from stark.rounds import converse
from stark.setup import commit_fixed
from stark.transcript import Transcript
from stark.verifier import key_cap
from tests.stark.examples import TOY, example

U32 = npt.NDArray[np.uint32]
KERNELS = load("best")
GROUND = replace(TOY, lookup_grinding=2, folding_grinding=4)


@dataclass
class Ledger:
    """What a reading of the head did: places read, places absorbed, and draws, each behind the words that were read by then."""

    absorbed: int
    reads: list[tuple[int, int]]                # first word and number of words of every message
    draws: list[tuple[int, list[int]]]


@contextmanager
def observed(ledger: Ledger, skipped: int | None) -> Iterator[None]:
    absorb, draw_words, read = Transcript.absorb, Transcript.draw_words, Numbers.read

    def absorbing(self: Transcript, words: Value) -> None:
        ledger.absorbed += 1
        if ledger.absorbed - 1 == skipped:
            return
        absorb(self, words)

    def drawing(self: Transcript, count: int) -> Value:
        words = draw_words(self, count)
        assert isinstance(self.m, Numbers)
        ledger.draws.append((self.m.at, words.data.tolist()))
        return words

    def reading(self: Numbers, *shape: int, extension: bool = False) -> Value:
        first = self.at
        value = read(self, *shape, extension=extension)
        ledger.reads.append((first, self.at - first))
        return value
    Transcript.absorb, Transcript.draw_words, Numbers.read = absorbing, drawing, reading  # type: ignore[method-assign]
    try:
        yield
    finally:
        Transcript.absorb, Transcript.draw_words, Numbers.read = absorb, draw_words, read  # type: ignore[method-assign]


def heard(key: Key, cap: U32, statement: U32, head: U32, skipped: int | None) -> Ledger:
    ledger, m = Ledger(0, [], []), Numbers(head, KERNELS.permute)
    with observed(ledger, skipped):
        converse(m, key, [m.constant(cap)], m.constant(statement))
    assert m.at == len(head)
    return ledger


def changed(words: U32, place: int) -> U32:
    out = words.copy()
    out.reshape(-1)[place] = (int(out.reshape(-1)[place]) + 1) % P
    return out


def with_digest(key: Key, digest: U32) -> Key:
    other = copy(key)
    other.__dict__["digest"] = digest
    return other


def unbound(key: Key, statement: U32, head: U32, skipped: int | None = None, stride: int = 10**6) -> list[str]:
    """Fields a word of which can change without changing every later draw, or whose change reaches back to an earlier one."""
    cap = key_cap(key)
    honest = heard(key, cap, statement, head, skipped)
    out = []

    def compare(field: str, first: int, other: Ledger) -> None:
        for (read, words), (_, others) in zip(honest.draws, other.draws, strict=True):
            if (words == others) != (first >= read):
                out.append(f"{field} and the draw after {read} words")
                return
    for place in range(len(key.digest)):
        compare(f"word {place} of the key's digest", -1, heard(with_digest(key, changed(key.digest, place)), cap, statement, head, skipped))
    for place in (0, cap.size // 2, cap.size - 1):
        compare(f"word {place} of the fixed cap", -1, heard(key, changed(cap, place), statement, head, skipped))
    for place in range(len(statement)):
        compare(f"word {place} of the statement", -1, heard(key, cap, changed(statement, place), head, skipped))
    for message, (first, count) in enumerate(honest.reads):
        for place in sorted({*range(first, first + count, stride), first + count - 1} if count else ()):
            compare(f"word {place - first} of message {message}", place, heard(key, cap, statement, changed(head, place), skipped))
    return out


@pytest.fixture(scope="module", params=[16, 24])
def proved(request):  # type: ignore[no-untyped-def]
    key, fixed, mains, statement = example((5, 3, 2), parameters=replace(GROUND, hash_width=request.param))
    proving = commit_fixed(key, fixed, KERNELS)
    proof = prove(proving, mains, statement, KERNELS)
    return proving.key, statement, proof[:key.head_words]


def messages(key: Key) -> int:
    """Main, LogUp, quotient, sums, opened values, three nonces, a commitment and a nonce for every folding, the final polynomial."""
    return 9 + 2 * (len(key.fri_rounds) - 1)


def test_every_field_is_absorbed_before_the_next_draw(proved) -> None:  # type: ignore[no-untyped-def]
    key, statement, head = proved
    ledger = heard(key, key_cap(key), statement, head, None)
    assert len(ledger.reads) == messages(key) and sum(count for _, count in ledger.reads) == key.head_words
    assert ledger.absorbed == 3 + messages(key)                 # the digest, the fixed cap, the statement, every message
    assert unbound(key, statement, head, stride=5) == []


def test_no_absorbing_can_be_left_out(proved) -> None:  # type: ignore[no-untyped-def]
    key, statement, head = proved
    for skipped in range(3 + messages(key)):
        assert unbound(key, statement, head, skipped), f"absorb {skipped} was left out and nobody noticed"


def test_the_digest_of_a_key_depends_on_every_field_of_it(proved) -> None:  # type: ignore[no-untyped-def]
    """Chips in names, columns, requirements and messages; heights; parameters, one by one; the length of the statement."""
    key = example((5, 3, 2), parameters=GROUND)[0]
    pairs = list(zip(key.chips, key.log_heights, strict=True))
    taller = [(chip, log_height + 1) for chip, log_height in pairs]
    digests = [key.digest, Key(pairs, GROUND, 3).digest, Key(taller, GROUND, 2).digest, Key(pairs[1:], GROUND, 2).digest]
    for field in GROUND.__dataclass_fields__:
        value = 24 if field == "hash_width" else getattr(GROUND, field) + 1
        digests.append(Key(pairs, replace(GROUND, **{field: value}), 2).digest)
    for change in ("name", "requirement", "message", "column"):
        other = example((5, 3, 2), parameters=GROUND)[0]
        chip = next(c for c in other.chips if c.name == "multiplier")
        if change == "name":
            chip.name = "another"
        if change == "requirement":
            chip.requirements.pop()
        if change == "message":
            chip.messages.pop()
        if change == "column":
            chip.column("more")
        digests.append(other.digest)
    assert len({digest.tobytes() for digest in digests}) == len(digests) == 4 + len(GROUND.__dataclass_fields__) + 4

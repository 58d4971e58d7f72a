"""A state difference that is opened under both roots needs no state to be checked; whatever is changed of it is refused."""
from __future__ import annotations

import random
import time
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from bundles.changes import Change, Difference
from bundles.difference import difference
from bundles.opened import NOTHING, Opened, check, from_words, opened
from segments.memory_tree import wide
from segments.openings import EMPTY_STATE_ROOT, state_root
from stark.errors import Malformed, Rejected
from stark.kernels import load
from wasm_exec.state import EMPTY, PAGES, StateMap, homes

PERMUTE = wide(load("best"))
ZERO = bytes(32)


def state(generator: random.Random, count: int) -> dict[bytes, bytes]:
    return {generator.randbytes(32): generator.randbytes(32) for _ in range(count)}


def later(generator: random.Random, entries: dict[bytes, bytes], changed: int, new: int) -> dict[bytes, bytes]:
    return entries | {key: generator.randbytes(32) for key in generator.sample(sorted(entries), changed)} | state(generator, new)


def step(before: dict[bytes, bytes], after: dict[bytes, bytes]) -> tuple[Opened, Difference, tuple[int, ...], tuple[int, ...]]:
    one, other = StateMap(before), StateMap(after)
    return opened(one, other, PERMUTE), difference(before, after), state_root(one, PERMUTE), state_root(other, PERMUTE)


@pytest.mark.parametrize("keys, changed, new", [(0, 0, 1), (1, 1, 0), (5, 2, 3), (300, 40, 60), (5000, 3, 1)])
def test_what_is_opened_is_the_difference(keys: int, changed: int, new: int) -> None:
    generator = random.Random(keys)
    before = state(generator, keys)
    found, changes, first, last = step(before, later(generator, before, changed, new))
    (back,) = from_words(found.words, 1, 8)
    assert (back.words == found.words).all() and len(changes) == changed + new
    assert check(back, changes, first, last, PERMUTE)


def test_keys_that_lie_in_one_chain_and_the_key_zero() -> None:
    """A new key moves smaller ones on, whose values stay; the key zero has no slot."""
    keys = np.random.default_rng(1).integers(0, 1 << 63, (200_000, 4)).astype(np.uint64)
    crowd = {key.astype("<u8").tobytes(): bytes([k]) * 32 for k, key in enumerate(keys[homes(keys) < 8])}
    assert len(crowd) > 8                               # so that some stand behind their home
    for kept in range(0, len(crowd), 3):
        before = {ZERO: b"1" * 32} | dict(list(crowd.items())[:kept])
        found, changes, first, last = step(before, crowd | {ZERO: b"2" * 32})
        assert len(changes) == len(crowd) - kept + 1 and check(found, changes, first, last, PERMUTE)
    found, changes, first, last = step({}, {ZERO: ZERO})
    assert list(changes) == [Change(ZERO, None, ZERO)] and check(found, changes, first, last, PERMUTE)


def test_no_difference_is_opened_as_nothing() -> None:
    found, changes, first, last = step({b"k" * 32: ZERO}, {b"k" * 32: ZERO})
    assert found is NOTHING and first == last and check(found, (), first, last, PERMUTE) and not len(changes)
    assert check(NOTHING, (), EMPTY_STATE_ROOT, state_root(EMPTY, PERMUTE), PERMUTE)
    with pytest.raises(Rejected, match="the one between the states of the claim"):
        check(NOTHING, (Change(b"k" * 32, None, ZERO),), first, last, PERMUTE)


def test_nothing_opened_says_nothing() -> None:
    _, changes, first, last = step({}, {b"k" * 32: ZERO})
    assert not check(NOTHING, changes, first, last, PERMUTE) and not check(NOTHING, (), first, last, PERMUTE)


def test_another_difference_is_refused() -> None:
    generator = random.Random(3)
    before = state(generator, 20)
    found, changes, first, last = step(before, later(generator, before, 4, 4))
    at = next(k for k, change in enumerate(changes) if change.old is not None)
    head, one, tail = list(changes[:at]), changes[at], list(changes[at + 1:])
    forged: list[Difference] = [[*head, *tail], changes[:-1], (), [*changes, Change(b"\xff" * 32, None, ZERO)],
                                *([*head, replace(one, **other), *tail] for other in ({"new": ZERO}, {"old": ZERO}, {"old": None}))]
    for wrong in forged:
        with pytest.raises(Rejected, match="the one between the states of the claim"):
            check(found, wrong, first, last, PERMUTE)


def test_other_pages_digests_or_roots_are_refused() -> None:
    generator = random.Random(4)
    before = state(generator, 50)
    found, changes, first, last = step(before, later(generator, before, 4, 4))
    for at in (0, -1):
        for name in ("before", "after", "beside"):
            other = getattr(found, name).copy()
            other[at, 3] ^= 1
            with pytest.raises(Rejected, match="are those of the claim"):
                check(replace(found, **{name: other}), changes, first, last, PERMUTE)
    for pages in (found.pages[::-1], np.append(found.pages[:-1], PAGES - 1)):
        with pytest.raises((Rejected, IndexError, ValueError)):        # from a file neither comes: the numbers rise and fit the digests
            check(replace(found, pages=pages), changes, first, last, PERMUTE)
    for roots in ((last, first), (first, first), (EMPTY_STATE_ROOT, last)):
        with pytest.raises(Rejected, match="are those of the claim"):
            check(found, changes, *roots, PERMUTE)


def test_a_page_fewer_is_refused() -> None:
    """With the digests that go with the others, the roots are other ones."""
    generator = random.Random(5)
    before = state(generator, 50)
    after = later(generator, before, 2, 0)
    found, changes, first, last = step(before, after)
    half, rest, _, _ = step(before, before | {changes[0].key: changes[0].new})
    with pytest.raises(Rejected, match="the pages after the run are those of the claim"):
        check(half, rest, first, last, PERMUTE)
    assert check(found, changes, first, last, PERMUTE)


def test_a_key_that_goes_away_is_refused() -> None:
    """No run does that: whoever began in cells that are no map is not believed about a difference."""
    before, after = {b"k" * 32: ZERO, b"l" * 32: ZERO}, {b"k" * 32: ZERO}
    found, roots = opened(StateMap(before), StateMap(after), PERMUTE), [state_root(StateMap(one), PERMUTE) for one in (before, after)]
    with pytest.raises(Rejected, match="the pages are those of two states"):
        check(found, (), roots[0], roots[1], PERMUTE)


def test_it_has_one_form() -> None:
    found, *_ = step({b"k" * 32: ZERO}, {b"k" * 32: b"1" * 32, b"l" * 32: ZERO})
    words, count = found.words, len(found.pages)
    assert [len(one.pages) for one in from_words(np.concatenate([words, NOTHING.words, words]), 3, 8)] == [count, 0, count]
    unchanged = replace(found, after=found.before).words
    swapped = replace(found, pages=found.pages[::-1]).words
    outside = replace(found, pages=np.append(found.pages[:-1], PAGES)).words
    more, high = words.copy(), words.copy()
    more[1] += 1
    high[2 + count] |= 1 << 24
    for bad in (words[:-1], words[:1], words[:0], np.append(words, np.uint32(0)), unchanged, swapped, outside, more, high,
                np.array([1 << 30, 0], np.uint32), np.array([0, 1 << 30], np.uint32), np.array([0, 1, *[0] * 8], np.uint32)):
        with pytest.raises(Malformed):
            from_words(bad, 1, 8)
    with pytest.raises(Malformed, match="something behind"):
        from_words(np.concatenate([words, words]), 1, 8)


def test_reading_costs_about_what_it_has_bytes() -> None:
    generator = random.Random(6)
    words = opened(EMPTY, StateMap(state(generator, 10_000)), PERMUTE).words
    began = time.process_time()
    from_words(words, 1, 8)
    taken = time.process_time() - began
    tracemalloc.start()
    from_words(words, 1, 8)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken * 1e9 / (4 * len(words)) < 40 and peak / (4 * len(words)) < 5, (taken, peak)

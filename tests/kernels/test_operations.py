"""What a kernel set does with many permutations in one call is what the definition does with one after the other."""
from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stark import poseidon2
from stark.field import U64, P, embed, ext_mul
from stark.kernels.protocol import U32, Kernels
from stark.machine import Value
from stark.numbers import Numbers
from stark.operations import Operations, operations_of
from stark.point import OPERATIONS, PointChip, Step
from stark.poseidon2 import HASHES
from stark.pruning import Opening, prune, restore, restored, walk
from tests.kernels.values import EXAMPLES, REFERENCE, SEED, residues, wide

SLOW = Operations(REFERENCE.permute)
WIDTHS = st.sampled_from([16, 24])


@given(SEED, st.integers(0, 40), st.integers(0, 4), WIDTHS)
@EXAMPLES
def test_sponges_agree(kernels: Kernels, seed: int, count: int, blocks: int, width: int) -> None:
    rng, rate = np.random.default_rng(seed), HASHES[width].rate
    states, words = residues(rng, count, width), residues(rng, count, blocks * rate)
    assert operations_of(kernels.permute).absorb(states, words, rate).tolist() == SLOW.absorb(states, words, rate).tolist()
    assert operations_of(kernels.permute).absorbed(states, words, rate).tolist() == SLOW.absorbed(states, words, rate).tolist()
    one = operations_of(kernels.permute).absorbed(states[:1], words[:1], rate)
    assert one.tolist() == SLOW.absorbed(states[:1], words[:1], rate).tolist()
    one = operations_of(kernels.permute).absorb(states[:1], words[:1], rate)          # a transcript's, which has a way of its own
    assert one.tolist() == SLOW.absorb(states[:1], words[:1], rate).tolist()


@given(SEED, st.integers(0, 20), st.integers(1, 40), WIDTHS)
@EXAMPLES
def test_digests_agree(kernels: Kernels, seed: int, count: int, length: int, width: int) -> None:
    rows = residues(np.random.default_rng(seed), count, length)
    assert operations_of(kernels.permute).sponge(rows, width).tolist() == poseidon2.sponge(wide(rows), width).tolist()


@given(SEED, st.integers(0, 40), st.integers(0, 6), WIDTHS)
@EXAMPLES
def test_paths_agree(kernels: Kernels, seed: int, count: int, levels: int, width: int) -> None:
    rng, digest = np.random.default_rng(seed), HASHES[width].digest
    digests, siblings = residues(rng, count, digest), residues(rng, levels, count, digest)
    bits = rng.integers(0, 2, (count, levels)).astype(np.uint32)
    assert operations_of(kernels.permute).climb(digests, siblings, bits).tolist() == SLOW.climb(digests, siblings, bits).tolist()


SEGMENTS = st.sampled_from([(3,), (8, 9), (20, 1, 7), (15, 16)])


@given(SEED, st.lists(st.integers(0, 31), min_size=1, max_size=40), SEGMENTS, st.integers(0, 5), WIDTHS)
@EXAMPLES
def test_pruned_openings_agree(kernels: Kernels, seed: int, places: list[int], segments: tuple[int, ...], log_cap: int, width: int) -> None:
    """Any words are the pruned form of some tape, whether it is a tree's or not."""
    way = walk(Opening(5, segments, log_cap, 0, HASHES[width].digest), np.array(places, np.int64))
    words = residues(np.random.default_rng(seed), way.words)
    tape = restore(way, words, kernels.permute)
    assert tape.dtype == np.uint32 and tape.tolist() == restored(way, words, SLOW).tolist()
    assert prune(way, tape).tolist() == words.tolist()
    for other in (words[:-1], np.append(words, np.uint32(1))):
        with pytest.raises(ValueError, match="words, not"):
            restore(way, other, kernels.permute)


def residues64(rng: np.random.Generator, *shape: int) -> U64:
    return wide(residues(rng, *shape))


SHAPES = st.sampled_from([((), ()), ((3,), (3,)), ((3,), ()), ((2, 1), (1, 5)), ((2, 3), (3,)), ((1, 1), (4,)), ((0,), ()), ((0,), (0,))])


@given(SEED, SHAPES)
@EXAMPLES
def test_products_agree(kernels: Kernels, seed: int, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    rng = np.random.default_rng(seed)
    a, b = (residues64(rng, *shape, 5) for shape in shapes)
    found, expected = operations_of(kernels.permute).multiply(a, b), SLOW.multiply(a, b)
    assert found.shape == expected.shape and found.tolist() == expected.tolist()
    assert operations_of(kernels.permute).multiply(b, a).tolist() == expected.tolist()


@given(SEED, st.sampled_from([(), (0,), (1,), (3,), (2, 4)]))
@EXAMPLES
def test_inverses_agree(kernels: Kernels, seed: int, shape: tuple[int, ...]) -> None:
    values = residues64(np.random.default_rng(seed), *shape, 5)
    values.reshape(-1, 5)[1::3] = 0
    found = operations_of(kernels.permute).invert(values)
    assert found.shape == values.shape and found.tolist() == SLOW.invert(values).tolist()
    ones_there = SLOW.multiply(values, found).reshape(-1, 5)
    assert ones_there.tolist() == [[int(row.any()), 0, 0, 0, 0] for row in values.reshape(-1, 5)]


def test_many_sponges_are_shared_among_threads(kernels: Kernels) -> None:
    rng = np.random.default_rng(1)
    states, words = residues(rng, 700, 16), residues(rng, 700, 48)
    expected, fast = SLOW.absorbed(states, words, 8), operations_of(kernels.permute)
    assert (fast.absorbed(states, words, 8) == expected).all() and (fast.absorb(states, words, 8) == expected[-1]).all()


@given(SEED, st.integers(0, 5), st.integers(0, 9), st.booleans(), st.booleans())
@EXAMPLES
def test_horners_rule_agrees(kernels: Kernels, seed: int, rows: int, columns: int, extension: bool, one: bool) -> None:
    rng, tail = np.random.default_rng(seed), (5,) if extension else ()
    start, values = residues64(rng, rows, 5), residues64(rng, rows, columns, *tail)
    points = np.broadcast_to(residues64(rng, 5), (rows, 5)) if one else residues64(rng, rows, 5)
    for operations in (operations_of(kernels.permute), SLOW):
        found = operations.horner(start, points, values, extension)
        assert found.shape == (rows, 5) and found.tolist() == horner(start, points, values, extension).tolist()
        if rows:
            alone = operations.horner(start[0], points[0], values[0], extension)
            assert alone.tolist() == found[0].tolist()


def horner(start: U64, points: U64, values: U64, extension: bool) -> U64:
    """As it is taught."""
    total = start
    for k in range(values.shape[1]):
        total = ext_mul(total, points)
        total = (total + values[:, k] if extension else total + embed(values[:, k])) % P
    return total


@given(SEED, st.integers(1, 6), st.integers(0, 9))
@EXAMPLES
def test_steps_of_chips_agree(kernels: Kernels, seed: int, count: int, length: int) -> None:
    """Any operations on any values before them, one reading against the other."""
    rng = np.random.default_rng(seed)
    steps, known = [], count
    for level in range(1, length + 1):
        name, size = OPERATIONS[rng.integers(0, 4)], int(rng.integers(1, 4))
        steps.append(Step(name, level, tuple(rng.integers(0, known, size) for _ in range(3 if name == "mul_add" else 2))))
        known += size
    chips = PointChip(np.arange(count), (), tuple(steps), rng.integers(0, known, 4))
    values = residues64(rng, count, 5)
    results = []
    for permute in (kernels.permute, SLOW):
        m = Numbers(np.zeros(0, np.uint32), permute)
        results.append(m.carried_out(chips, Value(m, values, True)).data.tolist())
    assert results[0] == results[1]


def ones(*shape: int) -> U32:
    return np.ones(shape, np.uint32)


def code(*numbers: int) -> U32:
    return np.array([numbers], np.uint32)


def leaves(*places: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(places, np.int64)


REFUSED = {
    "states of another width": lambda h: h.absorb(ones(2, 15), ones(2, 8), 8),
    "a state without a row": lambda h: h.absorb(ones(2, 16), ones(1, 8), 8),
    "a part of a block": lambda h: h.absorb(ones(2, 16), ones(2, 12), 8),
    "blocks of another hash": lambda h: h.absorb(ones(2, 24), ones(2, 8), 8),
    "a state that is not canonical": lambda h: h.absorb(ones(1, 16) * P, ones(1, 8), 8),
    "a word that is not canonical": lambda h: h.absorb(ones(1, 16), ones(1, 8) * P, 8),
    "a digest of another hash": lambda h: h.climb(ones(2, 7), ones(1, 2, 7), ones(2, 1)),
    "a level without siblings": lambda h: h.climb(ones(2, 8), ones(1, 2, 8), ones(2, 2)),
    "a digest without a sibling": lambda h: h.climb(ones(2, 8), ones(1, 1, 8), ones(2, 1)),
    "a digest without bits": lambda h: h.climb(ones(2, 8), ones(1, 2, 8), ones(1, 1)),
    "siblings of another hash": lambda h: h.climb(ones(2, 8), ones(1, 2, 9), ones(2, 1)),
    "a bit that is none": lambda h: h.climb(ones(2, 8), ones(1, 2, 8), ones(2, 1) * 2),
    "a digest that is not canonical": lambda h: h.climb(ones(2, 8) * P, ones(1, 2, 8), ones(2, 1)),
    "a sibling that is not canonical": lambda h: h.climb(ones(2, 8), ones(1, 2, 8) * P, ones(2, 1)),
    "factors of another number": lambda h: h._rust.multiply(wide(ones(2, 5)), wide(ones(3, 5))),
    "factors that are no extension": lambda h: h._rust.multiply(wide(ones(2, 4)), wide(ones(2, 4))),
    "a factor that is not canonical": lambda h: h.multiply(wide(ones(2, 5)) * P, wide(ones(2, 5))),
    "a factor far beyond": lambda h: h.multiply(wide(ones(2, 5)) << 32, wide(ones(2, 5))),
    "an inverse of no extension": lambda h: h._rust.invert(wide(ones(2, 4))),
    "an inverse that is not canonical": lambda h: h.invert(wide(ones(2, 5)) * P),
    "a start for no row": lambda h: h._rust.horner(wide(ones(2, 5)), wide(ones(1, 5)), wide(ones(3, 2)), 1),
    "points for other rows": lambda h: h._rust.horner(wide(ones(3, 5)), wide(ones(2, 5)), wide(ones(3, 2)), 1),
    "values of two words": lambda h: h._rust.horner(wide(ones(3, 5)), wide(ones(3, 5)), wide(ones(3, 2)), 2),
    "a part of a value": lambda h: h._rust.horner(wide(ones(3, 5)), wide(ones(3, 5)), wide(ones(3, 7)), 5),
    "a value that is not canonical": lambda h: h._rust.horner(wide(ones(3, 5)), wide(ones(3, 5)), wide(ones(3, 5)) * P, 5),
    "an operation that does not exist": lambda h: h.steps(wide(ones(2, 5)), code(4, 1), ones(2), ones(1)),
    "operands that are missing": lambda h: h.steps(wide(ones(2, 5)), code(3, 1), ones(2), ones(1)),
    "operands that are left": lambda h: h.steps(wide(ones(2, 5)), code(0, 1), ones(3), ones(1)),
    "an operand of later": lambda h: h.steps(wide(ones(2, 5)), code(0, 1), ones(2) * 2, ones(1)),
    "steps without end": lambda h: h.steps(wide(ones(2, 5)), code(0, 2**32 - 1), ones(2), ones(1)),
    "a result that does not exist": lambda h: h.steps(wide(ones(2, 5)), code(0, 1), ones(2), ones(1) * 3),
    "too few words": lambda h: h.restore(leaves(3), 1, [8], 8, ones(15)),
    "too few words of a row": lambda h: h.restore(leaves(3), 1, [8], 8, ones(7)),
    "too many words": lambda h: h.restore(leaves(3), 1, [8], 8, ones(17)),
    "a row without words": lambda h: h.restore(leaves(3), 1, [], 8, ones(8)),
    "openings under another hash": lambda h: h.restore(leaves(3), 1, [8], 7, ones(15)),
    "a leaf below the first": lambda h: h.restore(leaves(-1), 1, [8], 8, ones(16)),
    "a leaf beyond all domains": lambda h: h.restore(leaves(1 << 24), 1, [8], 8, ones(16)),
    "a tree beyond all domains": lambda h: h.restore(leaves(1), 25, [8], 8, ones(8 + 8 * 25)),
    "a pruned word that is not canonical": lambda h: h.restore(leaves(3), 1, [8], 8, ones(16) * P),
}


@pytest.mark.parametrize("what", REFUSED)
def test_bad_input_of_the_faster_way_is_refused(what: str) -> None:
    pytest.importorskip("longrun_native")
    from stark.kernels.native import NativeKernels
    with pytest.raises(ValueError):
        REFUSED[what](NativeKernels(1).permute)


def test_no_row_and_no_level_are_fine(kernels: Kernels) -> None:
    fast = operations_of(kernels.permute)
    for width, hash_of in HASHES.items():
        assert fast.absorb(ones(0, width), ones(0, hash_of.rate), hash_of.rate).shape == (0, width)
        assert fast.absorb(ones(3, width), ones(3, 0), hash_of.rate).tolist() == ones(3, width).tolist()
        for count, levels in itertools.product((0, 2), (0, 1)):
            digests = fast.climb(ones(count, hash_of.digest), ones(levels, count, hash_of.digest), ones(count, levels))
            assert digests.shape == (count, hash_of.digest)

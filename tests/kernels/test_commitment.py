"""Commitments: their trees, their extended rows, their columns at a point."""
from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stark import field, poseidon2
from stark.field import P
from stark.kernels.protocol import Kernels
from tests.kernels.values import EXAMPLES, REFERENCE, SEED, at, residues, wide

HASH = st.sampled_from([16, 24])


@st.composite
def shapes(draw: st.DrawFn) -> tuple[list[tuple[int, int]], int, int, int]:
    """(width, log height) from short to tall, log_rows, log_blowup, log_cap."""
    heights = sorted(draw(st.lists(st.integers(0, 7), min_size=1, max_size=4)))
    widths = [draw(st.integers(1, 20)) for _ in heights]
    log_blowup = draw(st.integers(1, 3))
    log_cap = draw(st.integers(0, min(4, heights[0] + log_blowup)))
    return list(zip(widths, heights, strict=True)), heights[-1] + draw(st.integers(0, 2)), log_blowup, log_cap


def root_of(opened: np.ndarray, index: int, groups: dict[int, int], top: int, log_cap: int, hash_width: int) -> list[int]:
    """The digest in the cap that one leaf's opening leads to; `groups` is level -> width."""
    kind = poseidon2.HASHES[hash_width]
    rows, at_word = {}, 0
    for level in sorted(groups):
        rows[level] = opened[at_word:at_word + groups[level]]
        at_word += groups[level]
    siblings = iter(opened[at_word:].reshape(-1, kind.digest))
    digest = poseidon2.sponge(rows[top][None], hash_width)
    for level in range(top, log_cap, -1):
        pair = digest, next(siblings)[None]
        left, right = pair if not index >> (top - level) & 1 else pair[::-1]
        digest = poseidon2.compress(left, right, hash_width)
        if level - 1 in rows:
            digest = poseidon2.compress(poseidon2.sponge(rows[level - 1][None], hash_width), digest, hash_width)
    assert next(siblings, None) is None
    return [int(word) for word in digest[0]]


@given(SEED, shapes(), HASH)
@EXAMPLES
def test_commitments_open_to_the_extended_rows(
        kernels: Kernels, seed: int, shape: tuple[list[tuple[int, int]], int, int, int], hash_width: int) -> None:
    rng = np.random.default_rng(seed)
    sizes, log_rows, log_blowup, log_cap = shape
    matrices = [residues(rng, width, 1 << height) for width, height in sizes]
    commitment = kernels.commit(matrices, log_rows, log_blowup, log_cap, hash_width)
    expected = REFERENCE.commit(matrices, log_rows, log_blowup, log_cap, hash_width)
    top = sizes[-1][1] + log_blowup
    assert commitment.log_height == top
    assert commitment.cap.dtype == np.uint32 and commitment.cap.tolist() == expected.cap.tolist()
    indices = rng.integers(0, 1 << top, 5)
    assert commitment.open(indices).tolist() == expected.open(indices).tolist()

    index = int(indices[0])
    opened = wide(commitment.open(np.array([index])))
    groups: dict[int, int] = {}
    for width, height in sizes:
        groups[height + log_blowup] = groups.get(height + log_blowup, 0) + width
    assert root_of(opened, index, groups, top, log_cap, hash_width) == commitment.cap[index >> (top - log_cap)].tolist()
    words = iter(opened)
    for matrix, (width, height) in zip(matrices, sizes, strict=True):
        level = height + log_blowup
        row = int(field.bit_reversal(level)[index >> (top - level)])
        point = pow(3, 1 << (24 - height), P) * pow(field.root_of_unity(level), row, P) % P
        coefficients = field.ntt(wide(matrix), inverse=True)
        for column in range(width):
            assert int(next(words)) == at(coefficients[column], field.embed(np.array(point, np.uint64)))[0]


@given(SEED, shapes())
@EXAMPLES
def test_columns_at_a_point(kernels: Kernels, seed: int, shape: tuple[list[tuple[int, int]], int, int, int]) -> None:
    rng = np.random.default_rng(seed)
    sizes, log_rows, log_blowup, log_cap = shape
    matrices = [residues(rng, width, 1 << height) for width, height in sizes]
    commitment = kernels.commit(matrices, log_rows, log_blowup, log_cap)
    points = [residues(rng, 5), np.array([3, 0, 0, 0, 0], np.uint32), np.zeros(5, np.uint32), np.array([1, 0, 0, 0, 0], np.uint32)]
    for point in points:
        expected = []
        for matrix, (_, height) in zip(matrices, sizes, strict=True):
            inner = field.ext_power(wide(point), 1 << (log_rows - height))
            expected += [at(column, inner) for column in field.ntt(wide(matrix), inverse=True)]
        assert commitment.evaluate(log_rows, point).tolist() == expected


@given(SEED, st.integers(0, 8), st.integers(1, 40), st.integers(0, 3), HASH)
@EXAMPLES
def test_trees_over_rows(kernels: Kernels, seed: int, log_height: int, width: int, log_cap: int, hash_width: int) -> None:
    rng = np.random.default_rng(seed)
    rows, log_cap = residues(rng, 1 << log_height, width), min(log_cap, log_height)
    commitment = kernels.commit_rows(rows, log_cap, hash_width)
    assert commitment.cap.tolist() == REFERENCE.commit_rows(rows, log_cap, hash_width).cap.tolist()
    assert commitment.log_height == log_height
    for index in {0, (1 << log_height) - 1}:
        opened = wide(commitment.open(np.array([index])))
        assert opened[:width].tolist() == rows[index].tolist()
        root = root_of(opened, index, {log_height: width}, log_height, log_cap, hash_width)
        assert root == commitment.cap[index >> (log_height - log_cap)].tolist()


def test_a_commitment_outlives_its_matrices(kernels: Kernels) -> None:
    matrix = np.arange(32, dtype=np.uint32).reshape(2, 16)
    commitment = kernels.commit([matrix], 4, 1, 1)
    before = commitment.open(np.array([3, 9])).tolist()
    matrix[:] = 0
    assert commitment.open(np.array([3, 9])).tolist() == before

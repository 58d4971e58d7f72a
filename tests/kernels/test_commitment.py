"""Commitments: their trees, their extended rows, their columns at a point."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stark import field, poseidon2
from stark.field import U64, P
from stark.kernels.protocol import U32, Commitment, Kernels
from tests.kernels.values import EXAMPLES, REFERENCE, SEED, at, residues, wide

HASH = st.sampled_from([16, 24])


@dataclass(frozen=True)
class Sizes:
    """Of a commitment: (units, log height, pack) of matrices from short to tall, packed less and less."""

    matrices: list[tuple[int, int, int]]
    unit: int
    log_rows: int
    log_blowup: int
    log_cap: int

    def tables(self, rng: np.random.Generator) -> list[U32]:
        return [residues(rng, units * self.unit, 1 << height) for units, height, _ in self.matrices]

    def commit(self, kernels: Kernels, tables: list[U32], hash_width: int = 16) -> Commitment:
        packs = [pack for _, _, pack in self.matrices]
        return kernels.commit(tables, self.log_rows, self.log_blowup, self.log_cap, hash_width, packs, self.unit)


@st.composite
def shapes(draw: st.DrawFn) -> Sizes:
    heights = sorted(draw(st.lists(st.integers(0, 7), min_size=1, max_size=4)))
    log_rows, packs = heights[-1] + draw(st.integers(0, 2)), [6]
    for height in heights:
        packs.append(draw(st.integers(0, min(packs[-1], log_rows - height))))
    matrices = [(draw(st.integers(1, 12)), height, pack) for height, pack in zip(heights, packs[1:], strict=True)]
    log_blowup = draw(st.integers(1, 3))
    return Sizes(matrices, draw(st.sampled_from([1, 5])), log_rows, log_blowup, draw(st.integers(0, min(4, log_rows + log_blowup))))


def root_of(row: U64, siblings: U64, index: int, hash_width: int) -> list[int]:
    """The digest in the cap that one leaf's opening leads to."""
    digest = poseidon2.sponge(row[None], hash_width)
    for sibling in siblings.reshape(-1, poseidon2.HASHES[hash_width].digest):
        left, right = (sibling[None], digest) if index & 1 else (digest, sibling[None])
        digest, index = poseidon2.compress(left, right, hash_width), index >> 1
    return [int(word) for word in digest[0]]


def shared(sizes: Sizes, tables: list[U32]) -> dict[int, list[U64]]:
    """By pack the coefficients of the columns that are hashed, as their definition says it."""
    parts: dict[int, list[tuple[U64, int]]] = {}
    for table, (units, height, pack) in zip(tables, sizes.matrices, strict=True):
        coefficients = field.ntt(wide(table), inverse=True).reshape(units, sizes.unit, -1)
        parts.setdefault(pack, []).extend((unit, 1 << (sizes.log_rows - height)) for unit in coefficients)
    out: dict[int, list[U64]] = {}
    for pack, units in parts.items():
        out[pack] = []
        for first in range(0, len(units), 1 << pack):
            for coordinate in range(sizes.unit):
                column = np.zeros(1 << sizes.log_rows, np.uint64)
                for place, (unit, apart) in enumerate(units[first:first + (1 << pack)]):
                    for k, coefficient in enumerate(unit[coordinate].tolist()):
                        column[k * apart + place] = coefficient
                out[pack].append(column)
    return out


@given(SEED, shapes(), HASH)
@EXAMPLES
def test_commitments_open_to_the_extended_rows(kernels: Kernels, seed: int, sizes: Sizes, hash_width: int) -> None:
    rng = np.random.default_rng(seed)
    tables = sizes.tables(rng)
    commitment, expected = (sizes.commit(one, tables, hash_width) for one in (kernels, REFERENCE))
    top = sizes.log_rows + sizes.log_blowup
    assert commitment.log_height == top
    assert commitment.cap.dtype == np.uint32 and commitment.cap.tolist() == expected.cap.tolist()
    indices = rng.integers(0, 1 << top, 5)
    assert commitment.open(indices).tolist() == expected.open(indices).tolist()

    index, groups = int(indices[0]), list(shared(sizes, tables).values())
    opened, width = wide(commitment.open(np.array([index]))), sum(map(len, groups))
    row, block = int(field.bit_reversal(top)[index]), poseidon2.HASHES[hash_width].rate
    point = pow(3, 1 << (24 - sizes.log_rows), P) * pow(field.root_of_unity(top), row, P) % P
    words, hashed = iter(opened[:width]), []
    for group in groups:
        hashed += [0] * (-len(hashed) % block)
        for column in group:
            word = next(words)
            assert int(word) == at(column, field.embed(np.array(point, np.uint64)))[0]
            hashed.append(int(word))
    root = root_of(np.array(hashed, np.uint64), opened[width:], index, hash_width)
    assert root == commitment.cap[index >> (top - sizes.log_cap)].tolist()


@given(SEED, shapes())
@EXAMPLES
def test_sums_of_columns_that_are_packed_alike(kernels: Kernels, seed: int, sizes: Sizes) -> None:
    rng = np.random.default_rng(seed)
    tables = sizes.tables(rng)
    commitment, log_domain = sizes.commit(kernels, tables), sizes.log_rows + sizes.log_blowup
    shift = pow(3, 1 << (24 - sizes.log_rows), P)
    for pack, columns in shared(sizes, tables).items():
        weights = residues(rng, len(columns), 5)
        total = np.zeros((1 << log_domain, 5), np.uint64)
        for column, weight in zip(columns, wide(weights), strict=True):
            total = (total + field.evaluate_on_coset(column, sizes.log_blowup, shift)[:, None] * weight) % P
        assert kernels.combine([commitment], [weights], pack, log_domain).tolist() == total.tolist()


@given(SEED, shapes())
@EXAMPLES
def test_columns_at_a_point(kernels: Kernels, seed: int, sizes: Sizes) -> None:
    rng = np.random.default_rng(seed)
    tables = sizes.tables(rng)
    commitment = sizes.commit(kernels, tables)
    points = [residues(rng, 5), np.array([3, 0, 0, 0, 0], np.uint32), np.zeros(5, np.uint32), np.array([1, 0, 0, 0, 0], np.uint32)]
    found = commitment.evaluate(sizes.log_rows, np.stack(points))
    for point, together in zip(points, found, strict=True):
        expected = []
        for table, (_, height, _) in zip(tables, sizes.matrices, strict=True):
            inner = field.ext_power(wide(point), 1 << (sizes.log_rows - height))
            expected += [at(column, inner) for column in field.ntt(wide(table), inverse=True)]
        assert together.tolist() == commitment.evaluate(sizes.log_rows, point[None])[0].tolist() == expected


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
        root = root_of(opened[:width], opened[width:], index, hash_width)
        assert root == commitment.cap[index >> (log_height - log_cap)].tolist()


def test_a_commitment_outlives_its_matrices(kernels: Kernels) -> None:
    matrix = np.arange(32, dtype=np.uint32).reshape(2, 16)
    commitment = kernels.commit([matrix], 4, 1, 1)
    before = commitment.open(np.array([3, 9])).tolist()
    matrix[:] = 0
    assert commitment.open(np.array([3, 9])).tolist() == before

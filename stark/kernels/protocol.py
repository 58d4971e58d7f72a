"""What a kernel set must provide. `reference` (numpy) defines it, `native` (Rust) agrees with it bit for bit.

Numbers cross this border as canonical residues in uint32 arrays. Extension values have a trailing axis of 5. Traces are
column-major: shape (columns, rows), rows in natural order. Extended domains are kept inside the kernels in bit-reversed
row order: row i of a domain of size n stands for the point shift * w_n^bitreverse(i).

A commitment is one Merkle tree over columns of 2^log_rows rows, extended to 2^(log_rows + log_blowup) rows on the coset with shift
3^(2^(24 - log_rows)). Columns of matrices of fewer rows share such a column: 2^pack of them, f0, f1, …, of 2^h rows each, are
    F(x) = f0(x^r) + x f1(x^r) + x^2 f2(x^r) + …,   r = 2^(log_rows - h),
so that coefficient m of column j is coefficient m r + j of F (pack <= log_rows - h). Matrices of one pack are a group: the columns of all
of them follow each other, `unit` columns at a time (the coordinates of an extension column stay together), and fill one F after the
other. The leaf is the sponge of the row, group by group, each but the last filled up with zeros to whole blocks.
The constraints of a matrix of 2^h rows are evaluated on the coset of twice its height with shift 3^(2^(24 - h)). Nobody extends it once
more for that: the points of the tall coset whose r-th powers are one point of this one follow each other, and the values of F there say
what all columns that share it are at that point.

There are two hashes, named by the width of their permutation (stark/poseidon2.py): 16 with rate 8 and digests of 8 words, and 24 with
rate 15 and digests of 9. What commits takes the width as `hash_width`; for single states it is their length.

sponge(row): state = [0]*rate + [row length, 0, ...]; for each block of `rate` words, zero-padded: state[:rate] = block,
state = permute(state); digest = state[:digest].
compress(left, right) = permute(left ++ right ++ zeros)[:digest] (no zeros at width 16, six at width 24).
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from stark.flat import FlatChip
from stark.recipes import Recipe

U32 = npt.NDArray[np.uint32]
U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]
Asking = tuple[int, tuple[int, ...]]       # the number of a table, and what the parts of a message count in the number of its row


class Commitment(Protocol):
    """A Merkle tree and the extended columns under it, held by the kernel."""

    @property
    def cap(self) -> U32:
        """The 2^log_cap digests at the cap level: (2^log_cap, digest)."""

    @property
    def log_height(self) -> int:
        """log2 of the number of leaves."""

    def open(self, indices: Indices) -> U32:
        """What the verifier reads for these leaves, flattened, in its order: the rows (len(indices), width), without the zeros between
        groups; then from the leaves up to the cap the siblings (len(indices), digest) of each level."""

    def evaluate(self, log_rows: int, points: U32) -> U32:
        """Every column at these points of the tallest domain: a matrix of 2^k rows at point^(2^(log_rows - k)).
        (points, columns in commit order, 5)."""


@dataclass(frozen=True)
class QuotientJob:
    """One chip's part of the quotient; places are a commitment and the position of the chip's matrix in it."""

    flat: FlatChip
    log_height: int
    fixed: tuple[Commitment, int] | None
    main: tuple[Commitment, int] | None
    logup: tuple[Commitment, int] | None
    public: U32
    gamma: U32
    beta: U32
    total: U32
    weights: U32                              # (constraints, 5)


class Kernels(Protocol):
    name: str

    def permute(self, states: U32) -> U32:
        """Poseidon2 on each row of (n, 16) or (n, 24)."""

    def trace_permutations(self, inputs: U32) -> U32:
        """The committed columns of a chip of permutations, (n, 16) -> (148, n) or (n, 24) -> (215, n): for each of the first four full
        rounds all words after the external layer, for each of the 20 or 23 partial rounds the one S-box output (cube of
        state[0] + constant, before the internal layer), for each of the last four full rounds all words after the external layer.
        The last ones are the permutation."""

    def deal(self, fetched: U32, chip: U8, counts: U32, chips: int) -> tuple[list[Indices], U32, Indices]:
        """Steps that fetch these instructions, by the number of the instruction's chip: for each of so many chips its steps, in order. For
        each row of `counts`, (counts, instructions), how much all steps before each step have of it, modulo 2^32, (counts, steps). How
        often each instruction is fetched."""

    def table(self, columns: int, rows: int) -> U32:
        """Zeros, (columns, rows), in memory that this set of kernels keeps for the next one."""

    def columns(self, recipe: Recipe, rows: Indices, table: U32) -> None:
        """What the recipe puts becomes, modulo p, the words of the columns of this table, (columns, rows), one for each of these rows."""

    def accesses(self, recipe: Recipe, rows: Indices, address: Indices, left: U64) -> None:
        """Notes the accesses of these rows that take place by their time: the address of the cell, and what is left there."""

    def pages(self, addresses: Indices) -> Indices:
        """The pages of 32 cells in which cells with these addresses below 2^33 are, in order. A negative address is that of no cell."""

    def found(self, addresses: Indices, left: U64, pages: Indices, cells: U64, times: U32) -> tuple[U32, U64, U64, U32]:
        """What accesses to cells find. Access k has time k and leaves left[k] in the cell at its address, or takes not place, where that
        is negative. `cells` and `times` say what the cells of these ascending pages hold at the beginning, and since when, (32 pages).
        For each access since when its cell held what, zeros where none takes place; then cells and times at the end."""

    def asked(self, flat: FlatChip, fixed: U32, main: U32, rows: int, asking: Sequence[Asking], tables: int, log_size: int) -> U32:
        """How often the messages of a chip look up each row of so many tables of 2^log_size rows, (tables, 2^log_size). The number of the
        row is the sum of the parts, canonical words, times their weights (which sum up to less than 2^31). Only the first `rows` rows of
        the chip ask; where the multiplicity is zero, or there is no such row, nothing is counted. No message knows the statement."""

    def commit(self, matrices: Iterable[U32], log_rows: int, log_blowup: int, log_cap: int, hash_width: int = 16,
               packs: Sequence[int] | None = None, unit: int = 1) -> Commitment:
        """Extends and commits; matrices (columns, 2^h) from short to tall, with the logarithm of how many columns share one (0 if it is
        not said), which does not rise. Of what an iterator gives, nothing need stay in memory when it has been extended."""

    def commit_rows(self, rows: U32, log_cap: int, hash_width: int = 16) -> Commitment:
        """A tree over rows (n, width) as they are (FRI layers)."""

    def logup(self, flat: FlatChip, fixed: U32, main: U32, public: U32, gamma: U32, beta: U32) -> tuple[U32, U32]:
        """LogUp columns of one chip as (5 * columns, rows), and the chip's sum (5,).

        The fraction of a message is multiplicity / (gamma + bus + beta*(p0 + beta*(p1 + ...))). Messages 1, 2 share column 0,
        messages 3, 4 column 1, and so on (an odd last one stands alone); the last column S is the running sum over rows of
        all fractions, before the row: S[0] = 0, S[i+1] = S[i] + fractions of row i; the sum is S after the last row. Message 0
        has no column of its own. No messages: no columns, sum 0.
        Selectors are the polynomials that `quotient` states, so on these rows first is h on row 0 and else 0, last is h*w on
        the last row and else 0, transition is w^row - w^-1. A denominator that is zero counts as a fraction of zero."""

    def quotient(self, jobs: Sequence[QuotientJob], log_rows: int, log_blowup: int) -> U32:
        """The one quotient of all chips, split: (10, 2^log_rows), the columns (low half, high half) x 5 coordinates,
        as values on the subgroup of 2^log_rows points in natural order.

        For each chip: the sum of weights[k] * constraint[k] over its constraints on the coset of twice its height, divided by
        x^height - 1; a short chip's values are repeated (bit-reversed order makes that the substitution x -> x^r). The constraints
        of a chip in order: its requirements; for each pair column c of messages
        (m1,d1),(m2,d2): c*d1*d2 - m1*d2 - m2*d1 (alone: c*d1 - m1); then, if it has messages, for the running sum S, with
        step = S_next - S - sum of the pair columns: first * S; transition * (step*d0 - m0); last * ((total - S - pair columns)*d0 - m0).
        Selectors at x on a chip of height h: first = (x^h - 1)/(x - 1), last = (x^h - 1)/(x - w^-1), transition = x - w^-1 (w of order h).
        The quotient polynomial q has degree < 2^(log_rows+1); q = low + x^(2^log_rows) * high."""

    def combine(self, commitments: Sequence[Commitment], weights: Sequence[U32], log_pack: int, log_domain: int) -> U32:
        """sum over commitments and their columns F of this pack of weight * F on the domain, bit-reversed: (2^log_domain, 5).
        weights[t] is (such columns of commitment t, 5). A commitment to fewer rows counts as one to polynomials in x^r."""

    def deep(self, combined: Sequence[U32], claimed: Sequence[U32], points: U32, second: U32, shift: int) -> U32:
        """On the domain with this shift, the sum over k of (combined[k] - R0(x)) / (x^n - points[0]^n) + second * (combined[k] - R1(x)) /
        (x^n - points[1]^n), where claimed[k] is (2, n, 5): the coefficients of R0 and R1."""

    def fold(self, values: U32, log_arity: int, challenge: U32, shift: int) -> U32:
        """One FRI round on (n, 5) bit-reversed values of the domain with this shift -> (n >> log_arity, 5): log_arity binary steps
        v'[i] = (v[2i] + v[2i+1]) + challenge/x * (v[2i] - v[2i+1]), where x is the point of v[2i]; after each step challenge and x
        are squared. (No halving: both sides carry the factor 2.)"""

    def interpolate(self, values: U32, shift: int) -> U32:
        """Coefficients of bit-reversed values (n, 5) on the domain with this shift."""

    def grind(self, state: U32, bits: int) -> int:
        """The smallest nonce such that absorbing [nonce] into this sponge state (16,) or (24,) (state[:rate] = [nonce, 0, ...]; permute)
        makes the lowest `bits` bits of state[0] zero."""

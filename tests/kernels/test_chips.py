"""Random chips on random columns: LogUp, quotient and combination give the same words in every kernel set."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stark.kernels import load
from stark.kernels.protocol import Kernels
from tests.kernels.chips import make_round, random_chip
from tests.kernels.values import REFERENCE, SEED, residues


@given(SEED, st.lists(st.integers(0, 9), min_size=1, max_size=3), st.integers(1, 3), st.integers(0, 6))
@settings(max_examples=40, deadline=None)
def test_random_chips_agree(other: Kernels, seed: int, heights: list[int], log_blowup: int, log_pack: int) -> None:
    """Columns that satisfy nothing: the words must agree all the same."""
    results = []
    for one in (other, REFERENCE):
        rng = np.random.default_rng(seed)
        public = residues(rng, 2)
        chips = [random_chip(rng, height, len(public)) for height in sorted(heights)]
        made = make_round(one, rng, chips, log_blowup, public, log_pack)
        points = residues(rng, 2, 5)
        sums = [one.combine([c for c, _ in own], [residues(rng, width, 5) for _, width in own], pack, made.log_rows + log_blowup).tolist()
                for pack, own in made.shared.items()]
        results.append([[part.tolist() for pair in made.logup for part in pair],
                        one.quotient(made.jobs, made.log_rows, log_blowup).tolist(),
                        [commitment.evaluate(made.log_rows, points).tolist() for commitment in made.commitments], sums])
    for ours, theirs in zip(*results, strict=True):
        assert ours == theirs


@pytest.mark.parametrize(("log_height", "log_blowup"), [(8, 2), (13, 1), (14, 1), (17, 1)])
def test_tall_columns_agree(other: Kernels, log_height: int, log_blowup: int) -> None:
    rng = np.random.default_rng(log_height)
    matrix, indices = residues(rng, 2, 1 << log_height), rng.integers(0, 1 << log_height, 50)
    ours, theirs = (one.commit([matrix], log_height + 1, log_blowup, 2) for one in (other, REFERENCE))
    assert ours.open(indices).tolist() == theirs.open(indices).tolist()
    values = residues(rng, 1 << log_height, 5)
    assert other.interpolate(values, 9).tolist() == REFERENCE.interpolate(values, 9).tolist()


@pytest.mark.parametrize("hash_width", [16, 24])
def test_threads_change_no_tree(other: Kernels, hash_width: int) -> None:
    rng = np.random.default_rng(4)
    matrices, states = [residues(rng, 21, 1 << 9), residues(rng, 33, 1 << 12)], residues(rng, 5000, hash_width)
    trees = [load(other.name, threads).commit(matrices, 12, 1, 2, hash_width) for threads in (1, 2, 3)]
    assert len({tree.cap.tobytes() for tree in trees}) == len({tree.open(np.arange(40)).tobytes() for tree in trees}) == 1
    assert trees[0].cap.tolist() == REFERENCE.commit(matrices, 12, 1, 2, hash_width).cap.tolist()
    assert len({load(other.name, threads).permute(states).tobytes() for threads in (1, 2)}) == 1


def test_threads_change_nothing(other: Kernels) -> None:
    results = []
    for threads in (1, 2, 3):
        rng, one = np.random.default_rng(8), load(other.name, threads)
        made = make_round(one, rng, [random_chip(rng, height, 1) for height in (3, 9, 12)], 1, residues(rng, 1), 2)
        results.append([part.tolist() for pair in made.logup for part in pair]
                       + [commitment.cap.tolist() for commitment in made.commitments] + [one.quotient(made.jobs, 12, 1).tolist()])
    assert results[0] == results[1] == results[2]

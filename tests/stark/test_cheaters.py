"""Cheating provers at few queries are accepted as often as they can hope for, and no more often than the bounds say."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

from stark import poseidon2, soundness
from stark.check import check
from stark.errors import Rejected
from stark.kernels import load
from stark.key import Key
from stark.setup import ProvingKey, commit_fixed
from stark.verifier import check_proof
from tests.stark.cheater import far_word, random_trace
from tests.stark.examples import TOY, U32, example, filled

REFERENCE, BEST = load("reference"), load("best")
LOGS = (4, 2, 3)
FEW = replace(TOY, batch_grinding=0, grinding=0)
TRIES = 50


@pytest.fixture(autouse=True)
def fast_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cheaters work with the reference kernels, which may hash with the best ones."""
    monkeypatch.setattr(poseidon2, "permute", lambda states: BEST.permute(states.astype(np.uint32)).astype(np.uint64))


def predicted(key: Key) -> float:
    """The chance that the bounds leave to any cheater: unique decoding, queries alone (all other terms are below 2^-100 here)."""
    table = soundness.terms(key.parameters, soundness.shape_of(key), soundness.unique_decoding(key.log_rows, key.parameters.log_blowup))
    return float(2 ** -table["queries"])


def accepted(proving: ProvingKey, statement: U32, cheat: Callable[[np.random.Generator], U32]) -> tuple[int, set[str]]:
    """How many of the tries pass, and which checks refuse the others."""
    passed, checks = 0, set()
    for seed in range(TRIES):
        proof = cheat(np.random.default_rng(seed))
        try:
            check_proof(proving.key, statement, proof, BEST.permute)
            passed += 1
        except Rejected as rejected:
            checks.add(rejected.check)
    return passed, checks


def consistent(passed: int, hoped: float, bound: float) -> None:
    """Within three standard deviations of what this cheater hopes for, and of what the bound allows to any."""
    def deviation(chance: float) -> float:
        return 3 * sqrt(TRIES * chance * (1 - chance))
    assert hoped <= bound
    assert abs(passed - TRIES * hoped) <= deviation(hoped), f"{passed} of {TRIES}, hoped for {hoped:.3f}"
    assert passed <= TRIES * bound + deviation(bound), f"{passed} of {TRIES}, bound {bound:.3f}"


@pytest.mark.parametrize("queries, log_blowup", [(1, 1), (3, 1), (1, 2)])
def test_random_traces(queries: int, log_blowup: int) -> None:
    """The last polynomial passes through a share rho of the last points."""
    key, fixed, mains, statement = example(LOGS, parameters=replace(FEW, queries=queries, log_blowup=log_blowup))
    rng = np.random.default_rng(0)
    random = {name: rng.integers(0, 2**30, table.shape).astype(np.uint32) for name, table in mains.items()}
    assert check(filled(key, fixed, random), statement)
    proving = commit_fixed(key, fixed, REFERENCE)
    passed, checks = accepted(proving, statement, lambda rng: random_trace(proving, mains, statement, rng))
    consistent(passed, 2.0 ** (-log_blowup * queries), predicted(key))
    assert checks == {"final polynomial: the last folding is the final polynomial"}


@pytest.mark.parametrize("queries, share, chip", [(1, .5, -1), (4, .3125, -1), (1, .5, 0)])
def test_far_words(queries: int, share: float, chip: int) -> None:
    """Farther than unique decoding reaches, a quarter of the rows and a little more: of the tallest chip, or of a shorter one, whose word
    enters the same folding."""
    key, fixed, mains, statement = example(LOGS, parameters=replace(FEW, queries=queries))
    proving = commit_fixed(key, fixed, REFERENCE)
    passed, checks = accepted(proving, statement, lambda rng: far_word(proving, mains, statement, share, rng, chip))
    consistent(passed, (1 - share) ** queries, predicted(key))
    assert checks == {"fri fold: the folded value is opened in the next round"}


def test_at_the_queries_of_a_profile_no_cheater_passes() -> None:
    key, fixed, mains, statement = example(LOGS, parameters=replace(FEW, queries=60))
    proving = commit_fixed(key, fixed, REFERENCE)
    for cheat in (lambda rng: random_trace(proving, mains, statement, rng), lambda rng: far_word(proving, mains, statement, .3, rng)):
        for seed in range(3):
            with pytest.raises(Rejected):
                check_proof(proving.key, statement, cheat(np.random.default_rng(seed)), BEST.permute)

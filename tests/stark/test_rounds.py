"""What a prover holds while it works, and that its threads do not show in the proof."""
from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from stark import poseidon2
from stark.kernels import load
from stark.kernels.protocol import U32
from stark.kernels.reference import ReferenceKernels
from stark.prover import prove
from stark.setup import commit_fixed
from tests.stark.examples import TOY, example

BEST = load("best")


@pytest.mark.parametrize("hash_width", [16, 24])
def test_one_thread_and_two_give_the_same_proof(hash_width: int) -> None:
    """Tables of many thousands of rows, so that there is work for both; the least good nonce is found by both."""
    parameters = replace(TOY, log_arity=3, lookup_grinding=6, batch_grinding=6, grinding=10, hash_width=hash_width)
    key, fixed, mains, statement = example((13, 8, 14), parameters=parameters)
    proofs = []
    for threads in (1, 2, 1):
        kernels = load("best", threads)
        proofs.append(prove(commit_fixed(key, fixed, kernels), mains, statement, kernels).tobytes())
    assert proofs[0] == proofs[1] == proofs[2]


class Witness(ReferenceKernels):
    """Says at every step which results of earlier steps are still held."""

    def __init__(self) -> None:
        self.made: list[tuple[str, weakref.ref[Any]]] = []
        self.held: dict[str, list[str]] = {}

    def alive(self) -> list[str]:
        return [name for name, result in self.made if result() is not None]

    def __getattribute__(self, name: str) -> Any:
        method = super().__getattribute__(name)
        if name not in ("commit", "commit_rows", "logup", "quotient", "combine", "deep", "fold", "interpolate", "grind"):
            return method

        def observed(*args: Any) -> Any:
            self.held[name] = self.alive()
            self.held.setdefault(f"first {name}", self.held[name])
            result = method(*args)
            for part in result if isinstance(result, tuple) else (result,):
                if isinstance(part, np.ndarray) and part.size > 5:
                    self.made.append((name, weakref.ref(part)))
            return result
        return observed


@pytest.fixture
def fast_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(poseidon2, "permute", lambda states: BEST.permute(states.astype(np.uint32)).astype(np.uint64))
    yield


def test_memory_is_freed_as_soon_as_a_round_is_over(fast_hashes: None) -> None:
    """Behind a commitment only the kernels hold the columns; of the values that FRI tests there is one generation."""
    witness, (key, fixed, mains, statement) = Witness(), example((8, 4, 6), parameters=replace(TOY, log_arity=2))
    assert len(key.fri_rounds) > 3
    prove(commit_fixed(key, fixed, load("reference")), mains, statement, witness)
    assert [name for name, _ in witness.made].count("fold") == len(key.fri_rounds) - 1
    assert witness.held["quotient"] == [] and witness.held["combine"] == [] and witness.held["first deep"] == ["combine"]
    assert witness.held["first fold"] == ["deep"] and witness.held["deep"] == ["fold"]              # the claims are folded behind the first
    assert witness.held["fold"] == ["fold"] and witness.held["interpolate"] == ["fold"]
    assert witness.alive() == []


def test_main_tables_are_not_copied_by_the_prover(fast_hashes: None) -> None:
    """Whoever calls it holds them; as soon as the LogUp columns are made it needs them no more."""
    key, fixed, mains, statement = example((6, 4, 5))
    proving = commit_fixed(key, fixed, load("reference"))
    tables = dict(mains)
    seen: list[list[int]] = []

    class Eager(ReferenceKernels):
        def logup(self, flat: Any, fixed: U32, main: U32, public: U32, gamma: U32, beta: U32) -> tuple[U32, U32]:
            seen.append([id(table) for table in mains.values() if main is table])
            return super().logup(flat, fixed, main, public, gamma, beta)
    prove(proving, tables, statement, Eager())
    assert sorted(one for found in seen for one in found) == sorted(id(table) for table in mains.values())

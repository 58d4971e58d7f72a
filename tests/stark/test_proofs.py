"""The toolkit end to end: honest proofs pass; a changed word, statement, key or table is refused."""
from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from stark.check import check
from stark.chip import Chip
from stark.errors import Malformed, Rejected
from stark.expression import P
from stark.kernels import load
from stark.key import Key
from stark.prover import Unprovable, prove
from stark.setup import commit_fixed
from stark.verifier import check_proof
from tests.stark.examples import TOY, example, filled

KERNELS = load("best")
CORRUPT = (Malformed, Rejected)


@pytest.mark.parametrize("logs", [(6, 4, 5), (2, 2, 2), (1, 5, 3), (7, 6, 6)])
def test_an_honest_proof_passes(logs: tuple[int, int, int]) -> None:
    key, fixed, mains, statement = example(logs)
    assert check(filled(key, fixed, mains), statement) == []
    proving = commit_fixed(key, fixed, KERNELS)
    check_proof(proving.key, statement, prove(proving, mains, statement, KERNELS), KERNELS.permute)


@pytest.fixture(scope="module")
def proved():  # type: ignore[no-untyped-def]
    key, fixed, mains, statement = example((3, 3, 2))
    proving = commit_fixed(key, fixed, KERNELS)
    return proving, statement, prove(proving, mains, statement, KERNELS)


def test_every_region_of_a_proof_is_protected(proved) -> None:  # type: ignore[no-untyped-def]
    proving, statement, proof = proved
    for place in range(0, len(proof), max(1, len(proof) // 60)):
        changed = proof.copy()
        changed[place] = (int(changed[place]) + 1) % P
        with pytest.raises(CORRUPT):
            check_proof(proving.key, statement, changed, KERNELS.permute)


def test_a_proof_of_another_length_is_malformed(proved) -> None:  # type: ignore[no-untyped-def]
    proving, statement, proof = proved
    for other in (proof[:-1], np.append(proof, np.uint32(0)), proof[:0]):
        with pytest.raises(Malformed):
            check_proof(proving.key, statement, other, KERNELS.permute)


def test_a_word_has_one_spelling(proved) -> None:  # type: ignore[no-untyped-def]
    proving, statement, proof = proved
    small = int(np.flatnonzero(proof < 2**32 - P)[0])
    changed = proof.copy()
    changed[small] += np.uint32(P)
    with pytest.raises(Malformed):
        check_proof(proving.key, statement, changed, KERNELS.permute)


def test_another_statement_is_refused(proved) -> None:  # type: ignore[no-untyped-def]
    proving, statement, proof = proved
    for other in (statement[::-1], statement + np.uint32(1)):
        with pytest.raises(Rejected):
            check_proof(proving.key, np.ascontiguousarray(other), proof, KERNELS.permute)
    with pytest.raises(Malformed):
        check_proof(proving.key, np.append(statement, np.uint32(0)), proof, KERNELS.permute)


def test_a_key_with_other_fixed_columns_is_refused(proved) -> None:  # type: ignore[no-untyped-def]
    proving, statement, proof = proved
    fixed = {"table": proving.fixed["table"] + np.uint32(1)}
    with pytest.raises(Rejected):
        check_proof(commit_fixed(proving.key, fixed, KERNELS).key, statement, proof, KERNELS.permute)


def test_a_key_with_another_constraint_is_refused(proved) -> None:  # type: ignore[no-untyped-def]
    proving, statement, proof = proved
    key, fixed, _, _ = example((3, 3, 2))
    chip = next(c for c in key.chips if c.name == "fibonacci")
    chip.requirements.pop()
    assert (key.digest != proving.key.digest).any()
    with pytest.raises(CORRUPT):
        check_proof(commit_fixed(key, fixed, KERNELS).key, statement, proof, KERNELS.permute)


@pytest.mark.parametrize("chip, column, row", [
    ("multiplier", 2, 0), ("multiplier", 3, 1), ("table", 0, 2), ("fibonacci", 1, 1), ("fibonacci", 2, 3)])
def test_a_table_that_lies_is_unprovable_or_refused(chip: str, column: int, row: int) -> None:
    key, fixed, mains, statement = example((3, 3, 2))
    mains[chip][column, row] ^= 5
    broken = check(filled(key, fixed, mains), statement)
    assert broken and broken[0].sentence
    proving = commit_fixed(key, fixed, KERNELS)
    with pytest.raises((Unprovable, Rejected)):
        check_proof(proving.key, statement, prove(proving, mains, statement, KERNELS), KERNELS.permute)


def test_a_silent_chip_has_no_sum_to_lie_with() -> None:
    """A chip without messages once had a sum in the proof that no constraint bound: it could make any imbalance vanish."""
    key, fixed, mains, statement = example((3, 3, 2))
    silent = Chip("silent", "its column is zero")
    silent.require("it is zero", silent.column("zero"))
    with_silent = Key([*zip(key.chips, key.log_heights, strict=True), (silent, 3)], TOY, 2)
    assert len(with_silent.speaking) == 3
    mains = {**mains, "silent": np.zeros((1, 8), np.uint32)}
    proving = commit_fixed(with_silent, fixed, KERNELS)
    check_proof(proving.key, statement, prove(proving, mains, statement, KERNELS), KERNELS.permute)
    mains["table"] = mains["table"].copy()
    mains["table"][0, 1] += 1
    with pytest.raises(Rejected, match="what is sent is received"):
        check_proof(proving.key, statement, prove(proving, mains, statement, KERNELS), KERNELS.permute)


class Lazy:
    """Kernels that find a wrong nonce for one grinding."""

    def __init__(self, bits: int) -> None:
        self.bits = bits

    def __getattr__(self, name: str) -> Any:
        return getattr(KERNELS, name)

    def grind(self, state: npt.NDArray[np.uint32], bits: int) -> int:
        honest = KERNELS.grind(state, bits)
        if bits != self.bits:
            return honest
        for nonce in itertools.count():
            trial = state.copy()
            trial[:8] = [nonce, 0, 0, 0, 0, 0, 0, 0]
            if int(KERNELS.permute(trial[None])[0, 0]) & ((1 << bits) - 1):
                return nonce
        raise RuntimeError("there are more numbers than good nonces")


@pytest.mark.parametrize("bits", [TOY.batch_grinding, TOY.grinding])
def test_both_grindings_are_checked(bits: int) -> None:
    """All else is as an honest prover would do it with the wrong nonce."""
    key, fixed, mains, statement = example((3, 3, 2))
    proving = commit_fixed(key, fixed, KERNELS)
    proof = prove(proving, mains, statement, Lazy(bits))
    with pytest.raises(Rejected, match="grinding: the lowest bits were ground to zero.*got [1-3] of"):
        check_proof(proving.key, statement, proof, KERNELS.permute)


def test_the_digest_depends_on_heights_and_parameters() -> None:
    first, second = example((3, 3, 2))[0], example((3, 3, 3))[0]
    assert (first.digest != second.digest).any()
    from dataclasses import replace
    third = example((3, 3, 2), parameters=replace(TOY, queries=5))[0]
    assert (first.digest != third.digest).any()

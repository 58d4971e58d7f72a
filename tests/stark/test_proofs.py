"""The toolkit end to end: honest proofs pass; a changed word, statement, key or table is refused."""
from __future__ import annotations

import contextlib
import itertools
import weakref
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from stark import profiles
from stark.check import check
from stark.chip import Chip
from stark.codec import decode, encode
from stark.errors import Malformed, Rejected
from stark.expression import P
from stark.kernels import load
from stark.key import Key
from stark.profiles import Parameters
from stark.prover import HandedOver, Unprovable, prove
from stark.setup import commit_fixed
from stark.verifier import check_proof
from stark.watch import Watch
from tests.stark.examples import TOY, example, filled

KERNELS = load("best")
CORRUPT = (Malformed, Rejected)
GROUND = replace(TOY, lookup_grinding=4, folding_grinding=5)
WIDE = replace(GROUND, hash_width=24)


@pytest.mark.parametrize("logs", [(6, 4, 5), (2, 2, 2), (1, 5, 3), (7, 6, 6), (0, 3, 0), (0, 0, 4), (5, 0, 0), (1, 0, 0), (0, 0, 0)])
def test_an_honest_proof_passes(logs: tuple[int, int, int]) -> None:
    key, fixed, mains, statement = example(logs)
    assert check(filled(key, fixed, mains), statement) == []
    proving = commit_fixed(key, fixed, KERNELS)
    check_proof(proving.key, statement, prove(proving, mains, statement, KERNELS), KERNELS.permute)


def test_tables_stay_where_they_are_unless_they_are_handed_over() -> None:
    """Then they are gone before the second commitment is made; both proofs are word for word the same."""
    key, fixed, mains, statement = example((4, 3, 2))
    proving = commit_fixed(key, fixed, KERNELS)
    before = {name: table.copy() for name, table in mains.items()}
    proof = prove(proving, mains, statement, KERNELS)
    assert mains.keys() == before.keys() and all((mains[name] == before[name]).all() for name in mains)
    watched = {name: weakref.ref(table) for name, table in before.items()}
    left: dict[str, int] = {}

    class Look(Watch):
        @contextlib.contextmanager
        def stage(self, name: str) -> Iterator[None]:
            left[name] = sum(table() is not None for table in watched.values())
            yield
    given = HandedOver(before)
    assert before == {}
    assert (prove(proving, given, statement, KERNELS, Look()) == proof).all()
    assert left["logup"] == len(mains) and left["commit logup"] == left["quotient"] == 0
    with pytest.raises(ValueError, match="used up by an earlier proof"):
        prove(proving, given, statement, KERNELS)


@pytest.mark.parametrize("parameters", [profiles.get("p128").segment, profiles.get("p128").last, profiles.get("p100").last])
def test_a_machine_is_proved_and_verified_under_every_profile(parameters: Parameters) -> None:
    """By every kernel set, word for word alike, also across the encoding."""
    work = {name: min(5, getattr(parameters, name)) for name in ("lookup_grinding", "batch_grinding", "folding_grinding", "grinding")}
    key, fixed, mains, statement = example((5, 4, 3), parameters=replace(parameters, **work))
    proofs = []
    for kernels in (load("reference"), KERNELS):
        proving = commit_fixed(key, fixed, kernels)
        proofs.append(prove(proving, mains, statement, kernels))
        check_proof(proving.key, statement, proofs[-1], kernels.permute)
    assert (proofs[0] == proofs[1]).all()
    content = encode(proving.key, statement, proofs[0], KERNELS.permute)
    assert (decode(proving.key, statement, content, KERNELS.permute) == proofs[0]).all()


def test_a_proof_under_another_hash_is_refused() -> None:
    key, fixed, mains, statement = example((3, 3, 2), parameters=WIDE)
    proving = commit_fixed(key, fixed, KERNELS)
    proof = prove(proving, mains, statement, KERNELS)
    assert key.digest.shape == (9,) and proving.key.cap is not None and proving.key.cap.shape == (4, 9)
    check_proof(proving.key, statement, proof, KERNELS.permute)
    other = commit_fixed(example((3, 3, 2), parameters=GROUND)[0], fixed, KERNELS)
    with pytest.raises(CORRUPT):
        check_proof(other.key, statement, proof, KERNELS.permute)


@pytest.fixture(scope="module", params=[TOY, WIDE], ids=["width 16", "width 24"])
def proved(request):  # type: ignore[no-untyped-def]
    key, fixed, mains, statement = example((3, 3, 2), parameters=request.param)
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
    key, fixed, _, _ = example((3, 3, 2), parameters=proving.key.parameters)
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


@pytest.mark.parametrize("chip, column", [("multiplier", 2), ("table", 0), ("fibonacci", 0), ("fibonacci", 1), ("fibonacci", 2)])
@pytest.mark.parametrize("kernels", ["reference", "best"])
def test_a_chip_of_one_row_that_lies_is_unprovable_or_refused(kernels: str, chip: str, column: int) -> None:
    """Beside a tall chip, and as the whole machine."""
    for logs in ((0, 0, 0), (0, 4, 0)):
        key, fixed, mains, statement = example(logs)
        mains["multiplier"][3] = 1
        mains[chip][column, 0] ^= 5
        assert check(filled(key, fixed, mains), statement)
        proving = commit_fixed(key, fixed, load(kernels))
        with pytest.raises((Unprovable, Rejected)):
            check_proof(proving.key, statement, prove(proving, mains, statement, load(kernels)), KERNELS.permute)


def test_chips_have_between_one_row_and_the_last_that_fit() -> None:
    chip = example((3, 3, 2))[0].chips[0]
    assert Key([(chip, 0)], TOY).log_cap("main") == 1 and Key([(chip, 5)], TOY).log_cap("main") == 2
    assert Key([(chip, 24 - TOY.log_blowup), (example()[0].chips[1], 0)], TOY).log_domain == 24
    for log_height, complaint in ((-1, "at least one row"), (24, "more than 2\\^24 points")):
        with pytest.raises(ValueError, match=complaint):
            Key([(chip, log_height)], TOY)


def test_an_absent_chip_costs_nothing_and_its_messages_are_missed() -> None:
    """A machine may leave a chip out of its key; then no row of it exists, and what the others say to it has no answer."""
    key, fixed, mains, statement = example((3, 3, 2))
    kept = [(chip, log) for chip, log in zip(key.chips, key.log_heights, strict=True) if chip.name != "fibonacci"]
    absent = Key(kept, TOY, 2)
    assert absent.opened_count < key.opened_count and absent.head_words < key.head_words and (absent.digest != key.digest).any()
    proving = commit_fixed(absent, fixed, KERNELS)
    without = dict(mains)
    looked_up = without.pop("fibonacci")[2]
    with pytest.raises(Rejected, match="what is sent is received"):
        check_proof(proving.key, statement, prove(proving, without, statement, KERNELS), KERNELS.permute)
    without["table"] = without["table"] - np.bincount(looked_up, minlength=8).astype(np.uint32)
    proof = prove(proving, without, statement, KERNELS)
    check_proof(proving.key, statement, proof, KERNELS.permute)
    with pytest.raises(CORRUPT):
        check_proof(commit_fixed(key, fixed, KERNELS).key, statement, proof, KERNELS.permute)


def test_a_silent_chip_has_no_sum_to_lie_with() -> None:
    """A chip without messages once had a sum in the proof that no constraint bound: it could make any imbalance vanish."""
    key, fixed, mains, statement = example((3, 3, 2))
    silent = Chip("silent", "its column is zero")
    silent.require("it is zero", silent.column("zero"))
    silent.free["zero"] = "one sentence says all about it"
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


@pytest.mark.parametrize("bits", GROUND.works)
def test_every_grinding_is_checked(bits: int) -> None:
    """All else is as an honest prover would do it with the wrong nonce."""
    key, fixed, mains, statement = example((5, 3, 2), parameters=GROUND)
    assert len(key.fri_rounds) > 1
    proving = commit_fixed(key, fixed, KERNELS)
    proof = prove(proving, mains, statement, Lazy(bits))
    with pytest.raises(Rejected, match="grinding: the lowest bits were ground to zero.*got [0-9]+ of"):
        check_proof(proving.key, statement, proof, KERNELS.permute)


def test_the_digest_depends_on_heights_and_parameters() -> None:
    first, second = example((3, 3, 2))[0], example((3, 3, 3))[0]
    assert (first.digest != second.digest).any()
    third = example((3, 3, 2), parameters=replace(TOY, queries=5))[0]
    assert (first.digest != third.digest).any()

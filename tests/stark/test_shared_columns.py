"""Columns of short chips that share a committed column: what they open to, and a prover who gives one the value of another."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from stark import codec, soundness
from stark import key as keys
from stark.chip import Chip
from stark.errors import Rejected
from stark.expression import P
from stark.kernels import load
from stark.kernels.reference import ReferenceKernels
from stark.kernels.reference.tree import ReferenceCommitment
from stark.key import Key
from stark.profiles import Parameters
from stark.prover import prove
from stark.setup import commit_fixed
from stark.verifier import check_proof
from tests.stark.cheater import RandomTrace
from tests.stark.examples import TOY, example

U32 = npt.NDArray[np.uint32]
SURE = replace(TOY, queries=40, batch_grinding=0, grinding=0, log_pack=2)
BEST, REFERENCE = load("best", 1), load("reference")


@pytest.mark.parametrize(("logs", "packs"), [((12, 11, 10), (0, 1, 2)), ((2, 3, 11), (0, 1)), ((10, 4, 10), (0,))])
def test_both_kernels_prove_what_the_verifier_accepts(logs: tuple[int, int, int], packs: tuple[int, ...]) -> None:
    key, fixed, mains, statement = example(logs)
    assert key.packs == packs
    proofs = []
    for kernels in (BEST, REFERENCE):
        proving = commit_fixed(key, fixed, kernels)
        proofs.append(prove(proving, mains, statement, kernels))
    assert (proofs[0] == proofs[1]).all() and len(proofs[0]) == key.words
    check_proof(proving.key, statement, proofs[0], BEST.permute)
    content = codec.encode(proving.key, statement, proofs[0], BEST.permute)
    assert (codec.decode(proving.key, statement, content, BEST.permute) == proofs[0]).all()


@pytest.mark.parametrize(("logs", "lift", "packs"), [((11, 10, 10), 1, (0, 1, 2)), ((10, 4, 9), 2, (0, 2)), ((6, 4, 5), 1, (0,))])
def test_committed_columns_may_be_taller_than_every_chip(logs: tuple[int, int, int], lift: int, packs: tuple[int, ...]) -> None:
    """Both kernels prove it, and a changed cell is noticed."""
    key, fixed, mains, statement = example(logs, parameters=replace(TOY, log_lift=lift))
    assert key.packs == packs and key.log_rows == max(logs) + lift
    provings = [commit_fixed(key, fixed, kernels) for kernels in (BEST, REFERENCE)]
    proofs = [prove(proving, mains, statement, kernels) for proving, kernels in zip(provings, (BEST, REFERENCE), strict=True)]
    assert (proofs[0] == proofs[1]).all()
    check_proof(provings[0].key, statement, proofs[0], BEST.permute)
    for place in range(0, len(proofs[0]), len(proofs[0]) // 20):
        changed = proofs[0].copy()
        changed[place] = (int(changed[place]) + 1) % P
        with pytest.raises(Rejected):
            check_proof(provings[0].key, statement, changed, BEST.permute)
    changed_mains = {name: table.copy() for name, table in mains.items()}
    changed_mains["fibonacci"][1, 3] += 1
    with pytest.raises(Rejected, match="quotient times the vanishing polynomial"):
        check_proof(provings[0].key, statement, prove(provings[0], changed_mains, statement, BEST), BEST.permute)
    with pytest.raises(ValueError, match="no less rows"):
        example(logs, parameters=replace(TOY, log_lift=-1))


def test_the_digest_says_which_columns_share(monkeypatch: pytest.MonkeyPatch) -> None:
    before = example((12, 11, 10))[0]
    digest = before.digest.tolist()                     # while its columns share
    assert before.packs == (0, 1, 2)
    monkeypatch.setattr(keys, "LOG_ROOM", 11)
    after = example((12, 11, 10))[0]
    assert after.packs == (0, 1) and after.digest.tolist() != digest


def test_a_query_opens_fewer_words_than_there_are_columns() -> None:
    key = example((12, 5, 10))[0]
    columns = sum(sum(tree.widths) for tree in key.trees)
    assert sum(sum(key.segments(tree)) for tree in key.trees) < columns
    for tree, group in key.placed:
        assert group.elements <= group.shared << group.pack < group.elements + (1 << group.pack)
        assert tree.name != "quotient" or group.pack == 0


def test_the_tree_of_the_program_and_small_machines_share_nothing() -> None:
    chips = [chip for chip in example((12, 5, 10))[0].chips]
    key = Key(list(zip(chips, (5, 10, 12), strict=True)), TOY, 2, ["table"])
    assert [group.pack for group in key.groups(key.tree("program"))] == [0] and key.log_tree(key.tree("program")) == 5 + TOY.log_blowup
    assert [group.pack for group in key.groups(key.tree("main"))] == [2, 0]
    assert example((6, 4, 5))[0].packs == (0,)


def test_every_degree_too_many_costs_bits() -> None:
    shape = soundness.Shape(12, 40, 20, 1 << 14, 3)
    found = [soundness.bits(replace(SURE, log_blowup=2, queries=60), replace(shape, log_pack=pack)) for pack in (0, 2, 6)]
    assert found[0] > found[1] > found[2]


class Swaps(ReferenceKernels):
    """Says of two columns that share one that each has the value of the other, and ends FRI with what its first points say."""

    def __init__(self, key: Key, swapped: bool) -> None:
        self.key, self.swapped, self.first = key, swapped, True
    interpolate = RandomTrace.interpolate

    def commit(self, matrices: Iterable[U32], log_rows: int, log_blowup: int, log_cap: int, hash_width: int = 16,
               packs: Sequence[int] | None = None, unit: int = 1) -> ReferenceCommitment:
        tree = super().commit(matrices, log_rows, log_blowup, log_cap, hash_width, packs, unit)
        if self.first and self.swapped:
            honest = tree.evaluate
            tree.evaluate = lambda log_rows, points: honest(log_rows, points)[:, [1, 0, *range(2, 5)]]  # type: ignore[method-assign]
        self.first = False
        return tree


@pytest.mark.parametrize("swapped", [False, True])
def test_the_value_of_a_neighbour_is_not_taken(swapped: bool) -> None:
    proof, key = free_columns(SURE, swapped)
    if not swapped:
        check_proof(key, np.zeros(0, np.uint32), proof, BEST.permute)
        return
    with pytest.raises(Rejected, match="folding|folded"):
        check_proof(key, np.zeros(0, np.uint32), proof, BEST.permute)


def free_columns(parameters: Parameters, swapped: bool) -> tuple[U32, Key]:
    """Four columns of 2^10 rows that share one, beside one of 2^12, of which nothing is required."""
    short, tall, rng = Chip("short", "nothing"), Chip("tall", "nothing"), np.random.default_rng(1)
    for name in "abcd":
        short.free[name] = "the example requires nothing"
        short.column(name)
    tall.free["e"] = "the example requires nothing"
    tall.column("e")
    key = Key([(short, 10), (tall, 12)], parameters)
    assert key.packs == (0, 2) and key.segments(key.tree("main")) == [1, 1]
    mains = {"short": rng.integers(0, 1 << 30, (4, 1 << 10), np.uint32), "tall": rng.integers(0, 1 << 30, (1, 1 << 12), np.uint32)}
    proving = commit_fixed(key, {}, REFERENCE)
    return prove(proving, mains, np.zeros(0, np.uint32), Swaps(key, swapped)), proving.key

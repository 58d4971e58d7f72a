"""Machines of every form whose columns share others in several packs: every word of an opened row reaches the foldings by itself, whatever
the Merkle path says, and running sums are told apart as the definition says."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from stark import key as keys
from stark.chip import Bus, Chip
from stark.expression import P
from stark.field import ONE_EXT, ext_mul
from stark.kernels import load
from stark.key import Key
from stark.machine import Value
from stark.numbers import Numbers
from stark.prover import prove
from stark.quotients import by_pack
from stark.setup import commit_fixed
from stark.verifier import fixed_caps, verify
from tests.stark.examples import TOY

U32 = npt.NDArray[np.uint32]
KERNELS = load("best", 1)
PLAIN = replace(TOY, queries=1, log_cap=1, min_log_final=1, batch_grinding=0, grinding=0)
Form = tuple[int, int, int, int]        # of a chip: log of the rows, main columns, fixed ones, messages
FORMS: list[tuple[list[Form], dict[str, int], list[int]]] = [          # chips, parameters, packs in the order of the tape
    ([(5, 3, 0, 0)], {}, [0, 0]),                                                                               # one pack
    ([(5, 3, 0, 1), (3, 9, 2, 2), (4, 2, 1, 0)], {}, [2, 1, 2, 1, 0, 2, 0, 0]),                                 # they come back
    ([(6, 4, 2, 3), (2, 5, 3, 1), (5, 1, 0, 1), (4, 7, 1, 0)], {"log_pack": 4}, [2, 0, 0, 4, 2, 1, 0, 4, 1, 0, 0]),     # a program apart
    ([(4, 11, 1, 1), (1, 4, 0, 2)], {"log_lift": 2, "log_pack": 1}, [1, 1, 1, 0]),                              # only the quotient alone
    ([(5, 2, 0, 0), (0, 1, 1, 1)], {"hash_width": 24, "log_arity": 3}, [3, 3, 0, 3, 0]),
    ([(3, 2, 1, 1), (1, 3, 0, 1)], {"log_arity": 6}, [0, 2, 0, 2, 0, 0]),                                       # nothing is folded
]


def chips_of(forms: list[Form]) -> list[tuple[Chip, int]]:
    """Nothing is required of their columns; what a row sends it takes back."""
    out = []
    for number, (log_height, main, fixed, messages) in enumerate(forms):
        chip = Chip(f"chip {number}", "an example")
        columns = chip.columns("free", main)
        chip.free |= {name: "the example requires nothing" for name in chip.main_names}
        for k in range(fixed):
            chip.fixed(f"known.{k}")
        for k in range(messages):
            for tell in (chip.send, chip.receive):
                tell(Bus(1 + k, f"bus {k}", ("value",)), columns[k % main])
        out.append((chip, log_height))
    return out


def key_of(forms: list[Form], parameters: Mapping[str, int], apart: bool) -> Key:
    return Key(chips_of(forms), replace(PLAIN, **parameters), 0, ["chip 1"] if apart else [])


@pytest.fixture(autouse=True)
def small_columns_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "LOG_ROOM", 1)


@pytest.mark.parametrize(("forms", "parameters", "packs"), FORMS)
def test_every_word_of_an_opened_row_reaches_the_foldings(forms: list[Form], parameters: dict[str, int], packs: list[int]) -> None:
    key, rng = key_of(forms, parameters, len(forms) == 4), np.random.default_rng(len(packs))
    assert [group.pack for _, group in key.placed] == packs
    tables = [{chip.name: rng.integers(0, P, (len(names), 1 << log_height), np.uint32)
               for chip, log_height in zip(key.chips, key.log_heights, strict=True) if (names := of(chip))}
              for of in (lambda chip: chip.fixed_names, lambda chip: chip.main_names)]
    proving = commit_fixed(key, tables[0], KERNELS)
    proof = prove(proving, tables[1], np.zeros(0, np.uint32), KERNELS)
    assert broken(proving.key, proof) == set()
    at = key.head_words
    for log_leaves, words, log_cap in key.openings[:len(key.trees)]:
        for place in range(at, at + sum(words)):
            changed = proof.copy()
            changed[place] = (int(changed[place]) + int(rng.integers(1, P))) % P
            assert broken(proving.key, changed) & {"fri fold", "final polynomial"}, (words, place - at)
        at += sum(words) + key.hash.digest * (log_leaves - log_cap)


def broken(key: Key, proof: U32) -> set[str]:
    """The parts of the text that refuse a proof, all of them."""
    m = Numbers(proof, KERNELS.permute)
    verify(m, key, [m.constant(cap) for cap in fixed_caps(key)], m.constant(np.zeros(0, np.uint32)))
    return {phase for _, phase, _ in m.failed}


def test_running_sums_of_any_key_are_told_apart() -> None:
    rng, seen = np.random.default_rng(1), set[tuple[int, ...]]()
    for _ in range(150):
        forms: list[Form] = [(*rng.integers((0, 1, 0, 0), (9, 9, 3, 3)).tolist(),) for _ in range(rng.integers(2, 7))]
        key = key_of(forms, {"log_pack": int(rng.integers(6)), "log_lift": int(rng.integers(3))}, bool(rng.integers(2)))
        packs = [group.pack for _, group in key.placed]
        m, sums = Numbers(np.zeros(0, np.uint32), KERNELS.permute), rng.integers(0, P, (len(packs), 2, 5)).astype(np.uint64)
        weights = [*rng.integers(0, P, (len(packs) - 1, 5)).astype(np.uint64), ONE_EXT]
        found = by_pack(m, key, [Value(m, words, True) for words in sums], [Value(m, words, True) for words in weights])
        wanted, before = {pack: np.zeros((2, 5), np.uint64) for pack in packs}, np.zeros((2, 5), np.uint64)
        for pack, words, weight in zip(packs, sums, weights, strict=True):
            after = ext_mul(words, np.broadcast_to(weight, words.shape))
            wanted[pack], before = (wanted[pack] + after + P - before) % P, after
        assert found.keys() == wanted.keys()
        assert all((found[pack].data == wanted[pack]).all() for pack in wanted)
        seen.add(tuple(packs))
    assert len(seen) > 80

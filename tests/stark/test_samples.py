"""The sample machines against changed cells (M), changed padding (M-pad) and lost requirements (K)."""
from __future__ import annotations

import runpy
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stark.attack import changes
from stark.check import Filled, check
from stark.errors import Rejected
from stark.expression import P
from stark.kernels import load
from stark.key import Key
from stark.prover import Unprovable, prove
from stark.setup import ProvingKey, commit_fixed
from stark.verifier import check_proof
from tests.stark.examples import TOY, U32, example

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
KERNELS = load("best")
Machine = tuple[Key, Mapping[str, U32], Mapping[str, U32], U32]        # key without cap, fixed tables, main tables, statement


@cache
def script(name: str) -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


def machine(name: str) -> Machine:
    if name == "fibonacci":
        made = script(name)
        return Key([(made["chip"], made["LOG_ROWS"])], TOY, 3), {}, {"fibonacci": made["table"].copy()}, made["statement"].copy()
    if name == "squares":
        made = script(name)
        pairs = [(made["users"], made["LOG_USERS"]), (made["squares"], made["LOG_TABLE"])]
        return Key(pairs, TOY), made["proving"].fixed, {chip: table.copy() for chip, table in made["mains"].items()}, made["statement"]
    return example((4, 3, 3))


def broken(made: Machine) -> set[str]:
    key, fixed, mains, statement = made
    empty = np.zeros((0, 0), np.uint32)
    return {one.sentence for one in check([Filled(chip, fixed.get(chip.name, empty), mains[chip.name]) for chip in key.chips], statement)}


@pytest.mark.parametrize("name", ["fibonacci", "squares", "three chips"])
def test_no_cell_that_counts_can_be_changed(name: str) -> None:
    """Every column, some ten values, in the first, a middle and the last row."""
    made = machine(name)
    key, fixed, mains, _ = made
    assert broken(made) == set()
    tried = 0
    for chip in key.chips:
        table = mains[chip.name]
        rows = (0, table.shape[1] // 2, table.shape[1] - 1)
        filled = Filled(chip, fixed.get(chip.name, np.zeros((0, 0), np.uint32)), table)
        for change in changes(filled, rows, np.random.default_rng(1)):
            honest = int(table[change.column, change.row])
            table[change.column, change.row] = change.value
            column = chip.main_names[change.column]
            if name == "three chips" and chip.name == "multiplier" and column != "on":
                on = table[chip.main_names.index("on"), change.row]
                assert bool(broken(made)) == bool(on), (change, on)                 # a row that is off may hold anything
            else:
                assert broken(made), (chip.name, column, change)
            table[change.column, change.row] = honest
            tried += 1
    assert tried > 30


def test_padding_may_hold_anything_and_says_nothing() -> None:
    """Random numbers in all rows that are off; any other flag there is refused."""
    made = machine("three chips")
    table = made[2]["multiplier"]
    off = np.flatnonzero(table[3] == 0)
    rng = np.random.default_rng(2)
    assert len(off) > 1
    table[:3, off] = rng.integers(0, P, (3, len(off)))
    assert broken(made) == set()
    for flag in (1, 2, P - 1, int(rng.integers(3, P))):
        table[3, off[0]] = flag
        assert broken(made)


def sequence(x: int, y: int, rows: int) -> tuple[list[int], list[int]]:
    terms = [x, y]
    while len(terms) <= rows:
        terms.append((terms[-1] + terms[-2]) % P)
    return terms[:-1], terms[1:]


def other_start(x: int, y: int) -> Callable[[Machine], None]:
    def forge(made: Machine) -> None:
        table = made[2]["fibonacci"]
        table[:2] = sequence(x, y, table.shape[1])
        made[3][-1] = table[1, -1]
    return forge


def other_end(made: Machine) -> None:
    made[3][-1] ^= 1


def any_x(made: Machine) -> None:
    table = made[2]["fibonacci"]
    table[0, 1:] = np.random.default_rng(3).integers(0, P, table.shape[1] - 1)
    for row in range(table.shape[1] - 1):
        table[1, row + 1] = (int(table[0, row]) + int(table[1, row])) % P
    made[3][-1] = table[1, -1]


def any_y(made: Machine) -> None:
    table = made[2]["fibonacci"]
    table[1, 1:] = np.random.default_rng(4).integers(0, P, table.shape[1] - 1)
    table[0, 1:] = table[1, :-1]
    made[3][-1] = table[1, -1]


def on_twice(made: Machine) -> None:
    """Everything that the row says is said, and answered, twice."""
    table = made[2]["multiplier"]
    row = int(np.flatnonzero(table[3])[0])
    table[3, row] = 2
    made[2]["table"][0] += np.bincount(table[:2, row], minlength=made[2]["table"].shape[1]).astype(np.uint32)


def other_product(made: Machine) -> None:
    table = made[2]["multiplier"]
    table[2, np.flatnonzero(table[3])[0]] ^= 1


FORGERIES: dict[tuple[str, str], Callable[[Machine], None]] = {
    ("fibonacci", "x starts with the first public word"): other_start(2, 1),
    ("fibonacci", "y starts with the second public word"): other_start(1, 2),
    ("fibonacci", "x becomes y"): any_x,
    ("fibonacci", "y becomes the sum"): any_y,
    ("fibonacci", "y ends with the third public word"): other_end,
    ("three chips", "it starts at the first public word"): other_start(2, 1),
    ("three chips", "x takes the place of y"): any_x,
    ("three chips", "y is the sum"): any_y,
    ("three chips", "it ends at the second public word"): other_end,
    ("three chips", "on is 0 or 1"): on_twice,
    ("three chips", "c is the product"): other_product,
}


@pytest.mark.parametrize("name, sentence", FORGERIES)
def test_every_requirement_is_needed_and_enough(name: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forgery breaks this sentence and no other: without it the forgery has a proof that passes, with it it has none."""
    made = machine(name)
    FORGERIES[name, sentence](made)
    assert broken(made) == {sentence}
    key, fixed, mains, statement = made
    proving = commit_fixed(key, fixed, KERNELS)
    with pytest.raises((Unprovable, Rejected)):
        check_proof(proving.key, statement, prove(proving, mains, statement, KERNELS), KERNELS.permute)
    strong = proving.key.digest
    for chip in key.chips:
        monkeypatch.setattr(chip, "requirements", [one for one in chip.requirements if one.sentence != sentence])
    weak = Key(list(zip(key.chips, key.log_heights, strict=True)), key.parameters, key.statement, caps=proving.key.caps)
    assert (weak.digest != strong).any()
    weaker = ProvingKey(weak, fixed, proving.trees)                 # past the rules, which might see what is missing
    check_proof(weak, statement, prove(weaker, mains, statement, KERNELS), KERNELS.permute)


def test_there_is_a_forgery_for_every_requirement() -> None:
    for name in ("fibonacci", "squares", "three chips"):
        sentences = {requirement.sentence for chip in machine(name)[0].chips for requirement in chip.requirements}
        assert sentences == {sentence for one, sentence in FORGERIES if one == name}


@pytest.mark.parametrize("name", ["squares", "three chips"])
def test_every_message_is_needed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it an honest table does not balance any more."""
    made = machine(name)
    for chip in made[0].chips:
        for message in list(chip.messages):
            with monkeypatch.context() as patch:
                patch.setattr(chip, "messages", [one for one in chip.messages if one is not message])
                assert broken(made), (chip.name, message.bus.name)
    assert broken(made) == set()

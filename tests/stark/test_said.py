"""What an author of chips is told when something is not as it must be: in a sentence, by the first function that sees it."""
from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stark import profiles
from stark.check import Filled, check, machine
from stark.chip import Bus, Chip
from stark.errors import Malformed
from stark.kernels import load
from stark.key import Key
from stark.prover import prove
from stark.rules import violations
from stark.setup import commit_fixed
from tests.stark.examples import TOY

ROOT = Path(__file__).parents[2]
KERNELS = load("best")
BYTES = Bus(1, "bytes", ("byte",), below=(256,), tables=("bytes",))
ledger, table = Chip("ledger", "bytes add up to the first public word"), Chip("bytes", "every byte once")
amount, total = ledger.column("amount"), ledger.column("total")
ledger.require("it begins", total - amount, "first")
ledger.require("it goes on", total.next - total - amount.next, "next")
ledger.require("it ends", total - ledger.public(0), "last")
ledger.send(BYTES, amount)
table.receive(BYTES, table.fixed("byte"), times=table.count("times"))
AMOUNTS = np.arange(16)
MAINS = {"ledger": ledger.table({"amount": AMOUNTS, "total": np.cumsum(AMOUNTS)}, 4),
         "bytes": table.table({"times": np.bincount(AMOUNTS, minlength=256)}, 8)}
FIXED = {"bytes": table.fixed_table({"byte": np.arange(256)}, 8)}
STATEMENT = np.array([120], np.uint32)
PROVING = commit_fixed(Key([(ledger, 4), (table, 8)], TOY, statement=1), FIXED, KERNELS)
SHORT, NOTHING = MAINS["ledger"][:, :8], np.zeros((0, 0), np.uint32)


def test_a_machine_is_its_chips_with_their_tables() -> None:
    assert not check(machine([ledger, table], MAINS, FIXED), STATEMENT)
    for mains, fixed, names in (({}, FIXED, "bytes, ledger"), ({**MAINS, "legder": SHORT}, FIXED, "legder"),
                                (MAINS, {"byte": SHORT}, "byte$")):
        with pytest.raises(ValueError, match=f"these chips have no main table, or their tables are for no chip: {names}"):
            machine([ledger, table], mains, fixed)


@pytest.mark.parametrize("tables, statement, said", [
    ((MAINS["ledger"], NOTHING), STATEMENT, r"the fixed table of chip bytes has shape \(0, 0\), not \(1, 256\)"),
    ((MAINS["ledger"].T, FIXED["bytes"]), STATEMENT, r"the main table of chip ledger has shape \(16, 2\), not \(2, 2\)"),
    ((MAINS["ledger"][:, :5], FIXED["bytes"]), STATEMENT, "the tables of chip ledger have 5 rows, which is no power of two"),
    ((MAINS["ledger"], FIXED["bytes"]), (), r"chip ledger looks at words \[0\] of a statement of 0")], ids=range(4))
def test_tables_of_another_shape_are_not_checked(tables: Any, statement: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check([Filled(ledger, NOTHING, tables[0]), Filled(table, tables[1], MAINS["bytes"])], statement)


@pytest.mark.parametrize("column, said", [
    ([0.5], "column amount is no row of whole numbers"), (["1"], "no row of whole numbers"),
    ([[1]], "no row of whole numbers"),
    ([2.0**53], "no row of whole numbers"), ([np.inf], "no row of whole numbers"), ([np.nan], "no row of whole numbers"),
    ([2**70], "no row of whole numbers"), ([None], "no row of whole numbers"),
    (range(17), "17 rows of column amount do not fit in 2\\^4")], ids=repr)
def test_a_column_is_a_row_of_whole_numbers(column: Any, said: str) -> None:
    with pytest.raises(ValueError, match=f"chip ledger: .*{said}"):
        ledger.table({"amount": column, "total": [1]}, 4)


def test_integers_are_taken_modulo_p() -> None:
    p = 2**31 - 2**24 + 1
    made = ledger.table({"amount": [-1, p, p + 1], "total": np.array([2**64 - 1, 1], np.uint64)}, 2)
    assert made.tolist() == [[p - 1, 0, 1, 0], [(2**64 - 1) % p, 1, 0, 0]]
    assert ledger.table({"amount": [], "total": 7.0}, 1).tolist() == [[0, 0], [7, 7]]


def test_columns_that_are_missing_are_told_from_those_that_are_unknown() -> None:
    with pytest.raises(ValueError, match=r"columns missing or unknown \(missing: amount; unknown: amuont\)"):
        ledger.table({"amuont": [1], "total": [1]}, 4)


@pytest.mark.parametrize("mains, statement, said", [
    ({"ledger": MAINS["ledger"]}, STATEMENT, "there is no table of chip bytes"),
    ({**MAINS, "legder": SHORT}, STATEMENT, "there are tables of chips that the key has not: legder"),
    ({**MAINS, "ledger": SHORT}, STATEMENT, r"a table of chip ledger has shape \(2, 8\), not \(2, 16\)"),
    (MAINS, [120], "a statement is a row of words: an array of integers"), (MAINS, STATEMENT[:0], "the statement has 0 words, not 1"),
    (MAINS, STATEMENT.astype(np.int64) - 2**20, "a word of the statement is not canonical")], ids=range(6))
def test_the_prover_looks_at_what_it_is_given(mains: Any, statement: Any, said: str) -> None:
    with pytest.raises((ValueError, Malformed), match=said):
        prove(PROVING, mains, statement, KERNELS)


def split() -> Chip:
    return Chip("split", "")


def of_degree_four() -> Chip:
    chip = split()
    x = chip.column("x")
    chip.require("a cube", x.next - x * x * x, "next")
    return chip


def of_a_limb() -> Chip:
    chip = split()
    chip.require("two limbs", chip.column("high") * 256 - chip.public(0))
    return chip


def of_a_look_up_that_is_not_sent() -> Chip:
    chip = split()
    x, on = chip.column("x"), chip.boolean("on")
    chip.require("a sum", x.next - x - on, "next")
    chip.send(BYTES, x, times=on)
    return chip


def of_the_next_row() -> Chip:
    chip = split()
    chip.require("it grows", chip.column("x").next)
    return chip


def of_another_table() -> Chip:
    chip = split()
    chip.receive(BYTES, chip.fixed("x"), times=chip.count("times"))
    return chip


def of_a_reason_for_nothing() -> Chip:
    chip = of_a_limb()
    chip.free["hihg"] = "it may hold anything"
    return chip


def of_a_word_before_the_first() -> Chip:
    chip = split()
    chip.require("a word", chip.column("x") - chip.public(-1) - chip.public(0))
    return chip


@pytest.mark.parametrize("make, said", [
    (of_degree_four, "“a cube” has degree 4, more than 3, of which one is that it holds on next rows"),
    (of_a_limb, "column high is looked at once, by “two limbs”"),
    (of_a_look_up_that_is_not_sent, "column x is looked at once, and in messages that need not be sent: by “a sum”"),
    (of_the_next_row, "“it grows” looks at the next row but holds on every rows, not on those that have a next one"),
    (of_another_table, "is no table of bus bytes, where its count is how often it is looked up (tables there: bytes)"),
    (of_a_reason_for_nothing, "says that hihg is free, which is no column of it"),
    (of_a_word_before_the_first, "looks at word -1 of a statement of 1")])
def test_a_rule_says_what_it_is_about(make: Callable[[], Chip], said: str) -> None:
    assert f"chip split: {said}" in violations([make()], {"split": 2}, statement=1)


def test_what_is_against_the_rules_is_said_line_by_line() -> None:
    with pytest.raises(ValueError) as refused:
        commit_fixed(Key([(of_a_reason_for_nothing(), 2)], TOY), {}, KERNELS)
    first, *others = str(refused.value).splitlines()
    assert first == "this machine is not set up:" and len(others) == 4 and all(line.startswith("- chip split: ") for line in others)


def test_a_key_says_what_is_too_tall_and_what_are_parameters() -> None:
    with pytest.raises(ValueError, match=r"chip bytes has 2\^256 rows, and the field has no domain"):
        Key([(ledger, 16), (table, 256)], TOY)
    with pytest.raises(TypeError, match="profile.segment"):
        Key([(ledger, 4)], profiles.get("toy"))  # type: ignore[arg-type]


def test_the_profiles_are_named_where_there_is_no_such() -> None:
    with pytest.raises(LookupError, match="no profile named 'p99'; there are p100, p128, toy$"):
        profiles.get("p99")


def test_kernels_are_known_and_have_a_thread() -> None:
    with pytest.raises(ValueError, match="there are best, native, reference"):
        load("rust")
    with pytest.raises(ValueError, match="at least one thread"):
        load("best", threads=0)


def test_without_the_native_kernels_the_best_are_the_reference() -> None:
    code = ("import importlib.util as u\nfound = u.find_spec\n"
            "u.find_spec = lambda name, *_: None if name == 'longrun_native' else found(name)\n"
            "from stark.kernels import load\nprint(type(load('best')).__name__)\nload('native')")
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert done.stdout == "ReferenceKernels\n" and "ValueError: the native kernels are not installed" in done.stderr

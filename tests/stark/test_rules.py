"""The static rules: what they refuse, and that no machine is set up against them."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from stark import ranges
from stark.chip import Bus, Chip
from stark.expression import Expression, P
from stark.kernels import load
from stark.key import Key
from stark.multiplicities import violations_of
from stark.rules import violations
from stark.settings import Rows
from stark.setup import commit_fixed
from stark.speaking import Speaking
from tests.stark.examples import TOY, U32, multiplier

BUS = Bus(1, "bus", ("value",))
Multiplicity = Callable[[Chip], Expression | int]


def chip_with(times: Multiplicity) -> Chip:
    chip = Chip("sender", "sends")
    chip.fixed("mark")
    chip.send(BUS, chip.column("value"), times=times(chip))
    return chip


def flags(chip: Chip, exclusive: bool) -> list[Expression]:
    bits = [chip.boolean(name) for name in ("add", "sub", "mul")]
    if exclusive:
        chip.require("at most one", sum(bits, start=chip.constant(0)) * (sum(bits, start=chip.constant(0)) - 1))
    return bits


def two_of_three(exclusive: bool) -> Multiplicity:
    return lambda chip: (bits := flags(chip, exclusive))[0] + bits[1]


def choice(implied: bool) -> Multiplicity:
    """real - special, where only a real row should be special."""
    def times(chip: Chip) -> Expression:
        real, special = chip.boolean("real"), chip.boolean("special")
        if implied:
            chip.require("only a real row is special", special * (1 - real))
        return real - special
    return times


def derived(both: bool) -> Multiplicity:
    def times(chip: Chip) -> Expression:
        a, b, either = chip.boolean("a"), chip.boolean("b"), chip.column("either")
        chip.require_equal("either is one of them", either, a + b if both else a + b - a * b)
        return either
    return times


def bit_on_marked_rows(chip: Chip) -> Expression:
    return chip.boolean("bit") * chip.graph.input("fixed", 0)


def circular(chip: Chip) -> Expression:
    a, b = chip.column("a"), chip.column("b")
    chip.require_equal("they are equal", a, b)
    return a


GOOD: dict[str, Multiplicity] = {
    "always": lambda chip: 1, "never": lambda chip: 0, "received": lambda chip: -1, "a bit": lambda chip: chip.boolean("bit"),
    "received by a bit": lambda chip: 0 - chip.boolean("bit"), "two of three exclusive bits": two_of_three(True),
    "special rows are real": choice(True), "a bit that is derived": derived(False),
    "as the key says": lambda chip: chip.graph.input("fixed", 0), "a bit where the key says so": bit_on_marked_rows,
    "the count of a table": lambda chip: 0 - chip.count("count")}
BAD: dict[str, tuple[Multiplicity, str]] = {
    "a number that is received": (lambda chip: 0 - chip.column("number"), "as often as number says, which need not be a bit"),
    "something made of a count": (lambda chip: 1 - chip.count("count"), "as often as count says, which need not be a bit"),
    "any number": (lambda chip: chip.column("number"), "as often as number says, which need not be a bit"),
    "twice": (lambda chip: 2, "can be sent 2 times by one row"),
    "two of three bits": (two_of_three(False), "can be sent 1 or 2 times by one row"),
    "a row that takes what it should send": (choice(False), "can be sent 1 or -1 times by one row"),
    "a number that is derived": (derived(True), "can be sent 1 or 2 times by one row"),
    "padding": (lambda chip: 1 - chip.boolean("padding"), "is sent by a row of zeros"),
    "twice where the key says so": (lambda chip: 2 * bit_on_marked_rows(chip), "can be sent 2 times by one row"),
    "numbers that are defined by each other": (circular, "says, which need not be a bit"),
    "the statement": (lambda chip: chip.public(0), "something beside its row"),
    "the next row": (lambda chip: chip.boolean("bit").next, "something beside its row"),
    "too many bits": (lambda chip: sum((chip.boolean(f"bit.{k}") for k in range(17)), start=chip.constant(0)), "too many to be tried")}
MARKS = np.array([[0, 1, 1, 0]], np.uint32)


@pytest.mark.parametrize("name", GOOD)
def test_these_multiplicities_keep_the_rule(name: str) -> None:
    assert violations_of(Rows(chip_with(GOOD[name]), MARKS)) == []


@pytest.mark.parametrize("name", BAD)
def test_these_multiplicities_break_it(name: str) -> None:
    times, complaint = BAD[name]
    found = violations_of(Rows(chip_with(times), MARKS))
    assert len(found) == 1 and found[0].startswith("a message on bus bus ") and complaint in found[0]


def test_that_a_column_may_hold_anything_makes_it_no_count() -> None:
    for times in (lambda chip: chip.column("count"), lambda chip: 0 - chip.column("count")):
        chip = chip_with(times)
        chip.free["count"] = "a table is looked up as often as others like"
        assert violations_of(Rows(chip, MARKS))


def test_what_the_key_says_is_counted() -> None:
    """A fixed multiplicity may be large, and then a bus carries that many messages."""
    chip = chip_with(lambda chip: chip.graph.input("fixed", 0))
    most = np.array([[2**30 - 2**23, 2**30 - 2**23, 0, 0]], np.uint32)                 # their sum is p - 1
    chip.free["value"] = "it is sent"
    assert violations([chip], {"sender": 2}, {"sender": most}) == []
    most[0, 3] = 1
    assert violations([chip], {"sender": 2}, {"sender": most}) == ["bus bus can carry 2130706433 messages"]


def set_up(*chips: Chip, fixed: dict[str, U32] | None = None) -> None:
    commit_fixed(Key([(chip, 2) for chip in chips], TOY), fixed or {}, load("best"))


def test_no_machine_is_set_up_against_the_rules() -> None:
    chip = Chip("sender", "sends")
    chip.send(BUS, chip.column("value"), times=chip.column("number"))
    with pytest.raises(ValueError, match="which need not be a bit"):
        set_up(chip)
    with pytest.raises(ValueError, match="two chips are called multiplier"):
        set_up(multiplier(), multiplier())
    hint = Chip("hint", "nothing")
    hint.column("loose")
    with pytest.raises(ValueError, match="column loose is looked at never"):
        set_up(hint)


@pytest.mark.parametrize("marks, complaint", [([1, 1, 1, 0], ""), ([1, 1, 1, 1], "does not end at the last row")])
def test_what_goes_round_ends_at_the_last_row(marks: list[int], complaint: str) -> None:
    """A chip that is short goes round many times in the tall polynomial, so that its first row may not depend on its last."""
    chip = Chip("counter", "it counts")
    follows, count = chip.fixed("follows"), chip.column("count")
    chip.require("the next row counts on", follows * (count.next - count - 1), "wrap")
    chip.require("it starts at zero", count, "first")
    fixed = {"counter": np.array([marks], np.uint32)}
    if complaint:
        with pytest.raises(ValueError, match=complaint):
            set_up(chip, fixed=fixed)
    else:
        set_up(chip, fixed=fixed)


LIMB, BYTE, BELOW_FIVE = (Bus(2, "limb", ("value",), (1 << 16,)), Bus(3, "bytes", ("x", "y"), (256, 256)),
                          Bus(4, "five", ("value",), (5,), ("table",)))
Ranged = Callable[[Chip], None]


def looked_up(chip: Chip, bus: Bus, name: str) -> Expression:
    column = chip.column(name)
    chip.send(bus, column, *[0] * (len(bus.fields) - 1))
    return column


def product_of(bus: Bus) -> Ranged:
    def define(chip: Chip) -> None:
        a, b, c = (looked_up(chip, bus if name != "c" else LIMB, name) for name in "abc")
        chip.require("c is the product", a * b - c)
    return define


def carried(*held: int) -> Ranged:
    """A limb and carries; sums of the carries times these numbers are looked up."""
    def define(chip: Chip) -> None:
        low, *carries = (looked_up(chip, LIMB, name) for name in ("low", "carry", "other carry"))
        for factor in held:
            chip.send(LIMB, factor * (carries[0] + carries[1]))
        for carry in carries:
            chip.require(f"low and {carry.number}", low - (1 << 16) * carry)
    return define


def bits_up_to(most: int) -> Ranged:
    def define(chip: Chip) -> None:
        a, b, c = (chip.boolean(name) for name in "abc")
        chip.require("they are none", P // 2 * a + P // 2 * b + (most - P + 1) * c)
    return define


def unknown(chip: Chip) -> None:
    chip.require("c is the product", looked_up(chip, LIMB, "a") * looked_up(chip, LIMB, "b") - chip.column("c"))


RANGED: dict[str, tuple[Ranged, bool]] = {
    "bytes": (product_of(BYTE), True), "limbs": (product_of(LIMB), False), "numbers below 5": (product_of(BELOW_FIVE), True),
    "carries of 16 bits": (carried(), False), "carries that are held to 14 bits": (carried(4), True),
    "carries of 15 bits": (carried(2), False),
    "a look-up that could go round itself": (carried(1 << 15), False),
    "up to p - 1": (bits_up_to(P - 1), True), "up to p": (bits_up_to(P), False),
    "a number of the field": (unknown, True)}


@pytest.mark.parametrize("name", RANGED)
def test_numbers_stay_below_p(name: str) -> None:
    """Published bugs: products of limbs of 16 bits, carries of 16 bits."""
    define, fine = RANGED[name]
    chip = Chip("chip", "computes")
    define(chip)
    found = [text.split(":")[0].endswith("can reach p") for text in ranges.violations_of(Speaking(chip, None))]
    assert found == ([] if fine else [True] * (2 if name.startswith(("carries", "a look-up")) else 1))
    whole = violations([chip], {"chip": 3})
    assert any("can reach p" in text for text in whole) == (not fine)


def test_a_table_keeps_to_the_type_of_its_bus() -> None:
    chip = Chip("table", "numbers below 5")
    chip.receive(BELOW_FIVE, chip.fixed("value"), times=chip.count("times"))
    assert violations([chip], {"table": 2}, {"table": np.array([[0, 1, 2, 4]], np.uint32)}) == []
    found = violations([chip], {"table": 2}, {"table": np.array([[0, 1, 2, 5]], np.uint32)})
    assert found == ["chip table: what is made of fixed value is not below 5, as field value of bus five is"]


def test_a_table_of_sums_keeps_to_the_type_of_its_bus() -> None:
    chip = Chip("table", "numbers below 5, in two parts")
    chip.receive(BELOW_FIVE, chip.fixed("low") + 2 * chip.fixed("high"), times=chip.count("times"))
    low = np.array([[0, 1, 0, 1], [0, 0, 1, 1]], np.uint32)
    assert violations([chip], {"table": 2}, {"table": low}) == []
    low[1, 3] = 2
    assert violations([chip], {"table": 2}, {"table": low}) == [
        "chip table: what is made of fixed low, high is not below 5, as field value of bus five is"]

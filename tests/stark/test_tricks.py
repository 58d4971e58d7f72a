"""Machines of an author who wants to prove something false: each would, if it were set up, and none is."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from stark import setup
from stark.chip import Bus, Chip
from stark.expression import Expression, P
from stark.kernels import load
from stark.key import Key
from stark.prover import prove
from stark.setup import commit_fixed
from stark.verifier import check_proof
from tests.stark.examples import TOY, U32

KERNELS = load("best")
LOG_BELOW = 10
RANGE = Bus(1, "range", ("value",), (1 << LOG_BELOW,), ("table",))
WIDE = Bus(2, "wide", ("value",), (1 << 16,), ("wide table",))
CELL = Bus(3, "cell", ("address", "value"))
BLOCK = Bus(4, "block", ("number", "value"), tables=("entries",))
TOLD = Bus(5, "told", ("value",), (1 << LOG_BELOW,))
FALSE = 999_999                                         # is not below 2^10
ROOT = next(v for v in range(46342, 1 << 16) if (r := v * v % P) < 1 << 16 and int(r ** .5 + .5) ** 2 != r)
SQUARE = ROOT * ROOT % P                                # is below 2^16 and no square


@dataclass
class Trick:
    """Chips with their columns; heights follow from the columns, and are at least 4."""

    says: str
    complaint: str
    chips: list[tuple[Chip, Mapping[str, npt.ArrayLike]]]
    public: int | tuple[int, ...] = FALSE

    def set_up(self) -> setup.ProvingKey:
        fixed = {chip.name: chip.fixed_table({name: columns[name] for name in chip.fixed_names}, self.log(columns))
                 for chip, columns in self.chips if chip.fixed_names}
        return commit_fixed(Key([(chip, self.log(columns)) for chip, columns in self.chips], TOY, len(self.statement)), fixed, KERNELS)

    def prove(self, key: setup.ProvingKey) -> None:
        mains = {chip.name: chip.table({name: columns[name] for name in chip.main_names}, self.log(columns))
                 for chip, columns in self.chips}
        check_proof(key.key, self.statement, prove(key, mains, self.statement, KERNELS), KERNELS.permute)

    @property
    def statement(self) -> U32:
        return np.atleast_1d(np.array(self.public, np.uint32))

    @staticmethod
    def log(columns: Mapping[str, npt.ArrayLike]) -> int:
        return max(2, max((np.size(column) - 1).bit_length() for column in columns.values()))


Tricky = Callable[[], Trick]
TRICKS: dict[str, Tricky] = {}


def trick(make: Tricky) -> Tricky:
    TRICKS[make.__name__.replace("_", " ")] = make
    return make


def table(*asked: int, bus: Bus = RANGE, log: int = LOG_BELOW) -> tuple[Chip, Mapping[str, npt.ArrayLike]]:
    """The honest table, which was asked for these."""
    chip = Chip(bus.tables[0], "values below a power of two")
    chip.receive(bus, chip.fixed("value"), times=chip.count("times"))
    return chip, {"value": np.arange(1 << log), "times": np.bincount(asked, minlength=1 << log)}


def asker(times: Callable[[Chip], Expression | int], bus: Bus = RANGE) -> Chip:
    chip = Chip("asker", "the public word is below 2^10, because it is looked up")
    value = chip.column("value")
    chip.require("the value is the public word", value - chip.public(0), "first")
    chip.send(bus, value, times=times(chip))
    return chip


def free(chip: Chip) -> Expression:
    chip.free["times"] = "it may be anything"
    return chip.column("times")


@trick
def a_look_up_as_often_as_a_free_column_says() -> Trick:
    return Trick("the value is never looked up", "as often as times says, which need not be a bit",
                 [(asker(free), {"value": [FALSE], "times": [0]}), table()])


@trick
def a_look_up_as_often_as_a_count_says() -> Trick:
    return Trick("the value is never looked up", "is no table of bus range, where its count",
                 [(asker(lambda chip: chip.count("times")), {"value": [FALSE], "times": [0]}), table()])


@trick
def a_look_up_by_one_less_a_count() -> Trick:
    return Trick("a row with a 1 is silent", "as often as times says, which need not be a bit",
                 [(asker(lambda chip: 1 - free(chip)), {"value": [FALSE], "times": [1] * 4}), table()])


def memory(times: Callable[[Chip], Expression]) -> Trick:
    chip = Chip("memory", "the public word is what was written, which is 7")
    address, value, writes = chip.column("address"), chip.column("value"), chip.fixed("writes")
    chip.require("the first row reads the public word", value - chip.public(0), "first")
    chip.send(CELL, 0, 7, times=writes)
    chip.receive(CELL, address, value, times=times(chip))
    return Trick("the second row reads what the first should", "",
                 [(chip, {"writes": [1], "address": [0, 0], "value": [FALSE, 7], "times": [0, 1]})])


@trick
def a_cell_that_is_read_as_often_as_a_free_column_says() -> Trick:
    made = memory(free)
    made.complaint = "as often as times says, which need not be a bit"
    return made


@trick
def a_cell_that_is_read_as_often_as_a_count_says() -> Trick:
    made = memory(lambda chip: chip.count("times"))
    made.complaint = "is no table of bus cell, where its count"
    return made


@trick
def a_cell_that_need_not_be_read() -> Trick:
    made = memory(lambda chip: chip.boolean("times"))
    made.complaint = "column value is looked at once, and in messages that need not be sent"
    return made


def anybody(bus: Bus, times: Callable[[Chip], Expression | int], name: str = "anybody") -> Chip:
    chip = Chip(name, "receives whatever there is")
    value = chip.column("value")
    chip.receive(bus, value, times=times(chip))
    return chip


def always(chip: Chip) -> int:
    return 1


@trick
def a_second_table_with_a_count() -> Trick:
    return Trick("whatever is asked is there", "is no table of bus range, where its count",
                 [(asker(always), {"value": [FALSE, 0, 0, 0]}), table(0, 0, 0),
                  (anybody(RANGE, lambda chip: chip.count("times")), {"value": [FALSE], "times": [1]})])


@trick
def somebody_who_receives_beside_the_table() -> Trick:
    return Trick("whatever is asked is there", "says on bus range what only a table may say",
                 [(asker(always), {"value": [FALSE, 0, 0, 0]}), table(0, 0, 0),
                  (anybody(RANGE, lambda chip: chip.boolean("bit")), {"value": [FALSE], "bit": [1]})])


@trick
def somebody_who_sends_as_often_as_minus_one() -> Trick:
    chip = Chip("anybody", "sends, as it looks")
    chip.send(RANGE, chip.column("value"), times=chip.boolean("bit") * (P - 1))
    return Trick("whatever is asked is there", "says on bus range what only a table may say",
                 [(asker(always), {"value": [FALSE, 0, 0, 0]}), table(0, 0, 0), (chip, {"value": [FALSE], "bit": [1]})])


@trick
def a_table_of_main_columns_that_nothing_holds() -> Trick:
    chip = anybody(RANGE, lambda chip: chip.count("times"), "table")
    return Trick("the one table says what it likes", "what is received of value is not held below 1024",
                 [(asker(always), {"value": [FALSE, 0, 0, 0]}), (chip, {"value": [FALSE, 0], "times": [1, 3]})])


@trick
def a_table_that_nothing_ties_down() -> Trick:
    untyped = Bus(1, "range", ("value",), tables=("table",))
    chip = anybody(untyped, lambda chip: chip.count("times"), "table")
    return Trick("the one table says what it likes", "column value is looked at never",
                 [(asker(always, untyped), {"value": [FALSE, 0, 0, 0]}), (chip, {"value": [FALSE, 0], "times": [1, 3]})])


def square(*buses: Bus, times: Callable[[Chip], Expression | int] = always) -> Chip:
    """The last bus holds the root; those before hold both, always."""
    chip = Chip("square", "the public word is the square of a number, over the integers")
    root, value = chip.column("root"), chip.column("square")
    for bus in buses[:-1]:
        chip.send(bus, root)
    chip.send(WIDE, value)
    chip.send(buses[-1], root, times=times(chip))
    chip.require("the square is that of the root", root * root - value)
    chip.require("the public word is the square", value - chip.public(0), "first")
    return chip


@trick
def a_table_of_sums_beyond_the_type_of_its_bus() -> Trick:
    chip = Chip("table", "values below 2^10 in two parts")
    chip.receive(RANGE, chip.fixed("low") + 256 * chip.fixed("high"), times=chip.count("times"))
    rows = np.arange(1 << 16)
    return Trick("the table has more than it should", "what is made of fixed low, high is not below 1024",
                 [(square(RANGE), {"root": [ROOT], "square": [SQUARE]}), table(SQUARE, 0, 0, 0, bus=WIDE, log=16),
                  (chip, {"low": rows % 256, "high": rows // 256, "times": np.bincount([ROOT, 0, 0, 0], minlength=1 << 16)})], SQUARE)


@trick
def a_receiver_that_is_not_held_to_the_type_of_the_bus() -> Trick:
    chip = anybody(TOLD, lambda chip: chip.boolean("bit"))
    return Trick("the receiver takes what is sent", "what is received of value is not held below 1024",
                 [(square(TOLD), {"root": [ROOT], "square": [SQUARE]}), table(SQUARE, 0, 0, 0, bus=WIDE, log=16),
                  (chip, {"value": [ROOT, 0, 0, 0], "bit": [1] * 4})], SQUARE)


@trick
def a_range_under_a_flag_that_is_0() -> Trick:
    chip = square(WIDE, RANGE, times=lambda chip: chip.boolean("flag"))
    return Trick("the flag is 0", "looks at root also where no look-up holds it",
                 [(chip, {"root": [ROOT], "square": [SQUARE], "flag": [0]}), table(ROOT, SQUARE, *[0] * 6, bus=WIDE, log=16), table()],
                 SQUARE)


@trick
def the_only_range_under_a_flag_that_is_0() -> Trick:
    chip = square(RANGE, times=lambda chip: chip.boolean("flag"))
    return Trick("the flag is 0", "looks at root also where no look-up holds it",
                 [(chip, {"root": [ROOT], "square": [SQUARE], "flag": [0]}), table(SQUARE, 0, 0, 0, bus=WIDE, log=16), table()], SQUARE)


@trick
def all_ranges_under_a_flag_that_is_0() -> Trick:
    chip = Chip("square", "the public word is the square of a number, over the integers, on a row that is there")
    root, value, flag = chip.column("root"), chip.column("square"), chip.boolean("flag")
    for bus, part in ((RANGE, root), (WIDE, value)):
        chip.send(bus, part, times=flag)
    chip.require("the square is that of the root", root * root - value)
    chip.require("the public word is the square", value - chip.public(0), "first")
    return Trick("a silent row tells the statement", "looks at root also where no look-up holds it",
                 [(chip, {"root": [ROOT], "square": [SQUARE], "flag": [0]}), table(bus=WIDE, log=16), table()], SQUARE)


@trick
def a_column_held_by_a_message_that_need_not_be_sent() -> Trick:
    return Trick("the flag is 0", "column value is looked at once, and in messages that need not be sent",
                 [(asker(lambda chip: chip.boolean("flag")), {"value": [FALSE], "flag": [0]}), table()])


@trick
def a_block_with_the_number_of_a_table() -> Trick:
    entries, other = Chip("entries", "entry 1 is 7"), Chip("other", "block 1 is anything")
    entries.send(BLOCK, entries.fixed("number"), entries.fixed("value"), times=entries.count("times"))
    other.send(BLOCK, other.fixed("number"), other.column("value"), times=other.fixed("there"))
    reader = Chip("reader", "the public word is 7")
    value = reader.column("value")
    reader.require("the value is the public word", value - reader.public(0), "first")
    reader.receive(BLOCK, 1, value, times=1)
    return Trick("the block is taken for an entry", "chip other: says on bus block what only a table may say",
                 [(entries, {"number": [1], "value": [7], "times": [3]}), (other, {"number": [1], "value": [FALSE], "there": [1]}),
                  (reader, {"value": [FALSE, 7, 7, 7]})])


@pytest.mark.parametrize("name", TRICKS)
def test_no_trick_is_set_up(name: str) -> None:
    made = TRICKS[name]()
    with pytest.raises(ValueError, match=made.complaint):
        made.set_up()


@pytest.mark.parametrize("name", TRICKS)
def test_every_trick_would_prove_something_false(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "violations", lambda *_: [])
    made = TRICKS[name]()
    made.prove(made.set_up())

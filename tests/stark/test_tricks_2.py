"""More machines of an author who wants to prove something false: circles, constants, the next row, several ranges at once, counts."""
from __future__ import annotations

import numpy as np
import pytest

from stark import setup
from stark.chip import Bus, Chip
from stark.expression import P
from stark.key import Key
from stark.setup import commit_fixed
from tests.stark.examples import TOY
from tests.stark.test_tricks import CELL, FALSE, KERNELS, RANGE, ROOT, SQUARE, TOLD, WIDE, Trick, always, anybody, asker, memory, table

MORE: dict[str, Trick] = {}
ROWS = Bus(12, "rows", ("value",), tables=("rows",))
POWERS = Bus(10, "powers", ("root", "square", "cube"), tables=("powers",))
CUBE = ROOT * SQUARE % P
UNHELD = "also where no look-up holds it"
CIRCLE = "is not held below 1024, as field value of bus [a-z]+ is, but by what is held by it"


def more(name: str, complaint: str, chips: list, public: int | tuple[int, ...] = SQUARE) -> None:  # type: ignore[type-arg]
    MORE[name] = Trick(name, complaint, chips, public)


def wide(*asked: int):  # type: ignore[no-untyped-def]
    return table(*asked, bus=WIDE, log=16)


def squares(*parts: str):  # type: ignore[no-untyped-def]
    """The public word is the square of the root, and looked up in WIDE; with more columns, which are bits."""
    chip = Chip("square", "the public word is the square of a number, over the integers")
    root, value = chip.column("root"), chip.column("square")
    chip.send(WIDE, value)
    chip.require("the public word is the square", value - chip.public(0), "first")
    return chip, root, value, *(chip.boolean(part) for part in parts)


def circles() -> None:
    chip, root, value = squares()
    chip.send(TOLD, root)
    chip.receive(TOLD, root)
    chip.require("square", root * root - value)
    more("its own message holds it", CIRCLE, [(chip, {"root": [ROOT], "square": [SQUARE]}), wide(SQUARE, 0, 0, 0)])
    rows = anybody(RANGE, lambda chip: chip.count("times"), "table")
    rows.send(RANGE, rows.graph.input("main", 0))
    more("a table looks itself up", CIRCLE,
         [(asker(always), {"value": [FALSE, 0, 0, 0]}), (rows, {"value": [FALSE, 0], "times": [2, 6]})], FALSE)
    other = Bus(7, "other", ("value",), (1 << 10,), ("other table",))
    one, two = (anybody(bus, lambda chip: chip.count("times"), bus.tables[0]) for bus in (RANGE, other))
    one.send(other, one.graph.input("main", 0))
    two.send(RANGE, two.graph.input("main", 0))
    more("two tables hold each other", CIRCLE, [(asker(always), {"value": [FALSE, 0, 0, 0]}), (one, {"value": [FALSE, 0], "times": [2, 6]}),
                                                (two, {"value": [FALSE, 0], "times": [1, 3]})], FALSE)
    back = Bus(6, "back", ("value",), (1 << 10,))
    left, right = Chip("left", "the public word is below 2^10"), Chip("right", "gives it back")
    x, y = left.column("x"), right.column("y")
    left.receive(TOLD, x)
    left.send(back, x)
    left.require("the public word", x - left.public(0), "first")
    right.receive(back, y)
    right.send(TOLD, y)
    more("two chips hold each other", CIRCLE, [(left, {"x": [FALSE]}), (right, {"y": [FALSE]})], FALSE)


def a_receiver_under_another_flag() -> None:
    giver, taker = asker(always, TOLD), Chip("taker", "receives on other rows than it looks up")
    value, flag, on = taker.column("value"), taker.boolean("flag"), taker.boolean("on")
    taker.require("always on", on - 1)
    taker.receive(TOLD, value, times=flag)
    taker.send(RANGE, value, times=on - flag)
    more("a receiver that looks up on other rows", "what is received of value is not held below 1024, as field value of bus told is$",
         [(giver, {"value": [FALSE] * 4}), (taker, {"value": [FALSE] * 4, "flag": [1] * 4, "on": [1] * 4}), table()], FALSE)


def what_is_no_column() -> None:
    for name, complaint in (("constant", "a number that is always said is not below 1024"),
                            ("word", "what is received of word 1 of the statement is not held below 1024")):
        chip, root, value = squares()
        chip.send(TOLD, root)
        chip.require("square", root * root - value)
        other = Chip("anybody", "receives what is no column")
        other.receive(TOLD, ROOT if name == "constant" else other.public(1), times=other.boolean("bit"))
        more(f"a {name} is received", complaint,
         [(chip, {"root": [ROOT] * 4, "square": [SQUARE] * 4}), wide(*[SQUARE] * 4), (other, {"bit": [1] * 4})],
             SQUARE if name == "constant" else (SQUARE, ROOT))
    rows = Chip("table", "one value")
    rows.receive(RANGE, FALSE, times=rows.count("times"))
    more("a table of a constant", "a number that is always said is not below 1024",
         [(asker(always), {"value": [FALSE] * 4}), (rows, {"times": [4]})], FALSE)
    chip, root, value = squares()
    chip.send(WIDE, root)
    chip.require("square", chip.fixed("on") * (root * root - value))
    more("a fixed column before a product", "“square” can reach p",
         [(chip, {"root": [ROOT], "square": [SQUARE], "on": [1] * 4}), wide(SQUARE, ROOT, *[0] * 6)])
    chip = Chip("square", "the public word is the square of a number below 2^16")
    root = chip.column("root")
    chip.send(WIDE, root)
    chip.require("square", root * root - chip.public(0), "first")
    more("a square that is the public word", "“square” can reach p", [(chip, {"root": [ROOT]}), wide(ROOT, 0, 0, 0)])


def rows_without_a_look_up() -> None:
    chip, root, value, flag = squares("flag")
    chip.send(RANGE, root, times=flag)
    chip.require("square", root.next * root.next - value, "next")
    more("looked at on the next row", "column root is looked at once, and in messages that need not be sent",
         [(chip, {"root": [0, ROOT, 0, 0], "square": [SQUARE, 0, 0, 0], "flag": [0]}), wide(SQUARE, 0, 0, 0), table()])
    chip, root, value, flag = squares("flag")
    chip.send(RANGE, root, times=flag)
    chip.require("square", (root - 4) * (root - 4) - value)
    more("numbers that look alike", UNHELD,
         [(chip, {"root": [ROOT + 4, 4, 4, 4], "square": [SQUARE], "flag": [0]}), wide(SQUARE, 0, 0, 0), table()])
    chip, root, value, flag = squares("flag")
    other = chip.column("other")
    chip.send(WIDE, root)
    chip.send(WIDE, other)
    chip.send(RANGE, root, times=flag)
    chip.send(RANGE, other, times=flag)
    chip.require("product", root * other - value)
    chip.require("the second public word", root - chip.public(1), "first")
    chip.require("the third public word", other - chip.public(2), "first")
    more("two ranges under one flag", UNHELD,
         [(chip, {"root": [ROOT], "other": [ROOT], "square": [SQUARE], "flag": [0]}), wide(ROOT, ROOT, SQUARE, *[0] * 9),
                                               table()], (SQUARE, ROOT, ROOT))
    chip, root, value, flag, never = squares("flag", "never")
    other = chip.column("other")
    chip.send(RANGE, root + other)
    chip.send(WIDE, root, times=flag)
    chip.send(WIDE, other, times=never)
    chip.require("square", flag * (root * root - value))
    chip.require("it is on", flag - 1, "first")
    more("a sum of what is not held", UNHELD, [(chip, {"root": [ROOT], "other": [P - ROOT], "square": [SQUARE], "flag": [1], "never": [0]}),
                                               wide(SQUARE, 0, 0, 0, ROOT), table(0, 0, 0, 0)])
    chip, root, value, on, flag = squares("on", "flag")
    other = chip.column("other")
    chip.require("always on", on - 1)
    chip.send(RANGE, root, times=flag)
    chip.send(RANGE, root + other, times=on - flag)
    chip.require("square", root * root - value)
    more("a sum in place of a summand", UNHELD,
         [(chip, {"root": [ROOT], "other": [P - ROOT], "square": [SQUARE], "on": [1] * 4, "flag": [0]}),
                                                 wide(SQUARE, 0, 0, 0), table(0, 0, 0, 0)])
    chip = asker(lambda chip: chip.boolean("flag"))
    chip.requirements.clear()
    value = chip.graph.input("main", 0)
    chip.require("bit", chip.graph.input("main", 1) * (chip.graph.input("main", 1) - 1))
    chip.require("three or the public word", (value - 3) * (value - chip.public(0)), "first")
    more("a number that the rules may try", "in messages that need not be sent", [(chip, {"value": [FALSE], "flag": [0]}), table()], FALSE)


def powers(*extra: tuple[Bus, str]):  # type: ignore[no-untyped-def]
    chip = Chip("powers", "a number below 2^10, its square and its cube")
    root, value, cube, flag = chip.column("root"), chip.column("square"), chip.column("cube"), chip.boolean("flag")
    one, two = chip.count("one"), chip.count("two")
    chip.receive(POWERS, root, value, cube, times=one)
    chip.require("square", root * root - value)
    chip.require("cube", root * value - cube)
    reader = Chip("reader", "the public word is the square of a number below 2^10")
    parts = [reader.column(name) for name in "xyz"]
    reader.send(POWERS, *parts)
    reader.require("the public word", parts[1] - reader.public(0), "first")
    return chip, root, value, flag, one, two, (reader, {"x": [ROOT] * 4, "y": [SQUARE] * 4, "z": [CUBE] * 4})


def counts() -> None:
    filled = {"root": [ROOT] * 4, "square": [SQUARE] * 4, "cube": [CUBE] * 4, "flag": [0] * 4}
    nothing = Bus(11, "nothing", ("value",), (), ("powers",))
    chip, root, value, flag, one, two, reader = powers()
    chip.receive(nothing, 0, times=two)
    chip.send(RANGE, root, times=flag)
    chip.send(WIDE, value, times=flag)
    chip.require("looked up if two is not 0", two * (1 - flag))
    chip.require("the counts", one - two - 1)
    more("two counts in a sum", UNHELD, [(chip, {**filled, "one": [1] * 4, "two": [0] * 4}), reader, table(), wide()])
    chip, root, value, flag, one, two, reader = powers()
    chip.receive(nothing, 0, times=two)
    chip.send(RANGE, root, times=flag)
    chip.send(WIDE, value, times=flag)
    chip.require("one", one * (2 - two))
    chip.require("two", two * (2 - one))
    token = Chip("token", "asks for nothing")
    token.send(nothing, token.column("zero"))
    more("counts of 2", UNHELD,
         [(chip, {**filled, "one": [2, 2, 0, 0], "two": [2, 2, 0, 0]}), reader, (token, {"zero": [0] * 4}), table(), wide()])
    given = Bus(13, "given", ("value", "square"), (1 << 10, 1 << 20), ("powers",))
    chip, root, value, flag, one, two, reader = powers()
    chip.send(given, root, value, times=two)
    chip.require("asked for only if given", one * (1 - two * two))
    more("a count of -1", "what is received of root is not held below 1024",
         [(chip, {**filled, "one": [4, 0, 0, 0], "two": [1, P - 1, 0, 0]}), reader])
    chip = Chip("rows", "the public word is below 2^10, if a row is looked up more than once")
    value, flag, times = chip.column("value"), chip.boolean("flag"), chip.count("times")
    chip.receive(ROWS, chip.fixed("key"), times=times)
    chip.send(RANGE, value, times=flag)
    chip.require("the public word", times * (times - 1) * (value - chip.public(0)))
    user = Chip("user", "looks up rows")
    x = user.column("x")
    user.send(ROWS, x)
    more("a count that is tried as 1", "column value is looked at once, and in messages that need not be sent",
         [(chip, {"value": [FALSE], "flag": [0], "times": [4], "key": [5]}), (user, {"x": [5] * 4}), table()], FALSE)


def buses() -> None:
    other = anybody(Bus(1 + P, "other", ("value",)), lambda chip: chip.boolean("bit"))
    more("two numbers that are one modulo p", "bus other has number 2130706434, not one from 0 to p - 1",
         [(asker(always), {"value": [FALSE, 0, 0, 0]}), table(0, 0, 0), (other, {"value": [FALSE], "bit": [1]})], FALSE)
    made = memory(always)
    (chip, columns), = made.chips
    chip.send(CELL, *(chip.graph.input("main", k) for k in range(2)))
    more("a row takes back what it says", "column value is looked at once",
         [(chip, {"writes": [0], "address": [0], "value": [FALSE]})], FALSE)


for make in (circles, a_receiver_under_another_flag, what_is_no_column, rows_without_a_look_up, counts, buses):
    make()


@pytest.mark.parametrize("name", MORE)
def test_none_of_these_is_set_up(name: str) -> None:
    with pytest.raises(ValueError, match=MORE[name].complaint):
        MORE[name].set_up()


@pytest.mark.parametrize("name", MORE)
def test_each_of_these_would_prove_something_false(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "violations", lambda *_: [])
    MORE[name].prove(MORE[name].set_up())


@pytest.mark.parametrize("what, complaint", [
    (np.array([[5, 6, 7, 8 + P]], np.uint32), "not below p"), (np.array([[5, 6, 7, 8]], np.int64), "not of uint32"),
    (np.array([[5, 6, 7]], np.uint32), "has shape"), (None, "missing")])
def test_fixed_tables_are_words_in_their_shape(what: np.ndarray | None, complaint: str) -> None:  # type: ignore[type-arg]
    chip, _ = table()
    with pytest.raises(ValueError, match=complaint):
        commit_fixed(Key([(chip, 2)], TOY), {} if what is None else {"table": what}, KERNELS)


def test_a_chip_without_fixed_columns_has_no_table() -> None:
    with pytest.raises(ValueError, match="they have no fixed columns: anybody"):
        commit_fixed(Key([(anybody(TOLD, always), 2)], TOY), {"anybody": np.zeros((0, 0), np.uint32)}, KERNELS)


def test_forms_that_are_no_machine() -> None:
    empty, far, token = Chip("empty", "nothing"), asker(always), Chip("token", "counts")
    empty.send(CELL, 1, empty.fixed("value"))
    far.require("a word that is not there", far.graph.input("main", 0) - far.public(3), "first")
    token.receive(Bus(8, "token", (), (), ("token",)), times=token.count("times"))
    found = ((empty, "chip empty: has no column of its own"), (far, "looks at word 3 of a statement of 1"),
         (token, "bus token has no fields"))
    for chip, complaint in found:
        with pytest.raises(ValueError, match=complaint):
            fixed = {chip.name: np.zeros((1, 4), np.uint32)} if chip.fixed_names else {}
            commit_fixed(Key([(chip, 2)], TOY, 1), fixed, KERNELS)


@pytest.mark.parametrize("first", [False, True])
def test_the_order_of_requirements_decides_nothing(first: bool) -> None:
    chip = Chip("chip", "looks up where either bit says so")
    a, b, either, same, x = chip.boolean("a"), chip.boolean("b"), chip.column("either"), chip.column("same"), chip.column("x")
    sentences = [("it is the same", same - either), ("either", either - a - b + a * b)]
    for sentence in sentences if first else sentences[::-1]:
        chip.require(*sentence)
    chip.send(RANGE, x, times=either)
    chip.send(RANGE, same)
    rows, columns = table()
    fixed = {"table": rows.fixed_table({"value": columns["value"]}, 10)}
    commit_fixed(Key([(chip, 2), (rows, 10)], TOY), fixed, KERNELS)

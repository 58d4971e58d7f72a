"""Machines of an author who wants to prove something false, once more: limbs that nothing holds, names, the next row, a table that is not
there, a fixed table that knows the draws of the rules, columns of another chip."""
from __future__ import annotations

import numpy as np
import pytest

from stark import setup
from stark.chip import Bus, Chip
from stark.expression import Expression, Input, P
from stark.speaking import BESIDE, ELSEWHERE, Speaking
from tests.stark.test_tricks import FALSE, RANGE, ROOT, SQUARE, WIDE, Trick, table
from tests.stark.test_tricks_2 import squares, wide

TRICKS: dict[str, Trick] = {}
UNHELD = "also where no look-up holds it"
LIMB = 1 << 16
HALF = next(v for s in range(1, LIMB) if int((r := (v := s * pow(64, -1, P) % P) ** 2 % P) ** .5 + .5) ** 2 != r and r < LIMB)


def trick(name: str, complaint: str, chips: list, public: int | tuple[int, ...] = SQUARE) -> None:  # type: ignore[type-arg]
    TRICKS[name] = Trick(name, complaint, chips, public)


def limbs() -> None:
    chip, root, value = squares()
    chip.send(WIDE, 64 * root)
    chip.require("square", root * root - value)
    trick("a limb of which a multiple is looked up", "“square” can reach p", [
        (chip, {"root": [HALF], "square": [HALF * HALF % P]}), wide(HALF * HALF % P, 64 * HALF % P, *[0] * 6)], HALF * HALF % P)
    chip, root, value = squares()
    chip.send(RANGE, root + chip.column("other"))
    chip.require("square", root * root - value)
    trick("two limbs of which the sum is looked up", UNHELD,
          [(chip, {"root": [ROOT], "square": [SQUARE], "other": [P - ROOT]}), wide(SQUARE, 0, 0, 0), table(0, 0, 0, 0)])


def carries() -> None:
    """0x12345678 and 0x0fedcba9 are 0xa1222222, also where a bit or the key says on which rows."""
    said = {"c0": 0x2222, "c1": 0xa122, "a0": 0x5678, "a1": 0x1234, "b0": 0xcba9, "b1": 0x0fed}
    number = (said["a0"] + said["b0"] - said["c0"]) * pow(LIMB, -1, P) % P
    over = (said["a1"] + said["b1"] + number - said["c1"]) * pow(LIMB, -1, P) % P
    for gate in ("", "bit", "key"):
        chip = Chip("sum", "the first two public words are the limbs of the sum of the numbers of 32 bits that the others are")
        c0, c1, a0, a1, b0, b1 = (chip.column(name) for name in said)
        carry, last, on = chip.column("carry"), chip.boolean("last carry"), chip.constant(1)
        if gate:
            on = chip.boolean("on") if gate == "bit" else chip.fixed("on")
            chip.require("it is on", on - 1)
        chip.require("low", on * (a0 + b0 - c0 - LIMB * carry))
        chip.require("high", a1 + b1 + carry - c1 - LIMB * last)
        for k, limb in enumerate((c0, c1, a0, a1, b0, b1)):
            chip.send(WIDE, limb)
            chip.require(f"word {k}", limb - chip.public(k), "first")
        words = {**{name: [word] for name, word in said.items()}, "carry": [number], "last carry": [over]}
        trick(f"a carry that nothing holds {gate}", UNHELD, [
            (chip, {**words, "on": [1] * 4} if gate else words), wide(*said.values(), *[0] * 18)], tuple(said.values()))


def carries_between_rows() -> None:
    chip, totals = Chip("total", "numbers below 2^16 add up to the public word and a multiple of 2^16"), [1, 9, 9, 9]
    number, total, carry = (chip.column(name) for name in ("number", "total", "carry"))
    chip.send(WIDE, number)
    chip.send(WIDE, total)
    for name, factor in (("total", 1), ("again", 3)):
        chip.require(name, factor * (total + number.next - total.next - LIMB * carry), "next")
    chip.require("the first total", total - number, "first")
    chip.require("the last total", total - chip.public(0), "last")
    trick("a carry between rows that nothing holds", UNHELD, [
        (chip, {"number": [1, 1, 0, 0], "total": totals, "carry": [(1 + 1 - 9) * pow(LIMB, -1, P) % P]}), wide(1, 1, 0, 0, *totals)], 9)


def names() -> None:
    chip = Chip("asker", "the public word is below 2^10, because a copy of it is looked up")
    value, copied, flag = chip.column("value"), chip.column("copy"), chip.boolean("flag")
    chip.require("the public word", value - chip.public(0), "first")
    chip.require("copy", copied - value)
    chip.send(RANGE, copied, times=flag)
    trick("another name for what need not be looked up", UNHELD, [(chip, {"value": [FALSE], "copy": [FALSE], "flag": [0]}), table()], FALSE)
    chip, a = Chip("product", "the product of two limbs is the two public words"), LIMB - 1
    parts = [chip.column(name) for name in ("a", "b", "low", "high")]
    product = chip.column("product")
    for part in parts:
        chip.send(WIDE, part)
    chip.require("product", parts[0] * parts[1] - product)
    chip.require("parts", product - parts[2] - LIMB * parts[3])
    for k in range(2):
        chip.require(f"word {k}", parts[2 + k] - chip.public(k), "first")
    low, high = a * a % P % LIMB, a * a % P // LIMB
    trick("a product with a name", "“parts” can reach p", [
        (chip, {"a": [a], "b": [a], "product": [a * a % P], "low": [low], "high": [high]}), wide(a, a, low, high, *[0] * 12)], (low, high))
    chip = Chip("asker", "the public word is four times a number below 2^10")
    named, held, limb = chip.column("named"), chip.column("held"), chip.column("limb")
    chip.send(WIDE, held)
    chip.send(WIDE, 64 * limb)
    chip.require("four times", named - 4 * limb)
    chip.require("the same", named - held)
    chip.require("the public word", held - chip.public(0), "first")
    trick("two names for one column", UNHELD, [
        (chip, {"named": [3], "held": [3], "limb": [3 * pow(4, -1, P)]}), wide(3, 0, 0, 0, 48, 0, 0, 0)], 3)


def rows() -> None:
    chip, root, value = squares()
    chip.send(RANGE, root, times=chip.fixed("on"))
    for name, factor in (("square", 1), ("again", 3)):
        chip.require(name, factor * (root.next * root.next - value), "next")
    trick("the next row is one that the key does not look up", UNHELD, [
        (chip, {"root": [0, ROOT, 0, 0], "square": [SQUARE, 0, 0, 0], "on": [1, 0, 1, 1]}), wide(SQUARE, 0, 0, 0), table(0, 0, 0)])
    chip = Chip("asker", "a number below 2^10 on the next row, times 2^20, is the public word")
    limb, value, flag = chip.column("limb"), chip.column("value"), chip.boolean("flag")
    chip.send(RANGE, limb, times=flag)
    chip.send(WIDE, value)
    for name, factor in (("times", 1), ("again", 3)):
        chip.require(name, factor * flag * ((1 << 20) * limb.next - value), "next")
    chip.require("the public word", value - chip.public(0), "first")
    chip.require("it is on", flag - 1, "first")
    trick("the next row is one that no flag looks up", UNHELD, [
        (chip, {"limb": [0, 5 * pow(1 << 20, -1, P), 0, 0], "value": [5, 0, 0, 0], "flag": [1, 0, 0, 0]}),
        wide(5, 0, 0, 0), table(0)], 5)


def nobody() -> None:
    bus = Bus(20, "entries", ("value",), (), ("entries",))
    asker, other = Chip("asker", "the public word is an entry"), Chip("anybody", "no table of entries")
    value = asker.column("value")
    asker.send(bus, value)
    asker.require("the public word", value - asker.public(0), "first")
    other.receive(bus, other.column("value"), times=other.boolean("bit"))
    trick("the table is not there, and somebody else answers", "bus entries is both sent and received, but has none of its tables: entries",
          [(asker, {"value": [FALSE] * 4}), (other, {"value": [FALSE] * 4, "bit": [1] * 4})], FALSE)


def drawn() -> None:
    """The polynomial with the roots that the rules draw for the public word: what the key multiplies by it seems to be nothing."""
    chip, root, value, flag, nothing = squares_apart()
    public, at_public = chip.public(0), chip.constant(0)
    for k in range(6, -1, -1):
        at_public = at_public * public + chip.fixed(f"c{k}")
    chip.require("the public word", at_public * (value - public) + nothing)
    node = chip.graph.nodes.index(Input("public", 0))
    speaking = Speaking(chip, np.zeros((7, 4), np.uint32))
    factors = [1]
    for zero in [int(speaking.random[kind, k, node, 0]) for kind in (BESIDE, ELSEWHERE) for k in range(3)]:
        factors = [(low - zero * high) % P for low, high in zip([0, *factors], [*factors, 0], strict=True)]
    trick("fixed columns that know what is drawn", UNHELD, [
        (chip, {"root": [ROOT] * 4, "square": [SQUARE] * 4, "flag": [0], "nothing": [0], **{f"c{k}": [factors[k]] * 4 for k in range(7)}}),
        wide(), table()])


def squares_apart() -> tuple[Chip, Expression, Expression, Expression, Expression]:
    """Both looked up only where a flag is 1."""
    chip = Chip("square", "the public word is the square of a number, over the integers, on a row that is there")
    root, value, flag, nothing = chip.column("root"), chip.column("square"), chip.boolean("flag"), chip.column("nothing")
    chip.send(RANGE, root, times=flag)
    chip.send(WIDE, value, times=flag)
    chip.require("square", root * root - value)
    chip.require("nothing", nothing)
    return chip, root, value, flag, nothing


for make in (limbs, carries, carries_between_rows, names, rows, nobody, drawn):
    make()


@pytest.mark.parametrize("name", TRICKS)
def test_none_of_these_is_set_up(name: str) -> None:
    with pytest.raises(ValueError, match=TRICKS[name].complaint):
        TRICKS[name].set_up()


@pytest.mark.parametrize("name", TRICKS)
def test_each_of_these_would_prove_something_false(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "violations", lambda *_: [])
    TRICKS[name].prove(TRICKS[name].set_up())


def test_a_chip_has_expressions_of_its_own_columns() -> None:
    """Another chip's column would be the column of this chip that has its number."""
    chip, other = Chip("chip", "one"), Chip("other", "another")
    mine, foreign = chip.column("a"), other.column("b")
    for use in (lambda: chip.send(RANGE, foreign), lambda: chip.send(RANGE, mine, times=foreign), lambda: chip.require("x", foreign),
                lambda: chip.require("x", foreign, "first"), lambda: mine + foreign, lambda: foreign * mine):
        with pytest.raises(ValueError, match="of another chip|of one chip"):
            use()
    assert not chip.messages and not chip.requirements


@pytest.mark.parametrize("free", [False, True])
def test_a_number_of_the_field_may_be_made_of_small_ones(free: bool) -> None:
    """Whoever says so is believed; who does not has numbers that wrap around."""
    chip = Chip("field", "the public word is a polynomial of two limbs, modulo p")
    low, high, word = (chip.column(name) for name in ("low", "high", "word"))
    chip.send(WIDE, low)
    chip.send(WIDE, high)
    chip.require("word", word - low * high - LIMB * high)
    chip.require("the public word", word * 3 - chip.public(0), "last")
    if free:
        chip.free["word"] = "a number of the field"
    made = Trick("", "", [(chip, {"low": [1] * 4, "high": [2] * 4, "word": [2 + 2 * LIMB] * 4}), wide(*[1, 2] * 4)], 6 + 6 * LIMB)
    if free:
        made.prove(made.set_up())
    else:
        with pytest.raises(ValueError, match="“the public word” can reach p"):
            made.set_up()


def test_an_accumulator_is_a_number_of_the_field() -> None:
    """It multiplies itself, and nobody says that it is small."""
    chip = Chip("bits", "the bits of the public word, the highest first")
    bit, number = chip.boolean("bit"), chip.column("number")
    chip.require("it begins with the first bit", number - bit, "first")
    chip.require("it goes on", number.next - 2 * number - bit.next, "next")
    chip.require("it ends with the public word", number - chip.public(0), "last")
    made = Trick("", "", [(chip, {"bit": [1, 0, 1, 1], "number": [1, 2, 5, 11]})], 11)
    made.prove(made.set_up())

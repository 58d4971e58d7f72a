"""A recipe computes what the function computes of which it was made, in every kernel set; what none may have is refused."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stark.expression import P
from stark.kernels.protocol import Kernels
from stark.recipes import NUMBER, Ends, Recipe, recipe
from stark.symbols import Book, taken
from tests.kernels.values import EXAMPLES, REFERENCE, SEED

Ints = npt.NDArray[np.int64]
EDGES = np.array([0, 1, -1, 2, 63, 64, 65, P - 1, P, P + 1, -P, 1 << 31, 1 << 32, -(1 << 63), (1 << 63) - 1, (1 << 63) - P], np.int64)
WORDS = np.arange(100, dtype=np.uint32) * np.uint32(42949673)
LONGS = np.array([5, -7, 1 << 62], np.int64)


def numbers(rng: np.random.Generator, count: int) -> Ints:
    return np.where(rng.random(count) < 0.4, rng.choice(EDGES, count), rng.integers(-(1 << 63), 1 << 63, count))


def everything(a: Ints, b: Ints) -> list[Any]:
    """All that a recipe may have."""
    u, v = a.astype(np.uint64), b.astype(np.uint64)
    amount = b & 127
    return [a + b, a - b, a * b, 7 - a, a & b, a | b ^ 3, ~a, a << amount, a >> amount, (u >> amount.astype(np.uint64)).astype(np.int64),
            (u << np.uint64(9) | v & np.uint64(255)).astype(np.int64), (~u >> np.uint64(1)).astype(np.int64), a == b, a != 1, a < b, a > b,
            a <= b, a >= b, 1 - (a < b), (a < b).astype(np.int64) + 1, (a < b) & (b == 1), (a == 1) == (b == 1), a % 8, a // 16,
            b % (1 << 40), np.where(a < b, a, b), np.where(a < 5, 1, b), np.where(b == 1, a < b, a), np.zeros_like(a), a * 0 + 5,
            a + 0, a >> 0, a - 0, 0 | a, taken(WORDS, a & 63) + 1, taken(LONGS, (a & 1) + (b & 1)),
            taken(LONGS.view(np.uint64), a & 1).astype(np.int64),
            taken(WORDS, taken(WORDS, b & 7) & 63).astype(np.int64) * 3, np.uint64(1) << np.uint64(3)]


def made(function: Callable[..., list[Any]], *columns: Ints) -> Recipe:
    """Of a function on columns, which the recipe finds in tables."""
    book, ends = Book(), Ends()
    rows = cast(Ints, book.rows())
    for k, value in enumerate(function(*(taken(column, rows) for column in columns))):
        ends.put(k, int(value) if isinstance(value, np.generic) else value)
    return recipe(book, ends)


@given(SEED, st.integers(1, 1300))
@EXAMPLES
def test_a_recipe_computes_what_the_function_does(kernels: Kernels, seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = numbers(rng, 1300), numbers(rng, 1300)
    rows = rng.integers(0, 1300, count)
    with np.errstate(over="ignore"):
        expected = [np.broadcast_to(np.asarray(value).astype(np.int64) % P, count) for value in everything(a[rows], b[rows])]
    table = np.full((len(expected), count + 3), 9, np.uint32)
    kernels.columns(made(everything, a, b), rows, table[:, 2:-1])
    assert table[:, 2:-1].tolist() == [values.tolist() for values in expected]
    assert (table[:, [0, 1, -1]] == 9).all()


@given(SEED)
@EXAMPLES
def test_kernels_run_the_same_code(other: Kernels, seed: int) -> None:
    """Code that nobody made of a function."""
    rng = np.random.default_rng(seed)
    slots, constants = 4, numbers(rng, 3)

    def operand() -> int:
        return int(2 * rng.integers(slots) if rng.random() < 0.7 else 2 * rng.integers(3) + 1)
    code = [[int(rng.integers(NUMBER["take"])), int(rng.integers(slots)), *(operand() for _ in range(4))] for _ in range(20)]
    begun = [[NUMBER["add"], k, 0, 1, 0, 0] for k in range(1, slots)]
    puts = [[NUMBER["put"], k, 2 * k, 0, 0, 0] for k in range(slots)]
    mixed = Recipe(np.array([*begun, *code, *puts], np.int64), slots, constants, (), ())
    rows = numbers(rng, 700)
    tables = [np.zeros((slots, 700), np.uint32) for _ in range(2)]
    other.columns(mixed, rows, tables[0])
    REFERENCE.columns(mixed, rows, tables[1])
    assert tables[0].tolist() == tables[1].tolist()


@given(SEED, st.integers(1, 1200))
@EXAMPLES
def test_accesses_are_noted_by_their_time(kernels: Kernels, seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    time, cell, word = rng.permutation(count), numbers(rng, count), numbers(rng, count)
    book, ends = Book(), Ends()
    rows = cast(Ints, book.rows())
    ends.access(taken(time, rows), taken(cell, rows) + 1, taken(word, rows).astype(np.uint64), taken(time, rows) % 4 != 1)
    address, left = np.full(count, -1, np.int64), np.zeros(count, np.uint64)
    kernels.accesses(recipe(book, ends), np.arange(count), address, left)
    place = np.argsort(time)
    takes_place = np.arange(count) % 4 != 1
    with np.errstate(over="ignore"):
        assert address.tolist() == np.where(takes_place, cell[place] + 1, -1).tolist()
    assert left.tolist() == np.where(takes_place, word[place], 0).view(np.uint64).tolist()


NOT_IN_A_RECIPE: dict[str, Callable[[Any], object]] = {
    "a division by three": lambda x: x // 3, "a remainder of a number that is computed": lambda x: 8 % x, "a fraction": lambda x: x * 0.5,
    "a sum of all": lambda x: np.add.reduce(x), "an absolute value": lambda x: np.abs(x),
    "both kinds of numbers": lambda x: x + np.uint64(1),
    "bits that are added": lambda x: (x < 1) + (x < 2), "numbers without a sign, compared": lambda x: x.astype(np.uint64) < np.uint64(3),
    "an array": lambda x: x + np.arange(3), "a maximum": lambda x: np.maximum(x, 0), "several columns at once": lambda x: np.stack([x, x]),
    "words of 32 bits": lambda x: x.astype(np.uint32), "bytes in a table": lambda x: taken(np.zeros(3, np.uint8), x),
    "a column of numbers without a sign": lambda x: Ends().put(0, x.astype(np.uint64)), "a bit turned over": lambda x: ~(x < 1)}


@pytest.mark.parametrize("what", NOT_IN_A_RECIPE)
def test_what_no_recipe_has_is_refused(what: str) -> None:
    with pytest.raises(TypeError):
        NOT_IN_A_RECIPE[what](Book().rows())


def code(*lines: list[int]) -> Recipe:
    return Recipe(np.array(lines, np.int64), 2, np.array([5], np.int64), (WORDS,), (LONGS,))


ADD, TAKE, PUT, ACCESS = (NUMBER[name] for name in ("add", "take", "put", "access"))
BAD = {
    "a slot to write to": code([ADD, 2, 0, 0, 0, 0]), "a slot to read": code([ADD, 1, 4, 0, 0, 0]),
    "a constant": code([ADD, 1, 3, 0, 0, 0]),
    "a slot that was not written": code([ADD, 1, 2, 0, 0, 0]),
    "a slot before all others": code([ADD, 1, -2, 0, 0, 0]), "an operation": code([15, 1, 0, 0, 0, 0]),
    "a table of words": code([TAKE, 1, 0, 2, 0, 0]), "a table of numbers": code([TAKE, 1, 0, 3, 0, 0]),
    "a column": code([PUT, 3, 0, 0, 0, 0]),
    "an access in a table": code([ACCESS, 0, 0, 0, 0, 1]), "a place behind a table": code([TAKE, 1, 0, 1, 0, 0], [PUT, 0, 2, 0, 0, 0]),
}


@pytest.mark.parametrize("what", BAD)
def test_what_does_not_exist_is_refused(kernels: Kernels, what: str) -> None:
    with pytest.raises(ValueError):
        kernels.columns(BAD[what], np.array([0, 3]), np.zeros((3, 2), np.uint32))


@pytest.mark.parametrize("row", [-1, 100])
def test_a_row_that_a_table_does_not_have_is_refused(kernels: Kernels, row: int) -> None:
    with pytest.raises(ValueError):
        kernels.columns(code([TAKE, 1, 0, 0, 0, 0], [PUT, 0, 2, 0, 0, 0]), np.array([0, row]), np.zeros((1, 2), np.uint32))


@pytest.mark.parametrize("time", [-1, 2])
def test_a_time_that_there_is_not_is_refused(kernels: Kernels, time: int) -> None:
    with pytest.raises(ValueError):
        kernels.accesses(code([ACCESS, 0, 0, 0, 0, 1]), np.array([0, time]), np.zeros(2, np.int64), np.zeros(2, np.uint64))


def test_a_table_that_is_too_narrow_is_refused(kernels: Kernels) -> None:
    with pytest.raises(ValueError):
        kernels.columns(code([PUT, 0, 0, 0, 0, 0]), np.arange(3), np.zeros((1, 2), np.uint32))


def no_table_of_columns() -> dict[str, Any]:
    read_only, words = np.zeros((2, 4), np.uint32), np.zeros(8, np.uint32)
    read_only.flags.writeable = False
    return {"words that do not follow each other": np.zeros((2, 8), np.uint32)[:, ::2], "columns beside each other": words.reshape(4, 2).T,
            "words between words": np.frombuffer(bytearray(33), np.uint32, 8, 1).reshape(2, 4), "only to be read": read_only,
            "the same column twice": np.lib.stride_tricks.as_strided(words, (2, 4), (0, 4)),
            "columns that overlap": np.lib.stride_tricks.as_strided(words, (2, 4), (8, 4))}


@pytest.mark.parametrize("what", no_table_of_columns())
def test_what_is_no_table_of_columns_is_refused(kernels: Kernels, what: str) -> None:
    with pytest.raises(ValueError):
        kernels.columns(code([PUT, 0, 0, 0, 0, 0]), np.arange(4), no_table_of_columns()[what])


def test_a_part_of_a_table_is_a_table(kernels: Kernels) -> None:
    table = np.zeros((2, 8), np.uint32)
    kernels.columns(code([PUT, 1, 0, 0, 0, 0]), np.arange(3), table[::-1, 2:5])
    assert table.tolist() == [[0, 0, 0, 1, 2, 0, 0, 0], [0] * 8]

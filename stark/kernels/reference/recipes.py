"""Columns from columns, by the code of a recipe: every instruction on all rows."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from stark.expression import P
from stark.kernels.protocol import U32, U64, Indices
from stark.recipes import OPERATIONS, Recipe

BITS = 64


def shifted(values: Indices, amount: Indices, left: bool) -> Indices:
    moved = np.left_shift(values.view(np.uint64), amount.view(np.uint64)) if left else np.right_shift(
        values.view(np.uint64), amount.view(np.uint64))
    out: Indices = np.where(amount.view(np.uint64) < BITS, moved, np.uint64(0)).view(np.int64)
    return out


COMPUTED: dict[str, Callable[..., Any]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor,
    "shl": lambda a, b: shifted(a, b, True), "shr": lambda a, b: shifted(a, b, False),
    "sar": lambda a, b: np.right_shift(a, np.where(b.view(np.uint64) < BITS, b, BITS - 1)),
    "eq": np.equal, "lt": np.less, "where": lambda condition, yes, no: np.where(condition != 0, yes, no)}
COUNTS = {"where": 3, "put": 1, "access": 4}


def columns(recipe: Recipe, rows: Indices, table: U32) -> None:
    for name, target, values in ends(recipe, rows):
        if name != "put" or not 0 <= target < len(table) or table.shape[1] < len(rows):
            raise ValueError("a table or a column is too short")
        table[target, :len(rows)] = values[0] % P


def accesses(recipe: Recipe, rows: Indices, address: Indices, left: U64) -> None:
    for name, _, (time, cell, word, takes_place) in ends(recipe, rows):
        some = np.flatnonzero(takes_place)
        if name != "access" or len(some) and not 0 <= time[some].min() <= time[some].max() < min(len(address), len(left)):
            raise ValueError("there is no such time")
        address[time[some]], left[time[some]] = cell[some], word[some].view(np.uint64)


def ends(recipe: Recipe, rows: Indices) -> Iterator[tuple[str, int, list[Indices]]]:
    """What goes somewhere."""
    frame: list[Indices | None] = [rows, *[None] * (recipe.slots - 1)]

    def operand(word: int) -> Indices:
        return np.full(len(rows), found(recipe.constants, word >> 1)) if word & 1 else found(frame, word >> 1)
    for number, target, *words in recipe.code.tolist():
        name = found(OPERATIONS, number)
        if name in ("put", "access"):
            yield name, target, [operand(word) for word in words[:COUNTS[name]]]
            continue
        if name == "take":
            table, index = found(recipe.numbers if words[1] & 1 else recipe.words, words[1] >> 1), operand(words[0])
            if len(index) and not 0 <= index.min() <= index.max() < len(table):
                raise ValueError("a table or a column is too short")
            value = table[index]
        else:
            value = COMPUTED[name](*(operand(word) for word in words[:COUNTS.get(name, 2)]))
        if not 0 <= target < len(frame):
            raise ValueError("an instruction names what does not exist")
        frame[target] = value.view(np.int64) if value.dtype == np.uint64 else value.astype(np.int64)


def found(several: Any, index: int) -> Any:
    if not 0 <= index < len(several) or several[index] is None:
        raise ValueError("an instruction names what does not exist")
    return several[index]

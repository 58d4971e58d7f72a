"""Recipes: what kernels compute columns and accesses by, straight code made of symbols (`symbols.py`)."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from stark.symbols import I64, SIGNED, U32, UNSIGNED, Book, Node, where

# Instructions of a recipe: a target slot and operands 2 k (slot k) or 2 k + 1 (constant k). `take` reads a row of a table; `put` and
# `access` have no target: a word of column `target`, and (time, cell, what is left, whether it takes place).
OPERATIONS = ("add", "sub", "mul", "and", "or", "xor", "shl", "shr", "sar", "eq", "lt", "where", "take", "put", "access")
NUMBER = {name: number for number, name in enumerate(OPERATIONS)}


@dataclass(frozen=True)
class Recipe:
    """Code, a row (operation, target, four operands) for every instruction; a table stands in the place of its second operand: 2 k is
    `words` k, 2 k + 1 is `numbers` k. Slot 0 has the numbers of the rows at the beginning."""

    code: I64
    slots: int
    constants: I64
    words: tuple[U32, ...]
    numbers: tuple[I64, ...]

    def of(self, arrays: Mapping[int, npt.NDArray[Any]]) -> Recipe:
        """The same of other tables, in place of those that lie where this says (`where`)."""
        words, longs = ([arrays.get(where(table), table) for table in tables] for tables in (self.words, self.numbers))
        return replace(self, words=tuple(words), numbers=tuple(table.view(np.int64) for table in longs))


class Ends:
    """Where numbers of a recipe go."""

    def __init__(self) -> None:
        self.list: list[tuple[str, int, tuple[Any, ...]]] = []

    def put(self, column: int, value: Any) -> None:
        """Numbers modulo p become words of a column."""
        if getattr(value, "dtype", SIGNED) == UNSIGNED:
            raise TypeError("a column is made of numbers with a sign")
        self.list.append(("put", column, (value,)))

    def access(self, time: Any, cell: Any, left: Any, takes_place: Any) -> None:
        self.list.append(("access", 0, (time, cell, left, takes_place)))


def recipe(book: Book, ends: Ends) -> Recipe:
    """What computes all that goes somewhere, each number as soon as it is wanted."""
    row = book.rows()
    wanted = [(name, target, tuple(row.lifted(value).number for value in values)) for name, target, values in ends.list]
    left = uses(book, wanted)
    slot_of, free, slots = {book.rows().number: 0}, list[int](), 1
    constants: dict[int, int] = {}
    code: list[list[int]] = []

    def operand(number: int) -> int:
        value = book.value(number)
        return 2 * slot_of[number] if value is None else 2 * constants.setdefault(value, len(constants)) + 1

    def emit(name: str, target: int, operands: Iterable[int]) -> None:
        code.append([NUMBER[name], target, *operands, *[0] * 4][:6])

    def compute(number: int) -> None:
        """All that it is made of first. A recipe is as deep as its function, not as it is long."""
        nonlocal slots
        node = book.nodes[number]
        if number in slot_of or node[0] == "constant":
            return
        operands = parts_of(node)
        for part in operands:
            compute(part)
        read = [operand(part) for part in operands]
        release(operands)
        slot = free.pop() if free else slots
        slots = max(slots, slot + 1)
        slot_of[number] = slot
        emit(node[0], slot, [read[0], node[1]] if node[0] == "take" else read)

    def release(numbers: Sequence[int]) -> None:
        for number in numbers:
            if number in left:
                left[number] -= 1
                if not left[number] and number in slot_of:
                    free.append(slot_of[number])
    for name, target, values in wanted:
        for value in values:
            compute(value)
        emit(name, target, [operand(value) for value in values])
        release(values)
    return Recipe(np.array(code, np.int64).reshape(-1, 6), slots, np.array([*constants], np.int64), tuple(book.words), tuple(book.longs))


def parts_of(node: Node) -> Sequence[int]:
    """The numbers of the nodes that it is made of."""
    return () if node[0] in ("row", "constant") else node[2:] if node[0] == "take" else node[1:]


def uses(book: Book, wanted: Sequence[tuple[str, int, tuple[int, ...]]]) -> dict[int, int]:
    """How often each number is read."""
    found, todo, seen = dict[int, int](), list[int](), set[int]()
    for _, _, values in wanted:
        for value in values:
            found[value] = found.get(value, 0) + 1
            todo.append(value)
    while todo:
        number = todo.pop()
        if number in seen:
            continue
        seen.add(number)
        for part in parts_of(book.nodes[number]):
            found[part] = found.get(part, 0) + 1
            todo.append(part)
    return found

"""Extension elements in chips: five expressions, lowest coordinate first, modulo X^5 + X^2 - 1."""
from __future__ import annotations

from collections.abc import Sequence

from stark.chip import Chip, Rows
from stark.expression import Expression

Part = Expression | int
Five = list[Part]


def zero() -> Five:
    return [0] * 5


def one() -> Five:
    return [1, 0, 0, 0, 0]


def column(chip: Chip, name: str) -> Five:
    return list(chip.columns(name, 5))


def shifted(value: Sequence[Part], by: int) -> Five:
    """value * X^by."""
    parts = list(value)
    for _ in range(by):
        top = parts[4]
        parts = [top, parts[0], parts[1] - top, parts[2], parts[3]]
    return parts


def plus(left: Sequence[Part], right: Sequence[Part]) -> Five:
    return [a + b for a, b in zip(left, right, strict=True)]


def minus(left: Sequence[Part], right: Sequence[Part]) -> Five:
    return [a - b for a, b in zip(left, right, strict=True)]


def scaled(value: Sequence[Part], by: Part) -> Five:
    return [part * by for part in value]


def times(left: Sequence[Part], right: Sequence[Part]) -> Five:
    c: list[Part] = [0] * 9
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            c[i + j] = c[i + j] + a * b
    return [c[0] + c[5] - c[8], c[1] + c[6], c[2] - c[5] + c[7] + c[8], c[3] - c[6] + c[8], c[4] - c[7]]


def of_word(word: Part) -> Five:
    return [word, 0, 0, 0, 0]


def require_equal(chip: Chip, sentence: str, left: Sequence[Part], right: Sequence[Part], rows: Rows = "every") -> None:
    for k, (a, b) in enumerate(zip(left, right, strict=True)):
        difference = a - b
        if isinstance(difference, Expression):
            chip.require(f"{sentence} (coordinate {k})", difference, rows)
        elif difference:
            raise ValueError(f"{sentence}: cannot hold")


def next_row(value: Sequence[Part]) -> Five:
    return [part.next if isinstance(part, Expression) else part for part in value]

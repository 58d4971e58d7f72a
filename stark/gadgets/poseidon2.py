"""The Poseidon2 permutation as requirements: every round commits its words, so that no requirement exceeds degree three."""
from __future__ import annotations

from stark.chip import Chip
from stark.expression import Expression
from stark.poseidon2 import FULL_ROUNDS, WIDTH, external, internal, of_width, round_constants


def permutation(chip: Chip, state: list[Expression], name: str = "") -> list[Expression]:
    """Commits 148 or 215 columns in the order of `stark.poseidon2.trace` and returns the sixteen or twenty-four words that come out."""
    full, partial = round_constants(len(state))

    def commit(label: str, value: Expression) -> Expression:
        column = chip.column(f"{name}{label}")
        chip.require_equal(f"{name}{label} follows from the round before", value, column)
        return column

    def full_round(number: int, words: list[Expression]) -> list[Expression]:
        mixed = external([cube(word + c) for word, c in zip(words, full[number], strict=True)])
        return [commit(f"full{number}.{k}", word) for k, word in enumerate(mixed)]

    words = external(state)
    for number in range(4):
        words = full_round(number, words)
    for number, constant in enumerate(partial):
        words = internal([commit(f"partial{number}", cube(words[0] + constant)), *words[1:]])
    for number in range(4, 8):
        words = full_round(number, words)
    return words


def cube(value: Expression) -> Expression:
    return value * value * value


def column_names(name: str = "", width: int = WIDTH) -> list[str]:
    """The names of the committed columns, in their order."""
    full = [[f"{name}full{number}.{k}" for k in range(width)] for number in range(FULL_ROUNDS)]
    return [*sum(full[:4], []), *(f"{name}partial{number}" for number in range(of_width(width).partial_rounds)), *sum(full[4:], [])]

"""One Poseidon2 permutation on a row: columns for every S-box layer, so that each sentence has degree 3."""
from __future__ import annotations

from stark.chip import Chip
from stark.expression import Expression
from stark.poseidon2 import WIDTH, external, internal, round_constants

Words = list[Expression]


def permutation(chip: Chip, state: Words) -> Words:
    """The permutation of these sixteen expressions. The columns are named `round r.k`, in the order of `stark.poseidon2.trace`."""
    full, partial = round_constants()
    words = external(state)
    for number, constants in enumerate(full[:4]):
        words = full_round(chip, number, words, constants)
    for number, constant in enumerate(partial, start=4):
        (cube,) = chip.columns(f"round {number}", 1)
        chip.require(f"round {number} cubes the first word", cube - cubed(words[0] + constant))
        words = internal([cube, *words[1:]])
    for number, constants in enumerate(full[4:], start=4 + len(partial)):
        words = full_round(chip, number, words, constants)
    return words


def full_round(chip: Chip, number: int, words: Words, constants: tuple[int, ...]) -> Words:
    after = chip.columns(f"round {number}", WIDTH)
    mixed = external([cubed(word + constant) for word, constant in zip(words, constants, strict=True)])
    for k in range(WIDTH):
        chip.require(f"round {number} cubes and mixes to word {k}", after[k] - mixed[k])
    return after


def cubed(word: Expression) -> Expression:
    return word * word * word

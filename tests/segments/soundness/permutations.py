"""Code K for the chip of Keccak-f: permutations that are wrong in one word and follow from it in everything else, and rows of no block in
which one column is wrong and what is made of it in the row follows."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

import numpy as np
import numpy.typing as npt

from segments.host.keccak import BITS, CONSTANT_BITS, LANES, LIMBS, OUT, ROWS, SIDE, fixed
from segments.host.keccak_fill import Permuted
from segments.machine import machine
from segments.steps import U64
from stark.attack import Rows
from stark.chip import Chip
from stark.expression import P

Words = npt.NDArray[np.uint64]
LOG_HEIGHT = 5                              # one block and eight rows that belong to none
BATCH = 256
EVERY_LIMB = [(lane, limb) for lane in range(LANES) for limb in range(LIMBS)]
HALF = pow(2, -1, P)
Cells = Mapping[str, int]


def changed(cells: U64, bits: list[tuple[int, int]]) -> U64:
    """Of every row of cells one limb has another low bit."""
    out = cells.copy()
    for row, (lane, limb) in enumerate(bits):
        out[row, lane] ^= np.uint64(1 << 16 * limb)
    return out


class Wrong(Permuted):
    """Every call goes on with another state than the round `number` has left: one limb of each."""

    def __init__(self, cells: U64, number: int, bits: list[tuple[int, int]]) -> None:
        self.number, self.bits = number, bits
        super().__init__(cells)

    def new(self, number: int, state: U64) -> U64:
        return changed(state, self.bits) if number == self.number else state


def of_calls(done: Permuted) -> Words:
    """Their rows, (columns, calls, 24), as a call that is real has them."""
    columns = {name: np.asarray(values) for name, values in done.columns}
    ones = np.ones(done.first.shape, np.uint8)
    return np.stack([columns.get(name, ones).astype(np.uint64) for name in machine().rounds.main_names])


def fixed_words() -> Words:
    return machine().rounds.fixed_table(fixed(LOG_HEIGHT), LOG_HEIGHT).astype(np.uint64)


def broken_in(rows: Words) -> list[set[int]]:
    """The requirements that do not hold in the first row, the last but one and the last of each of these calls."""
    chip, table, out = machine().rounds, fixed_words(), [set[int]() for _ in range(rows.shape[1])]
    for row in (0, OUT - 1, OUT):
        following, count = min(row + 1, OUT), rows.shape[1]
        found = broken(chip, rows[:, :, row], rows[:, :, following], table[:, row], table[:, row + 1])
        for call in range(count):
            out[call] |= set(np.flatnonzero(found[:, call]).tolist())
    return out


def broken(chip: Chip, here: Words, below: Words, fixed_here: Words, fixed_below: Words) -> npt.NDArray[np.bool_]:
    """(requirements, rows)"""
    roots, parts = [requirement.expression.number for requirement in chip.requirements], []
    for at in range(0, here.shape[1], BATCH):
        part = here[:, at:at + BATCH]
        table, following = (np.repeat(one[:, None], part.shape[1], axis=1) for one in (fixed_here, fixed_below))
        rows = Rows(part, below[:, at:at + BATCH], table, following, np.zeros((3, part.shape[1]), np.uint64))
        parts.append(rows.evaluate(chip, roots, ()) != 0)
    return np.concatenate(parts, axis=1)


def wrong_calls(cells: U64) -> Iterator[Words]:
    """One limb of the state before the last round or of the state that is put back is another one; or what all rows of a block agree on
    is another in the last."""
    many = np.repeat(cells, len(EVERY_LIMB), axis=0)
    yield of_calls(Wrong(many, OUT, EVERY_LIMB))
    other = Permuted(many)
    other.begin = changed(many, EVERY_LIMB)
    yield of_calls(other)
    names = ["real", "time", "address", *(f"begin {lane}.{limb}" for lane, limb in EVERY_LIMB)]
    rows = np.repeat(of_calls(Permuted(cells)), len(names), axis=1)
    for call, name in enumerate(names):
        place = machine().rounds.main_names.index(name)
        rows[place, call, OUT] = (rows[place, call, OUT] + np.uint64(P - 1)) % np.uint64(P)
    yield rows


@cache
def missed() -> dict[int, str]:
    """By the number of a requirement of the chip: how its absence is noticed."""
    cells = np.random.default_rng(4).integers(0, 1 << 64, (1, LANES), dtype=np.uint64)
    if broken_in(of_calls(Permuted(cells)))[0]:
        raise ValueError("the honest permutation is refused")
    found = [one for rows in wrong_calls(cells) for one in broken_in(rows)]
    return {one.pop(): "by a block" for one in found if len(one) == 1} | dict.fromkeys(of_no_block(), "by a row")


def of_no_block() -> Iterator[int]:
    chip, table = machine().rounds, fixed_words()
    main = rows_of_no_block(chip, table[:, ROWS])
    found = broken(chip, main, np.zeros_like(main), table[:, ROWS], table[:, ROWS + 1])
    for row in np.flatnonzero(found.sum(axis=0) == 1).tolist():
        yield int(np.flatnonzero(found[:, row])[0])


def cells_of_no_block() -> Iterator[Cells]:
    """What is not 0 in a row of zeros, besides what follows."""
    yield {"real": 2}
    for lane in range(LANES):
        yield from ({f"lane {lane} bit {k}": 2} for k in range(BITS))
    for x in range(SIDE):
        for k in range(BITS):
            yield {f"lane {x} bit {k}": 1}
            yield {f"later parity {x} bit {k}": 1, f"lane {x} bit {k}": 1}
            touched = ((x, k), ((x + 1) % SIDE, k), ((x + 4) % SIDE, (k + 1) % BITS))
            yield {f"parity {x} bit {k}": 2} | {name: value for x, k in touched for name, value in (
                (f"later parity {x} bit {k}", 2), (f"lane {x} bit {k}", 1), (f"lane {x + SIDE} bit {k}", 1))}


def rows_of_no_block(chip: Chip, fixed_here: Words) -> Words:
    """First the bits before the constant follow, then the limbs; each is wrong itself in a row."""
    cells, place = list(cells_of_no_block()), {name: k for k, name in enumerate(chip.main_names)}
    bits = {f"first bit {k}": f"bit {k} before the constant" for k in CONSTANT_BITS}
    limbs = {f"{name} {lane}.{limb}": f"limb {limb} of {name} {lane}" for name in ("before", "after") for lane, limb in EVERY_LIMB}
    main = np.zeros((len(place), len(cells) + len(bits) + len(limbs)), np.uint64)
    for row, values in enumerate(cells):
        for name, value in values.items():
            main[place[name], row] = value
    first = len(cells)
    for made in (bits, limbs):
        follow(chip, main, fixed_here, {place[name]: sentence for name, sentence in made.items()})
        for row, name in enumerate(made):
            main[place[name], first + row] += np.uint64(1)
        first += len(made)
    return main


def follow(chip: Chip, main: Words, fixed_here: Words, made: Mapping[int, str]) -> None:
    """These columns, which are 0, become what the requirements with these sentences want; each has its column twice."""
    definition = {r.sentence: r.expression.number for r in chip.requirements}
    for at in range(0, main.shape[1], BATCH):
        part = main[:, at:at + BATCH]
        table = np.repeat(fixed_here[:, None], part.shape[1], axis=1)
        rows = Rows(part, part, table, table, np.zeros((3, part.shape[1]), np.uint64))
        rest = rows.evaluate(chip, [definition[sentence] for sentence in made.values()], ())
        main[list(made), at:at + BATCH] = (np.uint64(P) - rest) * np.uint64(HALF) % np.uint64(P)

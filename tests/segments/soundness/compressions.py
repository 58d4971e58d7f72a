"""Code K and M2 for the chip of SHA-256: blocks that are wrong in one word and follow from it in everything else, and rows of no block in
which one column is wrong and what is made of it in the row follows."""
from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt

from segments.host.blocks import laid
from segments.host.sha256 import OUT, ROWS, fixed
from segments.host.sha256_fill import Compressed
from segments.inverses import computed_inverse
from segments.machine import machine
from segments.steps import U64
from stark.attack import Rows
from stark.check import Filled
from stark.chip import Chip
from stark.expression import P

U32 = npt.NDArray[np.uint32]
LOOKED_AT = (0, 1, 14, 15, 16, 17)      # rows of a block: a fault is in the last ones or in the state, all others are honest
LOG_HEIGHT, NOTHING = 6, 60             # one block is attacked, two more follow; the row 60 belongs to no block
Fault = tuple[str, int, int]            # which word, and the bit that is wrong


class Wrong(Compressed):
    """One bit of one word is wrong, and all that is made from it follows. `begin`: the state that is added is another one than the state
    that was compressed."""

    def __init__(self, cells: U64, fault: Fault) -> None:
        self.fault = fault
        super().__init__(cells)

    def new(self, name: str, number: int, words: U32) -> U32:
        if (name, number) == self.fault[:2]:
            return words ^ np.uint32(1 << self.fault[2])
        return words

    def sums(self) -> None:
        if self.fault[0] == "begin":
            self.begin[:, self.fault[1]] ^= np.uint32(1 << self.fault[2])
        super().sums()


def faults() -> list[Fault]:
    """One for every limb of every word that a row makes, about the last row of rounds, and for the sums and the state."""
    names = [(name, t) for name in "aew" for t in range(60, 64)] + [(name, k) for name in ("sum", "begin") for k in range(8)]
    return [(name, number, bit) for name, number in names for bit in (0, 16)]


def table(cells: U64, fault: Fault | None = None) -> U32:
    done = Wrong(np.concatenate([cells, cells]), fault or ("", 0, 0))
    height = 1 << LOG_HEIGHT
    columns = laid(height, ROWS, 1, done.columns)
    columns |= {name: np.repeat([1, 1, 1, 0], [ROWS, ROWS, ROWS, height - 3 * ROWS]) for name in ("real", "time", "address")}
    return machine().compression.table(columns, LOG_HEIGHT)


def broken_in(made: Chip, fixed_table: U32, mains: list[U32]) -> list[set[int]]:
    """The requirements that do not hold in the first block of each of these tables, all looked at together."""
    each = [Rows.at(Filled(made, fixed_table, main), LOOKED_AT) for main in mains]
    rows = Rows(*(np.concatenate([getattr(one, part) for one in each], axis=1) for part in (
        "main", "next_main", "fixed", "next_fixed", "selectors")))
    found = rows.evaluate(made, [requirement.expression.number for requirement in made.requirements], ())
    broken = found.reshape(len(found), len(mains), len(LOOKED_AT)).any(axis=2)
    return [set(np.flatnonzero(column).tolist()) for column in broken.T]


def tables(cells: U64) -> Iterator[U32]:
    """Wrong blocks; blocks whose last row is not of them in something that all rows share, or that waits for the next row."""
    for fault in faults():
        yield table(cells, fault)
    honest, names = table(cells), machine().compression.main_names
    for name in names:
        if name in ("real", "time", "address") or name.startswith(("begin ", "lag ")):
            main = honest.copy()
            main[names.index(name), OUT] = (main[names.index(name), OUT] + P - 1) % P
            yield main


@cache
def missed() -> dict[int, str]:
    """By the number of a requirement of the chip: how its absence is noticed."""
    made = machine().compression
    fixed_table = made.fixed_table(fixed(LOG_HEIGHT), LOG_HEIGHT)
    cells = np.random.default_rng(3).integers(0, 1 << 64, (1, 12), dtype=np.uint64)
    honest = table(cells)
    out: dict[int, str] = {}
    fine, *wrong = broken_in(made, fixed_table, [honest, *tables(cells)])
    if fine:
        raise ValueError("the honest block is refused")
    for broken in wrong:
        if len(broken) == 1:
            out[broken.pop()] = "by a block"
    return out | {k: "by a row" for k in of_no_block(made, honest, fixed_table)}


def of_no_block(made: Chip, honest: U32, fixed_table: U32) -> Iterator[int]:
    """A bit that is 2, and a limb or a product that is one too large; the limbs and products of that row follow from its bits."""
    roots = [requirement.expression.number for requirement in made.requirements]
    columns = [k for k, name in enumerate(made.main_names) if not name.startswith(("begin ", "lag ", "time", "address"))]
    main = np.repeat(honest[:, NOTHING:NOTHING + 1].astype(np.uint64), len(columns), axis=1)
    here, there = (np.repeat(fixed_table[:, at:at + 1].astype(np.uint64), len(columns), axis=1) for at in (NOTHING, NOTHING + 1))
    empty = Rows(main, np.zeros_like(main), here, there, np.zeros((3, len(columns)), np.uint64))
    names = [made.main_names[column] for column in columns]
    empty.main[columns, np.arange(len(columns))] = [2 if " bit " in name or name == "real" else 1 for name in names]
    for name, requirement in definitions(made).items():
        place = made.main_names.index(name)
        empty.main[place] = 1
        slope = empty.evaluate(made, [requirement], ())[0]
        empty.main[place] = 0
        rest = empty.evaluate(made, [requirement], ())[0]
        inverted = computed_inverse((slope.astype(np.int64) - rest.astype(np.int64)) % P)
        value = (P - rest.astype(np.int64)) * inverted + (np.array(columns) == place)
        empty.main[place] = (value % P).astype(np.uint64)
    broken = empty.evaluate(made, roots, ()) != 0
    for k in range(len(columns)):
        if broken[:, k].sum() == 1:
            yield int(np.flatnonzero(broken[:, k])[0])


def definitions(made: Chip) -> dict[str, int]:
    """The requirement that makes a column of others in its row, by the name of the column."""
    out = {}
    for requirement in made.requirements:
        sentence = requirement.sentence
        if sentence.startswith("limb "):
            out[f"{sentence[10:]}.{sentence[5]}"] = requirement.expression.number
        elif ", bit " in sentence:
            out[sentence.replace(", bit ", " bit ")] = requirement.expression.number
    return out


def follows(fault: Fault) -> type[Compressed]:
    """A compression that is wrong everywhere in the same way: for a machine that lies consistently."""
    class Follows(Wrong):
        def __init__(self, cells: U64) -> None:
            super().__init__(cells, fault)
    return Follows


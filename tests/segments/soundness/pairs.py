"""Code U, as far as it is done without a solver: no row can say something else by changing up to three cells, each to mend the one before.

What a row takes from others (received messages, the fetched instruction) is kept, and so are the tables; on the memory a forger may leave
out what he takes, or take it where he should not. A solver would say this of all rows at once. The word that TAKE32 takes is kept as
well: it may be any, and everything else follows from it.
"""
from __future__ import annotations

import numpy as np

from segments.buses import MEMORY, PROGRAM
from segments.guest import store
from stark.check import Filled
from stark.forge import Forger, Forgery
from tests.segments.soundness.subjects import gathered, tables


def says_something_else(name: str, most: int = 3) -> Forgery | None:
    f = gathered(name, most)
    taking = [int(row) for row in np.flatnonzero(f.main[f.chip.main_names.index("is TAKE32")])] if name == "store" else []
    if name == "store" and not taking:
        raise ValueError("no row takes a word")
    found = forged(f, [row for row in range(f.main.shape[1]) if row not in taking])
    return found or next(filter(None, (forged(with_word(f, row), [row]) for row in taking)), None)


def forged(f: Filled, rows: list[int]) -> Forgery | None:
    return Forger(f, rows, tables(), [PROGRAM.number], [MEMORY.number]).forge(depth=2)


def with_word(f: Filled, row: int) -> Filled:
    """The same table under a chip that knows which word this row takes."""
    chip = store.chip().chip
    for k in range(4):
        column = chip.main_names.index(f"byte.{k}")
        chip.require(f"byte {k} of the word is the one that came", chip.graph.input("main", column) - int(f.main[column, row]))
    return Filled(chip, f.fixed, f.main)

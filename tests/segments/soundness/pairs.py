"""Code U, as far as it is done without a solver: no row can say something else by changing up to three cells, each to mend the one before.

What a row takes from others (received messages, the fetched instruction) is kept, and so are the tables; on the memory a forger may leave
out what he takes, or take it where he should not. A solver would say this of all rows at once.
"""
from __future__ import annotations

from segments.buses import MEMORY, PROGRAM
from stark.forge import Forger, Forgery
from tests.segments.soundness.subjects import gathered, tables


def says_something_else(name: str, most: int = 3) -> Forgery | None:
    f = gathered(name, most)
    return Forger(f, range(f.main.shape[1]), tables(), [PROGRAM.number], [MEMORY.number]).forge(depth=2)

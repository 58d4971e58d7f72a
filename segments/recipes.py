"""How the accesses and the columns of steps are computed: what the families say of arrays, read once as recipes for kernels."""
from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from segments.dealing import BEHIND, Source, behind
from segments.machine import machine
from segments.steps import Finds, GuestFamily, Ints, Steps
from stark.recipes import Ends, Recipe, recipe
from stark.symbols import Book, where
from wasm_exec.instructions import BY_NAME
from wasm_exec.program import FIELDS
from wasm_exec.trace import COLUMNS, EXTRA, MEMORY, Trace

Arrays = Mapping[int, npt.NDArray[Any]]


def words(*shape: int) -> npt.NDArray[np.uint32]:
    return np.zeros(shape or 1, np.uint32)


# What stands in a recipe for the arrays of every segment.
TRACE = Trace(**{name: words() for name in COLUMNS}, extra=words(1, len(EXTRA)), memory=np.zeros((1, len(MEMORY)), np.uint64),
              cells=np.zeros(0, np.uint64))
SOURCE = Source(TRACE, {name: words() for name in FIELDS if name != "pc"}, {name: words() for name in BEHIND}, words(), 0, 0)
FINDS = Finds(words(), np.zeros(1, np.uint64))


def arrays_of(source: Source, finds: Finds = FINDS) -> Arrays:
    """Those of a segment, by where those are that stand for them."""
    pairs = zip([*SOURCE.arrays, *FINDS.arrays], [*source.arrays, *finds.arrays], strict=True)
    return {where(one): other for one, other in pairs}


def symbols(name: str, book: Book) -> tuple[GuestFamily, Steps]:
    """The family of this name, and any step of it."""
    family = next(family for family in machine().families if family.name == name)
    return family, SOURCE.steps(cast(Ints, book.rows()), behind(BY_NAME[family.operations[0]].number))


@cache
def accesses_of(name: str) -> Recipe:
    """The accesses of steps of one chip."""
    book, ends = Book(), Ends()
    family, steps = symbols(name, book)
    for access in family.accesses(steps):
        ends.access(*access)
    return recipe(book, ends)


@cache
def columns_of(name: str) -> Recipe:
    """The columns of steps of one chip."""
    book, ends = Book(), Ends()
    family, steps = symbols(name, book)
    columns = family.columns(steps, FINDS)
    for k, column in enumerate(family.chip.main_names):
        ends.put(k, columns.pop(column))
    if columns:
        raise ValueError(f"chip {name} has no columns {', '.join(columns)}")
    return recipe(book, ends)

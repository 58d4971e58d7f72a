"""The list of the chips: what a segment is made of, in order."""
from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from segments import tables
from segments.guest import (
    add,
    bitwise,
    branch,
    call,
    compare,
    convert,
    count,
    div,
    grow,
    halt,
    indirect,
    load,
    move,
    mul,
    outside,
    select,
    shift,
    store,
)
from segments.memory import boundary, hashes, nodes, pages
from segments.steps import GuestFamily
from stark.chip import Chip
from wasm_exec.instructions import BY_NAME, BY_NUMBER, immediate_name
from wasm_exec.program import Program


@dataclass(frozen=True)
class Machine:
    """Guest families by the number of their family, and the chips around them."""

    families: tuple[GuestFamily, ...]
    boundary: Chip
    page: Chip
    node: Chip
    hash: Chip
    program: Chip
    lookup: Chip

    @property
    def outside(self) -> int:
        """The place of the family that takes loads and stores beyond memory."""
        return [family.name for family in self.families].index("outside")

    @property
    def chips(self) -> list[Chip]:
        return [*(family.chip for family in self.families), self.boundary, self.page, self.node, self.hash, self.program, self.lookup]


def unprovable(program: Program) -> list[str]:
    """The names of operations of the program that no chip can prove, in the order of the table."""
    known = {name for family in machine().families for name in family.operations}
    known |= {immediate_name(name) for family in machine().families if family.immediate for name in family.operations}
    used = {BY_NUMBER[number].name for number in np.unique(program.column("op")).tolist()}
    return [name for name in BY_NAME if name in used - known]


@cache
def machine() -> Machine:
    families = (*(guest.chip() for guest in (add, mul, div, bitwise, shift, compare, branch, move, select, load, store, call, halt)),
                add.chip(4), mul.chip64(), div.chip(4), bitwise.chip(4), shift.chip(4), compare.chip(4), move.chip(4), select.chip(4),
                load.chip64(), store.chip64(), convert.chip(), count.chip(), count.chip(4), indirect.chip(), grow.chip(), outside.chip())
    return Machine(families=families, boundary=boundary.chip(), page=pages.chip(), node=nodes.chip(),
                   hash=hashes.chip(), program=tables.program_chip(), lookup=tables.lookup_chip())

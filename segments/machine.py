"""The list of the chips: what a segment is made of, in order."""
from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from functools import cache

from segments import tables
from segments.buses import PERMUTED
from segments.catalogue import MORE
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
from segments.host import call as host_call
from segments.host import cells, keccak, keccak_fill, mulmod, poseidon2, sha256, sha256_fill
from segments.memory import boundary, hashes, nodes, pages
from segments.steps import GuestFamily
from stark.chip import Chip
from stark.poseidon2 import HASHES, of_width


@dataclass(frozen=True)
class Machine:
    """Guest families by the number of their family, and the chips around them."""

    families: tuple[GuestFamily, ...]
    cells: Chip
    compression: Chip
    sponge: Chip
    remainder: Chip
    rounds: Chip
    boundary: Chip
    page: Chip
    node: Chip
    hash: Chip
    program: Chip
    lookup: Chip
    permuted: Chip | None = None        # for calls of Poseidon2, if what ties memory is another hash

    @property
    def outside(self) -> int:
        """The place of the family that takes loads and stores beyond memory."""
        return [family.name for family in self.families].index("outside")

    @property
    def chips(self) -> list[Chip]:
        return [*(family.chip for family in self.families), self.cells, self.compression, self.sponge, self.remainder, self.rounds,
                self.boundary, self.page, self.node, self.hash, *([self.permuted] if self.permuted else []), self.program, self.lookup]


def chips(width: int = 16) -> dict[str, Chip]:
    """Every chip that a shape can have, by name: those of the machine, and of some a second table, which is the same chip under another
    name. Rows of one kind may then take a sum of two powers of two. `width`: of the hash that ties memory."""
    return chips_of(width)


@cache
def chips_of(width: int) -> dict[str, Chip]:
    doubled = {*(family.name for family in machine(width).families), "cells", "page", "node", "hash"}
    out: dict[str, Chip] = {}
    for chip in machine(width).chips:
        out[chip.name] = chip
        if chip.name in doubled:
            out[chip.name + MORE] = more = copy(chip)
            more.name = chip.name + MORE
    return out


def machine(width: int = 16) -> Machine:
    """With the chips that tie memory by the hash of this width, and all others as they are."""
    return machine_of(width)            # which is made once, however the width is given


@cache
def machine_of(width: int) -> Machine:
    if width != 16:
        kind, same = of_width(width), machine()
        return replace(same, sponge=poseidon2.chip(PERMUTED), boundary=boundary.chip(kind), page=pages.chip(kind), node=nodes.chip(kind),
                       hash=hashes.chip(kind), program=tables.program_chip(kind), permuted=hashes.chip(HASHES[16], "permuted", PERMUTED))
    kind = HASHES[16]
    families = (*(guest.chip() for guest in (add, mul, div, bitwise, shift, compare, branch, move, select, load, store, call, halt)),
                add.chip(4), mul.chip64(), div.chip(4), bitwise.chip(4), shift.chip(4), compare.chip(4), move.chip(4), select.chip(4),
                load.chip64(), store.chip64(), convert.chip(), count.chip(), count.chip(4), indirect.chip(), grow.chip(), outside.chip(),
                host_call.chip("SHA256", sha256_fill.results), host_call.chip("POSEIDON2", poseidon2.results),
                host_call.chip("MULMOD", mulmod.results), host_call.chip("KECCAK", keccak_fill.results))
    return Machine(families=families, cells=cells.chip(), compression=sha256.chip(), sponge=poseidon2.chip(), remainder=mulmod.chip(),
                   rounds=keccak.chip(), boundary=boundary.chip(kind), page=pages.chip(kind), node=nodes.chip(kind),
                   hash=hashes.chip(kind), program=tables.program_chip(kind), lookup=tables.lookup_chip())

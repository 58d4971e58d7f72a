"""The steps of a trace are dealt to the chips, each to that of its family, and get their times.

They are read from the trace in blocks, small enough that all that is computed from them stays in the cache.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from segments.guest.outside import is_outside
from segments.machine import Machine
from segments.memory import boundary
from segments.steps import Ints, Steps
from stark.kernels.protocol import Kernels
from wasm_exec.instructions import BY_NAME, TABLE
from wasm_exec.program import FIELDS, Program
from wasm_exec.spaces import PAGES_PER_WASM_PAGE
from wasm_exec.trace import EXTRA, MEMORY, Trace

I32 = npt.NDArray[np.int32]
U32 = npt.NDArray[np.uint32]
BLOCK = 1 << 13                 # steps of one chip
WINDOW = 1 << 16                # of all
VALUES = ("pc", "fp", "a", "b", "d")
LAST = max(operation.number for operation in TABLE)
# What a step has behind its row in the trace, by the number of its operation: rows of `extra` and `memory`, and `cells`.
BEHIND = {name: np.zeros(LAST + 1, np.int32) for name in ("extra", "memory", "cells")}
for operation in TABLE:
    for name, count in (("extra", operation.has_extra), ("memory", operation.has_memory), ("cells", operation.cells)):
        BEHIND[name][operation.number] = count


@dataclass(frozen=True)
class Source:
    """A trace with the program that it is of. `places` says where in the other parts of the trace what a step has there begins."""

    trace: Trace
    fields: Mapping[str, U32]           # of the program, by pc
    places: Mapping[str, I32]
    time: U32
    first_pages: int
    grown: int
    kernels: Kernels

    def steps(self, rows: Ints) -> Steps:
        """Those in these rows of the trace."""
        trace, gather, nothing = self.trace, self.kernels.gather, np.zeros(len(rows), np.int64)
        *taken, time = gather([*(getattr(trace, name) for name in VALUES), self.time], rows)
        values, c = dict(zip(VALUES, taken, strict=True)), nothing
        fields = dict(zip(self.fields, gather([*self.fields.values()], values["pc"]), strict=True))
        has = {name: counts[fields["op"]] for name, counts in BEHIND.items() if len(self.places[name])}
        if "extra" in has and has["extra"].any():
            extra, having = np.zeros((len(EXTRA), len(rows)), np.int64), np.flatnonzero(has["extra"])
            extra[:, having] = trace.extra[self.places["extra"][rows[having]]].T
            values, c = values | {name: values[name] | extra[column] << 32 for column, name in enumerate("abd")}, extra[3]
        address, cell0, cell1 = nothing, *[nothing.view(np.uint64)] * 2
        if "memory" in has and has["memory"].any():
            cells, having = np.zeros((len(MEMORY), len(rows)), np.uint64), np.flatnonzero(has["memory"])
            cells[:, having] = trace.memory[self.places["memory"][rows[having]]].T
            address, cell0, cell1 = cells[0].view(np.int64), cells[1], cells[2]
        slots = np.zeros((len(rows), 0), np.uint64)
        if "cells" in has and has["cells"].any():
            slots = trace.cells[self.places["cells"][rows][:, None] + np.arange(has["cells"].max())]
        return Steps(**values, time=time, op=fields["op"], fields=fields, c=c, address=address, cell0=cell0, cell1=cell1,
                     link=values["d"].view(np.uint64), cells=slots, first_pages=self.first_pages, grown=self.grown)


@dataclass(frozen=True)
class Share:
    """The steps of one chip: these rows of the trace."""

    source: Source
    rows: Ints

    def __len__(self) -> int:
        return len(self.rows)

    def steps(self) -> Steps:
        """All of them."""
        return self.source.steps(self.rows)


@dataclass(frozen=True)
class Deal:
    """The steps by the name of the chip, which family has the last one, and the time after it."""

    shares: Mapping[str, Share]
    last: int
    end: int

    def blocks(self) -> Iterator[tuple[str, slice, Steps]]:
        """All steps, with the name of their chip and where they are in its share: in windows of time, so that what steps of different
        chips find beside each other is fetched once. Chips with few steps have theirs at once."""
        few = {name for name, share in self.shares.items() if len(share) <= BLOCK}
        windows = range(0, sum(map(len, self.shares.values())), WINDOW)
        edges = {name: np.searchsorted(share.rows, [*windows, windows.stop]).tolist()
                 for name, share in self.shares.items() if name not in few}
        for window in range(len(windows)):
            for name, at in edges.items():
                yield from self.parts(name, at[window], at[window + 1])
        for name in few:
            yield from self.parts(name, 0, len(self.shares[name]))

    def parts(self, name: str, start: int, end: int) -> Iterator[tuple[str, slice, Steps]]:
        share = self.shares[name]
        for first in range(start, end, BLOCK):
            here = slice(first, min(first + BLOCK, end))
            yield name, here, share.source.steps(share.rows[here])


def dealt(machine: Machine, program: Program, trace: Trace, grown: int, kernels: Kernels) -> Deal:
    """`grown`: pages by which linear memory has grown before."""
    op = program.column("op").astype(np.int64)
    to = np.full(LAST + 1, -1, np.int8)
    for number, family in enumerate(machine.families):
        to[[operation.number for operation in TABLE if operation.family is family.family]] = number
    chosen = to[op][trace.pc]
    if (chosen < 0).any():
        raise ValueError(f"there is no chip for operation {op[trace.pc[np.flatnonzero(chosen < 0)[0]]]}")
    places = {name: places_of(counts[op], trace.pc) for name, counts in BEHIND.items()}
    grow = [family.family for family in machine.families].index(BY_NAME["GROW"].family)
    source = Source(trace, {name: np.ascontiguousarray(program.column(name)) for name in FIELDS if name != "pc"}, places,
                    np.zeros(len(chosen), np.uint32), program.memory_pages * PAGES_PER_WASM_PAGE,
                    grown + int(np.count_nonzero(chosen == grow)), kernels)
    if is_outside(source.steps(np.array([len(chosen) - 1]))):
        chosen[-1] = machine.outside
    ticks = np.array([family.ticks for family in machine.families], np.uint32)[chosen]
    source = replace(source, time=np.cumsum(ticks, dtype=np.uint32) - ticks + np.uint32(boundary.START))
    there = np.bincount(chosen, minlength=len(machine.families))
    shares = {family.name: Share(source, np.flatnonzero(chosen == number) if there[number] else np.zeros(0, np.int64))
              for number, family in enumerate(machine.families)}
    return Deal(shares, int(chosen[-1]), int(source.time[-1] + ticks[-1]))


def places_of(counts: I32, pc: U32) -> I32:
    """How many of something all steps before each step have, if an instruction has so many."""
    if not counts.any():
        return np.zeros(0, np.int32)
    own = counts[pc]
    return np.cumsum(own, dtype=np.int32) - own

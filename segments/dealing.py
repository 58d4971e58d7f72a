"""The steps of a trace are dealt to the chips, each to that of its family, and get their times."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from segments.guest.outside import is_outside
from segments.machine import Machine
from segments.memory import boundary
from segments.steps import Ints, Steps
from stark.kernels.protocol import Kernels
from stark.symbols import taken
from wasm_exec.instructions import TABLE
from wasm_exec.program import FIELDS, Program
from wasm_exec.spaces import PAGES_PER_WASM_PAGE
from wasm_exec.trace import EXTRA, MEMORY, Trace

U32 = npt.NDArray[np.uint32]
WINDOW = 1 << 16                # steps of all chips
NO_CHIP = 255
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
    places: Mapping[str, U32]
    time: U32
    first_pages: int
    grown: int

    @property
    def arrays(self) -> list[npt.NDArray[Any]]:
        """All that steps are made of, always in the same order."""
        trace = self.trace
        return [trace.pc, trace.fp, trace.a, trace.b, trace.d, trace.extra.reshape(-1), trace.memory.reshape(-1), self.time,
                *self.fields.values(), *self.places.values()]

    def steps(self, rows: Ints, has: Mapping[str, int]) -> Steps:
        """Those in these rows of the trace, which have so much behind them. The rows may be symbols (stark/symbols.py)."""
        trace, nothing = self.trace, np.zeros_like(rows)
        pc, a, b, d = (taken(column, rows).astype(np.int64) for column in (trace.pc, trace.a, trace.b, trace.d))
        c = address = nothing
        cell0 = cell1 = nothing.astype(np.uint64)
        slots = np.zeros((0, 0), np.uint64)
        if has["extra"]:
            place = taken(self.places["extra"], rows).astype(np.int64) * len(EXTRA)
            highs = [taken(trace.extra.reshape(-1), place + column).astype(np.int64) for column in range(len(EXTRA))]
            a, b, d, c = a | highs[0] << 32, b | highs[1] << 32, d | highs[2] << 32, highs[3]
        if has["memory"]:
            place = taken(self.places["memory"], rows).astype(np.int64) * len(MEMORY)
            where, cell0, cell1 = (taken(trace.memory.reshape(-1), place + column) for column in range(len(MEMORY)))
            address = where.astype(np.int64)
        if has["cells"]:
            slots = trace.cells[taken(self.places["cells"], rows)[:, None] + np.arange(has["cells"])]
        fields = {name: taken(column, pc).astype(np.int64) for name, column in self.fields.items()}
        return Steps(pc=pc, fp=taken(trace.fp, rows).astype(np.int64), time=taken(self.time, rows).astype(np.int64), op=fields["op"],
                     fields=fields, a=a, b=b, c=c, d=d, address=address, cell0=cell0, cell1=cell1, link=d.astype(np.uint64), cells=slots,
                     first_pages=self.first_pages, grown=self.grown)


@dataclass(frozen=True)
class Share:
    """The steps of one chip: these rows of the trace. All of them have as much behind them as the first."""

    source: Source
    rows: Ints

    def __len__(self) -> int:
        return len(self.rows)

    def steps(self) -> Steps:
        """All of them, as arrays."""
        if not len(self):
            return self.source.steps(self.rows, dict.fromkeys(BEHIND, 0))
        return self.source.steps(self.rows, behind(int(self.source.fields["op"][self.source.trace.pc[self.rows[0]]])))


def behind(operation: int) -> dict[str, int]:
    """What steps of this operation have in the other parts of the trace."""
    return {name: int(counts[operation]) for name, counts in BEHIND.items()}


@dataclass(frozen=True)
class Deal:
    """The steps by the name of the chip, which family has the last one, and the time after it. How often each instruction is fetched."""

    source: Source
    shares: Mapping[str, Share]
    last: int
    end: int
    fetched: Ints

    def windows(self, names: Sequence[str]) -> Iterator[tuple[str, slice]]:
        """All parts of the shares of these chips, in windows of time: what steps of different chips find beside each other is then
        fetched once."""
        edges = [*range(0, sum(map(len, self.shares.values())) + WINDOW, WINDOW)]
        places = {name: np.searchsorted(self.shares[name].rows, edges).tolist() for name in names if len(self.shares[name])}
        for window in range(len(edges) - 1):
            for name, at in places.items():
                if at[window] < at[window + 1]:
                    yield name, slice(at[window], at[window + 1])


def dealt(machine: Machine, program: Program, trace: Trace, grown: int, kernels: Kernels) -> Deal:
    """`grown`: pages by which linear memory has grown before."""
    op, names = program.column("op"), [family.name for family in machine.families]
    chip_of, ticks = np.full(LAST + 1, NO_CHIP, np.uint8), np.array([family.ticks for family in machine.families], np.uint32)
    for number, family in enumerate(machine.families):
        chip_of[[operation.number for operation in TABLE if operation.family is family.family]] = number
    chip = chip_of[op]
    counts = [np.append(ticks, np.zeros(NO_CHIP, np.uint32))[chip], *(counts[op] for counts in BEHIND.values())]
    rows, before, fetched = kernels.deal(trace.pc, chip, np.array(counts, np.uint32), len(names))
    time, *places = before
    source = Source(trace, {name: np.ascontiguousarray(program.column(name)) for name in FIELDS if name != "pc"},
                    dict(zip(BEHIND, places, strict=True)), time + np.uint32(boundary.START), program.memory_pages * PAGES_PER_WASM_PAGE,
                    grown + len(rows[names.index("grow")]))
    last, end = int(chip[trace.pc[-1]]), np.array([len(trace) - 1])
    if is_outside(Share(source, end).steps()):
        rows[last], rows[machine.outside], last = rows[last][:-1], end, machine.outside
    shares = {name: Share(source, some) for name, some in zip(names, rows, strict=True)}
    return Deal(source, shares, last, int(source.time[-1] + ticks[last]), fetched)

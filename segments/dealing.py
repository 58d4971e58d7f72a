"""The steps of a trace are dealt to the chips, each to that of its family, and get their times."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from segments.guest.outside import is_outside
from segments.machine import Machine
from segments.memory import boundary
from segments.steps import Ints, Steps
from wasm_exec.instructions import BY_NAME, TABLE
from wasm_exec.program import Program
from wasm_exec.spaces import PAGES_PER_WASM_PAGE
from wasm_exec.trace import EXTRA, MEMORY, Trace

LAST = max(operation.number for operation in TABLE)
HAS_EXTRA = np.isin(np.arange(LAST + 1), [operation.number for operation in TABLE if operation.has_extra])
CELLS = np.zeros(LAST + 1, np.int64)
for operation in TABLE:
    CELLS[operation.number] = operation.cells
HAS_MEMORY = np.isin(np.arange(LAST + 1), [operation.number for operation in TABLE if operation.has_memory])


@dataclass(frozen=True)
class Deal:
    """The steps by the name of the chip, which family has the last one, and the time after it."""

    steps: Mapping[str, Steps]
    last: int
    end: int


def dealt(machine: Machine, program: Program, trace: Trace, grown: int) -> Deal:
    """`grown`: pages by which linear memory has grown before."""
    op = program.column("op")[trace.pc].astype(np.int64)
    to = np.full(LAST + 1, -1, np.int8)
    for number, family in enumerate(machine.families):
        to[[operation.number for operation in TABLE if operation.family is family.family]] = number
    chosen = to[op]
    if (chosen < 0).any():
        raise ValueError(f"there is no chip for operation {op[np.flatnonzero(chosen < 0)[0]]}")
    everything = np.arange(len(op))
    places = np.cumsum(HAS_EXTRA[op]) - 1, np.cumsum(HAS_MEMORY[op]) - 1, np.cumsum(CELLS[op])
    grown += int(np.count_nonzero(op == BY_NAME["GROW"].number))
    if is_outside(steps_at(program, trace, op, places, everything, everything[-1:], grown)):
        chosen[-1] = machine.outside
    ticks = np.array([family.ticks for family in machine.families])[chosen]
    time = boundary.START + np.cumsum(ticks) - ticks
    order, ends = np.argsort(chosen, kind="stable"), np.cumsum(np.bincount(chosen, minlength=len(machine.families)))
    steps = {family.name: steps_at(program, trace, op, places, time, rows, grown)
             for family, rows in zip(machine.families, np.split(order, ends), strict=False)}
    return Deal(steps, int(chosen[-1]), int(time[-1] + ticks[-1]))


def steps_at(program: Program, trace: Trace, op: Ints, places: tuple[Ints, Ints, Ints], time: Ints, rows: Ints, grown: int) -> Steps:
    """The steps in these rows; `places` says which rows of `extra` and `memory` belong to the steps that have some, and where the
    `cells` of each step end."""
    pc, here = trace.pc[rows].astype(np.int64), op[rows]
    has_extra, has_memory, nothing = HAS_EXTRA[here], HAS_MEMORY[here], np.zeros(len(rows), np.int64)
    values, c = {name: getattr(trace, name)[rows].astype(np.int64) for name in "abd"}, nothing
    if has_extra.any():
        extra = np.zeros((len(rows), len(EXTRA)), np.int64)
        extra[has_extra] = trace.extra[places[0][rows[has_extra]]]
        values, c = {name: values[name] | extra[:, column] << 32 for column, name in enumerate("abd")}, extra[:, 3]
    address, cell0, cell1 = nothing, *[nothing.view(np.uint64)] * 2
    if has_memory.any():
        cells = np.zeros((len(MEMORY), len(rows)), np.uint64)
        cells[:, has_memory] = trace.memory[places[1][rows[has_memory]]].T
        address, cell0, cell1 = cells[0].view(np.int64), cells[1], cells[2]
    taken = int(CELLS[here].max(initial=0))
    slots = trace.cells[(places[2][rows] - CELLS[here])[:, None] + np.arange(taken)]
    fields = {name: program.column(name)[pc].astype(np.int64) for name in ("d", "a", "b", "i", "j", "next")}
    return Steps(pc=pc, fp=trace.fp[rows].astype(np.int64), time=time[rows], op=here, fields=fields, **values, c=c,
                 address=address, cell0=cell0, cell1=cell1, link=values["d"].view(np.uint64), cells=slots,
                 first_pages=program.memory_pages * PAGES_PER_WASM_PAGE, grown=grown)

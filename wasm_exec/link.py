"""Puts the functions that can be reached one after the other, gives every line its pc, and finds the basic blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from wasm_exec.assembler import TERMINATORS, Assembler
from wasm_exec.errors import Invalid
from wasm_exec.flow import Flow, flow_of
from wasm_exec.instructions import BY_NUMBER, Family, Use
from wasm_exec.program import COLUMN, Function
from wasm_exec.spaces import FRAME_SLOTS_LIMIT, Space
from wasm_exec.trace import U32

PC_LIMIT = 1 << 24
ENTRY = -1
BLOCK_ROWS_LIMIT = 1024
BLOCK_PAGES_LIMIT = 64


@dataclass(frozen=True)
class Linked:
    instructions: U32
    functions: tuple[Function, ...]
    entries: dict[int, int]  # index of a function -> pc of its first instruction
    offsets: U32


def link(functions: dict[int, Assembler], roots: Iterable[int] = ()) -> Linked:
    """`functions[ENTRY]` comes first; the others follow in the order of their index, if they are a root or some call can reach them."""
    flows = reachable_flows(functions, roots)
    starts: dict[int, int] = {}
    total = 0
    for index, flow in flows.items():
        starts[index] = total
        total += len(flow.lines)
    if total >= PC_LIMIT:
        raise Invalid(f"a program of {total} instructions is not supported", 0)
    rows: list[tuple[int, ...]] = []
    for index, flow in flows.items():
        base = starts[index]
        for position, line in enumerate(flow.lines):
            d, i, field = line.d, line.i, line.operation.target
            if field == "d":
                d = base + flow.taken[position]
            elif field:
                i = base + flow.taken[position]
            if line.callee is not None:
                i = starts[line.callee] + flows[line.callee].entry
            following = flow.following[position]
            successor = base + following if following >= 0 else 0
            rows.append((base + position, line.operation.number, d, line.a, line.b, i, line.j, successor))
    described = tuple(
        Function(flow.name, starts[index], starts[index] + len(flow.lines), frame_slots(flow), index) for index, flow in flows.items()
    )
    offsets = np.array([line.offset for flow in flows.values() for line in flow.lines], dtype=np.uint32)
    entries = {index: starts[index] + flow.entry for index, flow in flows.items()}
    return Linked(np.array(rows, dtype=np.uint32), described, entries, offsets)


def reachable_flows(functions: dict[int, Assembler], roots: Iterable[int]) -> dict[int, Flow]:
    found: dict[int, Flow] = {}
    waiting = [ENTRY, *roots]
    while waiting:
        index = waiting.pop()
        if index not in found:
            found[index] = flow_of(functions[index])
            waiting += [line.callee for line in found[index].lines if line.callee is not None]
    return dict(sorted(found.items()))


def frame_slots(flow: Flow) -> int:
    highest = 0
    for line in flow.lines:
        operation = line.operation
        takes_one = operation.writes or operation.operands.get("d") is Use.FRAME
        highest = max(highest, line.d if takes_one else line.d + operation.cells - 1)
        for slot in line.read:
            if slot > highest:
                highest = slot
    if highest >= FRAME_SLOTS_LIMIT:
        offset = next((line.offset for line in flow.lines if line.offset), 0)
        raise Invalid(f"a frame of {highest + 1} slots is not supported", offset)
    return highest + 1


def page_bound(row: Sequence[int]) -> int:
    """How many pages that nobody has touched yet this instruction can touch, apart from frames."""
    operation = BY_NUMBER[row[COLUMN["op"]]]
    if operation.family is Family.GROW:
        return 1
    if not operation.width:
        return 0
    space = row[COLUMN["d" if operation.operands["d"] is Use.SPACE else "b"]]
    alone = operation.width == 1 or operation.name == "TAKE32"
    return 1 if alone or space in (Space.SYSTEM, Space.GLOBALS, Space.TABLES, Space.STATE) else 2


def find_block_starts(
    instructions: U32, rows_limit: int = BLOCK_ROWS_LIMIT, pages_limit: int = BLOCK_PAGES_LIMIT, roots: Iterable[int] = ()
) -> U32:
    """Where basic blocks begin: entries, both ways of a branch, returns from calls, joins; long blocks are split."""
    arrivals = np.zeros(len(instructions), dtype=np.int64)
    starts = np.zeros(len(instructions), dtype=bool)
    follows = np.zeros(len(instructions), dtype=bool)
    entries = {0, *roots}
    rows_of: list[list[int]] = instructions.tolist()
    for pc, row in enumerate(rows_of):
        operation = BY_NUMBER[row[COLUMN["op"]]]
        following = row[COLUMN["next"]]
        if operation.name in TERMINATORS:
            continue
        arrivals[following] += 1
        if operation.target or operation.operands.get("i") is Use.TARGET:
            entries |= {row[COLUMN[operation.target or "i"]], following}
        elif operation.family is Family.INDIRECT:
            entries.add(following)
        else:
            follows[pc] = True
    starts[list(entries)] = True
    starts |= arrivals > 1
    for first in np.flatnonzero(starts):
        pc, rows, pages = int(first), 0, 0
        while True:
            rows, pages = rows + 1, pages + page_bound(rows_of[pc])
            if rows > rows_limit or pages > pages_limit:
                starts[pc] = True
                rows, pages = 1, page_bound(rows_of[pc])
            following = rows_of[pc][COLUMN["next"]]
            if not follows[pc] or starts[following]:
                break
            pc = following
    return np.flatnonzero(starts).astype(np.uint32)

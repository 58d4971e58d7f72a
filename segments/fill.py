"""From the trace of a segment to the tables of all chips."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segments import tables
from segments.buses import STATE
from segments.claim import RUNNING, Boundary
from segments.dealing import dealt
from segments.history import accesses_of, history
from segments.machine import machine
from segments.memory import boundary, hashes, nodes, pages
from segments.memory_tree import MemoryTree, Update
from segments.setup import fixed_tables
from segments.shape import Shape
from segments.steps import Columns
from stark.check import Filled, values_of
from stark.chip import Chip
from wasm_exec.image import MemoryImage
from wasm_exec.program import Program
from wasm_exec.spaces import Space, SystemCell
from wasm_exec.trace import Trace

U32 = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Segment:
    """The tables of all chips in the order of the machine, and the two boundaries that they connect."""

    filled: list[Filled]
    before: Boundary
    after: Boundary
    update: Update

    @property
    def public(self) -> U32:
        return np.array([*self.before.words, *self.after.words], np.uint32)

    @property
    def mains(self) -> dict[str, U32]:
        return {filled.chip.name: filled.main for filled in self.filled}


def fill(program: Program, shape: Shape, trace: Trace, image: MemoryImage, tree: MemoryTree) -> Segment:
    """`image` and `tree` are those at the start of the segment; the tree is moved on to its end."""
    if not len(trace):
        raise ValueError("a segment has at least one step")
    parts, fixed = machine(), fixed_tables(program, shape)
    deal = dealt(parts, program, trace, image.read_cell(Space.SYSTEM, SystemCell.GROWN_PAGES))
    steps = deal.steps
    kinds = {name: access for family in parts.families for name, access in accesses_of(family, steps[family.name]).items()}
    past = history(kinds, image.read_cell(Space.SYSTEM, SystemCell.FRAME_POINTER), deal.end, image)

    def filled(chip: Chip, columns: Columns) -> Filled:
        log_height = shape.log_heights[chip.name]
        empty = np.zeros((0, 1 << log_height), np.uint32)
        return Filled(chip, fixed.get(chip.name, empty), chip.table(columns, log_height))
    guests = [filled(f.chip, f.columns(steps[f.name], {k[1]: v for k, v in past.past.items() if k[0] == f.name})) for f in parts.families]
    end = State.sent(guests[deal.last], len(steps[parts.families[deal.last].name]) - 1)
    update = tree.update(past.with_frame_pointer(end.fp))
    then, cell = past.frame_pointer.then[0], past.frame_pointer.cell[0]
    rows = [*guests,
            filled(parts.boundary, boundary.fill(boundary.Ends(int(trace.fp[0]), end.fp, end.time, int(then), int(cell)))),
            filled(parts.page, pages.fill(update.pages, update.sponge_before, update.sponge_after)),
            filled(parts.node, nodes.fill(update.nodes)),
            filled(parts.hash, hash_columns(parts.hash, update, shape)),
            filled(parts.program, {"times": np.bincount(trace.pc, minlength=len(program.instructions))})]
    rows.append(filled(parts.lookup, tables.lookup_fill(rows)))
    before = Boundary(int(trace.pc[0]), RUNNING, words(update.root_before))
    return Segment(rows, before, Boundary(end.pc, end.status, words(update.root_after)), update)


@dataclass(frozen=True)
class State:
    """What a step leaves on the state bus."""

    pc: int
    fp: int
    time: int
    status: int

    @staticmethod
    def sent(filled: Filled, row: int) -> State:
        message = [message for message in filled.chip.messages if message.bus == STATE][-1]
        here = Filled(filled.chip, filled.fixed[:, row:row + 1], filled.main[:, row:row + 1])
        found = values_of(here, (), [part.number for part in message.parts])
        return State(*(int(found[part.number][0]) for part in message.parts))


def hash_columns(chip: Chip, update: Update, shape: Shape) -> Columns:
    """All permutations that pages and nodes ask for: the last row of a page and all nodes want the first half."""
    sponges = (update.sponge_before.states, update.sponge_after.states)
    first = np.concatenate([states[:, -1] for states in sponges] + [update.nodes.hashed])
    second = np.concatenate([states[:, :-1].reshape(-1, 16) for states in sponges])
    return hashes.fill(chip, first, second, 1 << shape.log_heights[chip.name])


def words(digest: npt.NDArray[np.uint64]) -> tuple[int, ...]:
    return tuple(int(word) for word in digest)

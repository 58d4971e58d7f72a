"""From the trace of a segment to the tables of all chips."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segments import tables
from segments.buses import STATE
from segments.catalogue import MORE
from segments.claim import RUNNING, Boundary
from segments.dealing import Deal, dealt
from segments.history import History, history
from segments.host import tables as hosts
from segments.lookups import lookup_fill
from segments.machine import Machine, chips, machine
from segments.memory import boundary, hashes, nodes, pages
from segments.memory.wide import hash_of
from segments.memory_tree import MemoryTree, Update
from segments.recipes import arrays_of, columns_of
from segments.setup import PROGRAM, fixed_tables
from segments.shape import Shape, rows_of_memory
from segments.steps import Columns
from stark.check import Filled, values_of
from stark.chip import Chip
from stark.kernels.protocol import Kernels
from stark.kernels.reference import ReferenceKernels
from wasm_exec.image import MemoryImage
from wasm_exec.program import Program
from wasm_exec.spaces import Space, SystemCell
from wasm_exec.trace import Trace

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
REFERENCE = ReferenceKernels()


@dataclass(frozen=True)
class Segment:
    """The tables of all chips of a shape in the order of the machine, how many of their rows are used, and the two boundaries."""

    shape: Shape
    rows: Mapping[str, int]
    filled: list[Filled]
    before: Boundary
    after: Boundary
    update: Update

    @property
    def public(self) -> U32:
        return np.array([*self.before.words, *self.after.words, self.steps], np.uint32)

    @property
    def steps(self) -> int:
        """As the table of the program has counted them."""
        return int(self.mains[PROGRAM][-1, -1])

    @property
    def mains(self) -> dict[str, U32]:
        return {filled.chip.name: filled.main for filled in self.filled}

    def handed_over(self) -> dict[str, U32]:
        """The main tables, which the segment has no more."""
        mains = self.mains
        self.filled.clear()
        return mains


@dataclass(frozen=True)
class Read:
    """A trace as it was dealt to the chips, what its accesses found, and the rows that all this takes."""

    trace: Trace
    deal: Deal
    past: History

    @property
    def rows(self) -> dict[str, int]:
        calls = {name: len(share) for name, share in self.deal.shares.items()}
        return hosts.with_rows_of_calls(calls | rows_of_memory(self.past.pages.index))


def read(program: Program, trace: Trace, image: MemoryImage, kernels: Kernels = REFERENCE) -> Read:
    if not len(trace):
        raise ValueError("a segment has at least one step")
    parts = machine()
    deal = dealt(parts, program, trace, image.read_cell(Space.SYSTEM, SystemCell.GROWN_PAGES), kernels)
    return Read(trace, deal, history(parts, deal, image.read_cell(Space.SYSTEM, SystemCell.FRAME_POINTER), image, kernels))


def fill(program: Program, shape: Shape, trace: Trace, image: MemoryImage, tree: MemoryTree, kernels: Kernels = REFERENCE) -> Segment:
    """`image` and `tree` are those at the start of the segment; the tree is moved on to its end."""
    return tables_of(program, shape, read(program, trace, image, kernels), tree, kernels)


def fill_cheapest(program: Program, shape: Shape, trace: Trace, image: MemoryImage, tree: MemoryTree,
                  kernels: Kernels = REFERENCE) -> Segment:
    """In the cheapest shape that may stand for `shape`, which only says the size."""
    done = read(program, trace, image, kernels)
    return tables_of(program, shape.cheapest(done.rows), done, tree, kernels)


def tables_of(program: Program, shape: Shape, done: Read, tree: MemoryTree, kernels: Kernels = REFERENCE) -> Segment:
    if hash_of(tree.permute).width != shape.width:
        raise ValueError(f"the tree over memory is not of the hash of width {shape.width}")
    if not shape.holds(done.rows):
        raise ValueError(f"a segment with the rows {done.rows} does not fit the shape {shape.name}")
    parts, fixed, deal, past, trace = machine(shape.width), fixed_tables(program, shape), done.deal, done.past, done.trace
    shares, every = deal.shares, chips(shape.width)
    sizes = len(shares["outside"]) + len(shares["grow"])       # who asks for the size of linear memory

    def tables_for(chip: Chip, table: Callable[[int, int], U32]) -> list[Filled]:
        """The table of a chip, or both, from their first rows and the logarithms of their heights."""
        out, at = [], 0
        for name in (chip.name, chip.name + MORE):
            if name in shape.log_heights:
                log_height = shape.log_heights[name]
                out.append(Filled(every[name], fixed.get(name, np.zeros((0, 1 << log_height), np.uint32)), table(at, log_height)))
                at += 1 << log_height
        return out

    def empty(chip: Chip) -> list[Filled]:
        return tables_for(chip, lambda _, log_height: kernels.table(len(chip.main_names), 1 << log_height))

    def filled(chip: Chip, columns: Columns) -> list[Filled]:
        def table(at: int, log_height: int) -> U32:
            end = at + (1 << log_height) if chip.name + MORE in shape.log_heights else None
            part = {column: values if np.ndim(values) == 0 else np.asarray(values)[at:end] for column, values in columns.items()}
            return chip.table(part, log_height)
        return tables_for(chip, table)

    def cut(chip: Chip, main: U32) -> list[Filled]:
        return tables_for(chip, lambda at, log_height: np.ascontiguousarray(main[:, at:at + (1 << log_height)]))
    guests = {f.name: empty(f.chip) if f.straight else filled(f.chip, f.columns(shares[f.name].steps(), past.finds))
              for f in parts.families if f.name in shape.log_heights}
    arrays = arrays_of(deal.source, past.finds)
    recipes = {f.name: columns_of(f.name).of(arrays) for f in parts.families if f.straight}
    for name, here in deal.windows([*recipes]):
        for table, inside, those in pieces(guests[name], here):
            kernels.columns(recipes[name], shares[name].rows[those], table.main[:, inside])
    end = State.last_of(guests[parts.families[deal.last].name], len(shares[parts.families[deal.last].name]))
    update = tree.update(past.with_frame_pointer(end.fp))
    then, cell = past.finds.then[deal.end], past.finds.cell[deal.end]
    behind = hosts.filled_columns(shares, past, shape.log_heights)
    rows = [*(table for both in guests.values() for table in both),
            *(table for name, columns in behind.items() for table in filled(every[name], columns)),
            *filled(parts.boundary, boundary.fill(boundary.Ends(int(trace.fp[0]), end.fp, end.time, int(then), int(cell)))),
            *filled(parts.page, pages.fill(update.pages, update.sponge_before, update.sponge_after)),
            *filled(parts.node, nodes.fill(update.nodes)),
            *(table for pair in hashed(parts, update, hosts.permuted(shares), shape, kernels) for table in cut(*pair)),
            *filled(parts.program, tables.program_fill(deal.fetched, sizes, shape.log_heights["program"]))]
    used = shape.split(done.rows)
    rows += filled(parts.lookup, lookup_fill(rows, used, kernels, shape.width))
    before = Boundary(int(trace.pc[0]), RUNNING, words(update.root_before))
    return Segment(shape, used, rows, before, Boundary(end.pc, end.status, words(update.root_after)), update)


def pieces(tables: Sequence[Filled], here: slice) -> Iterator[tuple[Filled, slice, slice]]:
    """The tables that follow each other in which some of these rows are, where there, and which of them."""
    at = 0
    for table in tables:
        rows = slice(max(here.start, at), min(here.stop, at + table.height))
        if rows.start < rows.stop:
            yield table, slice(rows.start - at, rows.stop - at), rows
        at += table.height


@dataclass(frozen=True)
class State:
    """What a step leaves on the state bus."""

    pc: int
    fp: int
    time: int
    status: int

    @staticmethod
    def last_of(tables: Sequence[Filled], steps: int) -> State:
        """The last of so many steps, which fill one table after the other."""
        row = steps - 1
        for filled in tables:
            if row < filled.height:
                return State.sent(filled, row)
            row -= filled.height
        raise ValueError(f"the tables have no room for {steps} steps")

    @staticmethod
    def sent(filled: Filled, row: int) -> State:
        message = [message for message in filled.chip.messages if message.bus == STATE][-1]
        here = Filled(filled.chip, filled.fixed[:, row:row + 1], filled.main[:, row:row + 1])
        found = values_of(here, (), [part.number for part in message.parts])
        return State(*(int(found[part.number][0]) for part in message.parts))


def hashed(parts: Machine, update: Update, whole: U64, shape: Shape, kernels: Kernels) -> list[tuple[Chip, U32]]:
    """All permutations: those of memory, and those that calls want as a `whole`, which may be of another hash."""
    none = np.zeros((0, whole.shape[1]), np.uint64)
    if parts.permuted is None:
        return [(parts.hash, hash_columns(parts.hash, update, whole, shape, kernels))]
    own = np.zeros((0, shape.width), np.uint64)
    found = [(parts.hash, hash_columns(parts.hash, update, own, shape, kernels))]
    if parts.permuted.name in shape.log_heights:
        calls = hashes.fill(parts.permuted, none, none, whole, shape.room[parts.permuted.name], kernels)
        found.append((parts.permuted, calls))
    return found


def hash_columns(chip: Chip, update: Update, whole: U64, shape: Shape, kernels: Kernels) -> U32:
    """All permutations that pages and nodes ask for: the last row of a page and all nodes want the digest. Calls want the `whole`."""
    sponges = (update.sponge_before.states, update.sponge_after.states)
    first = np.concatenate([states[:, -1] for states in sponges] + [update.nodes.hashed])
    second = np.concatenate([states[:, :-1].reshape(-1, shape.width) for states in sponges])
    return hashes.fill(chip, first, second, whole, shape.room[chip.name], kernels)


def words(digest: npt.NDArray[np.uint64]) -> tuple[int, ...]:
    return tuple(int(word) for word in digest)

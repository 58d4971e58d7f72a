"""The steps of one family as arrays, what their accesses find, and the columns that every family fills in the same way."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from segments.claim import LOG_PAGES
from segments.marks import IMMEDIATE, Said, marks
from segments.operands import FIELDS, LIMB
from stark.chip import Chip
from stark.symbols import taken
from wasm_exec.instructions import JUMP, Family
from wasm_exec.spaces import PAGES_PER_WASM_PAGE

Ints = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
Columns = dict[str, npt.ArrayLike]
LOG_CELLS = LOG_PAGES + 5       # cells of a space


@dataclass(frozen=True)
class Steps:
    """Steps of one family in order of time: where they are, the instruction's fields, the values that the trace recorded. A value of
    64 bits stands as the signed number with the same bits."""

    pc: Ints
    fp: Ints
    time: Ints
    op: Ints
    fields: Mapping[str, Ints]        # d, a, b, i, j, next
    a: Ints
    b: Ints
    c: Ints
    d: Ints
    address: Ints
    cell0: U64
    cell1: U64
    link: U64
    cells: U64                        # what a host function found in its slots, a row for each step
    first_pages: int                  # of linear memory at the beginning, of 256 bytes each
    grown: int                        # and how many have come at the end of the segment
    said: Said = field(default_factory=Said)
    kept: dict[object, object] = field(default_factory=dict)        # what `once` has computed of them

    def __len__(self) -> int:
        return len(self.pc)

    @property
    def memory_size(self) -> Ints:
        """The column of every row that asks for the size of linear memory at the beginning."""
        return np.full(len(self), self.first_pages // PAGES_PER_WASM_PAGE)

    @property
    def linear_pages(self) -> int:
        return self.first_pages + self.grown

    def is_one_of(self, *names: str) -> Ints:
        """Whether the operation has one of these names, or is the same on 64 bits, or jumps where it would write."""
        return self.mark(marks(names))

    @property
    def is_immediate(self) -> Ints:
        return self.mark(IMMEDIATE)

    def mark(self, operations: Ints) -> Ints:
        """What is said of the operation by 0 or 1. All that is said is in one number for each, so that it is looked up once."""
        place = self.said.place(operations)
        return taken(self.said.table, self.op) >> place & 1

    @property
    def jumps(self) -> Ints:
        """Whether the operation is a comparison that jumps."""
        return (self.op >= JUMP).astype(np.int64)

    @property
    def immediate(self) -> Ints:
        return self.fields["i"] | self.fields["j"] << 16 | self.fields["b"] << 32 | self.fields["b"] << 48

    @property
    def slot_or_immediate(self) -> Ints:
        return np.where(self.is_immediate == 1, self.immediate, self.b)


Kept = TypeVar("Kept")


def once(function: Callable[[Steps], Kept]) -> Callable[[Steps], Kept]:
    """The same, and what it says of some steps is computed once."""
    def known(steps: Steps) -> Kept:
        if function not in steps.kept:
            steps.kept[function] = function(steps)
        return cast(Kept, steps.kept[function])
    return known


@dataclass(frozen=True)
class Touch:
    """One access of each step: the cell, what it holds afterwards, and whether the access takes place."""

    name: str
    space: Ints | int
    address: Ints
    after: U64
    takes_place: Ints | int = 1


@dataclass(frozen=True)
class Past:
    """For one access of each step: the time of the last access before, and what the cell held."""

    then: Ints
    cell: U64


@dataclass(frozen=True)
class Finds:
    """For every time of a segment, if an access is then: since when the cell held what it finds."""

    then: npt.NDArray[np.uint32]
    cell: U64

    @property
    def arrays(self) -> list[npt.NDArray[Any]]:
        return [self.then, self.cell]

    def at(self, time: Ints) -> Past:
        """What the accesses at these times find; zeros where none takes place."""
        return Past(taken(self.then, time).astype(np.int64), taken(self.cell, time))


@dataclass(frozen=True)
class GuestFamily:
    """A chip with its filler. `touches` lists the accesses in the order of the chip, `fill` gives the columns of its own."""

    family: Family | None             # None: for special cases of other families
    chip: Chip
    operations: Sequence[str]
    ticks: int                        # time that a step takes
    touches: Callable[[Steps], list[Touch]]
    fill: Callable[[Steps, Mapping[str, Past]], Columns]
    immediate: bool = field(default=False)
    straight: bool = field(default=True)        # whether both are made of what a recipe may have (stark/symbols.py)

    @property
    def name(self) -> str:
        return self.chip.name

    def accesses(self, steps: Steps) -> list[tuple[Ints, Ints, U64, Ints | int]]:
        """The time of each, the cell as one number, what it holds afterwards, whether the access takes place."""
        return [(steps.time + tick, (touch.space << LOG_CELLS) + touch.address, touch.after, touch.takes_place)
                for tick, touch in enumerate(self.touches(steps))]

    def columns(self, steps: Steps, finds: Finds) -> Columns:
        """All columns of these steps."""
        out: Columns = {"pc": steps.pc, "fp": steps.fp, "time": steps.time, "next": steps.fields["next"]}
        out |= {name: steps.fields[name] for name in FIELDS if name in self.chip.main_names}
        for name in self.operations:
            out[f"is {name}"] = steps.is_one_of(*([name, name + "I"] if self.immediate else [name]))
        if self.immediate:
            out["immediate"] = steps.is_immediate
        past = {}
        for tick, touch in enumerate(self.touches(steps)):
            now = steps.time + tick
            past[touch.name] = finds.at(now)
            then = past[touch.name].then
            if not isinstance(touch.takes_place, int):
                then = np.where(touch.takes_place == 1, then, now - 1)
            out |= {f"{touch.name} then": then, f"{touch.name} gap": (now - then - 1) % LIMB}
        return out | self.fill(steps, past)

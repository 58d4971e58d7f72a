"""The boundary chip: one row that ties the words of the statement to the state bus and to the tree.

The words: pc, status, root before; pc, status, root after (segments/claim.py). (The last word, the
number of steps, is the program chip's.) The frame pointer is system cell 0 on both sides.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segments.buses import BYTES, MEMORY, RANGE16, STATE, nodes
from segments.claim import BOUNDARY_HEAD, FORMS
from segments.operands import LIMB, PER_LIMB
from segments.steps import Columns
from stark.chip import Chip
from stark.expression import spelled
from stark.poseidon2 import Hash
from wasm_exec.spaces import Space, SystemCell

STATUS, ROOT = 1, BOUNDARY_HEAD         # in a boundary
READ, START = 1, 2      # the frame pointer is read at time 1, the first step is at time 2


def chip(kind: Hash) -> Chip:
    form = FORMS[kind.digest]
    count = {10: "ten", 11: "eleven"}[form.boundary]
    chip = Chip("boundary", f"from the boundary in the first {count} words of the statement the run gets to that in the next {count}")
    real = chip.fixed("real")
    start, before, after = (chip.columns(f"frame pointer {name}", 2) for name in ("at the start", "before the end", "at the end"))
    end, then, gap = chip.column("end"), chip.column("then"), chip.column("gap")
    words = [chip.public(k) for k in range(form.steps)]
    first, second = words[form.before], words[form.after]
    space, address, zero = int(Space.SYSTEM), int(SystemCell.FRAME_POINTER), chip.constant(0)
    chip.require("the machine is running before the segment", first[STATUS], "first")
    chip.receive(MEMORY, space, address, *start, zero, zero, 0, times=real)
    chip.send(MEMORY, space, address, *start, zero, zero, READ, times=real)
    chip.send(STATE, first[0], spelled(start, LIMB), START, 0, times=real)
    chip.receive(STATE, second[0], spelled(after, LIMB), end, second[STATUS], times=real)
    chip.receive(MEMORY, space, address, *before, zero, zero, then, times=real)
    chip.send(MEMORY, space, address, *after, zero, zero, end, times=real)
    for limb in (after[0], gap):
        chip.send(RANGE16, limb, times=real)
    chip.send(BYTES, after[1], (end - then - 1 - gap) * PER_LIMB, times=real)
    chip.send(nodes(kind), 0, 0, *first[ROOT:], *second[ROOT:], times=real)
    return chip


@dataclass(frozen=True)
class Ends:
    """The frame pointer at both ends, the time of the end, and the last access to its cell before it."""

    start: int
    end: int
    time: int
    then: int
    cell: int


def fixed(log_height: int) -> Columns:
    return {"real": np.arange(1 << log_height) == 0}


def fill(ends: Ends) -> Columns:
    columns = {"end": ends.time, "then": ends.then, "gap": (ends.time - ends.then - 1) % LIMB}
    for name, value in (("at the start", ends.start), ("before the end", ends.cell), ("at the end", ends.end)):
        columns |= {f"frame pointer {name}.0": value % LIMB, f"frame pointer {name}.1": value // LIMB}
    return {name: [value] for name, value in columns.items()}

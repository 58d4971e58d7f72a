"""The page chip: sixteen rows open a page of 32 cells. What it held before the segment is sent to the memory at time 0, what it holds
after the last access is taken back, and the digests of both are a leaf of the tree.

A new page of linear memory begins with a GROW step: its leaf before is the digest 0 of a page that does not exist, and its cells are zeros
that are sent with the time of that step.

The limbs of a page are range-checked when they come in, so no input and no earlier proof is trusted to hold 16-bit limbs.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segments.buses import BYTES, MEMORY, PAGE, RANGE16, hashes, nodes
from segments.claim import BLOCK_LIMBS, filled_up
from segments.claim import LOG_PAGES as LOG_PAGES
from segments.memory.wide import Permute, hash_of, operations_with
from segments.operands import LIMB, PER_LIMB
from segments.steps import Columns
from stark.chip import Chip
from stark.expression import P
from stark.poseidon2 import Hash
from wasm_exec.spaces import Space

U64 = npt.NDArray[np.uint64]
ROWS, BLOCK, DEPTH = 16, BLOCK_LIMBS, 28


def chip(kind: Hash) -> Chip:
    chip = Chip("page", "the cells of a page under the leaf (28, index) of the tree, before and after")
    opening, closing, place = chip.fixed("opening"), chip.fixed("closing"), chip.fixed("place")
    real, index, page = chip.boolean("real"), chip.column("index"), chip.column("page")
    before, after, then = chip.columns("before", BLOCK), chip.columns("after", BLOCK), chip.columns("then", 2)
    new, since = chip.boolean("new"), chip.column("since")
    for column, name in ((real, "presence"), (index, "index"), (page, "page"), (new, "newness"), (since, "beginning")):
        chip.require(f"the rows of a page agree on its {name}", (1 - closing) * (column.next - column), "next")
    space = (index - page) * pow(1 << LOG_PAGES, -1, P)
    page_low = chip.column("low half of page")
    chip.free["low half of page"] = "looked at in the opening row only"
    chip.send(RANGE16, page_low, times=real * opening)
    chip.send(BYTES, (page - page_low) * PER_LIMB, 0, times=real * opening)
    chip.send(BYTES, space, 16 * space, times=real * opening)
    chip.require("only a real page is new", new * (1 - real))
    chip.require("any other page is there since time 0", (1 - new) * since)
    chip.require("a new page is one of linear memory", new * (space - int(Space.LINEAR)))
    chip.receive(PAGE, page, since, times=new * opening)
    for k, limb in enumerate(before):
        chip.send(RANGE16, limb, times=real)
        chip.require(f"limb {k} of a new page is 0", new * limb)
    for k in range(2):
        address = 32 * page + 2 * place + k
        cell = slice(4 * k, 4 * k + 4)
        chip.send(MEMORY, space, address, *before[cell], since, times=real)
        chip.receive(MEMORY, space, address, *after[cell], then[k], times=real)
    size, zeros, digests = kind.digest, [0] * (kind.rate - BLOCK), []
    for name, block in (("before", before), ("after", after)):
        capacity, out = chip.columns(f"capacity {name}", size), chip.columns(f"hashed {name}", size)
        for k in range(size):
            start = ROWS * kind.rate * real if k == 0 else chip.constant(0)
            chip.require(f"the sponge {name} starts with the width of a page, word {k}", opening * (capacity[k] - start))
            chip.require(f"the sponge {name} goes on in the next row, word {k}", (1 - closing) * (capacity[k].next - out[k]), "next")
            if name == "before":
                chip.require(f"word {k} of the digest of a page that does not exist is 0", new * out[k])
        chip.send(hashes(kind), closing, *block, *zeros, *capacity, *out, times=real - new if name == "before" else real)
        if name == "after":
            chip.held |= {f"hashed after.{k}": "a page that is not real says nothing in any of its rows" for k in range(size)}
        digests += out
    chip.receive(nodes(kind), DEPTH, index, *digests, times=real * closing)
    return chip


@dataclass(frozen=True)
class OpenedPages:
    """Pages in order of index: their cells before and after (n, 32), the time of the last access to each cell, and for each page the time
    since when it is there: 0 unless it is new."""

    index: npt.NDArray[np.int64]
    before: U64
    after: U64
    then: npt.NDArray[np.int64]
    since: npt.NDArray[np.int64]

    @property
    def old(self) -> npt.NDArray[np.bool_]:
        old: npt.NDArray[np.bool_] = self.since == 0
        return old


@dataclass(frozen=True)
class Sponge:
    """The states that go into the permutation, (n, 16 rows, width), and what is kept of the results, (n, 16 rows, digest)."""

    states: U64
    kept: U64

    @property
    def digests(self) -> U64:
        return self.kept[:, -1]


def limbs_of(cells: U64) -> U64:
    """(n, 32) cells -> (n, 16, 8) limbs."""
    parts = cells[..., None] >> np.array([0, 16, 32, 48], np.uint64) & np.uint64(LIMB - 1)
    return parts.reshape(len(cells), ROWS, BLOCK)


def absorb(limbs: U64, permute: Permute) -> Sponge:
    """The sponge of stark/kernels/protocol.py on the limbs of pages, with every step kept."""
    count, kind = len(limbs), hash_of(permute)
    rate, words = kind.rate, filled_up(limbs, kind)
    first = np.zeros((count, kind.width), np.uint32)
    first[:, rate] = ROWS * rate
    after = operations_with(permute).absorbed(first, words.reshape(count, ROWS * rate).astype(np.uint32), rate).swapaxes(0, 1)
    states, kept = np.empty((count, ROWS, kind.width), np.uint64), np.empty((count, ROWS, kind.digest), np.uint64)
    states[:, :, :rate], states[:, 0, rate:], states[:, 1:, rate:] = words, first[:, rate:], after[:, :-1, rate:]
    kept[:, :-1], kept[:, -1] = after[:, :-1, rate:], after[:, -1, :kind.digest]
    return Sponge(states, kept)


def fixed(log_height: int) -> Columns:
    place = np.arange(1 << log_height) % ROWS
    return {"opening": place == 0, "closing": place == ROWS - 1, "place": place}


def fill(pages: OpenedPages, before: Sponge, after: Sponge) -> Columns:
    """`before` is of the pages that are not new."""
    def spread(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return np.repeat(values, ROWS)

    def words(name: str, values: U64) -> Columns:
        return {f"{name}.{k}": column for k, column in enumerate(values.reshape(-1, values.shape[-1]).T)}
    states, kept = (np.zeros((len(pages.index), *part.shape[1:]), np.uint64) for part in (before.states, before.kept))
    rate = states.shape[2] - kept.shape[2]
    states[:, 0, rate] = ROWS * rate
    states[pages.old], kept[pages.old] = before.states, before.kept
    page = pages.index % (1 << LOG_PAGES)
    return {"new": spread((~pages.old).astype(np.int64)), "since": spread(pages.since), "real": np.ones(len(page) * ROWS),
            "index": spread(pages.index), "page": spread(page), "low half of page": spread(page % LIMB),
            **words("before", limbs_of(pages.before)), **words("after", limbs_of(pages.after)),
            **words("then", pages.then.astype(np.uint64).reshape(-1, 2)),
            **words("capacity before", states[..., rate:]), **words("hashed before", kept),
            **words("capacity after", after.states[..., rate:]), **words("hashed after", after.kept)}

"""The node chip: one row for every inner node of the tree above a touched page, with its digests before and after the segment."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segments.buses import hashes
from segments.buses import nodes as nodes_bus
from segments.steps import Columns
from stark.chip import Chip
from stark.poseidon2 import Hash, of_digest

U64 = npt.NDArray[np.uint64]


def chip(kind: Hash) -> Chip:
    chip = Chip("node", "a node has these digests before and after if its touched children have theirs and the others do not change")
    real, level, index = chip.boolean("real"), chip.column("level"), chip.column("index")
    size, bus, digests = kind.digest, nodes_bus(kind), {}
    for side, bit in (("left", 0), ("right", 1)):
        touched = chip.boolean(f"{side} touched")
        chip.require(f"only a real node has a {side} child", touched * (1 - real))
        before, after = chip.columns(f"{side} before", size), chip.columns(f"{side} after", size)
        for k in range(size):
            chip.require(f"word {k} of an untouched {side} child does not change", (1 - touched) * (before[k] - after[k]))
        chip.send(bus, level + 1, 2 * index + bit, *before, *after, times=touched)
        digests[side, "before"], digests[side, "after"] = before, after
    own = []
    for when in ("before", "after"):
        digest, zeros = chip.columns(when, size), [0] * (kind.width - 2 * size)
        chip.send(hashes(kind), 1, *digests["left", when], *digests["right", when], *zeros, *digest, times=real)
        own += digest
    chip.receive(bus, level, index, *own, times=real)
    return chip


@dataclass(frozen=True)
class TouchedNodes:
    """Inner nodes: where they are, which children are touched (n, 2), the digests of the children and their own, before and after
    (n, 2, digest) and (n, digest)."""

    level: npt.NDArray[np.int64]
    index: npt.NDArray[np.int64]
    touched: npt.NDArray[np.int64]
    children_before: U64
    children_after: U64
    before: U64
    after: U64

    @property
    def hashed(self) -> U64:
        """Everything that is compressed, (2n, width)."""
        return paired(np.concatenate([self.children_before, self.children_after]))


def paired(digests: U64) -> U64:
    """Pairs of digests (n, 2, digest) as states, zeros behind them."""
    pairs = digests.reshape(-1, 2 * digests.shape[-1])
    states = np.zeros((len(pairs), of_digest(digests.shape[-1]).width), np.uint64)
    states[:, :pairs.shape[1]] = pairs
    return states


def fill(nodes: TouchedNodes) -> Columns:
    columns: Columns = {"real": np.ones(len(nodes.level)), "level": nodes.level, "index": nodes.index}
    for when, digest, children in (("before", nodes.before, nodes.children_before), ("after", nodes.after, nodes.children_after)):
        columns |= {f"{when}.{k}": word for k, word in enumerate(digest.T)}
        columns |= {f"{side} {when}.{k}": children[:, bit, k] for bit, side in enumerate(("left", "right")) for k in range(digest.shape[1])}
    return columns | {"left touched": nodes.touched[:, 0], "right touched": nodes.touched[:, 1]}

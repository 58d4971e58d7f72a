"""The node chip: one row for every inner node of the tree above a touched page, with its digests before and after the segment."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segments.buses import HASH, NODE
from segments.steps import Columns
from stark.chip import Chip
from stark.poseidon2 import RATE

U64 = npt.NDArray[np.uint64]


def chip() -> Chip:
    chip = Chip("node", "a node has these digests before and after if its touched children have theirs and the others do not change")
    real, level, index = chip.boolean("real"), chip.column("level"), chip.column("index")
    digests = {}
    for side, bit in (("left", 0), ("right", 1)):
        touched = chip.boolean(f"{side} touched")
        chip.require(f"only a real node has a {side} child", touched * (1 - real))
        before, after = chip.columns(f"{side} before", RATE), chip.columns(f"{side} after", RATE)
        for k in range(RATE):
            chip.require(f"word {k} of an untouched {side} child does not change", (1 - touched) * (before[k] - after[k]))
        chip.send(NODE, level + 1, 2 * index + bit, *before, *after, times=touched)
        digests[side, "before"], digests[side, "after"] = before, after
    own = []
    for when in ("before", "after"):
        digest = chip.columns(when, RATE)
        chip.send(HASH, 1, *digests["left", when], *digests["right", when], *digest, times=real)
        own += digest
    chip.receive(NODE, level, index, *own, times=real)
    return chip


@dataclass(frozen=True)
class TouchedNodes:
    """Inner nodes: where they are, which children are touched (n, 2), the digests of the children and their own, before and after
    (n, 2, 8) and (n, 8)."""

    level: npt.NDArray[np.int64]
    index: npt.NDArray[np.int64]
    touched: npt.NDArray[np.int64]
    children_before: U64
    children_after: U64
    before: U64
    after: U64

    @property
    def hashed(self) -> U64:
        """Everything that is compressed, (2n, 16)."""
        return np.concatenate([self.children_before, self.children_after]).reshape(-1, 2 * RATE)


def fill(nodes: TouchedNodes) -> Columns:
    columns: Columns = {"real": np.ones(len(nodes.level)), "level": nodes.level, "index": nodes.index}
    for when, digest, children in (("before", nodes.before, nodes.children_before), ("after", nodes.after, nodes.children_after)):
        columns |= {f"{when}.{k}": digest[:, k] for k in range(RATE)}
        columns |= {f"{side} {when}.{k}": children[:, bit, k] for bit, side in enumerate(("left", "right")) for k in range(RATE)}
    return columns | {"left touched": nodes.touched[:, 0], "right touched": nodes.touched[:, 1]}

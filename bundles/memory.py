"""The memory of a run at one boundary after the other: all cells, and the Merkle tree over them."""
from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from bundles.bundle import Bundle
from bundles.stored import take_pages
from segments.claim import LOG_PAGES
from segments.memory_tree import MemoryTree
from segments.openings import roots
from wasm_exec.changes import Changes, changes_of
from wasm_exec.image import MemoryImage
from wasm_exec.program import Pages, Program
from wasm_exec.spaces import PAGES_PER_WASM_PAGE, Space, SystemCell

U64 = npt.NDArray[np.uint64]


class Memory:
    """Moves forward through the snapshots of a bundle, and begins again from the start when it has to go back."""

    def __init__(self, bundle: Bundle, program: Program, permute: Callable[[U64], U64]) -> None:
        self.bundle, self.program, self.permute = bundle, program, permute
        self.restart()
        self.first = roots(self.tree)

    def restart(self) -> None:
        self.image = MemoryImage.initial(self.program, self.bundle.input(), self.bundle.state_before())
        self.take(self.bundle.snapshot(0))
        self.tree = MemoryTree(self.image, self.permute)
        self.at = 0

    def follow(self, bundle: Bundle) -> None:
        """The same run, of which there is more."""
        self.bundle = bundle
        self.image.offer(self.program, bundle.input())

    def go(self, index: int) -> None:
        """To boundary `index`."""
        if index < self.at:
            self.restart()
        changed: Pages = {}
        for boundary in range(self.at + 1, index + 1):
            changed |= self.bundle.snapshot(boundary).pages
        before = linear_pages(self.image)
        self.take(changes_of(changed))
        new = {(int(Space.LINEAR), page): self.image.page(int(Space.LINEAR), page) for page in range(before, linear_pages(self.image))}
        advance(self.tree, new | changed)
        self.at = index

    def take(self, pages: Changes) -> None:
        take_pages(self.program, self.image, pages, "a snapshot of the bundle")

    @contextlib.contextmanager
    def moving(self) -> Iterator[None]:
        """Within it the tree is moved over the segment that begins here; afterwards the cells follow."""
        before, self.at = self.at, len(self.bundle.manifest.boundaries)     # whatever fails half way begins again from the start
        yield
        self.take(self.bundle.snapshot(before + 1))
        self.at = before + 1


def linear_pages(image: MemoryImage) -> int:
    """How many pages of linear memory there are; those by which it grew come into the tree even if nothing is in them."""
    return image.memory_pages * PAGES_PER_WASM_PAGE + image.read_cell(Space.SYSTEM, SystemCell.GROWN_PAGES)


def advance(tree: MemoryTree, changed: Pages) -> None:
    """The tree after these pages have got new cells."""
    if changed:
        pages = sorted(changed)
        cells = np.array([changed[key] for key in pages], np.uint64)
        tree.write(np.array([space << LOG_PAGES | page for space, page in pages], np.int64), tree.leaves(cells).digests)

"""The pages that differ between two boundaries, as arrays: a run of a billion steps has about a million of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from wasm_exec.program import Pages
from wasm_exec.trace import U64

Numbers = npt.NDArray[np.int64]
Key = tuple[int, int]  # space, page
Parts = Mapping[int, tuple[Numbers, U64]]  # for each space, in order: numbers of pages, in order, and their cells (pages, 32)


class Changes:
    def __init__(self, parts: Parts) -> None:
        self.kept = parts

    @property
    def parts(self) -> Parts:
        return self.kept

    @property
    def pages(self) -> Pages:
        """The same as a dictionary."""
        return {(space, page): row for space, (numbers, cells) in self.parts.items()
                for page, row in zip(numbers.tolist(), cells, strict=True)}

    def __len__(self) -> int:
        return sum(len(numbers) for numbers, _ in self.parts.values())

    def of(self, space: int) -> Changes:
        """Those of one space."""
        return Changes({here: part for here, part in self.parts.items() if here == space})


NO_CHANGES = Changes({})


def changes_of(pages: Pages) -> Changes:
    """The same as arrays."""
    return Changes({space: (numbers, np.array([pages[space, page] for page in numbers.tolist()], np.uint64))
                    for space, numbers in by_space(pages).items()})


def by_space(keys: Iterable[Key]) -> dict[int, Numbers]:
    """The pages of each space, in order."""
    found: dict[int, list[int]] = {}
    for space, page in sorted(keys):
        found.setdefault(space, []).append(page)
    return {space: np.array(pages, np.int64) for space, pages in found.items()}

"""The pages that differ between two boundaries, as arrays: a run of a billion steps has about a million of them."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping

import numpy as np
import numpy.typing as npt

from wasm_exec.program import Pages
from wasm_exec.trace import U64

Key = tuple[int, int]  # space, page
Parts = Mapping[int, tuple[npt.NDArray[np.int64], U64]]  # for each space, in order: numbers of pages, in order, and their cells (pages, 32)


class Changes(Mapping[Key, U64]):
    """Looks like a dictionary of pages, which is made when somebody asks for it."""

    def __init__(self, parts: Parts) -> None:
        self.kept = parts

    @property
    def parts(self) -> Parts:
        return self.kept

    @property
    def pages(self) -> Pages:
        return {(space, page): row for space, (numbers, cells) in self.parts.items()
                for page, row in zip(numbers.tolist(), cells, strict=True)}

    def __getitem__(self, key: Key) -> U64:
        return self.pages[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self.pages)

    def __len__(self) -> int:
        return sum(len(numbers) for numbers, _ in self.parts.values())

    def of(self, space: int) -> Changes:
        """Those of one space."""
        return Changes({here: part for here, part in self.parts.items() if here == space})

    def keys(self) -> KeysView[Key]:
        return self.pages.keys()

    def items(self) -> ItemsView[Key, U64]:
        return self.pages.items()

"""What a run leaves behind, opened: the digests of input and output, the roots of the spaces, the system page."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from segments.claim import LOG_PAGES, Openings, Words
from segments.memory.pages import DEPTH, limbs_of
from segments.memory_tree import MemoryTree
from stark import poseidon2
from wasm_exec.image import MemoryImage
from wasm_exec.spaces import CELL_BYTES, Space
from wasm_exec.state import StateMap

U64 = npt.NDArray[np.uint64]
Permute = Callable[[U64], U64]
# The root of the space of the application's state where nothing stands, under the hashes of width 16 and 24; a test computes them.
EMPTY_STATE_ROOT: Words = (268661441, 754970061, 1272846153, 1465569511, 1097835408, 503782970, 219684393, 293136538)
EMPTY_STATE_ROOTS: tuple[Words, ...] = (
    EMPTY_STATE_ROOT, (1721897265, 2114580896, 259609521, 1822454936, 507397291, 1316082685, 1439169425, 1348888444, 705602085))


def words(values: npt.NDArray[np.uint64]) -> Words:
    return tuple(int(value) for value in values.reshape(-1))


def bytes_digest(space: Space, content: bytes, permute: Permute) -> Words:
    """The root of the input or output space that holds exactly these bytes."""
    image = MemoryImage(0)
    image.write_bytes(space, len(content).to_bytes(CELL_BYTES, "little") + content)
    return words(MemoryTree(image, permute).spaces[space])


def input_digest(content: bytes, permute: Permute = poseidon2.permute) -> Words:
    return bytes_digest(Space.INPUT, content, permute)


def output_digest(content: bytes, permute: Permute = poseidon2.permute) -> Words:
    return bytes_digest(Space.OUTPUT, content, permute)


def state_root(state: StateMap, permute: Permute = poseidon2.permute) -> Words:
    """The root of the space of the application's state."""
    image = MemoryImage(0)
    image.put(state.pages)
    return words(MemoryTree(image, permute).spaces[Space.STATE])


def openings(image: MemoryImage, tree: MemoryTree) -> Openings:
    """Of a run whose cells are `image` at the end, and `tree` the tree over them."""
    page = limbs_of(image.page(int(Space.SYSTEM), 0)[None])
    return Openings(roots(tree), words(page), tuple(words(sibling) for sibling in tree.path(DEPTH, 0)[:LOG_PAGES]))


def roots(tree: MemoryTree) -> tuple[Words, ...]:
    """Of all sixteen spaces."""
    return tuple(words(root) for root in tree.spaces)

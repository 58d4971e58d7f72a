"""The values that `claim.open_run` takes, computed from programs, inputs, outputs and trees."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from segments.claim import LOG_PAGES, Compress, Openings, ProgramFacts, Sponge, Words
from segments.memory.pages import DEPTH, limbs_of
from segments.memory_tree import MemoryTree
from stark import poseidon2
from wasm_exec.image import MemoryImage
from wasm_exec.program import Program
from wasm_exec.spaces import CELL_BYTES, Space

U64 = npt.NDArray[np.uint64]
Permute = Callable[[U64], U64]


def words(values: npt.NDArray[np.uint64]) -> Words:
    return tuple(int(value) for value in values.reshape(-1))


def compress(left: Words, right: Words) -> Words:
    return words(poseidon2.compress(np.array([left], np.uint64), np.array([right], np.uint64)))


def sponge(limbs: Words) -> Words:
    return words(poseidon2.sponge(np.array([limbs], np.uint64)))


HASHES: tuple[Compress, Sponge] = (compress, sponge)


def program_facts(program: Program, program_words: Words, permute: Permute) -> ProgramFacts:
    tree = MemoryTree(MemoryImage.initial(program, b""), permute)
    return ProgramFacts(program_words, tuple(words(root) for root in tree.spaces))


def bytes_digest(space: Space, content: bytes, permute: Permute) -> Words:
    """The root of the input or output space that holds exactly these bytes."""
    image = MemoryImage(0)
    image.write_bytes(space, len(content).to_bytes(CELL_BYTES, "little") + content)
    return words(MemoryTree(image, permute).spaces[space])


def input_digest(content: bytes, permute: Permute = poseidon2.permute) -> Words:
    return bytes_digest(Space.INPUT, content, permute)


def output_digest(content: bytes, permute: Permute = poseidon2.permute) -> Words:
    return bytes_digest(Space.OUTPUT, content, permute)


def openings(input_bytes: bytes, image: MemoryImage, tree: MemoryTree) -> Openings:
    """For a run on this input whose cells are `image` at the end, and `tree` the tree over them."""
    page = limbs_of(image.page(int(Space.SYSTEM), 0)[None])
    return Openings(input_digest(input_bytes, tree.permute), tuple(words(root) for root in tree.spaces), words(page),
                    tuple(words(sibling) for sibling in tree.path(DEPTH, 0)[:LOG_PAGES]))

"""The keys behind a proof file: those of the program's segments, and those of the continuation over them."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from continuation.claims import Digest, program_with_image
from continuation.published import published
from continuation.verify import Trusted
from segments.catalogue import SIZES
from segments.memory_tree import MemoryTree
from segments.openings import roots
from segments.setup import program_words, setup, shape_key
from segments.shape import PROGRAMS, Shape
from stark.errors import Malformed
from stark.kernels.protocol import Kernels
from stark.profiles import Profile
from wasm_exec.image import MemoryImage
from wasm_exec.program import Program

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
SIZE_NAMES = tuple(SIZES)
TOY_SIZE = "toy"


@dataclass(frozen=True)
class RunKeys:
    """What all proofs of one shape under one profile share."""

    profile: Profile
    shape: Shape

    def __str__(self) -> str:
        return f"{self.profile.name} with segments of {self.shape.size} and programs of up to 2^{self.shape.log_program} instructions"

    @property
    def words(self) -> U32:
        """How a proof file names the shape."""
        return np.array([SIZE_NAMES.index(self.shape.size), self.shape.log_program], np.uint32)

    @staticmethod
    def of(profile: Profile, words: U32) -> RunKeys:
        """Malformed unless these words name a shape."""
        if len(words) != 2 or words[0] >= len(SIZE_NAMES) or words[1] not in PROGRAMS:
            raise Malformed("the proof file names no shape that exists")
        size = SIZE_NAMES[int(words[0])]
        if profile.toy != (size == TOY_SIZE):
            raise Malformed(f"segments of size {size} are not for the profile {profile.name}")
        return RunKeys(profile, Shape(size, int(words[1])))


def trusted_keys(keys: RunKeys, kernels: Kernels) -> Trusted:
    """The keys of the continuation: those that ship with the package, or computed here, which takes a while."""
    segment = shape_key(keys.shape, keys.profile.segment)
    shipped = published(segment, keys.profile.recursion)
    if shipped is not None:
        return shipped
    from continuation.setup import build
    return build(segment, keys.profile.recursion, kernels).trusted


def program_digest(program: Program, keys: RunKeys, kernels: Kernels) -> Digest:
    """What a run's claim says for this program: its code under this shape, and the memory that it starts with."""
    code = program_words(setup(program, keys.shape, keys.profile.segment, kernels).key)
    return program_with_image(code, roots(MemoryTree(MemoryImage.initial(program, b""), wide(kernels))))


def wide(kernels: Kernels) -> Callable[[U64], U64]:
    """The kernels' permutation on words of 64 bits."""
    def permute(states: U64) -> U64:
        return kernels.permute(states.astype(np.uint32)).astype(np.uint64)
    return permute

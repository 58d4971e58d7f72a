"""What is fixed before any segment of a program is proved: the key of a shape and the fixed tables, which hold the program."""
from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from segments import tables
from segments.claim import Words
from segments.machine import machine
from segments.memory import boundary, pages
from segments.shape import Shape
from stark import poseidon2
from stark.kernels.protocol import Kernels
from stark.key import Key
from stark.profiles import Parameters
from stark.setup import ProvingKey, commit_fixed
from stark.verifier import key_cap
from wasm_exec.program import Program
from wasm_exec.spaces import PAGES_PER_WASM_PAGE

U32 = npt.NDArray[np.uint32]


@cache
def lookup_table() -> U32:
    return machine().lookup.fixed_table(tables.lookup_fixed(), tables.LOG_LIMB)


def fixed_tables(program: Program, shape: Shape) -> dict[str, U32]:
    """The fixed table of every chip that has one."""
    parts, logs = machine(), shape.log_heights
    return {
        "boundary": parts.boundary.fixed_table(boundary.fixed(logs["boundary"]), logs["boundary"]),
        "page": parts.page.fixed_table(pages.fixed(logs["page"]), logs["page"]),
        **{family.name: family.chip.fixed_table({"pages at the beginning": program.memory_pages * PAGES_PER_WASM_PAGE}, logs[family.name])
           for family in parts.families if family.chip.fixed_names},
        "program": parts.program.fixed_table(tables.program_fixed(program, logs["program"]), logs["program"]),
        "lookup": lookup_table()}


def shape_key(shape: Shape, parameters: Parameters) -> Key:
    """The key of all programs of this shape, without the commitment to a program."""
    logs = shape.log_heights
    return Key([(chip, logs[chip.name]) for chip in machine().chips], parameters, boundary.WORDS)


def setup(program: Program, shape: Shape, parameters: Parameters, kernels: Kernels) -> ProvingKey:
    """The key of a program, with what the prover keeps of it."""
    return commit_fixed(shape_key(shape, parameters), fixed_tables(program, shape), kernels)


def program_words(key: Key) -> Words:
    """The eight words that stand for the program in claims: the digest of the commitment to the fixed columns."""
    return tuple(int(word) for word in poseidon2.sponge(key_cap(key).reshape(1, -1).astype(np.uint64))[0])

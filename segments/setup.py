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

U32 = npt.NDArray[np.uint32]


@cache
def lookup_table() -> U32:
    return machine().lookup.fixed_table(tables.lookup_fixed(), tables.LOG_LIMB)


def fixed_tables(program: Program, shape: Shape) -> dict[str, U32]:
    """The fixed table of every chip of the shape that has one."""
    parts, logs = machine(), shape.log_heights
    outside = parts.families[parts.outside].chip
    guests = {"outside": outside.fixed_table({"memory size": program.memory_pages}, logs["outside"])} if "outside" in logs else {}
    return guests | {
        "boundary": parts.boundary.fixed_table(boundary.fixed(logs["boundary"]), logs["boundary"]),
        "page": parts.page.fixed_table(pages.fixed(logs["page"]), logs["page"]),
        "program": parts.program.fixed_table(tables.program_fixed(program, logs["program"]), logs["program"]),
        "lookup": lookup_table()}


def shape_key(shape: Shape, parameters: Parameters) -> Key:
    """The key of all programs of this shape, without the commitment to a program."""
    logs = shape.log_heights
    return Key([(chip, logs[chip.name]) for chip in shape.chips], parameters, boundary.WORDS)


def setup(program: Program, shape: Shape, parameters: Parameters, kernels: Kernels) -> ProvingKey:
    """The key of a program, with what the prover keeps of it."""
    return commit_fixed(shape_key(shape, parameters), fixed_tables(program, shape), kernels)


def program_words(key: Key) -> Words:
    """The eight words that stand for the program in claims: the digest of the commitment to the fixed columns."""
    return tuple(int(word) for word in poseidon2.sponge(key_cap(key).reshape(1, -1).astype(np.uint64))[0])

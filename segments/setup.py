"""What is fixed before any segment of a program is proved: the key of a shape and the fixed tables, which hold the program."""
from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from segments import tables
from segments.catalogue import MORE
from segments.claim import FORMS, Words, digest_of
from segments.host import tables as hosts
from segments.machine import chips, machine
from segments.memory import boundary, pages
from segments.shape import Shape
from stark.kernels.protocol import Kernels
from stark.key import Key
from stark.operations import operations_of
from stark.poseidon2 import of_width
from stark.profiles import Parameters
from stark.setup import ProvingKey, commit_tree, committed
from stark.verifier import key_cap
from wasm_exec.program import Program

PROGRAM = "program"              # the chip whose fixed columns are the program
U32 = npt.NDArray[np.uint32]


@cache
def lookup_table() -> U32:
    return machine().lookup.fixed_table(tables.lookup_fixed(), tables.LOG_LIMB)


def pages_fixed(shape: Shape) -> dict[str, U32]:
    logs, page = shape.log_heights, machine(shape.width).page
    return {name: page.fixed_table(pages.fixed(logs[name]), logs[name]) for name in ("page", "page" + MORE) if name in logs}


def fixed_tables(program: Program, shape: Shape) -> dict[str, U32]:
    """The fixed table of every chip that has one."""
    parts, logs = machine(shape.width), shape.log_heights
    return {
        "boundary": parts.boundary.fixed_table(boundary.fixed(logs["boundary"]), logs["boundary"]),
        **pages_fixed(shape), **hosts.fixed_tables(logs, chips(shape.width)),
        "program": parts.program.fixed_table(tables.program_fixed(program, logs["program"]), logs["program"]),
        "lookup": lookup_table()}


def shape_key(shape: Shape, parameters: Parameters) -> Key:
    """The key of all programs of this shape, without the commitment to a program."""
    if shape.width != parameters.hash_width:
        raise ValueError(f"memory is tied by a hash of width {shape.width} and proofs by one of width {parameters.hash_width}")
    logs, form = shape.log_heights, FORMS[of_width(shape.width).digest]
    return Key([(chip, logs[chip.name]) for chip in shape.chips], parameters, form.words, [PROGRAM])


def leaf_key(shape: Shape, parameters: Parameters, kernels: Kernels) -> Key:
    """The key of a shape with the commitment to all fixed columns but the program: what a leaf of the continuation knows."""
    key, parts, logs = shape_key(shape, parameters), machine(shape.width), shape.log_heights
    fixed = {"boundary": parts.boundary.fixed_table(boundary.fixed(logs["boundary"]), logs["boundary"]), **pages_fixed(shape),
             **hosts.fixed_tables(logs, chips(shape.width)), "lookup": lookup_table()}
    matrices = [fixed[chip.name] for chip in key.chips if chip.name in fixed]
    return key.with_cap(commit_tree(key, key.tree("fixed"), matrices, kernels).cap)


def setup(program: Program, shape: Shape, parameters: Parameters, kernels: Kernels) -> ProvingKey:
    """The key of a program, with what the prover keeps of it. That the chips of every shape keep the rules is tested
    (tests/segments/test_rules.py) and not asked again."""
    return committed(shape_key(shape, parameters), fixed_tables(program, shape), kernels)


def program_words(key: Key) -> Words:
    """The words that stand for the program in claims: the digest of the commitment to its table. They depend on the program, the
    height of its table and the parameters, and on nothing else in the key."""
    return digest_of(key_cap(key, "program"), program_level(key))


def program_digest(program: Program, log_height: int, parameters: Parameters, kernels: Kernels) -> Words:
    """The same, without a key."""
    chip = machine(parameters.hash_width).program
    table = chip.fixed_table(tables.program_fixed(program, log_height), log_height)
    cap = kernels.commit([table], log_height, parameters.log_blowup, parameters.log_cap, parameters.hash_width).cap
    return digest_of(cap, log_height + parameters.log_blowup, operations_of(kernels.permute))


def program_level(key: Key) -> int:
    """log2 of the leaves under the commitment to the program."""
    return key.log_tree(key.tree("program"))

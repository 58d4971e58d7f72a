"""What belongs to the key of a program under a shape: the fixed tables of its chips."""
from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from segments import tables
from segments.machine import machine
from segments.memory import boundary, pages
from segments.shape import Shape
from wasm_exec.program import Program

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
        "program": parts.program.fixed_table(tables.program_fixed(program, logs["program"]), logs["program"]),
        "lookup": lookup_table()}

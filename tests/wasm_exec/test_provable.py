"""Whatever runs can be proved: every operation of the table has a chip."""

from __future__ import annotations

import numpy as np

from segments.machine import machine, unprovable
from wasm_exec.instructions import BY_NAME, Family, immediate_name
from wasm_exec.program import Function, Program


def test_every_family_has_a_chip_of_its_own() -> None:
    families = [family.family for family in machine().families]
    assert families == [*Family, None]


def test_every_operation_is_known_to_the_chip_of_its_family() -> None:
    for family in machine().families:
        known = {*family.operations, *(immediate_name(name) for name in family.operations if family.immediate)}
        if family.family is not None:
            assert known == {name for name, operation in BY_NAME.items() if operation.family is family.family}


def test_a_program_of_all_operations_is_provable() -> None:
    rows = np.array([[pc, operation.number, 0, 0, 0, 0, 0, 0] for pc, operation in enumerate(BY_NAME.values())], np.uint32)
    assert unprovable(Program(rows, 1, {}, (), (Function("main", 0, len(rows), 1),), np.zeros(1, np.uint32))) == []

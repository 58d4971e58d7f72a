"""Whatever runs can be proved: every operation of the table has a chip."""

from __future__ import annotations

from segments.machine import machine
from wasm_exec.instructions import BY_NAME, JUMPING, Family, immediate_name


def test_every_family_has_a_chip_of_its_own() -> None:
    families = [family.family for family in machine().families]
    assert [family for family in families if family is not None] == [*Family] and families.count(None) == 1


def test_every_operation_is_known_to_the_chip_of_its_family() -> None:
    for family in machine().families:
        known = {*family.operations, *(immediate_name(name) for name in family.operations if family.immediate)}
        known |= {JUMPING + name for name in known} if "jump" in family.chip.main_names else set()
        if family.family is not None:
            assert known == {name for name, operation in BY_NAME.items() if operation.family is family.family}

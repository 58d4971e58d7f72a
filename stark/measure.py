"""The measure reading: what a chip costs, counted from its definition."""
from __future__ import annotations

from dataclasses import dataclass

from stark.chip import Chip
from stark.expression import degrees
from stark.flat import flatten

EXTENSION = 5


@dataclass(frozen=True)
class Measure:
    columns: int
    fixed: int
    requirements: int
    messages: int
    logup_columns: int
    degree: int                 # of the requirement of highest degree, selectors included
    operations: int             # of base-field arithmetic on a row

    @property
    def cells(self) -> int:
        """Committed base-field cells a row; fixed columns are committed once for all proofs."""
        return self.columns + EXTENSION * self.logup_columns


def measure(chip: Chip) -> Measure:
    found = degrees(chip.graph)
    degree = max((found[requirement.expression.number] for requirement in chip.requirements), default=0)
    return Measure(len(chip.main_names), len(chip.fixed_names), len(chip.requirements), len(chip.messages), chip.logup_columns, degree,
                   len(flatten(chip).code))

"""How often the rows of the table of look-ups are asked for."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from segments.buses import AND, BYTES, LOOKUPS, RANGE16, SHIFT
from segments.machine import chips
from segments.steps import Columns
from segments.tables import COLUMN_OF, LOG_LIMB
from stark.check import Filled
from stark.flat import FlatChip, flatten
from stark.kernels.protocol import Asking, Kernels

# What the parts of a message count in the number of the row that has them (wrong words are nowhere or do not balance).
ROW = {RANGE16.number: (1,), BYTES.number: (1, 256), AND.number: (1, 256, 0), SHIFT.number: (256, 1, 0, 0)}


@cache
def asking_of(name: str, width: int) -> tuple[FlatChip, list[Asking]]:
    """What a chip asks for: its look-ups alone, and what they count."""
    chip = chips(width)[name]
    own = [message for message in chip.messages if message.bus in LOOKUPS]
    return flatten(replace(chip, requirements=[], messages=own)), [(LOOKUPS.index(one.bus), ROW[one.bus.number]) for one in own]


def lookup_fill(users: Sequence[Filled], rows: Mapping[str, int], kernels: Kernels, width: int = 16) -> Columns:
    """How often every row is asked for by these chips, of which so many rows ask at all (all rows, if a chip is not named)."""
    counts = np.zeros((len(LOOKUPS), 1 << LOG_LIMB), np.int64)
    for user in users:
        flat, asking = asking_of(user.chip.name, width)
        used = rows.get(user.chip.name, user.height)
        if asking and used:
            counts += kernels.asked(flat, user.fixed, user.main, used, asking, len(LOOKUPS), LOG_LIMB)
    return {COLUMN_OF[bus]: counts[k] for k, bus in enumerate(LOOKUPS)}

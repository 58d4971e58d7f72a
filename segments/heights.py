"""What the tables of a segment cost, from their heights alone: log2 of the number of rows by the name of the chip."""
from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from segments.catalogue import MORE
from segments.host.tables import CELLS
from segments.machine import chips
from segments.tables import LOG_LIMB
from stark.key import Key
from stark.measure import measure
from stark.profiles import EVERY

SMALLEST = 3            # the cap of a commitment needs a few rows
# By the width of the hash, as all that follows: a leaf with its share of joins takes as long as so many committed cells. Those of width 24
# are 1.18 times those of width 16, as measured; of its wide leaves, by their cells.
LEAF, WIDE_LEAF = {16: 27_000_000, 24: 32_000_000}, {16: 55_000_000, 24: 61_000_000}
# Of a leaf that is not wide: its two tables. One of a segment that calls host functions always is wide.
MOST_PERMUTATIONS = {16: (1 << 15) + (1 << 12) - 64, 24: (1 << 15) + (1 << 14) - 192}
CLAIMS = 415            # permutations for what is fixed, the statement and the claim
QUOTIENT = 10           # words of the quotient for every row of the tallest chip
Heights = Mapping[str, int]


def with_fixed(own: Heights, log_program: int, width: int = 16) -> Heights:
    """In the order of the machine, with the tables that every shape has. Calls of Poseidon2 have a table of their own for the permutation
    if memory is hashed with another one."""
    logs = dict(own) | {"boundary": SMALLEST, "program": log_program, "lookup": LOG_LIMB}
    if "sponge" in own:
        logs["permuted"] = own["sponge"]
    return {name: logs[name] for name in chips(width) if name in logs}


def cells_of(heights: Heights, width: int = 16) -> Mapping[str, int]:
    """Committed base cells of every table, and of the quotient."""
    by_chip = {name: cells_in_a_row(name, width) << log for name, log in heights.items()}
    return by_chip | {"quotient": QUOTIENT << max(heights.values())}


@cache
def cells_in_a_row(name: str, width: int = 16) -> int:
    return measure(chips(width)[name]).cells


def room_of(heights: Heights) -> Mapping[str, int]:
    """How many rows of every kind there are, in one table or two."""
    return {name: (1 << log) + (1 << heights[name + MORE] if name + MORE in heights else 0)
            for name, log in heights.items() if not name.endswith(MORE)}


def permutations_of(heights: Heights, width: int = 16) -> int:
    """Permutations of the leaf that verifies a segment with real parameters, most of them for rows and paths that queries open."""
    parameters = next(profile.segment for profile in EVERY if profile.segment.hash_width == width and not profile.toy)
    key = Key([(chips(width)[name], log) for name, log in heights.items()], parameters, 0, ["program"])
    each = 0
    for tree in key.trees:
        each += sum(-(-words // key.hash.rate) for words in key.segments(tree)) + key.log_tree(tree) - key.log_cap(tree.name)
    for size, folded in zip(key.fri_rounds, key.fri_rounds[1:], strict=False):
        each += -(-(5 << size - folded) // key.hash.rate) + folded - key.log_fri_cap(folded)
    return parameters.queries * each + key.head_words // key.hash.rate + CLAIMS


def price_of(heights: Heights, width: int = 16) -> int:
    """Cells of a segment, and what the continuation adds to it in cells that take as long."""
    wide = CELLS in heights or permutations_of(heights, width) > MOST_PERMUTATIONS[width]
    return sum(cells_of(heights, width).values()) + (WIDE_LEAF if wide else LEAF)[width]

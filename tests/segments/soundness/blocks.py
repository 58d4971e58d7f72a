"""Code U by algebra for the chip of SHA-256: what a block puts into cells follows from what it takes out of them.

From one row to the next, columns follow one after the other: a requirement in which one column is not known yet, or a sum of bits that
are not, each with a weight above that of all smaller ones together, leaves one choice. What the first row begins with and the words of
the message in rows 1 to 4 are taken from the cells; that the words a and e of the last row follow is all that has to be shown.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from segments.buses import CELL, HOST
from segments.host import sha256
from segments.host.call import number
from stark.chip import Chip, Message
from stark.expression import P
from tests.segments.soundness.bits import booleans, names_of
from tests.segments.soundness.polynomials import Poly, centred, plus, polynomial

LAST = sha256.OUT
# In which rows of a block each gate is open: from, to.
OPEN = {"first": (0, 1), "out": (LAST, LAST + 1), "inside": (0, LAST), "rounds follow": (0, 16), "schedule follows": (4, 16),
        "sums follow": (16, 17), "takes the block": (1, 5)}
BEGIN = [f"begin {k}.{half}" for k in range(8) for half in range(2)]
STATE = [f"{word} {k} bit {bit}" for word in "ae" for k in range(4) for bit in range(sha256.BITS)]
MESSAGE = [f"w {k} bit {bit}" for k in range(4) for bit in range(sha256.BITS)]
ONE: Poly = {(): 1}


def unproved(chip: Chip) -> list[str]:
    """What the argument needs and does not find; nothing, if what a block leaves follows."""
    return [*from_row_to_row(chip), *said(chip), *gates()]


def from_row_to_row(chip: Chip) -> Iterator[str]:
    have = [polynomial(chip, r.expression.number, {}) for r in chip.requirements]
    bits = {name for name in chip.main_names if any(poly in have for poly in booleans(name))}
    yield from (f"{name} is not 0 or 1" for name in ("real", *MESSAGE) if name not in bits)
    fixed = set(chip.fixed_names)
    known = followed(at_row(have, 0), {*fixed, "real", "time", "address", *BEGIN}, bits)
    for row in range(LAST):
        taken = {f"{name}'" for name in MESSAGE} if 1 <= row + 1 < 5 else set()
        below = [later(poly) for poly in at_row(have, row + 1) if not reaches_on(poly)]
        found = followed([*at_row(have, row), *below], known | taken | {f"{name}'" for name in fixed},
                         bits | {f"{name}'" for name in bits})
        known = {name[:-1] for name in found if name.endswith("'")} | fixed
    yield from (f"{name} does not follow in row {LAST}" for name in ("real", "time", "address", *BEGIN, *STATE) if name not in known)


def at_row(have: Iterable[Poly], row: int) -> list[Poly]:
    """The requirements with the numbers of this row for the gates, if they say anything there."""
    out = []
    for poly in have:
        open_: Poly = {}
        for monomial, factor in poly.items():
            if all(OPEN[name][0] <= row < OPEN[name][1] for name in monomial if name in OPEN):
                open_ = plus_one(open_, tuple(name for name in monomial if name not in OPEN), factor)
        if open_:
            out.append(open_)
    return out


def plus_one(poly: Poly, monomial: tuple[str, ...], factor: int) -> Poly:
    poly[monomial] = (poly.get(monomial, 0) + factor) % P
    return poly


def reaches_on(poly: Poly) -> bool:
    return any(name.endswith("'") for name in names_of(poly))


def later(poly: Poly) -> Poly:
    """The same of the next row."""
    return {tuple(f"{name}'" for name in monomial): factor for monomial, factor in poly.items()}


def followed(have: list[Poly], known: set[str], bits: set[str]) -> set[str]:
    """What is known when nothing more follows."""
    known, waiting = set(known), have
    while True:
        rest, before = [], len(known)
        for poly in waiting:
            if (more := leaves_one(poly, known, bits)) is None:
                rest.append(poly)
            else:
                known |= more
        if len(known) == before:
            return known
        waiting = rest


def leaves_one(poly: Poly, known: set[str], bits: set[str]) -> set[str] | None:
    """The columns that this requirement determines, if all others are known."""
    weights = {}
    for monomial, factor in poly.items():
        if any(name not in known for name in monomial):
            if len(monomial) != 1:
                return None
            weights[monomial[0]] = abs(centred(factor))
    if len(weights) == 1:
        return set(weights)
    total = 0
    for weight in sorted(weights.values()):
        if weight <= total:
            return None
        total += weight
    return set(weights) if weights.keys() <= bits and total < P else None


def said(chip: Chip) -> Iterator[str]:
    """The first row takes the call; rows that take the block ask for its cells and leave them; the last one asks for those of the state."""
    known: dict[int, Poly] = {}

    def spoken(message: Message) -> tuple[int, list[Poly]]:
        return message.bus.number, [polynomial(chip, e.number, known) for e in (message.times, *message.parts)]
    need = [(HOST.number, [{("first", "real"): P - 1}, {(): int(number("SHA256"))}, {("time",): 1}, {("address",): 1}])]
    for k in range(2):
        limbs = [spelled(f"w {2 * k + j}", memory) for j in range(2) for memory in ((24, 16), (8, 0))]
        where = [plus({(name,): 1, ("place",): 1}, ONE, k) for name in ("address", "time")]
        need.append((CELL.number, [{("real", "takes the block"): 1}, *where, *limbs, *limbs]))
    for k in range(4):
        before = [{(f"begin {2 * k + j}.{half}",): 1} for j in range(2) for half in range(2)]
        names = [f"{word} {j}" for word in "ae" for j in (3, 2, 1, 0)]
        after = [spelled(names[2 * k + j], memory) for j in range(2) for memory in ((0, 8), (16, 24))]
        where = [plus({(name,): 1}, ONE, sha256.BLOCK_CELLS + k) for name in ("address", "time")]
        need.append((CELL.number, [{("out", "real"): 1}, *where, *before, *after]))
    have = [spoken(message) for message in chip.messages]
    yield from (f"message {found[:3]} on bus {bus}: not expected" for bus, found in have if (bus, found) not in need)
    yield from (f"cell or call {found[:3]}: not asked for once" for bus, found in need if have.count((bus, found)) != 1)


def spelled(word: str, bytes_from: tuple[int, int]) -> Poly:
    """The limb of two bytes of a word that begin at these bits."""
    return {(f"{word} bit {first + k}",): 1 << 8 * place + k for place, first in enumerate(bytes_from) for k in range(8)}


def gates() -> Iterator[str]:
    """In every table there are only whole blocks, whose rows have these gates, and no row takes a cell twice."""
    for log_height in range(5, 8):
        columns = {name: np.asarray(values) for name, values in sha256.fixed(log_height).items()}
        row = np.arange(1 << log_height)
        place = np.where(row < len(row) // sha256.ROWS * sha256.ROWS, row % sha256.ROWS, -1)
        for name, (first, end) in OPEN.items():
            if not np.array_equal(columns[name].astype(bool), (first <= place) & (place < end)):
                yield f"the fixed column {name} of a table of 2^{log_height} rows"
        taking = (1 <= place) & (place < 5)
        if not np.array_equal(columns["place"][taking], 2 * (place[taking] - 1)):
            yield "the places of the cells that are taken"

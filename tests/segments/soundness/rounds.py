"""Code U by algebra for the chip of Keccak-f: what a block puts into cells follows from what it takes out of them.

Within a row the limbs after the round follow from those before it, by `bits`. From row to row the next row begins with what this one
leaves; the first row begins with what the last one says was found in the cells, because the rows agree on it.
"""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from segments.buses import CELL, HOST
from segments.host import keccak
from segments.host.call import number
from stark.chip import Chip, Message
from stark.expression import P
from tests.segments.soundness.bits import determined, names_of, read
from tests.segments.soundness.polynomials import Poly, plus, polynomial

EVERY_LIMB = [f"{lane}.{k}" for lane in range(keccak.LANES) for k in range(keccak.LIMBS)]
ONE: Poly = {(): 1}


def unproved(chip: Chip) -> list[str]:
    """What the argument needs and does not find; nothing, if what a block leaves follows."""
    return [*within_a_row(chip), *from_row_to_row(chip), *said(chip), *places()]


def within_a_row(chip: Chip) -> Iterator[str]:
    known = read(chip)
    if "real" not in known.bits:
        yield "real is not 0 or 1"
    follows = determined(known, [f"before {limb}" for limb in EVERY_LIMB], chip.fixed_names)
    for limb in EVERY_LIMB:
        bits = known.spelled.get(f"after {limb}", [])
        if len(bits) != 16 or not all(names_of(bit) <= follows for bit in bits):
            yield f"limb {limb} after the round does not follow"


def from_row_to_row(chip: Chip) -> Iterator[str]:
    """first · (before - begin), inside · (next before - after), and inside · (next - this) for what all rows agree on."""
    known: dict[int, Poly] = {}
    have = [polynomial(chip, r.expression.number, known) for r in chip.requirements]
    need = [times("first", one(f"before {limb}"), one(f"begin {limb}")) for limb in EVERY_LIMB]
    need += [times("inside", one(f"before {limb}'"), one(f"after {limb}")) for limb in EVERY_LIMB]
    need += [times("inside", one(f"{name}'"), one(name)) for name in ("real", "time", "address", *(f"begin {limb}" for limb in EVERY_LIMB))]
    for poly in need:
        if poly not in have:
            yield f"{' '.join(sorted(names_of(poly)))}: not required"


def one(name: str) -> Poly:
    return {(name,): 1}


def times(selector: str, left: Poly, right: Poly) -> Poly:
    return {tuple(sorted((*monomial, selector))): factor for monomial, factor in plus(left, right, P - 1).items()}


def said(chip: Chip) -> Iterator[str]:
    """The first row takes the call, the last one asks for every cell: what was found in it, and what is left."""
    known: dict[int, Poly] = {}

    def spoken(message: Message) -> tuple[int, list[Poly]]:
        return message.bus.number, [polynomial(chip, e.number, known) for e in (message.times, *message.parts)]
    need = [(HOST.number, [{("first", "real"): P - 1}, {(): int(number("KECCAK"))}, one("time"), one("address")])]
    for lane in range(keccak.LANES):
        limbs = [one(f"{name} {lane}.{k}") for name in ("begin", "after") for k in range(keccak.LIMBS)]
        need.append((CELL.number, [{("out", "real"): 1}, plus(one("address"), ONE, lane), plus(one("time"), ONE, lane), *limbs]))
    have = [spoken(message) for message in chip.messages]
    yield from (f"message {found} on bus {bus}: not expected" for bus, found in have if (bus, found) not in need)
    yield from (f"cell or call {found[1:4]}: not asked for once" for bus, found in need if have.count((bus, found)) != 1)


def places() -> Iterator[str]:
    """In every table there are only whole blocks."""
    for log_height in range(5, 8):
        columns = {name: np.asarray(values) for name, values in keccak.fixed(log_height).items()}
        row, blocks = np.arange(1 << log_height), (1 << log_height) // keccak.ROWS
        place = np.where(row < blocks * keccak.ROWS, row % keccak.ROWS, keccak.ROWS)
        for name, want in (("first", place == 0), ("inside", place < keccak.OUT), ("out", place == keccak.OUT)):
            if not np.array_equal(columns[name].astype(bool), want):
                yield f"the fixed column {name} of a table of 2^{log_height} rows"

"""The bits of drawn words: the only 31 bits that spell a word below p, a number and the domain's point that they spell.

A word has a row for each tree in which it is looked up: the number is what its bits from `skip` up to the size of the domain spell.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from continuation.book import Book, Numbers
from continuation.chips.buses import WIRE
from continuation.layout import Layout
from continuation.queries import Queries, Slice
from continuation.recorder import Event
from stark.chip import Chip
from stark.expression import Expression, spelled, total
from stark.field import P, root_of_unity

U64 = npt.NDArray[np.uint64]
NAME = "bits"
WIRES = ("word", "point", "number")


def turn(j: int) -> int:
    return root_of_unity(j + 1) - 1


def definition(layout: Layout) -> Chip:
    chip = Chip(NAME, "the bits are the bits of the word, and the number and the point are what they spell")
    active, start, scale = (chip.fixed(name) for name in ("active", "start", "scale"))
    wires = {name: chip.fixed(f"{name} wire") for name in WIRES}
    point_times, number_times = chip.fixed("point times"), chip.fixed("number times")
    grinding = {count: chip.fixed(f"grinds {count}") for count in layout.grindings}
    taller = {high: chip.fixed(f"domain of {high}") for high in layout.domains[1:]}
    skipping = {low: chip.fixed(f"skips {low}") for low in layout.skips[1:]}
    if layout.skips[0] or layout.skips[-1] > layout.domains[0]:
        raise ValueError("positions leave out fewer bits than the smallest domain has")
    bits, word = [chip.boolean(f"bit.{j}") for j in range(31)], chip.column("word")
    chip.require_equal("the bits spell the word", spelled(bits, 2), word)
    ones = [chip.column(f"ones.{k}") for k in range(3)]
    chip.require_equal("bits 24 to 26 are ones", bits[24] * bits[25] * bits[26], ones[0])
    chip.require_equal("bits 24 to 28 are ones", ones[0] * bits[27] * bits[28], ones[1])
    chip.require_equal("bits 24 to 30 are ones", ones[1] * bits[29] * bits[30], ones[2])
    chip.require("the bits spell a number below p", ones[2] * spelled(bits[:24], 2))
    for count, flag in grinding.items():
        chip.require("the lowest bits were ground to zero", flag * total(bits[:count]))

    def inside(j: int, value: Expression) -> Expression:
        """The value on rows whose domain has bit j, 0 on others."""
        has = [flag for high, flag in taller.items() if high > j]
        return value if j < layout.domains[0] else value * total(has)
    point = start
    for k, places in enumerate(point_factors(layout)):
        value = point
        for j in places:
            value = value * (1 + inside(j, bits[j] * turn(j)))
        point = chip.column(f"point.{k}")
        chip.require_equal("the point turns by the next bits", value, point)
    used = []
    for j in range(layout.domains[-1]):
        above = [flag for low, flag in skipping.items() if low > j]
        used.append(inside(j, bits[j] * (1 - total(above)) if above else bits[j]))
    number = chip.column("number")
    chip.require_equal("the number is spelled by the bits that are not skipped", scale * spelled(used, 2), number)
    chip.receive(WIRE, wires["word"], word, 0, 0, 0, 0, times=active)
    chip.send(WIRE, wires["point"], point, 0, 0, 0, 0, times=point_times)
    chip.send(WIRE, wires["number"], number, 0, 0, 0, 0, times=number_times)
    return chip


def point_factors(layout: Layout) -> list[list[int]]:
    """For each step of the point the bits that turn it; two a step where all domains have them."""
    smallest, largest = layout.domains[0], layout.domains[-1]
    return [list(range(j, min(j + 2, smallest))) for j in range(0, smallest, 2)] + [[j] for j in range(smallest, largest)]


@dataclass(frozen=True)
class Use:
    """Rows for all words of a drawing: the bits that make the number, and whether the domain's point is wanted of these rows."""

    place: Slice
    point: bool


class Drawn:
    """The rows: some for each drawn query, one for each grinding. Defines every number and point that no other chip defines, so it comes
    after the other chips."""

    def __init__(self, book: Book, queries: Queries, events: list[Event]) -> None:
        self.book, self.queries = book, queries
        self.ground = [(2 * event.operand("words").data, int(event.arguments["count"])) for event in events if event.step == "ground"]
        self.drawings = [2 * event.operand("words").data for event in queries.drawings]
        numbers = {place: wires for place, wires in queries.indices.items() if place not in queries.folded}
        points = [place for place in queries.points if not place.low]
        for wires in [*numbers.values(), *(queries.points[place] for place in points)]:
            book.define(wires)
        self.numbers = numbers
        self.uses = []
        for drawing in range(len(self.drawings)):
            places = sorted(((place.low, place.high) for place in numbers if place.drawing == drawing), reverse=False)
            point = any(place.drawing == drawing for place in points)
            self.uses += [Use(Slice(drawing, *place), point and k == 0) for k, place in enumerate(places)]
        self.words = [*(self.drawings[use.place.drawing] for use in self.uses), *(words for words, _ in self.ground)]
        for wires in self.words:
            book.use(wires)

    @property
    def count(self) -> int:
        return sum(map(len, self.words))

    @property
    def domains(self) -> tuple[int, ...]:
        return tuple(sorted({use.place.high for use in self.uses}))

    @property
    def skips(self) -> tuple[int, ...]:
        return tuple(sorted({0, *(use.place.low for use in self.uses)}))

    @property
    def grindings(self) -> tuple[int, ...]:
        return tuple(sorted({count for _, count in self.ground}))

    def fixed(self, layout: Layout) -> dict[str, Numbers]:
        flags = [*(f"domain of {high}" for high in layout.domains[1:]), *(f"skips {low}" for low in layout.skips[1:]),
                 *(f"grinds {count}" for count in layout.grindings)]
        names = (*(f"{name} wire" for name in WIRES), "point times", "number times", *flags)
        columns = {name: np.zeros(self.count, np.int64) for name in names}
        columns |= {name: np.ones(self.count, np.int64) for name in ("active", "start", "scale")}
        columns["word wire"][:] = np.concatenate(self.words)
        at = 0
        for use in self.uses:
            place, rows = use.place, slice(at, at + len(self.drawings[use.place.drawing]))
            at = rows.stop
            columns["start"][rows] = self.queries.shifts[place.drawing]
            columns["scale"][rows] = pow(2, -place.low, P)
            columns["number wire"][rows], columns["number times"][rows] = self.numbers[place], self.book.times(self.numbers[place])
            if use.point:
                wires = self.queries.points[Slice(place.drawing, 0, place.high)]
                columns["point wire"][rows], columns["point times"][rows] = wires, self.book.times(wires)
            for name, wanted in ((f"domain of {place.high}", place.high != layout.domains[0]), (f"skips {place.low}", place.low > 0)):
                if wanted:
                    columns[name][rows] = 1
        for words, count in self.ground:
            columns[f"grinds {count}"][at:at + len(words)] = 1
            at += len(words)
        return columns

    def fill(self, layout: Layout, fixed: npt.NDArray[np.uint32], names: list[str], memory: U64) -> dict[str, npt.NDArray[np.integer]]:
        """All rows, the empty ones too: the columns of the key say what the bits of each spell."""
        wires = np.concatenate(self.words)
        words = np.zeros(fixed.shape[1], np.uint64)
        words[:len(wires)] = memory[wires >> 1]
        bits = words >> np.arange(31, dtype=np.uint64)[:, None] & np.uint64(1)
        ones = [bits[24:27].prod(axis=0), bits[24:29].prod(axis=0), bits[24:31].prod(axis=0)]
        columns: dict[str, npt.NDArray[np.integer]] = {f"bit.{j}": bits[j] for j in range(31)}
        columns |= {f"ones.{k}": one for k, one in enumerate(ones)}
        key = {name: fixed[k].astype(np.uint64) for k, name in enumerate(names)}
        high, low = np.full(len(words), layout.domains[0]), np.zeros(len(words), np.int64)
        for size in layout.domains[1:]:
            high[key[f"domain of {size}"] > 0] = size
        for skip in layout.skips[1:]:
            low[key[f"skips {skip}"] > 0] = skip
        point = key["start"]
        for k, places in enumerate(point_factors(layout)):
            for j in places:
                point = point * (1 + bits[j] * np.uint64(turn(j)) * (high > j)) % np.uint64(P)
            columns[f"point.{k}"] = point
        masked = (words & ((np.uint64(1) << high.astype(np.uint64)) - np.uint64(1))) >> low.astype(np.uint64)
        numbers = (masked << low.astype(np.uint64)) % np.uint64(P) * key["scale"] % np.uint64(P)
        return columns | {"word": words, "number": numbers}

"""The bits of drawn words: the only 31 bits that spell a word below p, the numbers and the domain point that they spell."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from continuation.book import Book, Numbers
from continuation.chips.buses import WIRE
from continuation.layout import Layout
from continuation.queries import Queries, Slice
from continuation.recorder import Event
from stark.chip import Chip
from stark.expression import Expression, spelled, total
from stark.field import GENERATOR, P, root_of_unity

U64 = npt.NDArray[np.uint64]
NAME = "bits"


def turn(j: int) -> int:
    return root_of_unity(j + 1) - 1


def definition(layout: Layout) -> Chip:
    chip = Chip(NAME, "the bits are the bits of the word, and the numbers and the point are what they spell")
    active, word_wire, point_wire, point_times = (chip.fixed(name) for name in ("active", "word wire", "point wire", "point times"))
    grinding = {count: chip.fixed(f"grinds {count}") for count in layout.grindings}
    taller = {high: chip.fixed(f"domain of {high}") for high in layout.domains[1:]}
    bits, word = [chip.boolean(f"bit.{j}") for j in range(31)], chip.column("word")
    chip.require_equal("the bits spell the word", spelled(bits, 2), word)
    ones = [chip.column(f"ones.{k}") for k in range(3)]
    chip.require_equal("bits 24 to 26 are ones", bits[24] * bits[25] * bits[26], ones[0])
    chip.require_equal("bits 24 to 28 are ones", ones[0] * bits[27] * bits[28], ones[1])
    chip.require_equal("bits 24 to 30 are ones", ones[1] * bits[29] * bits[30], ones[2])
    chip.require("the bits spell a number below p", ones[2] * spelled(bits[:24], 2))
    for count, flag in grinding.items():
        chip.require("the lowest bits were ground to zero", flag * total(bits[:count]))
    point = chip.constant(GENERATOR)
    for k, factors in enumerate(point_factors(layout)):
        value = point
        for j, high in factors:
            factor: Expression = bits[j] * turn(j)
            value = value * (1 + (factor * total([taller[h] for h in layout.domains if h >= high]) if high in taller else factor))
        point = chip.column(f"point.{k}")
        chip.require_equal("the point turns by the next bits", value, point)
    chip.receive(WIRE, word_wire, word, 0, 0, 0, 0, times=active)
    chip.send(WIRE, point_wire, point, 0, 0, 0, 0, times=point_times)
    for low, high in layout.ranges:
        wire, times = chip.fixed(f"wire {low}-{high}"), chip.fixed(f"times {low}-{high}")
        chip.send(WIRE, wire, spelled(bits[low:high], 2), 0, 0, 0, 0, times=times)
    return chip


def point_factors(layout: Layout) -> list[list[tuple[int, int]]]:
    """For each step of the point the bits that turn it, each with the smallest domain that has it; two bits a step where all have them."""
    smallest, out = layout.domains[0], []
    for j in range(0, smallest, 2):
        out.append([(k, smallest) for k in range(j, min(j + 2, smallest))])
    for j in range(smallest, layout.domains[-1]):
        out.append([(j, next(high for high in layout.domains if high > j))])
    return out


class Drawn:
    """The rows: one for each drawn query, one for each grinding."""

    def __init__(self, book: Book, queries: Queries, events: list[Event]) -> None:
        self.book, self.queries = book, queries
        self.ground = [(2 * event.operand("words").data, int(event.arguments["count"])) for event in events if event.step == "ground"]
        self.words = [2 * event.operand("words").data for event in queries.drawings]
        for wires in [*self.words, *(words for words, _ in self.ground)]:
            book.use(wires)

    def define(self) -> None:
        """Defines every number and point that no other chip defines; comes after the other chips."""
        for wires in [*self._numbers().values(), *(self.queries.points[place] for place in self._points())]:
            self.book.define(wires)

    def _points(self) -> list[Slice]:
        return [place for place in self.queries.points if not place.low]

    def _numbers(self) -> dict[Slice, Numbers]:
        return {place: wires for place, wires in self.queries.indices.items() if place not in self.queries.folded}

    @property
    def count(self) -> int:
        return sum(map(len, self.words)) + sum(len(words) for words, _ in self.ground)

    @property
    def domains(self) -> tuple[int, ...]:
        return tuple(sorted({self.queries.high(k) for k in range(len(self.words))}))

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        return tuple(sorted({(place.low, place.high) for place in self._numbers()}))

    @property
    def grindings(self) -> tuple[int, ...]:
        return tuple(sorted({count for _, count in self.ground}))

    def fixed(self, layout: Layout) -> dict[str, Numbers]:
        names = [*(f"domain of {high}" for high in layout.domains[1:]), *(f"grinds {count}" for count in layout.grindings),
                 *(f"{what} {low}-{high}" for low, high in layout.ranges for what in ("wire", "times"))]
        columns = {name: np.zeros(self.count, np.int64) for name in ("active", "word wire", "point wire", "point times", *names)}
        columns["active"][:] = 1
        columns["word wire"][:] = np.concatenate([*self.words, *(words for words, _ in self.ground)])
        starts = np.cumsum([0, *map(len, self.words)])
        for place in self._points():
            rows = slice(starts[place.drawing], starts[place.drawing + 1])
            columns["point wire"][rows] = self.queries.points[place]
            columns["point times"][rows] = self.book.times(self.queries.points[place])
        for place, wires in self._numbers().items():
            rows = slice(starts[place.drawing], starts[place.drawing + 1])
            columns[f"wire {place.low}-{place.high}"][rows] = wires
            columns[f"times {place.low}-{place.high}"][rows] = self.book.times(wires)
        for drawing in range(len(self.words)):
            if self.queries.high(drawing) != layout.domains[0]:
                columns[f"domain of {self.queries.high(drawing)}"][starts[drawing]:starts[drawing + 1]] = 1
        at = int(starts[-1])
        for words, count in self.ground:
            columns[f"grinds {count}"][at:at + len(words)] = 1
            at += len(words)
        return columns

    def fill(self, layout: Layout, fixed: npt.NDArray[np.uint32], names: list[str], memory: U64) -> dict[str, npt.NDArray[np.integer]]:
        """All rows, the empty ones too: the point of no bits is the generator."""
        wires = np.concatenate([*self.words, *(words for words, _ in self.ground)])
        words = np.zeros(fixed.shape[1], np.uint64)
        words[:len(wires)] = memory[wires >> 1]
        bits = words >> np.arange(31, dtype=np.uint64)[:, None] & np.uint64(1)
        ones = [bits[24:27].prod(axis=0), bits[24:29].prod(axis=0), bits[24:31].prod(axis=0)]
        columns: dict[str, npt.NDArray[np.integer]] = {f"bit.{j}": bits[j] for j in range(31)}
        columns |= {f"ones.{k}": one for k, one in enumerate(ones)}
        point = np.full(len(words), GENERATOR, np.uint64)
        for k, factors in enumerate(point_factors(layout)):
            for j, high in factors:
                has = 1 if high == layout.domains[0] else sum(
                    fixed[names.index(f"domain of {h}")].astype(np.uint64) for h in layout.domains if h >= high)
                point = point * (1 + bits[j] * np.uint64(turn(j)) * has) % np.uint64(P)
            columns[f"point.{k}"] = point
        return columns | {"word": words}

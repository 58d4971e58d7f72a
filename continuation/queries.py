"""Where the bits of drawn words go: each use of a slice of bits as a number or as a point is traced to its drawing."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from continuation.book import Book, Numbers
from continuation.recorder import Event, Operand
from stark.field import P


@dataclass(frozen=True)
class Slice:
    """Bits low .. high - 1 of the words of one drawing."""

    drawing: int
    low: int
    high: int


class Queries:
    """The drawings (`bits_of`) of a circuit, with the wires for the numbers and points that their bits spell."""

    def __init__(self, book: Book, events: list[Event]) -> None:
        self.book = book
        self.drawings = [event for event in events if event.step == "bits_of"]
        self.firsts = [int(event.result.data[0, 0]) for event in self.drawings]
        self.indices: dict[Slice, Numbers] = {}
        self.points: dict[Slice, Numbers] = {}
        self.folded: set[Slice] = set()                     # numbers that the fold chip defines
        self.shifts: dict[int, int] = {}                    # of the domain that each drawing is for
        for event in events:
            if event.step == "point":
                self._point(event)

    def _point(self, event: Event) -> None:
        place = self.locate(event.operand("bits"))
        if not place.low:
            self.shifts.setdefault(place.drawing, event.arguments["shift"])
        expected = self.shift(place)
        if event.arguments["shift"] != expected or event.arguments["skip"] or event.arguments["invert"] or place in self.points:
            raise ValueError("the circuit has no chip for this point")
        self.points[place] = 2 * event.result.data

    def shift(self, place: Slice) -> int:
        """Of the domain that is left when the bits below are folded away."""
        return pow(self.shifts[place.drawing], 1 << place.low, P)

    def locate(self, bits: Operand) -> Slice:
        first = int(bits.data[0, 0])
        drawing = max(k for k, start in enumerate(self.firsts) if start <= first)
        low = (first - self.firsts[drawing]) % 31
        count, width = bits.data.shape
        expected = first + 31 * np.arange(count)[:, None] + np.arange(width)
        if count != len(self.drawings[drawing].result) or (bits.data != expected).any() or low + width > 31:
            raise ValueError("these bits are not a slice of one drawing")
        return Slice(drawing, low, low + width)

    def index(self, place: Slice) -> Numbers:
        """The wires of the number that these bits spell, one for each query. Whoever calls this uses them once."""
        if place not in self.indices:
            self.indices[place] = self.book.fresh(len(self.drawings[place.drawing].result))
        return self.book.use(self.indices[place])

    def point(self, place: Slice) -> Numbers:
        """The wires of the domain's point, which the circuit's text has asked for."""
        if place not in self.points:
            raise ValueError("no point was drawn for these bits")
        return self.points[place]

    def numbers(self, memory: npt.NDArray[np.uint64], place: Slice) -> Numbers:
        """What these bits spell."""
        bits = self.drawings[place.drawing].result.data[:, place.low:place.high]
        spelled: Numbers = (memory[bits].astype(np.int64) << np.arange(place.high - place.low)).sum(axis=1)
        return spelled

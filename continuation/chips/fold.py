"""One FRI folding of one query a row: the opened neighbours, the place of the value among them, and the polynomial through them."""
from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from continuation.book import Book, Numbers, values_of
from continuation.chips import extension
from continuation.chips.buses import WIRE, blocks, in_block
from continuation.chips.extension import Five
from continuation.layout import Layout
from continuation.queries import Queries, Slice
from continuation.recorder import ZERO, Event
from stark.chip import Chip
from stark.expression import Expression, spelled
from stark.field import P, base_inverse, ext_mul, root_of_unity
from stark.poseidon2 import Hash

U64 = npt.NDArray[np.uint64]
Column = npt.NDArray[np.integer]
NAME = "fold"
MARKS = ("active", "first")
WIRES = ("challenge wire", "value wire", "point wire", "index wire", "rest wire", "folded wire", "next point wire")
TIMES = ("rest times", "folded times", "next point times")


def inverse_turn(log_order: int) -> int:
    return pow(root_of_unity(log_order), P - 2, P)


def coefficients(values: list[Five]) -> list[Five]:
    """sum_j values[j] * w^(-bitreverse(j) * k) for each k: what the binary foldings of the text add up to."""
    if len(values) == 1:
        return values
    half = len(values) // 2
    even, odd = coefficients(values[:half]), coefficients(values[half:])
    root = inverse_turn(len(values).bit_length() - 1)
    turned = [extension.scaled(part, pow(root, k, P)) for k, part in enumerate(odd)]
    return [*map(extension.plus, even, turned), *map(extension.minus, even, turned)]


def definition(layout: Layout, kind: Hash) -> Chip:
    chip = Chip(NAME, "the value is opened at its place, and the folded value is that of the polynomial through its neighbours")
    arity = layout.log_arity
    if not 1 <= arity <= 3:
        raise ValueError("a round folds two, four or eight points")
    size = 1 << arity
    active, first = (chip.fixed(name) for name in MARKS)
    number = chip.fixed("first block")
    wires = {name: chip.fixed(name) for name in (*WIRES, *TIMES)}
    values = [extension.column(chip, f"neighbour.{k}") for k in range(size)]
    challenge, slope, folded, value = (extension.column(chip, name) for name in ("challenge", "slope", "folded", "value"))
    point, next_point = chip.column("point"), chip.column("next point")
    inverse = [chip.column(f"inverse.{1 << k}") for k in range(arity + 1)]
    index, rest = chip.column("index"), chip.column("rest")
    bits = [chip.boolean(f"bit.{j}") for j in range(arity)]
    follows = active.next - first.next

    pairs = [extension.column(chip, f"pair.{k}") for k in range(size // 2)]
    for k, pair in enumerate(pairs):
        low, high = values[2 * k], values[2 * k + 1]
        extension.require_equal(chip, "the lowest bit picks from a pair", pair, chosen(bits[0], low, high))
    for bit in bits[1:]:
        pairs = [chosen(bit, low, high) for low, high in zip(pairs[::2], pairs[1::2], strict=True)]
    extension.require_equal(chip, "the value is opened at its place", value, pairs[0])

    turned = chip.constant(1)
    for j, bit in enumerate(bits):
        turned = turned * (1 + bit * (root_of_unity(j + 1) - 1))
    chip.require("the row starts at the point without the lowest bits", inverse[0] * point - turned + 1 - active)
    for root, square in pairwise(inverse):
        chip.require_equal("inverses are squared", root * root, square)
    chip.require_equal("the next point is the power of this one", next_point * inverse[-1], active)
    extension.require_equal(chip, "the slope is the challenge over the point", slope, extension.scaled(challenge, inverse[0]))
    extension.require_equal(chip, "the row is folded", folded, interpolated(chip, coefficients(values), slope))

    chip.require_equal("the index loses its lowest bits", index, rest * size + spelled(bits, 2))
    chip.require("the next round goes on with the point", follows * (point.next - next_point), "wrap")
    chip.require("the next round goes on with the index", follows * (index.next - rest), "wrap")
    for k in range(5):
        chip.require("the next round goes on with the folded value", follows * (part(value[k]).next - folded[k]), "wrap")

    words = [word for five in values for word in five]
    for k in range(0, len(words), kind.rate):
        chip.send(blocks(kind), *in_block(kind, number + k // kind.rate, words[k:k + kind.rate]), times=active)
    chip.receive(WIRE, wires["challenge wire"], *challenge, times=active)
    chip.receive(WIRE, wires["value wire"], *value, times=first)
    chip.receive(WIRE, wires["point wire"], point, 0, 0, 0, 0, times=first)
    chip.receive(WIRE, wires["index wire"], index, 0, 0, 0, 0, times=first)
    chip.send(WIRE, wires["rest wire"], rest, 0, 0, 0, 0, times=wires["rest times"])
    chip.send(WIRE, wires["folded wire"], *folded, times=wires["folded times"])
    chip.send(WIRE, wires["next point wire"], next_point, 0, 0, 0, 0, times=wires["next point times"])
    return chip


def chosen(bit: Expression, low: Five, high: Five) -> Five:
    return extension.plus(low, extension.scaled(extension.minus(high, low), bit))


def part(word: Expression | int) -> Expression:
    if not isinstance(word, Expression):
        raise TypeError("a column is an expression")
    return word


def interpolated(chip: Chip, polynomial: list[Five], at: Five) -> Five:
    """Horner, two steps between two columns."""
    value = polynomial[-1]
    rest = polynomial[-2::-1]
    while len(rest) > 1:
        value = extension.plus(extension.times(extension.plus(extension.times(value, at), rest[0]), at), rest[1])
        rest = rest[2:]
        column = extension.column(chip, f"horner.{len(rest)}")
        extension.require_equal(chip, "two steps of Horner", value, column)
        value = column
    return extension.plus(extension.times(value, at), rest[0])


class Foldings:
    """The rows: for each query its rounds one after the other, as far as one goes on with what the other has folded."""

    def __init__(self, book: Book, queries: Queries, events: list[Event]) -> None:
        self.book, self.queries = book, queries
        self.chains: list[list[Event]] = []
        for event in (event for event in events if event.step == "folded"):
            before = self.chains[-1][-1] if self.chains else None
            if before is not None and np.array_equal(before.result.data, event.arguments["value"].data):
                self.chains[-1].append(event)
            else:
                self.chains.append([event])
        self.arities = {int(event.arguments["arity"]) for chain in self.chains for event in chain}
        if len(self.arities) > 1:
            raise ValueError("all rounds fold by the same arity")
        self.columns = [self._columns(chain) for chain in self.chains]

    @property
    def count(self) -> int:
        return sum(columns["active"].size for columns in self.columns)

    @property
    def log_arity(self) -> int:
        if not self.arities:
            raise ValueError("a circuit verifies proofs that have rounds of folding")
        return next(iter(self.arities))

    def _columns(self, chain: list[Event]) -> dict[str, Numbers]:
        """Columns of the rows, which are (queries, rounds); uses and defines wires and blocks on the way."""
        book, rounds = self.book, len(chain)
        places = [self.queries.locate(event.operand("bits")) for event in chain]
        count, arity, start = len(chain[0].arguments["bits"]), self.log_arity, places[0]
        for k, (place, event) in enumerate(zip(places, chain, strict=True)):
            if place != Slice(start.drawing, start.low + k * arity, start.high) or event.arguments["shift"] != self.queries.shift(place):
                raise ValueError("the rounds of a query follow each other from the lowest bit on")
        out = {name: np.zeros((count, rounds), np.int64) for name in (*MARKS, "first block", *WIRES)}
        out["active"][:], out["first"][:, 0] = 1, 1
        for k, event in enumerate(chain):
            row = event.operand("row").data
            padded = np.concatenate([row, np.full((count, -row.shape[1] % book.size), ZERO, np.int64)], axis=1)
            numbers = book.define_block(book.block(padded.reshape(-1, book.size))).reshape(count, -1)
            if (np.diff(numbers, axis=1) != 1).any():
                raise ValueError("the blocks of an opened row have consecutive numbers")
            out["first block"][:, k] = numbers[:, 0]
            out["challenge wire"][:, k] = book.use(np.broadcast_to(event.operand("challenge").wires, count))
            rest = Slice(start.drawing, start.low + (k + 1) * arity, start.high)
            out["rest wire"][:, k] = book.define(self.queries.indices[rest])
            self.queries.folded.add(rest)
        out["value wire"][:, 0] = book.use(chain[0].operand("value").wires)
        out["index wire"][:, 0] = self.queries.index(start)
        out["point wire"][:, 0] = book.use(self.queries.point(start))
        last = Slice(start.drawing, start.low + rounds * arity, start.high)
        out["next point wire"][:, -1] = book.define(self.queries.point(last))
        out["folded wire"][:, -1] = book.define(chain[-1].result.data * 2 + 1)
        return out

    def fixed(self) -> dict[str, Numbers]:
        book, parts = self.book, []
        for columns in self.columns:
            times = {name: np.zeros(columns["active"].shape, np.int64) for name in TIMES}
            times["rest times"] = book.times(columns["rest wire"])
            for name in ("folded", "next point"):
                times[f"{name} times"][:, -1] = book.times(columns[f"{name} wire"][:, -1])
            parts.append(columns | times)
        return {name: np.concatenate([one[name].reshape(-1) for one in parts]) for name in parts[0]}

    def fill(self, memory: U64) -> dict[str, Column]:
        together = []
        for chain in self.chains:
            rounds = [self._filled(memory, event) for event in chain]
            together.append({name: np.stack([one[name] for one in rounds], axis=1).reshape(-1) for name in rounds[0]})
        return {name: np.concatenate([one[name] for one in together]) for name in together[0]}

    def _filled(self, memory: U64, event: Event) -> dict[str, Column]:
        arity, place = self.log_arity, self.queries.locate(event.operand("bits"))
        index = self.queries.numbers(memory, place)
        count = len(index)
        bits = [index >> j & 1 for j in range(arity)]
        shift = self.queries.shift(place)
        point, turned = np.full(count, shift, np.uint64), np.ones(count, np.uint64)
        for j in range(place.high - place.low):
            factor = (1 + (index >> j & 1).astype(np.uint64) * np.uint64(root_of_unity(j + 1) - 1)) % np.uint64(P)
            point = point * factor % np.uint64(P)
            turned = turned * factor % np.uint64(P) if j < arity else turned
        inverses = [turned * base_inverse(point) % np.uint64(P)]
        for _ in range(arity):
            inverses.append(inverses[-1] * inverses[-1] % np.uint64(P))
        out: dict[str, Column] = {"point": point, "index": index, "rest": index >> arity, "next point": base_inverse(inverses[-1])}
        out |= {f"inverse.{1 << j}": one for j, one in enumerate(inverses)} | {f"bit.{j}": bit for j, bit in enumerate(bits)}
        values = memory[event.operand("row").data].reshape(count, 1 << arity, 5)
        challenge = np.broadcast_to(values_of(memory, event.operand("challenge").wires), (count, 5))
        slope = challenge * inverses[0][:, None] % np.uint64(P)
        polynomial = interpolant(values)
        steps = {f"neighbour.{j}": values[:, j] for j in range(1 << arity)} | {"challenge": challenge, "slope": slope}
        running = polynomial[:, -1]
        rest = [polynomial[:, j] for j in range((1 << arity) - 2, -1, -1)]
        while len(rest) > 1:
            running = (ext_mul((ext_mul(running, slope) + rest[0]) % np.uint64(P), slope) + rest[1]) % np.uint64(P)
            rest = rest[2:]
            steps[f"horner.{len(rest)}"] = running
        steps["folded"] = (ext_mul(running, slope) + rest[0]) % np.uint64(P)
        steps["value"] = values_of(memory, event.operand("value").wires)
        rows = np.arange(count)
        steps |= {f"pair.{j}": values[rows, 2 * j + bits[0]] for j in range(1 << (arity - 1))}
        return out | {f"{name}.{c}": value[:, c] for name, value in steps.items() for c in range(5)}


def interpolant(values: U64) -> U64:
    """`coefficients` on numbers: (queries, size, 5)."""
    size = values.shape[1]
    if size == 1:
        return values
    even, odd = interpolant(values[:, :size // 2]), interpolant(values[:, size // 2:])
    root = inverse_turn(size.bit_length() - 1)
    turned = odd * np.array([pow(root, k, P) for k in range(size // 2)], np.uint64)[:, None] % np.uint64(P)
    return np.concatenate([(even + turned) % np.uint64(P), (even + np.uint64(P) - turned) % np.uint64(P)], axis=1)

"""The rows of the permutation chip for opened rows: all queries of a proof at once, one query's permutations one after the other."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from continuation.book import Book, Numbers, values_of
from continuation.chips.buses import caps_are_blocks
from continuation.chips.cap import Caps
from continuation.chips.permute import entries, flags, phases, taken
from continuation.queries import Queries, Slice
from continuation.recorder import Addresses, Event, Operand, Program, operand
from stark.field import ONE_EXT, P, ext_mul
from stark.poseidon2 import Hash, of_width

U64 = npt.NDArray[np.uint64]
Steps = list[dict[str, int]]


@dataclass
class Opening:
    """One commitment's part: what is static about its rows, the same for every query."""

    place: Slice
    cap: int                                    # number of the cap's look-up table
    inputs: Addresses                           # (queries, rows, width)
    outputs: Addresses
    steps: Steps                 # flags of each row
    shifts: list[int]                           # bits of the index that are spent; -1: the row has no index
    index_wires: Numbers
    ends: list[int]                             # the last row of every segment
    results: list[Numbers]                      # the wires of the sums there


class Openings:
    """A chain of commitments whose columns go into one sum; or one commitment whose rows are handed on."""

    def __init__(self, program: Program, book: Book, queries: Queries, caps: Caps, events: list[Event], proof: int) -> None:
        self.proof, self.batched, self.width = proof, events[0].arguments["batch"] is not None, program.width
        self.parts = [self._part(program, queries, caps, event) for event in events]
        batches = [[operand(value) for value in event.arguments["batch"] or []] for event in events]
        self.batch = batches[0]
        if any([int(one.wires) for one in other] != [int(one.wires) for one in self.batch] for other in batches):
            raise ValueError("columns that go into one sum have one batching challenge")
        self.queries = len(self.parts[0].inputs)
        if self.batched:
            self._require_zero(program, events[0].operand("reduced"))
            for part in self.parts:
                for wires in part.results:
                    book.define(wires)
            last = self.parts[-1]
            if last.shifts[-1] < 1:
                raise ValueError("the rows of the last commitment need a path")
            last.steps = [{**one, "keep": 0} for one in last.steps]

    @property
    def hash(self) -> Hash:
        return of_width(self.width)

    @staticmethod
    def _require_zero(program: Program, start: Operand) -> None:
        words = {program.constants.get(int(address) + k) for address in np.unique(start.data) for k in range(5)}
        if words != {0}:
            raise ValueError("a sum of opened columns starts at zero")

    def _part(self, program: Program, queries: Queries, caps: Caps, event: Event) -> Opening:
        permutes = [step for step in program.code[event.first:event.last] if step.name == "permute"]
        inputs, outputs = (np.stack(parts, axis=1) for parts in (
            [step.operands[0].data for step in permutes], [step.result.data for step in permutes]))
        segments, place = event.arguments["segments"], queries.locate(event.operand("bits"))
        extension, ends, kind = event.arguments["extension"], [], self.hash
        steps: Steps = []
        *before, last = (-(-words // kind.rate) for words in segments)
        length = kind.rate * sum(before) + segments[-1]
        for blocks in (*before, last):
            for block in range(blocks):
                entry = f"extension.{block % phases(kind.rate)}" if extension else "base"
                steps.append(step(kind, absorb=1) if steps else step(kind, start=1, fresh=length))
                steps[-1] |= {entry: 1} if self.batched else {"takes": 1}
            ends.append(len(steps) - 1)
        shifts = [-1] * len(steps)
        steps[-1]["enters"], shifts[-1] = 1, 0
        height = place.high - place.low
        log_cap = len(event.operand("cap").data).bit_length() - 1
        for spent in range(1, height - log_cap + 1):
            steps.append(step(kind, path=1, keep=int(self.batched)))
            shifts.append(spent)
        if len(steps) != inputs.shape[1]:
            raise ValueError("the recorded permutations are not those of an opened row")
        require_recorded(program, inputs, outputs, steps, kind.rate)
        if not caps_are_blocks(kind):
            steps[-1]["looks"] = 1
        table = caps.table(event.operand("cap").data)
        results = [operand(value).wires for value in event.result] if self.batched else []
        return Opening(place, table, inputs, outputs, steps, shifts, queries.index(place), ends, results)

    # -- static

    def fixed(self, book: Book) -> list[dict[str, Numbers]]:
        """Columns of (queries, rows) for each part; multiplicities of the sums are known when the book is closed."""
        return [self._fixed(book, part) for part in self.parts]

    def enter(self, book: Book) -> None:
        """Mentions blocks and uses wires; done once, before the book is closed."""
        for part in self.parts:
            part_blocks(book, part, self.hash.rate)

    def _fixed(self, book: Book, part: Opening) -> dict[str, Numbers]:
        shape = part.inputs.shape[:2]
        names = set().union(*part.steps)
        columns = {name: np.broadcast_to([one[name] for one in part.steps], shape) for name in names}
        blocks, out, times, index, total, total_times = (np.zeros(shape, np.int64) for _ in range(6))
        for row in taking_rows(part):
            blocks[:, row] = book.block(part.inputs[:, row, :self.hash.rate])
        out[:, -1], times[:, -1] = part.cap, -1 if caps_are_blocks(self.hash) else 0
        leaf = entering_row(part)
        index[:, leaf] = part.index_wires
        for row, wires in zip(part.ends, part.results, strict=False):
            total[:, row], total_times[:, row] = wires, book.times(wires)
        return {**columns, "block": blocks, "out block": out, "out times": times, "index wire": index, "sum wire": total,
                "sum times": total_times, "proof": np.full(shape, self.proof * int(self.batched))}

    # -- dynamic

    def indices(self, memory: U64, queries: Queries) -> tuple[list[Numbers], list[Numbers]]:
        """The columns `index` and `bit` of (queries, rows) for each part."""
        indices, bits = [], []
        for part in self.parts:
            number = queries.numbers(memory, part.place)[:, None]
            shifts = np.array(part.shifts)
            path = np.array([one["path"] for one in part.steps])
            indices.append(np.where(shifts >= 0, number >> np.maximum(shifts, 0), 0))
            bits.append(np.where(path > 0, number >> np.maximum(shifts - 1, 0) & 1, 0))
        return indices, bits

    def sums(self, memory: U64) -> list[U64]:
        """The accumulator of (queries, rows, 5) for each part."""
        out, total = [], np.zeros((self.queries, 5), np.uint64)
        if not self.batched:
            return [np.zeros((*part.inputs.shape[:2], 5), np.uint64) for part in self.parts]
        powers = np.stack([ONE_EXT, *(values_of(memory, one.wires) for one in self.batch)])
        rate = self.hash.rate
        weights = {entry: weights_of(entry, powers, rate) for entry in entries(rate)}
        for part in self.parts:
            columns = np.zeros((*part.inputs.shape[:2], 5), np.uint64)
            for row, one in enumerate(part.steps):
                entry = next((name for name in entries(rate) if one[name]), None)
                if entry is None:
                    total = total * np.uint64(one["keep"])
                else:
                    factor, for_words = weights[entry]
                    words = memory[part.inputs[:, row, :rate]]
                    added = (words[..., None] * for_words % np.uint64(P)).sum(axis=1)
                    total = (ext_mul(total, factor) + added) % np.uint64(P)
                columns[:, row] = total
            out.append(columns)
        return out

    def looked_up(self, memory: U64, queries: Queries) -> list[tuple[int, Numbers]]:
        """For each part: the cap's table and the entries that its queries end at."""
        return [(part.cap, queries.numbers(memory, part.place) >> part.shifts[-1]) for part in self.parts]


def require_recorded(program: Program, inputs: Addresses, outputs: Addresses, steps: Steps, rate: int) -> None:
    """The rows that the chip will prove are the permutations that were recorded."""
    for row, one in enumerate(steps):
        capacity, good = inputs[:, row, rate:], True
        if one["start"]:
            known = {tuple(program.constants.get(int(word)) for word in words) for words in capacity}
            good = known == {(one["fresh"], *[0] * (capacity.shape[1] - 1))}
        elif one["absorb"]:
            good = np.array_equal(capacity, outputs[:, row - 1, rate:])
        if not good:
            raise ValueError("an opened row was recorded in another way than its chip proves it")


def weights_of(entry: str, powers: U64, rate: int) -> tuple[U64, U64]:
    """The factor of the sum and the weights (words, 5) of a block; powers[k] is the k-th power of the challenge."""
    for_sum, for_words = taken(entry, rate)
    places = np.array(for_words)
    return powers[for_sum], ext_mul(powers[places[:, 0]], np.eye(5, dtype=np.uint64)[places[:, 1]])


def step(kind: Hash, **does: int) -> dict[str, int]:
    return dict.fromkeys(flags(kind), 0) | does


def entering_row(part: Opening) -> int:
    return next(row for row, one in enumerate(part.steps) if one["enters"])


def taking_rows(part: Opening) -> list[int]:
    return [row for row, one in enumerate(part.steps) if one["takes"]]


def part_blocks(book: Book, part: Opening, rate: int) -> None:
    rows = part.inputs[:, taking_rows(part), :rate]               # the words of a row are numbered one block after the other
    book.use_block(book.block(rows.reshape(-1, rate)))

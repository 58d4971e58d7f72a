"""Finds shapes of 2^20 for the catalogue (segments/catalogue.py) on real programs, and prints them as lines of it.

    python -m scripts.fit_shapes COUNT NAME=APP.wasm=INPUT=WEIGHT …

A segment may begin anywhere. From each of many places of a program the rows are followed for as far as a shape may reach; where a step
would cost least, and at some other lengths, the smallest tables for these rows are a candidate: with a second table where that saves most
for its columns, as long as the leaf of the continuation stays narrow; families that are not used are there as far as it has room. From all
candidates those are taken that lower the mean price of a step at all places most. Beside the programs stand invented ones, mixtures of
them with every family changed by chance, so that shapes are found that others can use, too.
"""
from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scripts.short_blocks import KINDS, MEMORY, Blocks, Ints
from segments.catalogue import CATALOGUE, MORE
from segments.heights import LEAF, MOST_PERMUTATIONS, cells_in_a_row, cells_of, permutations_of, price_of, room_of, with_fixed
from segments.machine import chips
from segments.shape import logarithm
from stark.measure import EXTENSION, measure
from wasm_exec.hosts import HOSTS
from wasm_exec.text import from_text
from wasm_exec.translate import load

SIZE, LOG_PROGRAM, MOST_STEPS = "2^20", 13, 1 << 27
MOST_CELLS = 300_000_000        # 3.1 GB
LOW = 11                        # log2 of the rows of a table that is there in case
WORTH = 0.004                   # of all cells, for a second table
PLACES = 120                    # of a program where a segment may begin
LENGTHS = ((0.12, 0.3), (0.3, 0.55), (0.55, 0.8), (0.8, 1.0))       # of all cells: in each the best length is taken
INVENTED, INVENTED_WEIGHT, SPREAD = 120, 1.0, 0.5
ROUNDS = 3                      # in which every shape may be exchanged for a better one
OTHERS = ("2^14", "2^14 integers", "2^16", "2^16 integers", "2^18", "2^18 integers", "2^20")       # shapes that stay
LIKELY = """bitwise shift select mul call convert move64 load64 store64 add64 compare64 bitwise64 shift64 indirect select64 count div mul64
    outside grow count64 div64""".split()
CELLS = np.array([0 if name.upper() in HOSTS else cells_in_a_row(name) for name in KINDS])
Own = dict[str, int]
Candidate = tuple[tuple[str, int], ...]
Floats = npt.NDArray[np.float64]


def whole(own: Mapping[str, int]) -> Mapping[str, int]:
    return with_fixed(own, LOG_PROGRAM)


def narrow(own: Mapping[str, int]) -> bool:
    return permutations_of(whole(own)) <= MOST_PERMUTATIONS[16]


def low(name: str) -> int:
    return min(LOW, CATALOGUE[SIZE][name]) if name not in ("halt", "outside") else 3


def own_shape(rows: Mapping[str, int], doubled: bool) -> Candidate | None:
    """The smallest shape for these rows; None if its leaf is not narrow."""
    own = {name: max(low(name), logarithm(count)) for name, count in rows.items() if count or name in MEMORY} | {"halt": low("halt")}
    if not narrow(own):
        return None
    if doubled:
        own = with_second_tables(own, rows)
    for name in LIKELY:
        if name not in own and narrow(own | {name: low(name)}):
            own[name] = low(name)
    return tuple((name, own[name]) for name in chips() if name in own)


def with_second_tables(own: Own, rows: Mapping[str, int]) -> Own:
    every, found = sum(cells_of(whole(own)).values()), []
    for name, count in rows.items():
        first = own.get(name, 0) - 1
        second = max(LOW, logarithm(count - (1 << first))) if first > LOW and count > 1 << first else first
        if second < first and name not in ("page", "node"):
            chip, saved = measure(chips()[name]), cells_in_a_row(name) * ((1 << first) - (1 << second))
            if saved >= WORTH * every:
                found.append((saved / (chip.columns + EXTENSION * chip.logup_columns), {name: first, name + MORE: second}))
    for _, both in sorted(found, key=lambda pair: -pair[0]):
        if narrow(own | both):
            own = own | both
    return own


def guessed_cells(rows: Ints) -> Floats:
    """Cells of tables whose heights are sums of two powers of two, quickly."""
    first = 2 ** np.floor(np.log2(np.maximum(rows - 1, 1)))
    second = 2 ** np.ceil(np.log2(np.maximum(rows - first, 1)))
    return np.asarray((np.where(rows > 0, np.maximum(first + second, 1 << LOW), 0) * CELLS).sum(axis=-1), float)


@dataclass(frozen=True)
class Window:
    """The rows by kind and the steps of a segment after each of its blocks, up to where the run ends, if `ends`."""

    rows: Ints
    steps: Ints
    ends: bool = False

    def lengths(self) -> list[int]:
        """How many blocks might make a good segment."""
        cells = guessed_cells(self.rows)
        rates = (cells + LEAF[16]) / self.steps
        found = []
        for least, most in LENGTHS:
            inside = (cells > least * MOST_CELLS) & (cells <= most * MOST_CELLS)
            if inside.any():
                found.append(int(np.where(inside, rates, np.inf).argmin()))
        return found or [int(np.where(cells <= MOST_CELLS, rates, np.inf).argmin())]

    def shapes(self) -> list[Candidate]:
        rows = [dict(zip(KINDS, self.rows[length].tolist(), strict=True)) for length in self.lengths()]
        return [shape for one in rows for doubled in (True, False) if (shape := own_shape(one, doubled))]

    def prices(self, rooms: Ints, costs: Floats) -> Floats | None:
        """Of a step in every shape, filled; None if the run ends before one is."""
        reach = np.min([np.searchsorted(self.rows[:, kind], rooms[:, kind], side="right") for kind in range(len(KINDS))], axis=0)
        steps = np.where(reach > 0, self.steps[np.maximum(reach - 1, 0)], 0)
        if self.ends and reach.max() == len(self.steps):
            return None
        return np.where(reach > 0, costs / np.maximum(steps, 1), np.inf)


class Run:
    """A program: the windows that begin at many places, and what the used cells of a step are."""

    def __init__(self, item: str) -> None:
        self.name, app, content, weight = item.split("=")
        program = load(from_text(Path(app)) if app.endswith(".wat") else Path(app).read_bytes(), 64, 8)
        blocks = Blocks(program, Path(content).read_bytes(), MOST_STEPS)
        found = [(first, *blocks.window(first)) for first in blocks.places(PLACES)]
        self.windows = [Window(rows, steps, bool(first + len(steps) == len(blocks))) for first, rows, steps in found]
        self.weight = float(weight)


def invented(runs: Sequence[Run], count: int, seed: int) -> list[Window]:
    rng = np.random.default_rng(seed)
    known = [window for run in runs for window in run.windows]
    out = []
    for _ in range(count):
        parts = [known[rng.integers(len(known))] for _ in range(rng.integers(1, 4))]
        rates = sum(share * part.rows[-1] / part.steps[-1] for share, part in zip(rng.dirichlet(np.ones(len(parts))), parts, strict=True))
        chance = np.exp(rng.normal(0, SPREAD, len(KINDS)))
        chance[-len(MEMORY):] = chance[-1]
        rates = rates * chance
        rates /= rates[:-len(MEMORY)].sum()
        steps = np.linspace(8_000, 4_800_000, 600).astype(np.int64)
        out.append(Window((rates * steps[:, None]).astype(np.int64), steps))
    return out


def used_cells(window: Window) -> float:
    return float(window.rows[-1] @ CELLS / window.steps[-1])


def fit(runs: Sequence[Run], count: int) -> list[Candidate]:
    groups = [(run.weight, run.windows) for run in runs] + [(INVENTED_WEIGHT, invented(runs, INVENTED, 1))]
    found = sorted({shape for _, windows in groups for window in windows for shape in window.shapes()})
    found = [shape for shape in found if sum(cells_of(whole(dict(shape))).values()) <= MOST_CELLS]
    every = [whole(dict(shape)) for shape in found] + [whole(CATALOGUE[name]) for name in OTHERS]
    rooms = np.array([[room_of(shape).get(name, 0) for name in KINDS] for shape in every])
    costs = np.array([price_of(shape) for shape in every], float)
    rates, weights = list[Floats](), list[float]()
    for weight, windows in groups:
        for window in windows:
            prices = window.prices(rooms, costs)
            if prices is not None:
                rates.append(prices / used_cells(window))
                weights.append(weight / len(windows))
    table, share = np.array(rates), np.array(weights)
    chosen: list[int] = []

    def best_beside(others: Sequence[int]) -> int:
        known = table[:, [*others, *range(len(found), len(every))]].min(axis=1)
        totals = share @ np.minimum(known[:, None], table[:, :len(found)])
        print(f"# {len(others) + 1} shapes: {totals.min():.4f}", file=sys.stderr)
        return int(totals.argmin())
    for _ in range(count):
        chosen.append(best_beside(chosen))
    for _ in range(ROUNDS):
        for place in range(count):
            chosen[place] = best_beside(chosen[:place] + chosen[place + 1:])
    return [found[k] for k in chosen]


def main() -> None:
    count, *items = sys.argv[1:]
    for number, shape in enumerate(fit([Run(item) for item in items], int(count)), 1):
        logs = dict(shape)
        second = {name: f"+{logs[name + MORE]}" for name in logs if name + MORE in logs}
        words = [f"{name} {log}{second.get(name, '')}" for name, log in logs.items() if MORE not in name]
        print(f"{SIZE} mix {number} | {' '.join(words)}")


if __name__ == "__main__":
    main()

"""Finds shapes of 2^20 for the catalogue (segments/catalogue.py) on real programs, and prints them as lines of it.

    python -m scripts.fit_shapes COUNT NAME=APP.wasm=INPUT=WEIGHT …

Every program is cut by the general budget and by those of CUTS. A segment gives candidates: the smallest tables that hold its rows, with a
second one where that saves most for its columns, as long as the leaf of the continuation stays what it is (narrow or wide); families that
it does not use are there as far as a narrow leaf has room, or all if the leaf is wide anyway. Two candidates of one program that are nearly
the same are also taken together. From all candidates those are taken one by one that lower the mean price of a step most.
"""
from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scripts.short_blocks import Blocks, Rows
from segments.catalogue import CATALOGUE, MORE
from segments.heights import MOST_PERMUTATIONS, cells_in_a_row, cells_of, permutations_of, price_of, room_of, with_fixed
from segments.machine import chips
from segments.shape import Shape, logarithm
from stark.measure import EXTENSION, measure
from wasm_exec.text import from_text
from wasm_exec.translate import load

SIZE, LOG_PROGRAM, MOST_STEPS = "2^20", 13, 1 << 27
MOST_CELLS = 200_000_000        # 3 GB
LOW = 10                        # log2 of the rows of a table that is there in case
WORTH = 0.006                   # of all cells, for a second table
WIDE_ROOM = 116_000             # permutations of a wide leaf
ALIKE = 1.25                    # candidates whose union has at most so many cells of each
LIKELY = """bitwise shift select mul call convert move64 load64 store64 add64 compare64 bitwise64 shift64 indirect select64 count div mul64
    outside grow count64 div64""".split()
Own = dict[str, int]
Candidate = tuple[tuple[str, int], ...]


def whole(own: Mapping[str, int]) -> Mapping[str, int]:
    return with_fixed(own, LOG_PROGRAM)


def narrow(own: Mapping[str, int]) -> bool:
    return permutations_of(whole(own)) <= MOST_PERMUTATIONS


def low(name: str) -> int:
    return min(LOW, CATALOGUE[SIZE][name]) if name not in ("halt", "outside") else 3


def own_shape(rows: Rows, doubled: bool) -> Candidate | None:
    """The smallest shape for these rows; None if the general shape does not hold them."""
    general = CATALOGUE[SIZE]
    room = room_of(general)
    if any(count > room[name] for name, count in rows.items()):
        return None
    own = {name: max(low(name), logarithm(count)) for name, count in rows.items() if count}
    for name in [name for name, log in own.items() if 1 << log > room[name]]:       # then the general shape has two tables
        own |= {each: general[each] for each in (name, name + MORE)}
    is_narrow = narrow(own)
    if not is_narrow:
        own |= {name: low(name) for name in general if name not in own and MORE not in name}
    if doubled:
        own = with_second_tables(own, rows, is_narrow)
    for name in LIKELY if is_narrow else ():
        if name not in own and narrow(own | {name: low(name)}):
            own[name] = low(name)
    return tuple((name, own[name]) for name in chips() if name in own)


def with_second_tables(own: Own, rows: Rows, is_narrow: bool) -> Own:
    every, found = sum(cells_of(whole(own)).values()), []
    for name, count in rows.items():
        first = own.get(name, 0) - 1
        second = max(LOW, logarithm(count - (1 << first))) if first > LOW and count > 1 << first else first
        if second < first and name not in ("page", "node") and name + MORE not in own:
            chip, saved = measure(chips()[name]), cells_in_a_row(name) * ((1 << first) - (1 << second))
            if saved >= WORTH * every:
                found.append((saved / (chip.columns + EXTENSION * chip.logup_columns), {name: first, name + MORE: second}))
    for _, both in sorted(found, key=lambda pair: -pair[0]):
        if permutations_of(whole(own | both)) <= (MOST_PERMUTATIONS if is_narrow else WIDE_ROOM):
            own = own | both
    return own


def together(one: Candidate, other: Candidate) -> Candidate:
    """For every kind of rows the tables of the one that has more room."""
    rooms = [room_of(dict(shape)) for shape in (one, other)]
    taken: Own = {}
    for name in chips():
        kind = name.removesuffix(MORE)
        larger = one if rooms[0].get(kind, 0) >= rooms[1].get(kind, 0) else other
        taken |= {name: dict(larger)[name]} if name in dict(larger) else {}
    return tuple(taken.items())


def candidates(found: Mapping[Candidate, int]) -> list[Candidate]:
    ranked = sorted(found, key=lambda shape: -found[shape])[:60]
    cells = {shape: sum(cells_of(whole(dict(shape))).values()) for shape in ranked}
    unions = [together(one, other) for one, other in combinations(ranked[:14], 2)]
    return ranked + [shape for shape in unions if sum(cells_of(whole(dict(shape))).values()) <= ALIKE * min(cells.values())]


class Run:
    """The segments of a program under all budgets of the size."""

    def __init__(self, item: str) -> None:
        self.name, app, content, weight = item.split("=")
        program = load(from_text(Path(app)) if app.endswith(".wat") else Path(app).read_bytes(), 64, 8)
        general = Shape.of(SIZE, len(program.instructions))
        blocks = Blocks(program, Path(content).read_bytes(), MOST_STEPS)
        self.cuts = [blocks.cut(budget) for budget in general.budgets]
        used = sum(cells_in_a_row(name) * count for segment in self.cuts[0] for name, count in segment.rows.items())
        self.weight = float(weight) * sum(segment.steps for segment in self.cuts[0]) / used

    def shapes(self) -> list[Candidate]:
        found: dict[Candidate, int] = {}
        for segment in (one for cut in self.cuts for one in cut if one.whole):
            for doubled in (True, False):
                shape = own_shape(segment.rows, doubled)
                if shape and sum(cells_of(whole(dict(shape))).values()) <= MOST_CELLS:
                    found[shape] = found.get(shape, 0) + segment.steps
        return candidates(found)

    def prices(self, shapes: Sequence[Mapping[str, int]]) -> list[npt.NDArray[np.float64]]:
        """For every cut: what each segment costs in each shape, over the steps of the run."""
        names, out = list(chips()), []
        rooms = np.array([[room_of(shape).get(name, 0) for name in names] for shape in shapes])
        costs = np.array([price_of(shape) for shape in shapes], float)
        for cut in self.cuts:
            rows = np.array([[segment.rows.get(name, 0) for name in names] for segment in cut])
            holds = (rows[None] <= rooms[:, None]).all(axis=2)
            out.append(np.where(holds, costs[:, None], 1e15) / sum(segment.steps for segment in cut))
        return out


def fit(runs: Sequence[Run], count: int) -> list[Candidate]:
    found = sorted({shape for run in runs for shape in run.shapes()})
    every = [whole(dict(shape)) for shape in found] + [whole(CATALOGUE[name]) for name in ("2^14", "2^16", "2^18", "2^20")]
    prices = [run.prices(every) for run in runs]
    chosen: list[int] = []
    for _ in range(count):
        totals = np.zeros(len(found))
        for run, cuts in zip(runs, prices, strict=True):
            best = [np.minimum(cut[:len(found)], cut[[*chosen, *range(len(found), len(every))]].min(axis=0)).sum(axis=1) for cut in cuts]
            totals += run.weight * np.min(best, axis=0)
        chosen.append(int(totals.argmin()))
        print(f"# {len(chosen)} shapes: {totals.min():.4f}", file=sys.stderr)
    return [found[k] for k in chosen]


def main() -> None:
    count, *items = sys.argv[1:]
    for number, shape in enumerate(fit([Run(item) for item in items], int(count))):
        logs = dict(shape)
        second = {name: f"+{logs[name + MORE]}" for name in logs if name + MORE in logs}
        words = [f"{name} {log}{second.get(name, '')}" for name, log in logs.items() if MORE not in name]
        print(f"{SIZE} {number} | {' '.join(words)}")


if __name__ == "__main__":
    main()

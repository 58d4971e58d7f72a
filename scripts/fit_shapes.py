"""Finds mixes for the catalogue of shapes (segments/catalogue.py) on real programs, and prints them as lines of it.

    python scripts/fit_shapes.py SIZE COUNT NAME=APP.wasm=INPUT=WEIGHT …

A program is the mean of its steps: so many rows of every chip for each step. A segment is cut where one of its tables is full, so the
price of a shape for a program is its cells over the steps that it holds. From all shapes that are the smallest for some program and some
length of segment, and from those that hold two such, those are taken one by one that lower the mean price most.
"""
from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from segments.catalogue import CATALOGUE
from segments.machine import machine
from segments.memory.pages import LOG_PAGES
from segments.shape import QUOTIENT, SMALLEST, Shape, logarithm, rows_of_memory
from segments.tables import LOG_LIMB
from stark.measure import measure
from wasm_exec.cutting import Budget, Limits
from wasm_exec.execute import make_engine, run
from wasm_exec.instructions import Family
from wasm_exec.program import Program
from wasm_exec.text import from_text
from wasm_exec.translate import load

MOST_STEPS = 1 << 25
FLOOR = 6               # a chip has at least this power of two less rows than in the general shape
FLOORS = {"select": 4, "call": 4, "indirect": 2, "grow": 3, "convert": 4}
LENGTHS = 40
LEAF = 20_000_000       # a leaf takes as long as so many cells
NEVER = 1e4
WIDE = {f.name.lower() for f in Family if "64" in f.name} | {"convert", "count"}
RARE = {"indirect", "grow"}
# What chips cost that do not exist yet, estimated from those of 32 bits.
ESTIMATES = {"add64": 95, "mul64": 180, "div64": 260, "bitwise64": 130, "shift64": 150, "compare64": 105, "move64": 56, "select64": 95,
             "load64": 85, "store64": 90, "convert": 55, "count": 110, "count64": 180, "indirect": 60, "grow": 60}
Heights = Mapping[str, int]
Rows = Mapping[str, float]


def cells_of() -> dict[str, int]:
    return ESTIMATES | {chip.name: measure(chip).cells for chip in machine().chips}


def rows_of_run(program: Program, content: bytes, budget: Budget) -> list[dict[str, int]]:
    """What every segment of a run uses."""
    recording, engine, out = run(program, content, budget, Limits(MOST_STEPS)), make_engine(program, "recorder"), []
    families = program.column("op").astype(np.int64) // 16 - 1
    for start, image in zip(recording.segments, recording.images(), strict=False):
        engine.restore(image)
        end = engine.segment(start.pc, start.fp, budget, traced=True)
        assert end.trace is not None
        counts = np.bincount(families[end.trace.pc], minlength=len(Family))
        index = np.concatenate([[0], *((space << LOG_PAGES) + pages for space, (pages, _) in end.touched.items() if space)])
        out.append({family.name.lower(): int(counts[family]) for family in Family} | rows_of_memory(index))
    return out


def steps_of(rows: Rows) -> float:
    return sum(rows[family.name.lower()] for family in Family)


def mean_of(segments: Sequence[Rows]) -> dict[str, float]:
    """Rows for each step."""
    steps = sum(map(steps_of, segments))
    return {name: sum(rows[name] for rows in segments) / steps for name in segments[0]}


def heights_of(rows: Rows, size: str) -> dict[str, int]:
    """The smallest shape for these rows; chips that only some programs have are absent if there is no row for any of their kind."""
    absent: set[str] = {"outside"}
    absent |= WIDE if not any(rows[name] for name in WIDE) else set()
    absent |= {name for name in RARE if not rows[name]}
    return {name: max(SMALLEST, logarithm(int(np.ceil(rows.get(name, 0)))), log - FLOORS.get(name, FLOOR))
            for name, log in CATALOGUE[size].items() if name not in absent}


def cost(heights: Heights, cells: Mapping[str, int]) -> int:
    return sum(cells[name] << log for name, log in heights.items()) + (cells["lookup"] << LOG_LIMB) + (
        QUOTIENT << max(LOG_LIMB, *heights.values()))


def price(heights: Heights, mean: Rows, cells: Mapping[str, int]) -> float:
    """Cells a step, if segments are cut where a table is full; a segment also costs its leaf in the continuation."""
    if any(value and name not in heights for name, value in mean.items()):
        return NEVER
    steps = min(2**log / mean[name] for name, log in heights.items() if mean.get(name))
    return (LEAF + cost(heights, cells)) / steps


def candidates(mean: Rows, size: str) -> list[dict[str, int]]:
    """The smallest shapes for segments of this program of many lengths, none higher than the general one."""
    general = CATALOGUE[size]
    longest = min(2**general[name] / mean[name] for name in general if mean.get(name))
    lengths = np.geomspace(longest / 4, longest, LENGTHS)
    found = [heights_of({name: value * steps for name, value in mean.items()}, size) for steps in lengths]
    return [heights for heights in found if all(log <= general[name] for name, log in heights.items())]


def together(one: Heights, other: Heights) -> dict[str, int]:
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in CATALOGUE["toy"] if name in one or name in other}


def fit(means: Sequence[Rows], size: str, count: int, cells: Mapping[str, int], weights: Sequence[float]) -> list[dict[str, int]]:
    """So many shapes for which the weighted mean of price over used cells is small: taken one by one, then exchanged while that helps."""
    own = [candidates(mean, size) for mean in means]
    best = [min(found, key=lambda shape: price(shape, mean, cells)) for found, mean in zip(own, means, strict=True)]
    everything = [shape for found in own for shape in found] + [together(one, other) for one in best for other in best]
    used = [sum(cells[name] * rows for name, rows in mean.items()) / weight for mean, weight in zip(means, weights, strict=True)]
    prices = np.array([[price(shape, mean, cells) for mean in means] for shape in everything]) / used
    chosen: list[int] = []
    rest = np.array([[price(CATALOGUE[size], mean, cells) for mean in means]]) / used
    for _ in range(count):
        best = np.min([rest[0], *prices[chosen]], axis=0)
        chosen.append(int(np.minimum(prices, best).sum(axis=1).argmin()))
    better = True
    while better:
        better = False
        for k in range(count):
            others = np.min([rest[0], *prices[chosen[:k] + chosen[k + 1:]]], axis=0)
            totals = np.minimum(prices, others).sum(axis=1)
            if totals.min() < totals[chosen[k]] - 1e-9:
                chosen[k], better = int(totals.argmin()), True
    return [everything[k] for k in chosen]


def runs_of(size: str, named: Sequence[str]) -> dict[str, list[dict[str, int]]]:
    out = {}
    for item in named:
        name, app, content, _ = item.split("=")
        program = load(from_text(Path(app)) if app.endswith(".wat") else Path(app).read_bytes(), 64, 8)
        out[name] = rows_of_run(program, Path(content).read_bytes(), Shape.of(size, len(program.instructions)).budget)
    return out


def main() -> None:
    size, count, *named = sys.argv[1:]
    cells, means = cells_of(), {name: mean_of(segments) for name, segments in runs_of(size, named).items()}
    shapes = fit(list(means.values()), size, int(count), cells, [float(item.split("=")[3]) for item in named])
    for k, shape in enumerate(shapes):
        print(f"{size} {k} | " + " ".join(f"{name} {log}" for name, log in shape.items()))
    for name, mean in means.items():
        used = sum(cells[chip] * rows for chip, rows in mean.items())
        paid = [price(shape, mean, cells) for shape in shapes]
        print(f"# {name}: {used:.1f} cells a step used, {min(paid):.1f} paid in shape {int(np.argmin(paid))}")


if __name__ == "__main__":
    main()

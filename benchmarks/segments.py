"""Figures of segments: where their cells and seconds go, by chip and by phase, and how much of the tables is padding."""
from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.report import Figures
from segments.choosing import recorded
from segments.fill import Segment, fill_cheapest
from segments.machine import machine, unprovable
from segments.memory_tree import MemoryTree, wide
from segments.prove import ProvingKeys
from segments.shape import Shape
from stark import profiles
from stark.kernels import load
from stark.measure import EXTENSION
from stark.measure import measure as measured
from stark.watch import Watch
from wasm_exec.cutting import Limits
from wasm_exec.execute import replay
from wasm_exec.program import Program
from wasm_exec.text import from_text
from wasm_exec.translate import load as translate

SAMPLES = Path(__file__).parent.parent / "samples"
SIZE, MOST_STEPS = "2^20", 4_000_000
INPUTS = {"sieve": (300_000).to_bytes(4, "little"), "collatz": (10_000).to_bytes(4, "little"), "sort": bytes(7 * k % 251 for k in range(1500)),
          "sum": b" ".join(b"%d" % (k * 7919 % 100_003 - 50_000) for k in range(20_000)), "fib_recursive": b"\x16"}


def measure(figures: Figures, threads: int, programs: Mapping[str, tuple[Program, bytes]] | None = None) -> None:
    """A middle segment of every program, proved at p100 in the shape that it takes."""
    programs = programs or {name: (translate(from_text(SAMPLES / f"{name}.wat"), 64, 8), content) for name, content in INPUTS.items()}
    for name, (program, content) in programs.items():
        if not unprovable(program):
            Console(width=140).print(one_program(figures, name, program, content, threads))


def one_program(figures: Figures, name: str, program: Program, content: bytes, threads: int) -> Table:
    kernels, recording = load("best", threads), recorded(program, content, SIZE, Limits(MOST_STEPS))
    index = (len(recording.segments) - 1) // 2
    image, size = recording.image(index), Shape.of(SIZE, len(program.instructions))
    keys, watch, tree = ProvingKeys(program, profiles.get("p100").segment, kernels), Watch(), MemoryTree(image, wide(kernels))
    started = time.process_time()
    trace = replay(program, recording.segments[index], image, recording.budget)
    segment = fill_cheapest(program, size, trace, image, tree, kernels.trace_permutations)
    filling = time.process_time() - started
    keys.of(segment.shape)
    started = time.process_time()
    keys.prove(segment, watch)
    proving = time.process_time() - started
    steps, waste = len(trace), padding(segment)
    where = f"{steps:,} steps in the shape {segment.shape}, {len(recording.segments)} segments"
    figures.add(f"segments.cells_per_step.{name}", sum(segment.shape.cells.values()) / steps, where)
    figures.add(f"segments.padding_waste.{name}", waste, "cells of the guest's and memory's tables over those of used rows")
    figures.add(f"segments.khz_per_core.{name}", steps / (filling + proving) / 1000, "register-code steps by processor time, filling included")
    figures.add(f"segments.fill_share.{name}", filling / (filling + proving), "replay and filling, of all processor time")
    figures.stages(f"segments.prove.{name}", watch.seconds)
    return where_cells_go(name, segment, steps)


def padding(segment: Segment) -> float:
    """Cells of all tables whose rows are counted, over the cells of the rows that are used."""
    cells = {chip.name: measured(chip).cells for chip in segment.shape.chips if chip.name in segment.rows}
    logs = segment.shape.log_heights
    return sum(each << logs[name] for name, each in cells.items()) / sum(each * segment.rows[name] for name, each in cells.items())


def where_cells_go(name: str, segment: Segment, steps: int) -> Table:
    """By chip: rows used and there, and committed cells for each step of the segment."""
    table = Table("chip", "rows used", "rows", "full", "main / step", "look-up / step", "all / step", title=f"{name}: {segment.shape}")
    logs, cells = segment.shape.log_heights, segment.shape.cells
    fixed = {"boundary": 1, "lookup": 1 << logs["lookup"], "program": 1 << logs["program"]}
    for chip in machine().chips:
        if chip.name in logs:
            rows, used, found = 1 << logs[chip.name], (fixed | dict(segment.rows))[chip.name], measured(chip)
            shares = [found.columns * rows / steps, EXTENSION * found.logup_columns * rows / steps, cells[chip.name] / steps]
            table.add_row(chip.name, f"{used:,}", f"{rows:,}", f"{used / rows:.0%}", *(f"{share:.2f}" for share in shares))
    table.add_row("quotient", "", "", "", "", "", f"{cells['quotient'] / steps:.2f}")
    table.add_row("all", "", "", "", "", "", f"{sum(cells.values()) / steps:.2f}")
    return table

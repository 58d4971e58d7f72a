"""Figures of segments: where their cells and seconds go, by chip and by phase, and how much of the tables is padding.

    python -m benchmarks.segments [NAME …]       these figures alone, and the page docs/figures-segments.md with its tables

Every guest is measured in a process of its own, so that its peak memory is that of one segment.
"""
from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.guests import INPUTS, module
from benchmarks.proving import Middle, resident
from benchmarks.report import Figures, commit, processor
from benchmarks.stark import committed_columns, floor_seconds
from segments.choosing import Bill
from segments.fill import Segment
from segments.prove import ProvingKeys
from stark import profiles
from stark.kernels import load
from stark.measure import EXTENSION
from stark.measure import measure as measured
from stark.watch import Watch
from wasm_exec.cutting import Limits
from wasm_exec.decode import decode
from wasm_exec.execute import run
from wasm_exec.opcodes import BLOCK, ELSE, END, LOOP
from wasm_exec.program import Program
from wasm_exec.text import from_text
from wasm_exec.translate import load as translate

HERE = Path(__file__).parent.parent
PAGE = HERE / "docs" / "figures-segments.md"
MOST_STEPS, TURNS = 1 << 27, 3
SMALL = {"collatz": b"\x3c\0"}                      # a tiny run: fewer than 2^14 steps
ABOUT = """Cells and padding are those of all segments of a run. The rest is measured on its middle segment, proved at p100 and verified,
when a process proves it for the second time: most processes prove many, and only the first is given its memory anew by the system. Rates
are by processor time; seconds of phases, `threads_speedup` and `floor_ratio` are by the clock and suffer from other work on the machine.
Two threads cannot be faster than what the machine gives to two processes at that hour (`machine.second_core` of benchmarks/host.py).
"""
Table = list[list[str]]
AT_MOST = {"cells_per_step": 120, "peak_gb": 4, "fill_share": 0.15, "padding_waste": 1.3, "floor_ratio": 1.7, "tiny_s": 1}
AT_LEAST = {"khz_per_core": 80, "threads_speedup": 1.8}


def measure(figures: Figures, threads: int, names: Sequence[str] = (*INPUTS, *SMALL)) -> None:
    """`threads` is not asked: one is measured, and once two."""
    pages, table = [], []
    for name in names:
        done = subprocess.run([sys.executable, "-m", "benchmarks.segments", "--one", name], cwd=HERE, stdout=subprocess.PIPE, text=True,
                              check=True)
        found = json.loads(done.stdout)
        for figure, value, note in found["figures"]:
            figures.add(f"segments.{figure}.{name}", value, f"{verdict(figure, value)}{note}")
            table.append([f"segments.{figure}.{name}", f"{value:.4g}", f"{verdict(figure, value)}{note}"])
        pages.append(found["page"])
        print(found["page"], flush=True)
    head = f"# Where the cells and seconds of a segment go\n\nWritten by `python -m benchmarks.segments`, {commit()}, {processor()}.\n"
    PAGE.write_text("\n".join([head, ABOUT, markdown(["figure", "value", "how"], table), *pages]))


def verdict(figure: str, value: float) -> str:
    """Whether what the project wants is met."""
    if figure in AT_MOST:
        return f"{'met' if value <= AT_MOST[figure] else 'not met'} (at most {AT_MOST[figure]}): "
    return f"{'met' if value >= AT_LEAST[figure] else 'not met'} (at least {AT_LEAST[figure]}): " if figure in AT_LEAST else ""


def program_of(name: str) -> tuple[Program, bytes, bytes]:
    """The program, its module and an input."""
    if name in INPUTS:
        return translate(module(name), 64, 8), module(name), INPUTS[name]()
    wasm = from_text(HERE / "samples" / f"{name}.wat")
    return translate(wasm, 64, 8), wasm, SMALL[name]


def one_guest(name: str) -> dict[str, object]:
    """The cells of a whole run, and its middle segment proved at p100."""
    program, wasm, content = program_of(name)
    kernels, limits, watch = load("best", 1), Limits(MOST_STEPS), Watch()
    middle = Middle(program, content, limits, kernels)
    bill, recording, parameters = Bill(middle.general), middle.recording, profiles.get("p100").segment
    run(program, content, recording.cuts, limits, observe=bill.add)
    before, keys = resident("VmRSS"), ProvingKeys(program, parameters, kernels)
    first = middle.proved(keys)
    second = middle.proved(keys, watch)
    peak = resident("VmHWM")
    steps, segment, seconds = len(second.trace), second.segment, second.seconds
    where, key = f"{steps:,} steps in the shape {segment.shape}", keys.of(segment.shape).key
    figures: list[tuple[str, float, str]] = []
    if name in SMALL:
        figures.append(("tiny_s", first.seconds, f"{where}, processor time, filling included, the first that a process proves"))
    else:
        in_wasm = instructions_per_step(program, wasm, second.trace.pc)
        floor = floor_seconds(committed_columns(key), key, kernels, time.perf_counter)
        other = ProvingKeys(program, parameters, load("best", 2))
        turns = [(middle.proved(keys).clock, middle.proved(other).clock) for _ in range(TURNS)]      # in turn: the hour is the same
        single, double = (min(clocks) for clocks in zip(*turns, strict=True))
        figures += [
            ("cells_per_step", bill.committed / bill.steps, f"{bill.steps:,} steps in {bill.segments} segments"),
            ("cells_per_step_with_leaves", bill.cells / bill.steps, "leaves and joins counted as cells that take as long"),
            ("padding_waste", bill.committed / bill.used, "all cells committed over those of used rows, the whole run"),
            ("padding_waste_segment", padding(segment), f"without the table of look-ups and the quotient, {where}"),
            ("khz_per_core", steps / seconds / 1000, "register-code steps by processor time, filling included"),
            ("khz_per_core_at_first", steps / first.seconds / 1000, "the same of the first segment that a process proves"),
            ("wasm_khz_per_core", steps * in_wasm / seconds / 1000, f"instructions of WebAssembly, {in_wasm:.2f} a step"),
            ("fill_share", second.filling / seconds, "replay and filling, of all processor time"),
            ("peak_gb", peak / 1e9, f"resident at most, {before / 1e9:.2f} before"),
            ("floor_ratio", single / floor, "proving over one extension and hashing of the same cells"),
            ("threads_speedup", single / double, f"{single:.1f} s with one thread, {double:.1f} s with two, the best of {TURNS} turns")]
    return {"figures": figures, "page": page(name, segment, steps, second.filling, watch)}


def instructions_per_step(program: Program, wasm: bytes, executed: np.ndarray) -> float:
    """Instructions of WebAssembly for each step: each is counted with the first step of its function that does not lie before it."""
    known = np.unique(program.offsets)
    structure = (BLOCK, LOOP, ELSE, END)
    offsets = np.array([one.offset for body in decode(wasm).bodies for one in body.instructions if one.code not in structure])
    place = np.searchsorted(known, offsets)
    counts = np.bincount(place[place < len(known)], minlength=len(known))
    shared = np.bincount(np.searchsorted(known, program.offsets), minlength=len(known))
    weights = (counts / shared)[np.searchsorted(known, program.offsets)]
    weights[program.offsets == 0] = 0
    return float(weights[executed].mean())


def padding(segment: Segment) -> float:
    """All committed cells but those of the table of look-ups, over those in rows that are used."""
    used = sum(measured(chip).cells * segment.rows.get(chip.name, 1) for chip in segment.shape.chips if chip.name in segment.rows)
    cells = segment.shape.cells
    return sum(cells[name] for name in segment.rows) / used


def page(name: str, segment: Segment, steps: int, filling: float, watch: Watch) -> str:
    """By chip: rows used and there, and committed cells for each step of the segment; by phase: seconds."""
    logs, cells = segment.shape.log_heights, segment.shape.cells
    rows: Table = []
    for chip in segment.shape.chips:
        there, found = 1 << logs[chip.name], measured(chip)
        used = segment.rows.get(chip.name, there)
        shares = [found.columns * there / steps, EXTENSION * found.logup_columns * there / steps, cells[chip.name] / steps]
        rows.append([chip.name, f"{used:,}", f"{there:,}", f"{used / there:.0%}", *(f"{share:.2f}" for share in shares)])
    rows.append(["quotient", "", "", "", "", "", f"{cells['quotient'] / steps:.2f}"])
    rows.append(["all", "", "", "", "", "", f"{sum(cells.values()) / steps:.2f}"])
    seconds = [["replay and filling", f"{filling:.2f}"], *([phase, f"{value:.2f}"] for phase, value in watch.seconds.items())]
    return "\n".join([
        f"## {name}\n", f"{steps:,} steps in the shape {segment.shape}.\n",
        markdown(["chip", "rows used", "rows", "full", "main / step", "look-up / step", "all / step"], rows),
        markdown(["phase", "seconds"], seconds)])


def markdown(head: list[str], rows: Table) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def main() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] == ["--one"]:
        print(json.dumps(one_guest(arguments[1])))
        return
    figures = Figures()
    measure(figures, 1, arguments or (*INPUTS, *SMALL))


if __name__ == "__main__":
    main()

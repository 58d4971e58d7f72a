"""Figures of the job around the proofs: the whole way, what it costs beside proving, a batch, a first proof, what a kill costs.

Seconds are those of processors, of all processes together, so that they say the same on a machine that others use as well; the time by the
clock stands in the notes.
"""
from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import Figures
from bundles import api
from bundles.bundle import Bundle, open_bundle
from bundles.files import RunFile
from bundles.proving import keys_of, prove_batch, prove_bundle
from continuation.kinds import Sort
from continuation.shelf import STANDARD
from stark.kernels import load
from stark.profiles import get
from tests.bundles.chaos import chaos
from wasm_exec.text import from_text

ROOT = Path(__file__).parent.parent
LONG, SMALL = ROOT / "samples" / "sieve.wat", ROOT / "samples" / "hello.wat"
# of two runs, sieves up to these numbers: in this process with large segments, in two processes with small ones
RUNS = {False: {"inline": (400_000, "2^20"), "processes": (240_000, "2^16")},
        True: {"inline": (1_200, "toy"), "processes": (1_200, "toy")}}        # by whether the profile is a toy
WORKERS = {"inline": 1, "processes": 2}
SORTS = (Sort.LEAF, Sort.WIDE, Sort.JOIN, Sort.RUN)
PROVING = ("replay and fill", "prove segments",
           *(f"{sort.label}: {stage}" for sort in SORTS for stage in ("replay", "fill", "prove", "verify")))
BATCH = (b"Ada", b"Grace", b"Hedy")
KILLS, SEGMENTS, LONGEST_S = 12, 4, 3.0

LIMITS = {                              # what a figure must keep to: at most this, but for rates, which must reach it
    "bundles.first_proof_s": 15.0, "bundles.overhead_share": 0.08, "bundles.overhead_share.processes": 0.08,
    "bundles.resume_repeated_tasks": 2.0, "bundles.batch_s_per_bundle": 5.0, "bundles.end_to_end_khz_per_core": 60.0}


def judged(values: Mapping[str, float]) -> dict[str, str]:
    """Of every figure with a limit whether it keeps to it."""
    found = {}
    for name, limit in LIMITS.items():
        if name in values:
            rate = name.endswith("_khz_per_core")
            held = values[name] >= limit if rate else values[name] <= limit
            found[name] = f"{'at least' if rate else 'at most'} {limit:g}: {'held' if held else 'MISSED'}"
    return found


def measure(figures: Figures, profile: str, threads: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for engine in WORKERS:
            first = circuits()
            whole_way(figures, Path(folder) / engine, profile, engine, threads)
            if circuits() != first:                     # it has made some: once more as it is from the second time on
                name = f"bundles.overhead_share{suffix(engine)}"
                figures.add(f"{name}.first", figures.values[name], figures.notes[name])
                whole_way(figures, Path(folder) / engine, profile, engine, threads)
        first_proof(figures, Path(folder), profile)
        batch(figures, Path(folder), profile, threads)
        (Path(folder) / "chaos").mkdir()
        counts = chaos(Path(folder) / "chaos", SEGMENTS, KILLS, LONGEST_S, seed=1)
    note = f"begun again for each of {counts.kills} kills of the job or one of two workers; {counts.in_flight} tasks were in flight"
    if counts.in_flight:                                # else the kills have hit nothing, and that nothing was repeated says nothing
        figures.add("bundles.resume_repeated_tasks", counts.repeated / counts.kills, note)
    for name, verdict in judged(figures.values).items():
        figures.notes[name] = f"{figures.notes[name]}; {verdict}"


@dataclass
class Spent:
    """Seconds since it was made, of processors and by the clock. Those of a child count once it has ended."""

    processor: float
    clock: float

    @staticmethod
    def now() -> Spent:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return Spent(sum(one.ru_utime + one.ru_stime for one in used), time.perf_counter())

    def since(self) -> Spent:
        now = Spent.now()
        return Spent(now.processor - self.processor, now.clock - self.clock)


def whole_way(figures: Figures, directory: Path, profile: str, engine: str, threads: int) -> None:
    """A run is recorded and proved. What is neither proving of segments (replay and filling of tables with it) nor of the recursion is
    overhead: keys, circuits, moving memory, files, the journal, starting processes."""
    number, size = RUNS[get(profile).toy][engine]
    started = Spent.now()
    api.record(from_text(LONG), number.to_bytes(4, "little"), directory, profile, size=size)
    bundle = open_bundle(directory)
    seconds = proved(bundle, WORKERS[engine], threads)
    spent, steps = started.since(), bundle.manifest.steps
    # stages are timed by the clock, and what slows one of them on a busy machine slows all: their part of the task holds for the processor
    proving = sum(seconds.get(stage, 0.0) for stage in PROVING) / seconds["all"] * seconds["processor"]
    note = f"{steps:,} steps in {bundle.manifest.segments} segments of {size}, {WORKERS[engine]} workers, {spent.clock:.1f} s by the clock"
    figures.add(f"bundles.overhead_share{suffix(engine)}", 1 - proving / spent.processor, note)
    figures.add(f"bundles.end_to_end_khz_per_core{suffix(engine)}", steps / spent.processor / 1000, f"recorded and proved; {note}")
    for stage, value in sorted(seconds.items()):
        if stage not in PROVING:
            figures.add(f"bundles.beside{suffix(engine)}.{stage.replace(': ', '_').replace(' ', '_')}_s", value, "by the clock")
    shutil.rmtree(directory)


def suffix(engine: str) -> str:
    return "" if engine == "inline" else f".{engine}"


def circuits() -> set[Path]:
    """Those that are in the user's cache."""
    folder = STANDARD.folder
    return set(folder.iterdir()) if folder and folder.is_dir() else set()


def proved(bundle: Bundle, workers: int, threads: int) -> dict[str, float]:
    program = api.translated(bundle.app())
    return prove_bundle(bundle, program, keys_of(bundle, program), load("best", threads), lambda *_: None, api.Means(workers)).seconds


def first_proof(figures: Figures, folder: Path, profile: str) -> None:
    """From the command `prove` to the end of the command `verify`, by themselves: start, keys and circuits included."""
    app, directory, file = folder / "app.wasm", folder / "small", folder / "small.proof"
    app.write_bytes(from_text(SMALL))
    api.record(app.read_bytes(), b"somebody", directory, profile)
    started = Spent.now()
    for arguments in (["prove", directory, "-o", file], ["verify", file, "--program", app, "--allow-toy"]):
        subprocess.run([sys.executable, "-m", "longrun", *map(str, arguments)], cwd=ROOT, check=True, capture_output=True)
    spent = started.since()
    note = f"hello.wat, {profile}, prove and verify as commands; {spent.clock:.1f} s by the clock"
    figures.add("bundles.first_proof_s", spent.processor, note)


def batch(figures: Figures, folder: Path, profile: str, threads: int) -> None:
    """Run proofs to one rollup proof: keys, circuits and the looking at what is given included."""
    kernels, app, runs = load("best", threads), from_text(SMALL), list[RunFile]()
    for number, content in enumerate(BATCH):
        api.record(app, content, folder / f"batched-{number}", profile)
        bundle = open_bundle(folder / f"batched-{number}")
        program = api.translated(app)
        runs.append(prove_bundle(bundle, program, keys_of(bundle, program), kernels, lambda *_: None, api.Means(1)).file)
    started = Spent.now()
    rollup = prove_batch(runs, kernels, lambda *_: None)
    spent = started.since()
    note = f"of {len(runs)} bundles; {spent.clock:.1f} s by the clock for all"
    figures.add("bundles.batch_s_per_bundle", spent.processor / len(runs), note)
    figures.add("bundles.rollup_kib", len(rollup.encode()) / 1024)

"""Figures of the job around the proofs: what it costs beside proving, how soon a first proof is there, what a kill costs."""
from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.report import Figures
from bundles import api
from bundles.bundle import Bundle, open_bundle
from bundles.proving import keys_of, prove_bundle
from stark.kernels import load
from tests.bundles.chaos import chaos
from wasm_exec.text import from_text

ROOT = Path(__file__).parent.parent
LONG, SMALL = ROOT / "samples" / "sieve.wat", ROOT / "samples" / "hello.wat"
NUMBERS = {"p100": 30_000, "toy": 1_200}            # sieves up to this number
SIZES = {"p100": "2^16", "toy": "toy"}
PROVING = ("replay and fill", "prove segments", "leaf:", "join:", "root:")
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
        overhead(figures, Path(folder), profile, threads)
        first_proof(figures, Path(folder), profile)
        (Path(folder) / "chaos").mkdir()
        counts = chaos(Path(folder) / "chaos", SEGMENTS, KILLS, LONGEST_S, seed=1)
    note = f"begun again for each of {counts.kills} kills of the job or one of two workers; {counts.in_flight} tasks were in flight"
    figures.add("bundles.resume_repeated_tasks", counts.repeated / counts.kills, note)
    for name, verdict in judged(figures.values).items():
        figures.notes[name] = f"{figures.notes[name]}; {verdict}"


def overhead(figures: Figures, folder: Path, profile: str, threads: int) -> None:
    """All that is neither proving of segments (replay and filling of tables with it) nor of the recursion, for both engines."""
    directory = folder / "long"
    api.record(from_text(LONG), NUMBERS[profile].to_bytes(4, "little"), directory, profile, size=SIZES[profile])
    bundle = open_bundle(directory)
    for name, workers in (("", 1), (".processes", 2)):
        seconds, total = proved(bundle, workers, threads)
        work = sum(value for stage, value in seconds.items() if stage.startswith(PROVING))
        note = f"{bundle.manifest.segments} segments of {bundle.manifest.size}, {workers} workers, {total:.1f} s"
        figures.add(f"bundles.overhead_share{name}", 1 - work / total / workers, note)
        subprocess.run(["rm", "-r", bundle.work], check=True)


def proved(bundle: Bundle, workers: int, threads: int) -> tuple[dict[str, float], float]:
    program = api.translated(bundle.app())
    started = time.perf_counter()
    made = prove_bundle(bundle, program, keys_of(bundle, program), load("best", threads), lambda *_: None, api.Means(workers))
    return made.seconds, time.perf_counter() - started


def first_proof(figures: Figures, folder: Path, profile: str) -> None:
    """From the command `prove` to the end of the command `verify`, by themselves: start, keys and circuits included."""
    app, directory, file = folder / "app.wasm", folder / "small", folder / "small.proof"
    app.write_bytes(from_text(SMALL))
    api.record(app.read_bytes(), b"somebody", directory, profile)
    started = time.perf_counter()
    for arguments in (["prove", directory, "-o", file], ["verify", file, "--program", app, "--allow-toy"]):
        subprocess.run([sys.executable, "-m", "longrun", *map(str, arguments)], cwd=ROOT, check=True, capture_output=True)
    figures.add("bundles.first_proof_s", time.perf_counter() - started, f"hello.wat, {profile}, prove and verify as commands")

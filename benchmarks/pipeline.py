"""Figures of the whole way: one run recorded, proved in segments, folded, verified; by stage."""
from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import Figures
from bundles.api import Means
from bundles.bundle import Bundle, write_bundle
from bundles.checking import Expected, check_file
from bundles.files import RunFile
from bundles.keys import RunKeys
from bundles.proving import prove_bundle
from segments.shape import Shape
from stark import profiles
from stark.kernels import load
from wasm_exec.execute import run
from wasm_exec.program import Program
from wasm_exec.text import from_text
from wasm_exec.translate import load as translate

SAMPLE = Path(__file__).parent.parent / "samples" / "sieve.wat"
INPUTS = {False: 9000, True: 400}                # sieves up to these numbers, by whether the profile is a toy
TIMES = 5
SIZES = {False: "2^16", True: "toy"}


def measure(figures: Figures, profile_name: str, threads: int) -> None:
    profile = profiles.get(profile_name)
    program = translate(from_text(SAMPLE), 64, 8)
    keys = RunKeys(profile, Shape.of(SIZES[profile.toy], len(program.instructions), profile.hash.width))
    with tempfile.TemporaryDirectory() as folder:
        bundle = recorded(program, keys, INPUTS[profile.toy], Path(folder) / "run")
        kernels, inline = load("best", threads), Means(workers=1)
        proved = prove_bundle(bundle, program, keys, kernels, quiet, inline)
        stages(figures, bundle, proved.seconds)
        verifying(figures, program, proved.file)
        (Path(folder) / "run.proof").write_bytes(proved.file.encode())
        command(figures, Path(folder) / "run.proof")


def quiet(stage: str, done: int, total: int) -> None:
    """No progress is shown."""


def recorded(program: Program, keys: RunKeys, number: int, folder: Path) -> Bundle:
    recording = run(program, number.to_bytes(4, "little"), keys.shape.budget)
    return write_bundle(folder, SAMPLE.read_bytes(), recording, keys.profile.name, keys.shape.size)


def stages(figures: Figures, bundle: Bundle, seconds: dict[str, float]) -> None:
    segments = bundle.manifest.segments
    for sort, name, count in (("leaf", "leaf", segments), ("join", "join", segments - 1), ("run", "root", 1)):
        spent = sum(value for stage, value in seconds.items() if stage.startswith(f"{sort}:") and stage != f"{sort}: circuit")
        if count:
            figures.add(f"continuation.{name}_s", spent / count, "replay, fill and prove of one circuit")
    circuits = sum(value for stage, value in seconds.items() if stage.endswith(": circuit"))
    figures.add("continuation.setup_s", seconds["keys"] + circuits, "keys that ship; segment key and circuits in use")
    figures.stages("bundles.prove", seconds)


def verifying(figures: Figures, program: Program, file: RunFile) -> None:
    figures.add("continuation.root_kib", len(file.encode()) / 1024, file.profile.name)
    for name, kernels, unit, times in (("continuation.verify_ms", load("best"), 1000, TIMES),
                                       ("continuation.verify_python_s", load("reference"), 1, 1)):
        spent = []
        for _ in range(times):
            started = time.process_time()
            check_file(file, [program], Expected(), kernels)
            spent.append(time.process_time() - started)
        note = "unpacked and verified, the program's digest computed anew" + ("" if unit > 1 else ", without Rust")
        figures.add(name, min(spent) * unit, f"{note}; processor time, keys at hand")


def command(figures: Figures, file: Path) -> None:
    """What a person waits for: the interpreter, all modules, the keys from their file, one proof."""
    spent = []
    for _ in range(TIMES):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        arguments = ["verify", str(file), "--program", str(SAMPLE), "--allow-toy"]
        subprocess.run([sys.executable, "-m", "longrun", *arguments], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    figures.add("continuation.verify_command_s", min(spent), "longrun verify as a command, cold; processor time")



"""`make billion`: more than 10^9 instructions of WebAssembly recorded, proved, folded to one proof, verified, and the figures kept.

    python -m benchmarks.billion FOLDER

The same command goes on where a sitting was ended. The program is the script interpreter, which runs benchmarks/billion.txt. What
processors did, and in what memory, is told of a proof that is made in one sitting; seconds of tasks are those of all, by the clock.
"""
from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import wasmtime

from benchmarks.guests import BUILT
from benchmarks.report import Figures
from bundles.bundle import JOURNAL, MANIFEST, WORK, open_bundle
from bundles.journal import Journal
from bundles.tasks import STAGES

APP, INPUT = BUILT / "script.wasm", Path(__file__).parent / "billion.txt"
FUEL = 1 << 62
KILOBYTE, MEGABYTE, GIGABYTE = 1024, 10**6, 10**9


def longrun(*arguments: str | Path) -> float:
    """Runs the command; seconds by the clock."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "longrun", *map(str, arguments)], check=True)
    return time.perf_counter() - started


def instructions() -> int:
    """Of WebAssembly that the run executes, by another engine, which counts one for nearly each."""
    config = wasmtime.Config()
    config.consume_fuel = True
    engine = wasmtime.Engine(config)
    store, linker, system = wasmtime.Store(engine), wasmtime.Linker(engine), wasmtime.WasiConfig()
    system.stdin_file = str(INPUT)
    store.set_wasi(system)
    store.set_fuel(FUEL)
    linker.define_wasi()
    start = linker.instantiate(store, wasmtime.Module.from_file(engine, str(APP))).exports(store)["_start"]
    assert isinstance(start, wasmtime.Func)
    try:
        start(store)
    except wasmtime.ExitTrap as end:
        assert end.code == 0
    return FUEL - store.get_fuel()


def size_of(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.is_file())


def measure(figures: Figures, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    bundle, proof, output = folder / "bundle", folder / "billion.proof", folder / "output"
    if not (bundle / MANIFEST).is_file():
        seconds = longrun("run", APP, "-o", bundle, "--input", INPUT, "--output", output, "--max-seconds", "3600")
        figures.add("billion.record_s", seconds, "by the clock, both times that the run is made")
    begun = (bundle / WORK / JOURNAL).is_file()
    clock = longrun("prove", bundle, "-o", proof, "--workers", "2")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    longrun("verify", proof, "--program", APP, "--input", INPUT, "--output", output, "--exit-code", "0")
    executed, found, journal = instructions(), open_bundle(bundle).manifest, Journal(bundle / WORK / JOURNAL, writing=False)
    rows, steps = journal.rows(), found.steps
    journal.close()
    figures.add("billion.instructions", executed, f"of WebAssembly; {steps:,} steps in {found.segments} segments")
    if not begun:
        processor = used.ru_utime + used.ru_stime
        figures.add("billion.prove_s", clock, "by the clock, two workers")
        figures.add("billion.processor_s", processor, f"{executed / processor / 1000:.1f} thousand instructions a second and core")
        figures.add("billion.worker_peak_gb", used.ru_maxrss * KILOBYTE / GIGABYTE, "the larger one of two workers")
    for kind, stage in STAGES.items():
        seconds = sum(row.seconds for row in rows if row.task.kind == kind)
        figures.add(f"billion.{stage}_s", seconds, "of tasks, by the clock, all sittings")
    figures.add("billion.bundle_mb", size_of(path for path in bundle.rglob("*") if WORK not in path.relative_to(bundle).parts) / MEGABYTE)
    figures.add("billion.work_mb", size_of((bundle / WORK).rglob("*")) / MEGABYTE, "proofs of all tasks")
    figures.add("billion.proof_bytes", proof.stat().st_size)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    figures = Figures()
    measure(figures, Path(sys.argv[1]))
    figures.save(whole=False)


if __name__ == "__main__":
    main()

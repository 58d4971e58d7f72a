"""Figures of running programs, each beside what is wanted of it.

count      the counting module alone: every step, cut by the budget, pages marked
record     pass 1 as a whole: counting, and what is kept of every segment (its boundary and the pages that changed)
trace      the tracing module alone: every value of every step written into columns
replay     pass 2 of one segment: a machine filled from the snapshot, the trace, its columns as arrays; as in a worker, the memory of the
           trace is that of the segment before, whose trace nobody has any more
"""
from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.guests import INPUTS, module, script  # noqa: E402
from benchmarks.report import Figures  # noqa: E402
from bundles.bundle import write_bundle  # noqa: E402
from segments.shape import Shape  # noqa: E402
from wasm_exec.cutting import Budget  # noqa: E402
from wasm_exec.execute import run  # noqa: E402
from wasm_exec.instance import Compiled, Instance, compiled, tracing_instance  # noqa: E402
from wasm_exec.module_cache import ModuleCache  # noqa: E402
from wasm_exec.program import Program  # noqa: E402
from wasm_exec.recorder import Recorder  # noqa: E402
from wasm_exec.recording import Recording  # noqa: E402
from wasm_exec.spaces import WASM_PAGE_BYTES  # noqa: E402
from wasm_exec.translate import load  # noqa: E402

SIZE = "2^20"
ROUNDS = 3
REPLAYS = 60    # of some milliseconds each
DEPTH = 30      # fib of this is a run of more than a billion steps
WANTED = {
    "exec.count_steps_per_s.sha256": (">=", 1e9), "exec.count_steps_per_s.script": (">=", 5e8),
    "exec.record_steps_per_s": (">=", 4e8), "exec.replay_ms_per_million_steps": ("<=", 10), "exec.translate_s_per_mb": ("<=", 4),
    "exec.pass1_peak_mb": ("<=", 500),
}


def measure(figures: Figures) -> None:
    programs = {name: load(module(name)) for name in INPUTS}
    for name, program in programs.items():
        speed(figures, name, program)
    translation(figures)
    compilation(figures, programs["script"])
    for name in ("json", "script"):
        long_run(figures, name)


def add(figures: Figures, name: str, value: float, note: str) -> None:
    """The figure, and in its note whether it is what is wanted."""
    sign, limit = WANTED.get(name) or WANTED.get(name.rpartition(".")[0]) or ("", 0)
    if sign:
        met = value >= limit if sign == ">=" else value <= limit
        note = f"{note}; wanted {sign} {limit:g}: {'met' if met else 'not met'}"
    figures.add(name, value, note)


def budget_for(program: Program) -> Budget:
    return Shape.of(SIZE, len(program.instructions)).budget


def seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Of the processor, the best of some rounds: other work on the machine disturbs that least."""
    best = float("inf")
    for _ in range(rounds):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best


def speed(figures: Figures, name: str, program: Program) -> None:
    budget, entered = budget_for(program), INPUTS[name]()
    recording = run(program, entered, budget)
    steps, segments = recording.final.steps, len(recording.segments)
    note = f"{steps:,} steps in {segments} segments of {SIZE}"
    add(figures, f"exec.count_steps_per_s.{name}", steps / min(counting(recording) for _ in range(ROUNDS)), note)
    taken = seconds(lambda: run(program, entered, budget))
    add(figures, f"exec.record_steps_per_s.{name}", steps / taken, f"{note}, snapshots included")
    replaying(figures, name, recording)


def counting(recording: Recording) -> float:
    """Seconds of the counting module for all segments of a run, one after the other."""
    modules, budget, taken = compiled(recording.program), recording.budget(0), 0.0
    instance, words = Instance(modules, recording.image(0), tracing=False), modules.lanes.pack(budget.rows)
    for start in recording.segments:
        started = time.process_time()
        instance.run(start.pc, start.fp, words, budget.hashes)
        taken += time.process_time() - started
        instance.flagged()
    return taken


def replaying(figures: Figures, name: str, recording: Recording) -> None:
    """The longest segment once more: only the steps, and with everything from the snapshot to the arrays."""
    program, budget = recording.program, recording.budget(0)
    lengths = [recording.boundary(index + 1).steps - start.steps for index, start in enumerate(recording.segments)]
    index = max(range(len(lengths)), key=lengths.__getitem__)
    start, image, steps = recording.segments[index], recording.image(index), lengths[index]
    engine = Recorder(program)

    def replayed() -> None:
        engine.restore(image)
        engine.segment(start.pc, start.fp, budget, traced=True)

    replayed()
    note = f"one segment of {steps:,} steps, {SIZE}"
    add(figures, f"exec.replay_ms_per_million_steps.{name}", seconds(replayed, REPLAYS) * 1e9 / steps, note)
    best = float("inf")
    for _ in range(ROUNDS):
        instance = tracing_instance(compiled(program), image)
        started = time.process_time()
        instance.run(start.pc, start.fp, engine.lanes.pack(budget.rows), budget.hashes)
        best = min(best, time.process_time() - started)
        instance.trace()
    add(figures, f"exec.trace_steps_per_s.{name}", steps / best, "the same segment, every row of its trace written")


def translation(figures: Figures) -> None:
    size = sum(len(module(name)) for name in INPUTS)
    taken = seconds(lambda: [load(module(name)) for name in INPUTS])
    add(figures, "exec.translate_s_per_mb", taken / size * 1e6, f"decoding, validation and translation of {size:,} bytes")


def compilation(figures: Figures, program: Program) -> None:
    """Both recorders of the interpreter, new and from the cache."""
    with tempfile.TemporaryDirectory() as folder:
        for title in ("exec.compile_s", "exec.compile_cached_s"):
            started = time.process_time()
            both = Compiled(program, cache=ModuleCache(Path(folder)))
            both.module(False), both.module(True)
            note = f"two recorder modules of a program of {len(program.instructions):,} instructions"
            figures.add(title, time.process_time() - started, note)


def long_run(figures: Figures, name: str) -> None:
    """Pass 1 in a process of its own, and the bundle that is written then."""
    printed = subprocess.run([sys.executable, __file__, name], check=True, capture_output=True, text=True).stdout
    found = json.loads(printed)
    note = f"of a process that records {found['steps']:,} steps, beyond {found['guest']:.1f} MB of guest memory"
    title = "exec.pass1_peak_mb" if name == "script" else f"exec.pass1_peak_mb.{name}"
    add(figures, title, found["peak"] - found["guest"], note)
    if found["steps"] >= 1e9:
        note = f"all files, from {found['steps']:,} steps in {found['segments']} segments, recorded in {found['seconds']:.1f} s"
        add(figures, "exec.billion_step_bundle_mb", found["bundle"] * 1e9 / found["steps"], note)


def one_run(name: str) -> None:
    """Prints what one run takes: MB at the peak of this process, of the guest's memory and of the bundle."""
    program = load(module(name))
    entered = script(DEPTH) if name == "script" else INPUTS[name]()
    with tempfile.TemporaryDirectory() as folder:
        started = time.process_time()
        recording = run(program, entered, budget_for(program), folder=Path(folder))
        taken, peak = time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        image = recording.image(len(recording.segments))
        guest = (program.memory_pages * WASM_PAGE_BYTES + 256 * image.read_cell(0, 4)) / 1e6
        write_bundle(Path(folder) / "bundle", module(name), recording, "p100", SIZE)
        bundle = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6
    print(json.dumps({"steps": recording.final.steps, "segments": len(recording.segments), "seconds": taken, "peak": peak, "guest": guest,
                      "bundle": bundle}))


if __name__ == "__main__":
    one_run(sys.argv[1])

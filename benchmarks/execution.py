"""Figures of running programs: counting, tracing and replaying segments, translating, compiling, memory, the size of what is kept."""
from __future__ import annotations

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
from wasm_exec.instance import Compiled, Instance, compiled  # noqa: E402
from wasm_exec.module_cache import ModuleCache  # noqa: E402
from wasm_exec.program import Program  # noqa: E402
from wasm_exec.recorder import Recorder  # noqa: E402
from wasm_exec.recording import Recording  # noqa: E402
from wasm_exec.spaces import WASM_PAGE_BYTES  # noqa: E402
from wasm_exec.translate import load  # noqa: E402

SIZE = "2^20"
ROUNDS = 3
BILLION = 33      # fib of this is a run of a few billion steps


def measure(figures: Figures) -> None:
    programs = {name: load(module(name)) for name in INPUTS}
    for name, program in programs.items():
        speed(figures, name, program)
    translation(figures)
    compilation(figures, programs["script"])
    for name in ("script", "json"):
        peak(figures, name)
    long_run(figures, programs["script"])


def budget_for(program: Program) -> Budget:
    return Shape.of(SIZE, len(program.instructions)).budget


def seconds(work: Callable[[], object]) -> float:
    """Of the processor, the best of a few rounds: other work on the machine disturbs that least."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best


def speed(figures: Figures, name: str, program: Program) -> None:
    budget, entered = budget_for(program), INPUTS[name]()
    recording = run(program, entered, budget)
    steps, segments = recording.final.steps, len(recording.segments)
    taken = seconds(lambda: run(program, entered, budget))
    figures.add(f"exec.count_steps_per_s.{name}", steps / taken, f"{steps:,} steps in {segments} segments of {SIZE}, snapshots included")
    replaying(figures, name, recording)


def replaying(figures: Figures, name: str, recording: Recording) -> None:
    """The longest segment once more: only the steps, and with everything from the snapshot to the arrays."""
    program, budget = recording.program, recording.budget
    lengths = [recording.boundary(index + 1).steps - start.steps for index, start in enumerate(recording.segments)]
    index = max(range(len(lengths)), key=lengths.__getitem__)
    start, image, steps = recording.segments[index], recording.image(index), lengths[index]
    engine = Recorder(program)

    def replayed() -> None:
        engine.restore(image)
        engine.segment(start.pc, start.fp, budget, traced=True)

    replayed()
    figures.add(f"exec.replay_ms_per_million_steps.{name}", seconds(replayed) * 1e9 / steps, f"one segment of {steps:,} steps, {SIZE}")
    best = float("inf")
    for _ in range(ROUNDS):
        instance = Instance(compiled(program), image, tracing=True)
        instance.expect_many_rows()
        started = time.process_time()
        instance.run(start.pc, start.fp, engine.lanes.pack(budget.rows), budget.hashes)
        best = min(best, time.process_time() - started)
    figures.add(f"exec.record_steps_per_s.{name}", steps / best, "the same segment, every row of its trace written")


def translation(figures: Figures) -> None:
    size = sum(len(module(name)) for name in INPUTS)
    taken = seconds(lambda: [load(module(name)) for name in INPUTS])
    figures.add("exec.translate_s_per_mb", taken / size * 1e6, f"decoding, validation and translation of {size:,} bytes")


def compilation(figures: Figures, program: Program) -> None:
    """Both recorders of the interpreter, new and from the cache."""
    with tempfile.TemporaryDirectory() as folder:
        for title in ("exec.compile_s", "exec.compile_cached_s"):
            started = time.process_time()
            both = Compiled(program, cache=ModuleCache(Path(folder)))
            both.module(False), both.module(True)
            note = f"two recorder modules of a program of {len(program.instructions):,} instructions"
            figures.add(title, time.process_time() - started, note)


def peak(figures: Figures, name: str) -> None:
    printed = subprocess.run([sys.executable, __file__, name], check=True, capture_output=True, text=True).stdout
    over, guest = (float(word) for word in printed.split())
    figures.add(f"exec.peak_over_guest_mb.{name}", over, f"pass 1 in a process of its own, beyond {guest:.1f} MB of guest memory")


def one_run(name: str) -> None:
    """Prints the peak of this process beyond the guest's memory, and that memory, in MB."""
    program = load(module(name))
    recording = run(program, INPUTS[name](), budget_for(program))
    image = recording.image(len(recording.segments))
    guest = (program.memory_pages * WASM_PAGE_BYTES + 256 * image.read_cell(0, 4)) / 1e6
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000 - guest, guest)


def long_run(figures: Figures, program: Program) -> None:
    recording = run(program, script(BILLION), budget_for(program))
    with tempfile.TemporaryDirectory() as folder:
        write_bundle(Path(folder) / "bundle", module("script"), recording, "p100", SIZE)
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    steps = recording.final.steps
    note = f"from {steps:,} steps in {len(recording.segments)} segments, all files"
    figures.add("exec.billion_step_bundle_mb", size / 1e6 * 1e9 / steps, note)


if __name__ == "__main__":
    one_run(sys.argv[1])

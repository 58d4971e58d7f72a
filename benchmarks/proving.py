"""One segment of a run, filled and proved as often as a benchmark asks: a process proves its first one in memory that it is given anew."""
from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from segments.choosing import recorded
from segments.fill import Segment, fill_cheapest
from segments.memory_tree import MemoryTree, wide
from segments.prove import ProvingKeys
from segments.shape import Shape
from segments.verify import verify_segment
from stark.kernels.protocol import Kernels
from stark.watch import Watch
from wasm_exec.cutting import Limits
from wasm_exec.execute import replay
from wasm_exec.program import Program
from wasm_exec.trace import Trace

SIZE = "2^20"


@dataclass(frozen=True)
class Proved:
    """What it was, and the seconds it took: of a processor to fill it and to prove it, of the clock to prove it."""

    segment: Segment
    trace: Trace
    filling: float
    proving: float
    clock: float

    @property
    def seconds(self) -> float:
        return self.filling + self.proving


class Middle:
    """The middle segment of a run."""

    def __init__(self, program: Program, content: bytes, limits: Limits, kernels: Kernels) -> None:
        found = recorded(program, content, SIZE, limits)
        if found is None:
            raise ValueError("the program runs too long")
        self.program, self.recording, self.kernels = program, found, kernels
        self.general = Shape.of(SIZE, len(program.instructions))
        self.index = (len(found.segments) - 1) // 2
        self.image = found.image(self.index)
        self.replayed()                                     # compiles the recorder, once for all

    def replayed(self) -> Trace:
        return replay(self.program, self.recording.segments[self.index], self.image, self.recording.budget(self.index))

    def proved(self, keys: ProvingKeys, watch: Watch | None = None) -> Proved:
        tree, started = MemoryTree(self.image, wide(self.kernels)), time.process_time()
        trace = self.replayed()
        segment = fill_cheapest(self.program, self.general, trace, self.image, tree, self.kernels)
        filling = time.process_time() - started
        key = keys.of(segment.shape)
        started, clock = time.process_time(), time.perf_counter()
        proof = keys.prove(segment, watch)
        proving, clock = time.process_time() - started, time.perf_counter() - clock
        verify_segment(key.key, proof.claim, proof.words, self.kernels.permute)
        return Proved(segment, trace, filling, proving, clock)


def resident(field: str) -> int:
    """VmRSS or VmHWM of this process, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return 1024 * int(line.split()[1])
    raise OSError(f"the system does not say {field}")

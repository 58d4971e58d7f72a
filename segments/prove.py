"""Proving one segment: its tables are filled, and the prover shows that they satisfy the key of its shape."""
from __future__ import annotations

from segments.claim import SegmentProof
from segments.fill import Segment, fill_cheapest
from segments.memory_tree import MemoryTree, wide
from segments.room import give_back
from segments.setup import PROGRAM, program_level, setup
from segments.shape import Shape
from stark.kernels.protocol import Kernels
from stark.poseidon2 import of_width
from stark.profiles import Parameters
from stark.prover import HandedOver, prove
from stark.setup import ProvingKey
from stark.verifier import key_cap
from stark.watch import Watch
from wasm_exec.execute import replay
from wasm_exec.program import Program
from wasm_exec.recording import Recording


def prove_segment(proving: ProvingKey, segment: Segment, kernels: Kernels, watch: Watch | None = None) -> SegmentProof:
    """The tables of the segment are used up."""
    public = segment.public
    give_back()
    words = prove(proving, HandedOver(segment.handed_over()), public, kernels, watch)
    return SegmentProof(str(segment.shape), key_cap(proving.key, PROGRAM), public, words, program_level(proving.key))


class ProvingKeys:
    """The keys of a program under all shapes, each made when a segment first needs it. The last few are kept."""

    KEPT = 3

    def __init__(self, program: Program, parameters: Parameters, kernels: Kernels) -> None:
        self.program, self.parameters, self.kernels = program, parameters, kernels
        self.made: dict[Shape, ProvingKey] = {}

    def of(self, shape: Shape) -> ProvingKey:
        found = self.made.pop(shape, None) or setup(self.program, shape, self.parameters, self.kernels)
        self.made[shape] = found
        while len(self.made) > self.KEPT:
            del self.made[next(iter(self.made))]
        return found

    def prove(self, segment: Segment, watch: Watch | None = None) -> SegmentProof:
        return prove_segment(self.of(segment.shape), segment, self.kernels, watch)


def prove_alone(recording: Recording, index: int, size: str, parameters: Parameters, kernels: Kernels) -> SegmentProof:
    """The proof of one segment of a run, for debugging: nothing of the segments before it is proved."""
    program, start, image = recording.program, recording.segments[index], recording.image(index)
    trace = replay(program, start, image, recording.budget(index))
    kind = of_width(parameters.hash_width)
    shape = Shape.of(size, len(program.instructions), kind.width)
    segment = fill_cheapest(program, shape, trace, image, MemoryTree(image, wide(kernels, kind)), kernels)
    return ProvingKeys(program, parameters, kernels).prove(segment)

"""Figures of the recursion: leaf and join of segments of 2^20 steps, what their cells are for, and how long the keys take."""
from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from benchmarks.guests import INPUTS, module
from benchmarks.report import Figures
from bundles.keys import LeafKeys, layers_of
from continuation.kinds import JOINS, RUNS
from continuation.prove import Prover
from continuation.published import published
from continuation.purposes import cells
from continuation.setup import Setup, build
from segments.choosing import recorded
from segments.claim import SegmentProof
from segments.fill import Segment, fill_cheapest
from segments.memory_tree import MemoryTree, wide
from segments.prove import ProvingKeys
from segments.shape import Shape
from stark import profiles
from stark.kernels import load
from stark.kernels.protocol import Kernels
from stark.profiles import Profile
from wasm_exec.cutting import Limits
from wasm_exec.execute import replay
from wasm_exec.program import Program
from wasm_exec.recording import Recording
from wasm_exec.translate import load as translate

SIZE, MOST_STEPS = "2^20", 1 << 27
PURPOSES = ("hashing", "openings", "folding", "constraints", "transcript", "claims", "plumbing", "padding")
T = TypeVar("T")


def measure(figures: Figures, profile_name: str, threads: int) -> None:
    profile, kernels = profiles.get(profile_name), load("best", threads)
    proved = {name: neighbours(name, content(), profile, kernels) for name, content in INPUTS.items()}
    keys = LeafKeys(profile, kernels)
    trusted, reading = timed(lambda: published(profile_name))
    if trusted is None:                                                 # nothing ships for these chips: the keys of what is used
        used = sorted({segment.shape for segments, _ in proved.values() for segment in segments})
        trusted = build({name: keys[name] for name in used}, layers_of(profile), kernels)
    else:
        figures.add("continuation.setup_s.cached", reading, f"reading the digests of {len(trusted.kinds)} kinds that ship")
    prover = Prover(Setup(trusted, keys, kernels), kernels)
    found = [shares(figures, name, prover, *each) for name, each in proved.items()]
    for figure, of in zip(("leaf", "join"), zip(*found, strict=True), strict=True):
        figures.add(f"continuation.{figure}_share", max(of), f"seconds over those of a segment of {SIZE}; the dearer of {len(of)} programs")
    purposes(figures, prover.setup, [prover.trusted.leaf(segments[0].shape).name for segments, _ in proved.values()])
    everything, seconds = timed(lambda: build(LeafKeys(profile, kernels), layers_of(profile), kernels))
    figures.add("continuation.setup_s.cold", seconds, f"all {len(everything.kinds)} kinds recorded, lowered and committed")


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """With the processor time that it took."""
    started = time.process_time()
    result = work()
    return result, time.process_time() - started


def neighbours(name: str, content: bytes, profile: Profile, kernels: Kernels) -> tuple[list[SegmentProof], float]:
    """Two neighbouring segments from the middle of a run, and the seconds of filling and proving one."""
    program = translate(module(name), 64, 8)
    recording = recorded(program, content, SIZE, Limits(MOST_STEPS), width=profile.hash.width)
    if recording is None:
        raise ValueError("the program runs too long")
    first, keys, total = (len(recording.segments) - 1) // 2, ProvingKeys(program, profile.segment, kernels), 0.0
    segments = []
    for index in (first, first + 1):
        filled, filling = timed(partial(replayed, program, recording, index, profile, kernels))
        keys.of(filled.shape)
        segment, proving = timed(partial(keys.prove, filled))
        segments.append(segment)
        total += filling + proving
    return segments, total / 2


def replayed(program: Program, recording: Recording, index: int, profile: Profile, kernels: Kernels) -> Segment:
    image = recording.image(index)
    trace = replay(program, recording.segments[index], image, recording.budget(index))
    tree, size = MemoryTree(image, wide(kernels, profile.hash)), Shape.of(SIZE, len(program.instructions), profile.hash.width)
    return fill_cheapest(program, size, trace, image, tree, kernels)


def shares(figures: Figures, name: str, prover: Prover, segments: Sequence[SegmentProof], seconds: float) -> tuple[float, float]:
    """Of a leaf (with all that is done for one segment alone) and of the join of two, circuits made before."""
    for segment in segments:
        prover.leaf(segment)                                            # makes the circuits
    made = [timed(partial(prover.leaf, segment)) for segment in segments]
    left, right = (proof for proof, _ in made)
    prover.join(left, right)
    _, joining = timed(lambda: prover.join(left, right))
    leaf, where = sum(spent for _, spent in made) / len(made), f"a segment of {segments[0].shape}: {seconds:.1f} s"
    label = prover.trusted.leaf(segments[0].shape).sort.label
    figures.add(f"continuation.leaf_share.{name}", leaf / seconds, f"{label}: {leaf:.2f} s; {where}")
    figures.add(f"continuation.join_share.{name}", joining / seconds, f"{joining:.2f} s; {where}")
    return leaf / seconds, joining / seconds


def purposes(figures: Figures, setup: Setup, leaves: Sequence[str]) -> None:
    """Committed cells of circuits by purpose."""
    table = Table("circuit", *PURPOSES, "all", title="recursion: committed cells in thousands")
    for name in dict.fromkeys((*leaves, JOINS[-1].name, RUNS[-1].name)):
        found = cells(setup.made(name).circuit)
        every = sum(found.values())
        table.add_row(name, *(f"{found.get(purpose, 0) / 1000:,.0f}" for purpose in PURPOSES), f"{every / 1000:,.0f}")
        figures.add(f"continuation.cells.{name.replace(' ', '_')}", every, ", ".join(f"{k} {v / every:.0%}" for k, v in found.items()))
    Console(width=140).print(table)


"""A run from its beginning to its end, cut where its segments cost least, and written into a bundle directory."""
from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bundles.bundle import FILES, GIVEN_UP, write_bundle
from bundles.errors import Misuse, Unsupported
from bundles.keys import SIZES_OF, RunKeys
from bundles.machine import cells_within, needed_gigabytes, worker_bytes
from bundles.manifest import sizes_under
from bundles.store import write_whole
from bundles.terms import Progress, Recorded
from segments.choosing import Bill, Billed, calls_hosts, recorded, size_within
from segments.shape import PROGRAMS, NoShape, Shape
from stark.profiles import Profile
from wasm_exec.cutting import Limits
from wasm_exec.errors import BudgetTooSmall
from wasm_exec.locate import backtrace
from wasm_exec.program import Program
from wasm_exec.recording import Recording
from wasm_exec.state import EMPTY, StateMap

# Bytes, by the width of the hash: a worker takes no more unless more is allowed, and all segments of 2^20 are proved in so many.
MEMORY = {16: 4_000_000_000, 24: 4_400_000_000}
INSTRUCTIONS_LIMIT = 1 << PROGRAMS[-1]
FEW = 4         # segments of a smaller size are taken if there are no more than so many


def sizes_of(profile: Profile, wanted: str | None) -> list[str]:
    """The sizes of segments to try, small first: small ones are soon proved, large ones cost a tenth for every step."""
    sizes = SIZES_OF["toy" if profile.toy else "p100"]
    if wanted is not None and wanted not in sizes:
        raise Misuse(f"segments of profile {profile.name} have the size {' or '.join(sizes)}, not {wanted}")
    return [wanted] if wanted is not None else list(sizes)


def sizes_within(memory_limit: int, profile: Profile, wanted: str | None, instructions: int, calls_hosts: bool = False) -> list[str]:
    """Those sizes of which every segment is proved in so much memory; at least the largest that is."""
    width = profile.hash.width
    size = size_within(cells_within(memory_limit, width), sizes_under(profile), instructions, calls_hosts, width)
    largest = RunKeys(profile, Shape.of(size, instructions, width))
    if worker_bytes(largest) > memory_limit:
        raise Unsupported(f"the smallest segments of profile {profile.name} need up to {needed_gigabytes(worker_bytes(largest))} GB, "
                          f"not {memory_limit / 1e9:.10g}")
    fitting = [size for size in sizes_of(profile, wanted) if Shape.of(size, instructions, width).committed <= largest.shape.committed]
    if wanted is not None and not fitting:
        raise Unsupported(f"segments of size {wanted} need more memory than {memory_limit / 1e9:.1f} GB; without a size those are taken "
                          "that do not")
    return fitting if wanted is not None else fitting + [largest.shape.size] * (largest.shape.size not in fitting)


def sizes_for(program: Program, profile: Profile, wanted: str | None, memory_limit: int | None) -> list[str]:
    """The sizes of segments to try for this program, small first; without a limit those of the usual one."""
    check_instructions(program)
    try:
        return sizes_within(memory_limit or MEMORY[profile.hash.width], profile, wanted, len(program.instructions), calls_hosts(program))
    except LookupError as error:
        raise Unsupported(str(error)) from None


def check_instructions(program: Program) -> None:
    """Unsupported if there are too many."""
    if len(program.instructions) >= INSTRUCTIONS_LIMIT:
        raise Unsupported(f"the program has {len(program.instructions):,} register instructions, of which at most "
                          f"{INSTRUCTIONS_LIMIT - 1:,} can be proved: a smaller module is needed, with fewer "
                          "libraries, or optimised for size (-Os, wasm-opt -Oz, TinyGo)")


@contextmanager
def cutting(profile: str) -> Iterator[None]:
    """Unsupported, in words, if a run cannot be cut into segments."""
    try:
        yield
    except (BudgetTooSmall, NoShape) as error:
        raise Unsupported(f"a function has too many locals for a segment of profile {profile}: {error}") from None


def chosen(program: Program, content: bytes, profile: Profile, size: str | None, limits: Limits,
           on_progress: Progress | None = None, before: StateMap = EMPTY, memory_limit: int | None = None,
           folder: Path | None = None, on_bill: Billed | None = None) -> tuple[Recording, str]:
    """The run and the size of its segments; Unsupported if no segment holds some block of it. If it reaches a limit it has not ended.
    `folder`: where changed pages lie that are too many for the memory."""
    begun = time.monotonic()
    sizes = sizes_for(program, profile, size, memory_limit)
    with cutting(profile.name):
        while True:
            taken, *sizes = sizes
            left = replace(limits, seconds=limits.seconds - (time.monotonic() - begun))
            recording = recorded(program, content, taken, left, FEW if sizes else float("inf"),
                                 lambda steps: on_progress("steps", steps, 0) if on_progress else None, before, folder,
                                 profile.hash.width, on_bill)
            if recording is not None:
                return recording, taken


def written_run(directory: Path, app: bytes, program: Program, content: bytes, profile: Profile, size: str | None, limits: Limits,
                on_progress: Progress | None = None, before: StateMap = EMPTY, memory_limit: int | None = None) -> Recorded:
    """Records a run from this state of its application into a directory."""
    bills: list[Bill] = []
    recording, taken = chosen(program, content, profile, size, limits, on_progress, before, memory_limit, directory / FILES, bills.append)
    write_bundle(directory, app, recording, profile.name, taken)
    if recording.given_up:
        write_whole(directory / GIVEN_UP, recording.given_up.encode())
    return summary(recording, profile, app, bills[-1])


def summary(recording: Recording, profile: Profile, app: bytes, bill: Bill | None = None) -> Recorded:
    outcome = recording.outcome
    return Recorded(profile.name, recording.final.steps, len(recording.segments), str(outcome), outcome.trapped, recording.output,
                    backtrace(recording, app) if outcome.trapped else (), recording.given_up,
                    recording.errors, bill.committed / max(bill.steps, 1) if bill else None,
                    bill.full.most_common(1)[0][0] if bill and bill.full else "")

"""A run from its beginning to its end, cut where its segments cost least, and written into a bundle directory."""
from __future__ import annotations

from pathlib import Path

from bundles.api import Progress, Recorded
from bundles.bundle import write_bundle
from bundles.errors import Misuse, Unsupported
from bundles.keys import SIZES_OF
from segments.choosing import recorded
from segments.shape import Shape
from stark.profiles import Profile
from wasm_exec.cutting import Limits
from wasm_exec.errors import BudgetTooSmall
from wasm_exec.locate import location
from wasm_exec.program import Program
from wasm_exec.recording import Recording
from wasm_exec.state import EMPTY, StateMap

FEW = 4         # segments of a smaller size are taken if there are no more than so many


def sizes_of(profile: Profile, wanted: str | None) -> list[str]:
    """The sizes of segments to try, small first: small ones are soon proved, large ones cost a tenth for every step."""
    sizes = SIZES_OF["toy" if profile.toy else "p100"]
    if wanted is not None and wanted not in sizes:
        raise Misuse(f"segments of profile {profile.name} have the size {' or '.join(sizes)}, not {wanted}")
    return [wanted] if wanted is not None else list(sizes)


def chosen(program: Program, content: bytes, profile: Profile, size: str | None, max_steps: int,
           on_progress: Progress | None = None, before: StateMap = EMPTY) -> tuple[Recording, str]:
    """The run and the size of its segments; Unsupported if no segment holds some block of it."""
    sizes = sizes_of(profile, size)
    try:
        Shape.of(sizes[0], len(program.instructions))
    except LookupError as error:
        raise Unsupported(str(error)) from None
    try:
        while True:
            taken, *sizes = sizes
            recording = recorded(program, content, taken, Limits(max_steps), FEW if sizes else float("inf"),
                                 lambda steps: on_progress("steps", steps, 0) if on_progress else None, before)
            if recording is not None:
                return recording, taken
    except (BudgetTooSmall, ValueError) as error:      # ValueError: no shape holds such a segment
        raise Unsupported(f"a function has too many locals for a segment of profile {profile.name}: {error}") from None


def written_run(directory: Path, app: bytes, program: Program, content: bytes, profile: Profile, size: str | None, max_steps: int,
                on_progress: Progress | None = None, before: StateMap = EMPTY) -> Recorded:
    """Records a run from this state of its application into a directory."""
    recording, taken = chosen(program, content, profile, size, max_steps, on_progress, before)
    write_bundle(directory, app, recording, profile.name, taken)
    return summary(recording, profile, app)


def summary(recording: Recording, profile: Profile, app: bytes) -> Recorded:
    outcome = recording.outcome
    return Recorded(profile.name, recording.final.steps, len(recording.segments), str(outcome), outcome.trapped, recording.output,
                    location(recording, app) if outcome.trapped else "")

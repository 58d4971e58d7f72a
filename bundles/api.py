"""What the command line and other programs call: record, prove, batch, verify, inspect.

Each function imports what it needs when it is called, so that verifying loads no prover and a short command starts quickly.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stark import profiles
from stark.errors import Rejected
from stark.profiles import Profile

if TYPE_CHECKING:
    from bundles.formats import ProofFile
    from segments.shape import Shape
    from wasm_exec.program import Program

Facts = Mapping[str, object]
Progress = Callable[[str, int, int], None]      # what is being done, how much of it is done, of how much


@dataclass(frozen=True)
class Recorded:
    """A run that was recorded into a bundle directory."""

    profile: str
    steps: int
    segments: int
    outcome: str
    trapped: bool
    output: bytes


def record(app: bytes, input: bytes, directory: Path, profile_name: str) -> Recorded:
    """Runs the program to its end and writes a bundle directory."""
    from bundles.bundle import write_bundle
    from wasm_exec.execute import run
    profile = profiles.get(profile_name)
    program = translated(app)
    shape = shape_for(profile, program)
    recording = run(program, input, shape.budget)
    write_bundle(directory, app, recording, profile.name, shape.size)
    return Recorded(profile.name, recording.final.steps, len(recording.segments), str(recording.outcome), recording.outcome.trapped,
                    recording.output)


def translated(app: bytes) -> Program:
    """The register code of a module, in blocks small enough for the smallest segments."""
    from wasm_exec.translate import load
    return load(app, 64, 8)


def shape_for(profile: Profile, program: Program) -> Shape:
    """The heights of the chips in this profile's segments of this program."""
    from segments.shape import Shape
    return Shape.of("toy" if profile.toy else "2^16", len(program.instructions))


def prove(directory: Path, out_file: Path, on_progress: Progress) -> Facts:
    """Proves every segment of a bundle and folds the proofs into one file; returns the facts of that file."""
    raise NotImplementedError("proving a bundle")


def batch(files: Sequence[Path], out_file: Path, on_progress: Progress) -> Facts:
    """Joins run proofs, in this order, to one rollup proof; returns the facts of that file."""
    raise NotImplementedError("batching run proofs")


def verify(file: Path, programs: Sequence[bytes], input: bytes | None = None, output: bytes | None = None, exit_code: int | None = None,
           allow_toy: bool = False) -> Facts:
    """The facts that a proof file proves about these programs; Malformed or Rejected if it does not prove them, or not these."""
    proof = opened(file)
    profile = profiles.get(proof.profile)
    if profile.toy and not allow_toy:
        raise Rejected("the profile is for real proofs", "p100", profile.name)
    raise NotImplementedError("verifying a proof file")


def inspect(file: Path) -> Facts:
    """What a proof file or a bundle directory says of itself. Nothing of it is checked."""
    if file.is_dir():
        from bundles.bundle import open_bundle
        manifest = open_bundle(file).manifest
        return {"kind": "bundle", "profile": manifest.profile, "segment size": manifest.size, "program file": manifest.program.hex(),
                "segments": manifest.segments, "steps": manifest.steps, "outcome": str(manifest.outcome)}
    proof = opened(file)
    words = sum(len(words) for words in proof.payloads)
    return {"kind": proof.kind.name.lower(), "profile": proof.profile, "bytes": file.stat().st_size, "words": words}


def opened(file: Path) -> ProofFile:
    from bundles.formats import FILE_LIMIT, decode_proof
    from bundles.store import read_limited
    return decode_proof(read_limited(file, "proof", FILE_LIMIT))

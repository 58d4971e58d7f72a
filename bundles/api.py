"""What the command line and other programs call: record, prove, batch, verify, inspect.

Each function imports what it needs when it is called, so that verifying loads no prover and a short command starts quickly.
"""
from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bundles.errors import Misuse
from bundles.programs import all_translated, prepared, remembered, translated, with_arguments
from bundles.proof_files import among, opened, whole, writable, written
from bundles.terms import Facts, Means, Progress, Recorded
from stark import profiles
from stark.errors import Malformed, Rejected

if TYPE_CHECKING:
    from continuation.digests import Digest
    from stark.kernels.protocol import Kernels
    from wasm_exec.cutting import Limits
    from wasm_exec.state import StateMap

__all__ = [
    "Facts", "Means", "Progress", "Recorded", "among", "batch", "collect", "doctor", "inspect", "kernels",
    "prove", "prove_only", "record", "resume", "session_at", "set_up", "status", "translated", "verify", "with_arguments",
]


def set_up(app: bytes, profile_name: str, derive: bool, on_progress: Progress, on_note: Callable[[str], None]) -> Facts:
    """Does what can be done once for a program and all its runs, and tells the identity that claims have of it; Unsupported if there is no
    shape for it. With `derive` the keys that ship are computed once more; Rejected if they are others."""
    from bundles.preparing import set_up as done
    return done(app, profiles.get(profile_name), derive, kernels(), on_progress, on_note)


def record(app: bytes, input: bytes, directory: Path, profile_name: str, limits: Limits | None = None, size: str | None = None,
           on_progress: Progress | None = None, state: Path | None = None, memory_limit: int | None = None,
           on_note: Callable[[str], None] | None = None) -> Recorded:
    """Runs the program to its end and writes a bundle directory; Unsupported if there is no shape for it. A run that reaches one of the
    limits has not ended, and its bundle cannot be proved. Without a size of segments
    one is chosen of which every segment is proved in so many bytes. `state`: a state file, or a bundle directory whose state goes on.
    `on_note` hears what is done before the first step, if that takes long."""
    from bundles.bundle import unfinished
    from bundles.recording import sizes_of, written_run
    from bundles.state_files import read_state
    from bundles.store import check_room
    from wasm_exec.cutting import Limits
    from wasm_exec.state import EMPTY
    profile = profiles.get(profile_name)
    sizes_of(profile, size)
    if directory.exists() and not unfinished(directory):
        raise FileExistsError(errno.EEXIST, "this is not an empty directory", str(directory))
    check_room(directory)
    program = prepared(app, on_note)
    if program.events and on_note is not None:
        on_note("this module has no main function: it is a session, and the input holds its events (longrun open calls them one by one)")
    return written_run(directory, app, program, input, profile, size, limits or Limits(), on_progress,
                       EMPTY if state is None else read_state(state), memory_limit)


def prove(directory: Path, out_file: Path, on_progress: Progress, means: Means | None = None, follow: bool = False) -> Facts:
    """Proves every segment of a bundle and folds the proofs into one file; returns the facts of that file. What an earlier call did, before
    it was ended in whatever way, is not done again. Of an open session it proves what there is, with the outcome `paused`, or, with
    `follow`, its segments as calls fill them, and the rest when it is closed."""
    from bundles.bundle import open_bundle
    from bundles.proving import check_means, keys_of, prove_bundle
    check_means(means or Means())
    writable(out_file)
    if session_at(directory):
        if follow:
            from bundles.following import prove_following
            followed = prove_following(directory, kernels(), on_progress, means or Means(), str(out_file.absolute()))
            if followed is not None:
                return written(followed.file, out_file)
        else:
            from bundles.open_sessions import up_to_now
            directory = up_to_now(directory, on_progress, means.memory_limit if means else None)
    bundle = open_bundle(directory)
    program = remembered(bundle.app())
    made = prove_bundle(bundle, program, keys_of(bundle, program), kernels(), on_progress, means, str(out_file.absolute()))
    return written(made.file, out_file)


def resume(directory: Path, on_progress: Progress, out_file: Path | None = None, means: Means | None = None) -> Facts:
    """Goes on with a proof that was begun, to the file that was named then."""
    from bundles.bundle import open_bundle
    from bundles.status import begun
    return prove(directory, out_file or begun(open_bundle(directory)), on_progress, means)


def prove_only(directory: Path, name: str, out_file: Path | None = None) -> Facts:
    """Does one task of a begun proof in this process and writes nothing into the journal: to see why the task fails. The proof of a segment
    can be a file of its own."""
    from bundles.job import attempted
    if out_file is None:
        return attempted(directory, name, kernels())[0]
    if not name.startswith("segment "):
        raise Misuse(f"only the proof of a segment is a file of its own, not that of {name}")
    writable(out_file)
    facts, made = attempted(directory, name, kernels())
    whole(out_file, made)
    return {**facts, "bytes": len(made)}


def session_at(directory: Path) -> bool:
    """Whether this is the directory of a session that was not closed."""
    from bundles.bundle import is_open
    return is_open(directory)


def status(directory: Path) -> Facts:
    """How far the proof of a bundle is, or how an open session stands."""
    if session_at(directory):
        from bundles.open_sessions import facts
        return facts(directory)
    from bundles.status import status as told
    return told(directory)


def collect(directory: Path) -> Facts:
    """Removes from a bundle what no longer serves its proof."""
    if session_at(directory):
        from bundles.open_sessions import collected as tidied
        return tidied(directory)
    from bundles.session_folder import forgotten
    from bundles.status import collect as collected
    facts = collected(directory)
    forgotten(directory)                # what is left when closing was ended at its very end
    return facts


def batch(files: Sequence[Path], out_file: Path, on_progress: Progress) -> Facts:
    """Joins run proofs, in this order, to one rollup proof; returns the facts of that file."""
    from bundles.files import RunFile, read_proof
    from bundles.proving import prove_batch
    writable(out_file)
    if among(out_file, files):
        raise FileExistsError(errno.EEXIST, "this is one of the proofs that are joined", str(out_file))
    runs = []
    for file in files:
        proof = read_proof(opened(file))
        if not isinstance(proof, RunFile):
            raise Malformed(f"{file} is a rollup proof; a batch is made of run proofs")
        runs.append(proof)
    return written(prove_batch(runs, kernels(), on_progress), out_file)


def verify(file: Path, programs: Sequence[bytes], input: bytes | None = None, output: bytes | None = None, exit_code: int | None = None,
           allow_toy: bool = False, state_before: Digest | StateMap | None = None, state_after: Digest | StateMap | None = None,
           profile_name: str | None = None, names: Sequence[str] = ()) -> Facts:
    """The facts that a proof file proves about these programs; Malformed or Rejected if it does not prove them, or not these, or not
    under the profile that is asked for. `names`: what the programs are called, so that every run of a rollup is told with one."""
    from bundles.checking import Expected, check_differences, check_file
    from bundles.claim_facts import facts_of
    from bundles.files import KINDS, read_proof
    decoded = opened(file)
    profile = profiles.get(decoded.profile)
    if profile_name is not None and profile.name != profile_name:
        raise Rejected("the profile is the one given", profile_name, profile.name)
    if profile.toy and not allow_toy:
        raise Rejected("the profile is for real proofs", "p100", profile.name)
    expected = Expected(input, output, exit_code, state_before, state_after)
    if decoded.kind not in KINDS:
        from bundles.segment_files import check_segment
        if expected != Expected() or len(programs) != 1:
            raise Misuse("the proof of a segment is of one program, and says nothing of inputs, outputs, exit codes and states")
        return check_segment(decoded, file, translated(programs[0]), kernels())
    proof = read_proof(decoded)
    trusted, known = check_file(proof, all_translated(programs, names), expected, kernels())
    return facts_of(proof, file, trusted, check_differences(proof, kernels()), dict(zip(known, names, strict=False)))


def kernels() -> Kernels:
    """The best kernels of this machine, on all its processors."""
    from bundles.machine import cores
    from stark.kernels import load
    return load("best", cores())


def doctor(place: Path, profile_name: str = "p100") -> Facts:
    """What this machine can do under a profile; takes some seconds."""
    from bundles.doctor import measured
    return measured(place, profiles.get(profile_name))


def inspect(file: Path) -> Facts:
    """What a file of ours or a bundle directory says of itself. Nothing of it is checked."""
    from bundles.inspecting import inspected
    return inspected(file)

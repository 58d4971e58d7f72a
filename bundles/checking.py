"""Verifying proof files: the proof is valid, its program is the one that was meant, its public values are the expected ones."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bundles.errors import several
from bundles.files import RollupFile, RunFile
from bundles.keys import claimed_program, trusted_keys
from bundles.opened import check
from continuation.batches import chained
from continuation.claims import RunClaim
from continuation.digests import Digest, spelled
from continuation.verify import Trusted, verify_rollup, verify_run
from segments.memory_tree import wide
from segments.openings import Permute, input_digest, output_digest, state_root
from stark.errors import Rejected
from stark.kernels.protocol import Kernels
from wasm_exec.program import Program
from wasm_exec.recording import Status
from wasm_exec.state import StateMap

LIMB = 16


@dataclass(frozen=True)
class Expected:
    """What the caller wants to be proved beside the program; None: anything."""

    input: bytes | None = None
    output: bytes | None = None
    exit_code: int | None = None
    state_before: Digest | StateMap | None = None       # of every application, before its first run: its root, or itself
    state_after: Digest | StateMap | None = None        # and after its last


@dataclass(frozen=True)
class Wanted:
    """The same as digests, hashed once however many runs are checked."""

    input: Digest | None
    output: Digest | None
    exit_code: int | None

    @staticmethod
    def of(expected: Expected, permute: Permute) -> Wanted:
        return Wanted(None if expected.input is None else input_digest(expected.input, permute),
                      None if expected.output is None else output_digest(expected.output, permute), expected.exit_code)


def check_file(file: RunFile | RollupFile, programs: Sequence[Program], expected: Expected,
               kernels: Kernels) -> tuple[Trusted, list[Digest]]:
    """Rejected unless the file proves complete runs of these programs with these public values. Programs first, the proof last. With
    what they were checked: the keys, and what claims say for each program."""
    runs = (file.claim,) if isinstance(file, RunFile) else file.runs
    once("a rollup has every claim once", runs)
    chained(runs)
    known = [claimed_program(program, file.profile, kernels) for program in programs]
    permute = wide(kernels, file.profile.hash)
    wanted = Wanted.of(expected, permute)
    before, after = (root_of(state, permute) for state in (expected.state_before, expected.state_after))
    for number, run in enumerate(runs, 1):
        check_run(run, known, wanted, f" in run {number}" if len(runs) > 1 else "")
    for ends in applications(runs).values():
        for when, meant, found in (("before", before, ends[0]), ("after", after, ends[1])):
            if meant is not None and found != meant:
                raise Rejected(f"the state {when} is the one given", short(meant), short(found))
    unused = [short(program) for program in known if program not in {run.program for run in runs}]
    if unused:
        given = f"runs of {several(len(programs), 'program')}"
        raise Rejected("every program given has run", given, f"runs of {len(programs) - len(unused)}")
    trusted = trusted_keys(file.profile, kernels, ["last"])
    if isinstance(file, RunFile):
        verify_run(file.proof, file.claim, trusted, kernels.permute)
    else:
        verify_rollup(file.proof, file.claim, trusted, kernels.permute)
    return trusted, known


def check_differences(file: RunFile | RollupFile, kernels: Kernels) -> bool:
    """Whether all state differences in the file are known to be those between the states of its claims; Rejected if one is another, False
    if one was too large to be opened."""
    permute = wide(kernels, file.profile.hash)
    if isinstance(file, RunFile):
        return check(file.opened, file.changes, file.claim.before, file.claim.after, permute)
    parts = zip(file.runs, file.changes, file.opened, strict=True)
    return all([check(found, changes, run.before, run.after, permute) for run, changes, found in parts])


def once(sentence: str, runs: Sequence[RunClaim]) -> None:
    if len(set(runs)) != len(runs):
        raise Rejected(sentence, f"{len(runs)} different runs", len(set(runs)))


def applications(runs: Sequence[RunClaim]) -> dict[Digest, tuple[Digest, Digest]]:
    """The roots of the state of every application before its first run and after its last."""
    found: dict[Digest, tuple[Digest, Digest]] = {}
    for run in runs:
        found[run.program] = found.get(run.program, (run.before, run.after))[0], run.after
    return found


def root_of(state: Digest | StateMap | None, permute: Permute) -> Digest | None:
    """What a state is meant by, as a root under the hash of the proof."""
    return state_root(state, permute) if isinstance(state, StateMap) else state


def check_run(run: RunClaim, programs: Sequence[Digest], wanted: Wanted, where: str = "") -> None:
    """`where` is said of what differs, if there are several runs."""
    if run.program not in programs:
        meant = " or ".join(map(short, programs))
        raise Rejected("the program is the one given", meant, f"{short(run.program)}{where}")
    if wanted.input is not None and run.input != wanted.input:
        raise Rejected("the input is the one given", short(wanted.input), f"{short(run.input)}{where}")
    if wanted.output is not None and run.output != wanted.output:
        raise Rejected("the output is the one given", short(wanted.output), f"{short(run.output)}{where}")
    if wanted.exit_code is not None and (run.status != Status.EXITED or exit_code(run) != wanted.exit_code):
        raise Rejected("the exit code is the one given", f"exited({wanted.exit_code})", f"{outcome(run)}{where}")


def exit_code(run: RunClaim) -> int:
    return sum(limb << LIMB * k for k, limb in enumerate(run.exit_code))


def outcome(run: RunClaim) -> str:
    """The end of a run in words."""
    from wasm_exec.errors import TrapKind
    from wasm_exec.recording import Outcome
    if run.status not in {Status.EXITED, Status.PAUSED} | {Status.TRAPPED + kind for kind in TrapKind}:
        return f"status {run.status}"               # a proof has none of these, but a file may claim them
    return str(Outcome(run.status, run.pc, exit_code(run)))


def short(digest: Digest) -> str:
    """Words as hexadecimal digits."""
    return spelled(digest)

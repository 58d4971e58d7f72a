"""What one can do with the state of an application: tell its root, write it down, tell a difference, apply it."""
from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path

from bundles import api
from bundles.bundle import Bundle, open_bundle
from bundles.changes import Difference
from bundles.checking import applications, digits
from bundles.difference import composed, difference_digest, leads
from bundles.errors import Misuse
from bundles.files import RunFile, read_proof
from bundles.keys import claimed_program
from bundles.programs import translated
from bundles.proof_files import opened
from bundles.state_files import encode_state, profile_of, read_state
from bundles.store import check_folder, check_room, replaceable, write_whole
from bundles.terms import Facts
from continuation.digests import Digest, spelled
from segments.memory_tree import wide
from segments.openings import state_root
from stark.errors import Malformed
from stark.field import P
from stark.poseidon2 import HASHES, of_digest
from stark.profiles import get
from wasm_exec.state import EMPTY, StateMap

ROOT_DIGITS = tuple(8 * kind.digest for kind in HASHES.values())


@dataclass(frozen=True)
class Step:
    """Of one application: the roots of its state before and after, and what is said to lead from one to the other."""

    before: Digest
    after: Digest
    changes: Difference

    @property
    def rows(self) -> list[dict[str, str | None]]:
        return [{"key": change.key.hex(), "old": None if change.old is None else change.old.hex(), "new": change.new.hex()}
                for change in self.changes]

    @property
    def facts(self) -> dict[str, object]:
        return {"state before": spelled(self.before), "state after": spelled(self.after),
                "state difference": difference_digest(self.changes), "changes": self.rows}


def roots_of(bundle: Bundle) -> tuple[Digest, Digest]:
    """Of the state before and after the run of a bundle."""
    permute = wide(api.kernels(), get(bundle.manifest.profile).hash)
    before, after = bundle.state_before(), bundle.state_after()
    first = state_root(before, permute)
    return first, first if bundle.manifest.states[0] == bundle.manifest.states[1] else state_root(after, permute)


def step_of(file: Path, program: bytes | None = None) -> Step:
    """The step of a bundle or of a proof file; of a rollup of several applications that of the program. Malformed if there is no run of
    it."""
    if file.is_dir():
        bundle = open_bundle(file)
        if program not in (None, bundle.app()):
            raise Malformed(f"{file} is no run of this program")
        return Step(*roots_of(bundle), bundle.difference())
    proof = read_proof(opened(file))
    chosen = None if program is None else claimed_program(translated(program), proof.profile, api.kernels())
    steps = applications((proof.claim,) if isinstance(proof, RunFile) else proof.runs)
    if chosen is not None and chosen not in steps:
        raise Malformed(f"{file} has no run of this program")
    if isinstance(proof, RunFile):
        return Step(proof.claim.before, proof.claim.after, proof.changes)
    if chosen is None and len(steps) > 1:
        raise Misuse(f"{file} has runs of {len(steps)} programs: --program APP.wasm says which is meant")
    chosen = chosen or next(iter(steps))
    parts = [changes for run, changes in zip(proof.runs, proof.changes, strict=True) if run.program == chosen]
    return Step(*steps[chosen], composed(parts))


def apply(step: Step, state: Path, out: Path) -> Facts:
    """Writes the state that the step leads to; Rejected unless it leads from this state, and to the root of the claim."""
    check_place(out)
    permute = wide(api.kernels(), of_digest(len(step.before)))
    after = leads(read_state(state), step.changes, step.before, step.after, permute)
    write_state(out, encode_state(after))
    return {"state before": spelled(step.before), "state after": spelled(step.after), "changed keys": len(step.changes),
            "keys": len(after.entries)}


def save(source: Path | None, out: Path, profile: str | None = None) -> Facts:
    """Writes the state that a bundle leaves, or the empty one, into a state file. Its root is told as it stands in claims under this
    profile, or that of the bundle."""
    state = EMPTY if source is None else read_state(source)
    write_state(out, encode_state(state))
    under = profile or profile_of(source)
    return {"root": spelled(state_root(state, wide(api.kernels(), get(under).hash))), "profile": under, "keys": len(state.entries)}


def write_state(out: Path, content: bytes) -> None:
    check_place(out)
    write_whole(out, content)


def check_place(out: Path) -> None:
    """A state file is written in the place of another one, or where nothing is."""
    if out.is_dir():
        raise IsADirectoryError(errno.EISDIR, "this is a directory, not a state file", str(out))
    check_folder(out)
    if out.exists():
        replaceable(out)
        read_state(out)
    check_room(out.parent)


def state_named(text: str) -> Digest | StateMap:
    """A root in 64 hexadecimal digits (72 under p128), or a state file or the state that a bundle leaves."""
    written = bool(text) and all(digit in "0123456789abcdef" for digit in text)
    if written and len(text) not in ROOT_DIGITS and not Path(text).exists():
        lengths = " or ".join(digits(kind.digest) for kind in HASHES.values())
        raise Malformed(f"there is no file {text}, and this is no root of a state: it has {len(text)} hexadecimal digits, not {lengths}")
    if written and len(text) in ROOT_DIGITS:
        root = tuple(int(text[k:k + 8], 16) for k in range(0, len(text), 8))
        if any(word >= P for word in root):
            raise Malformed("this is no root of a state: a part is too large")
        return root
    return read_state(Path(text))



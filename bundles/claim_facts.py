"""What a proof file claims, as names and values: the command prints them for people, or as one JSON object."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bundles.changes import Difference
from bundles.checking import applications, outcome, short
from bundles.difference import composed, difference_digest
from bundles.files import RollupFile, RunFile
from bundles.security import bits
from bundles.terms import Facts
from continuation.claims import RunClaim
from continuation.digests import Digest
from continuation.verify import Trusted
from segments.openings import EMPTY_STATE_ROOTS
from stark.errors import Malformed


def facts_of(proof: RunFile | RollupFile, file: Path, trusted: Trusted | None = None, differences: bool = False,
             names: Mapping[Digest, str] | None = None) -> Facts:
    """`differences`: whether those of the states were found to be right. `names`: of programs, which the runs of a rollup are told with.
    A rollup has a list of its `runs`, in order, and one of the `applications` that have a state."""
    proved = bits(proof.profile, trusted)
    facts: dict[str, object] = {"kind": "run" if isinstance(proof, RunFile) else "rollup", "profile": proof.profile.name,
                                "provable bits": round(proved, 1) if proved is not None else "computed when it is verified",
                                "bytes": file.stat().st_size}
    if isinstance(proof, RunFile):
        run = proof.claim
        return facts | run_facts(run) | states_of((run.before, run.after), [proof.changes], differences)
    facts["runs"] = [named(run, names or {}) | run_facts(run) | roots(run.before, run.after) for run in proof.runs]
    found: list[Facts] = []
    for program, states in applications(proof.runs).items():
        pairs = zip(proof.runs, proof.changes, strict=True)
        changed = states_of(states, [changes for run, changes in pairs if run.program == program], differences)
        found += [{"program": short(program), **changed}] if changed else []
    return facts | ({"applications": found} if found else {})


def run_facts(run: RunClaim) -> dict[str, object]:
    return {"program": short(run.program), "input": short(run.input), "output": short(run.output), "outcome": outcome(run),
            "steps": run.steps}


def named(run: RunClaim, names: Mapping[Digest, str]) -> dict[str, object]:
    return {"name": names[run.program]} if run.program in names else {}


def roots(before: Digest, after: Digest) -> dict[str, object]:
    """Of the state of an application, if it has one."""
    return {} if before == after and before in EMPTY_STATE_ROOTS else {"state before": short(before), "state after": short(after)}


def states_of(states: tuple[Digest, Digest], parts: Sequence[Difference], known: bool) -> dict[str, object]:
    """The roots of an application's state before and after, if it has one; how many keys changed on the way, and the digest of what
    changed, which the file may say without being right."""
    ends = roots(*states)
    if not ends:
        return {}
    said = "" if known else ", as the file says"
    try:
        changes = composed(parts)
    except Malformed as error:
        return ends | {f"state difference{said}": f"none: {error}"}
    return ends | {f"changed keys{said}": len(changes), f"state difference{said}": difference_digest(changes)}

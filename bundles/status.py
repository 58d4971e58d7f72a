"""How far a bundle's proof is, told from its journal by anyone at any time; and removing what no longer serves it."""
from __future__ import annotations

import contextlib
from pathlib import Path

from bundles.bundle import FILES, JOURNAL, LOCK, PROOFS, Bundle, open_bundle, provable, why_given_up
from bundles.journal import DONE, QUARANTINED, RUNNING, JobRow, Journal, Row
from bundles.lock import held, writer
from bundles.store import Store, unwritten
from bundles.tasks import STAGES, everything, root, serving
from bundles.terms import Facts
from stark.errors import Malformed

NAMED = 8                   # tasks that are told by name


def told_by_journal(bundle: Bundle) -> tuple[list[Row], JobRow | None]:
    """What it says; nothing if the proof was never begun."""
    path = bundle.work / JOURNAL
    if not path.is_file():
        return [], None
    with contextlib.closing(Journal(path, writing=False)) as journal:
        return journal.rows(), journal.job()


def begun(bundle: Bundle) -> Path:
    """Where the proof goes that was begun; Malformed if none was, Unsupported if there is none of this run."""
    provable(bundle)
    job = told_by_journal(bundle)[1]
    if job is None or not job.out:
        raise Malformed(f"no proof of {bundle.directory} was begun (longrun prove {bundle.directory} -o FILE begins it)")
    return Path(job.out)


def status(directory: Path) -> Facts:
    bundle = open_bundle(directory)
    manifest = bundle.manifest
    if manifest.outcome.running:
        return {"state": "given up", "outcome": str(manifest.outcome), "given up because": why_given_up(directory) or None,
                "segments": manifest.segments, "steps": manifest.steps}
    rows, job = told_by_journal(bundle)
    workers = max(1, job.workers if job else 1)
    owner = held(bundle.work / LOCK)
    goal = root(manifest.segments)
    tasks = list(everything(goal))
    done = {row.task: row for row in rows if row.state == DONE}
    running = [str(row.task) for row in rows if row.state == RUNNING]
    left = 0 if goal in done else sum(task not in done for task in tasks)
    state = "proved" if goal in done else "being proved" if owner else "stopped" if rows else "recorded"
    facts: dict[str, object] = {
        "state": state, "outcome": str(manifest.outcome), "owner": owner, "proof": job.out if job and job.out else None,
        "segments": manifest.segments, "steps": manifest.steps,
        "tasks": len(tasks), "done": len(tasks) - left, "left": left,
        **{f"{name} done": f"{sum(t.kind == kind for t in done)}/{sum(t.kind == kind for t in tasks)}" for kind, name in STAGES.items()},
        "running" if owner else "was running": running[:NAMED],
        "attempts": sum(row.starts for row in rows),
        "failed": {str(row.task): row.note for row in rows if row.state == QUARANTINED}}
    means = seconds_of(rows)
    if means and left:
        remaining = sum(means.get(task.kind, max(means.values())) for task in tasks if task not in done) / workers
        facts |= {"tasks per minute": round(60 * workers * len(done) / sum(row.seconds for row in done.values()), 1),
                  "seconds left": round(remaining)}
    return facts


def seconds_of(rows: list[Row]) -> dict[str, float]:
    """How long a task of each kind has taken, on the average."""
    found: dict[str, list[float]] = {}
    for row in rows:
        if row.state == DONE:
            found.setdefault(row.task.kind, []).append(row.seconds)
    return {kind: sum(values) / len(values) for kind, values in found.items()}


def collect(directory: Path) -> Facts:
    """Removes results that no task will ask for any more and what killed writers left; the run, its proof and what is still needed stay."""
    bundle = open_bundle(directory)
    manifest = bundle.manifest
    with writer(bundle.work / LOCK):
        unwritten(directory)
        done = {row.task: row.artefact for row in told_by_journal(bundle)[0] if row.state == DONE and row.artefact is not None}
        results = [done[task] for task in serving(root(manifest.segments), done)]
        files, size = Store(bundle.work / PROOFS).remove_others(results)
        named = [manifest.program, manifest.input, manifest.output, *manifest.states]
        run = [*named, *(boundary.snapshot for boundary in manifest.boundaries)]
        more, more_size = Store(directory / FILES).remove_others(run)
    return {"files removed": files + more, "bytes removed": size + more_size}

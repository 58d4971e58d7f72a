"""How far a bundle's proof is, told from its journal by anyone at any time; and removing what no longer serves it."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bundles.bundle import FILES, Bundle, open_bundle
from bundles.job import JOURNAL, LOCK, PROOFS, STAGES
from bundles.journal import DONE, QUARANTINED, RUNNING, Journal, Row
from bundles.lock import held, writer
from bundles.store import Store
from bundles.tasks import everything, root, serving
from stark.errors import Malformed

Facts = Mapping[str, object]
NAMED = 8                   # tasks that are told by name


def rows_of(bundle: Bundle) -> tuple[list[Row], int]:
    """What the journal says, and the number of workers; nothing if the proof was never begun."""
    path = bundle.work / JOURNAL
    if not path.is_file():
        return [], 1
    journal = Journal(path, writing=False)
    try:
        job = journal.job()
        return journal.rows(), max(1, job.workers if job else 1)
    finally:
        journal.close()


def begun(bundle: Bundle) -> Path:
    """Where the proof goes that was begun; Malformed if none was."""
    path = bundle.work / JOURNAL
    job = None
    if path.is_file():
        journal = Journal(path, writing=False)
        try:
            job = journal.job()
        finally:
            journal.close()
    if job is None or not job.out:
        raise Malformed(f"no proof of {bundle.directory} was begun (longrun prove {bundle.directory} -o FILE begins it)")
    return Path(job.out)


def status(directory: Path) -> Facts:
    bundle = open_bundle(directory)
    rows, workers = rows_of(bundle)
    owner = held(bundle.work / LOCK)
    goal = root(bundle.manifest.segments)
    tasks = list(everything(goal))
    done = {row.task: row for row in rows if row.state == DONE}
    running = [str(row.task) for row in rows if row.state == RUNNING]
    left = 0 if goal in done else sum(task not in done for task in tasks)
    facts: dict[str, object] = {
        "state": "proved" if goal in done else "being proved" if owner else "stopped" if rows else "recorded",
        "owner": owner, "segments": bundle.manifest.segments, "steps": bundle.manifest.steps,
        "tasks": len(tasks), "done": len(tasks) - left, "left": left,
        **{f"{name} done": f"{sum(t.kind == kind for t in done)}/{sum(t.kind == kind for t in tasks)}" for kind, name in STAGES.items()},
        "running" if owner else "was running": running[:NAMED],
        "started": sum(row.starts for row in rows),
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
        done = {row.task: row.artefact for row in rows_of(bundle)[0] if row.state == DONE and row.artefact is not None}
        results = [done[task] for task in serving(root(manifest.segments), done)]
        files, size = Store(bundle.work / PROOFS).remove_others(results)
        named = [manifest.program, manifest.input, manifest.output, *manifest.states]
        run = [*named, *(boundary.snapshot for boundary in manifest.boundaries)]
        more, more_size = Store(directory / FILES).remove_others(run)
    return {"files removed": files + more, "bytes removed": size + more_size}

"""A bundle's way to its proof: tasks are given to an engine, results are written down, and a later call goes on where this one ended."""
from __future__ import annotations

import contextlib
import errno
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from bundles.artefacts import Artefacts
from bundles.bundle import JOURNAL, LOCK, PROOFS, Bundle, at_work, open_bundle, provable
from bundles.engine import Engine, Failure, Finished, Reason
from bundles.errors import Misuse, Stuck
from bundles.formats import FILE_LIMIT
from bundles.journal import DONE, JobRow, Journal
from bundles.keys import RunKeys
from bundles.lock import writer
from bundles.store import Store
from bundles.tasks import STAGES, Task, everything, parsed, ready, root
from bundles.terms import Progress
from bundles.work import Work, trusted_of
from stark.errors import Malformed
from stark.kernels.protocol import Kernels
from wasm_exec.program import Program
from wasm_exec.recording import Outcome

KEYS = "keys"
FAILURES = 3                # a task that has failed so often is left aside
ROUNDS = 6                  # and so is one whose inputs had to be made anew so often
KILLS = 10                  # and one whose worker was killed from outside so often, say by a program that watches over the memory
PATIENCE_S = 1.0
NOTHING = bytes(32)         # in the place of the digest of a file


class Job:
    """One owner's sitting. `in_flight`: what an earlier owner had begun when it was killed."""

    def __init__(self, bundle: Bundle, journal: Journal, engine: Engine, cores: int, on_progress: Progress) -> None:
        self.bundle, self.journal, self.engine, self.cores, self.on_progress = bundle, journal, engine, cores, on_progress
        self.goal = root(bundle.manifest.segments)
        self.goals = [self.goal]            # what is worked for, from left to right
        self.done: dict[Task, bytes] = {row.task: row.artefact for row in journal.rows() if row.state == DONE and row.artefact}
        self.failures: dict[Task, int] = {}
        self.rounds: dict[Task, int] = {}
        self.kills: dict[Task, int] = {}
        self.running: set[Task] = set()
        self.aside: dict[Task, Failure] = {}
        self.seconds: dict[str, float] = {}
        self.totals: dict[str, int] = {}

    def run(self) -> bytes:
        """The digest of the run proof. Stuck if some tasks cannot be done; what is done stays done."""
        self.count()
        try:
            while not self.complete():
                self.submit()
                if not self.running:
                    self.idle()
                for finished in self.engine.wait(PATIENCE_S) if self.running else ():
                    self.take(finished)
        finally:
            self.engine.close()
        return self.done[self.goal]

    def complete(self) -> bool:
        return self.goal in self.done

    def idle(self) -> None:
        """There is nothing that could be begun, and nothing to wait for."""
        raise Stuck({str(task): str(failure) for task, failure in self.aside.items()}, self.bundle.directory)

    def count(self) -> None:
        """How much there is to do."""
        self.totals = {kind: sum(task.kind == kind for task in everything(self.goal)) for kind in STAGES}
        for kind in STAGES:
            self.tell(kind)

    def submit(self) -> None:
        """Fills the workers. Few tasks have many threads each, many tasks one. The last attempt at a task is made when nothing else can be
        begun, and alone: then it has all memory, and nobody else can be the reason if it fails."""
        if self.running and any(map(self.last_attempt, self.running)):
            return
        room = self.engine.workers - len(self.running)
        waiting = list(islice((task for task in self.able() if not self.last_attempt(task)), max(0, room)))
        if not waiting and not self.running:
            waiting = list(islice(self.able(), 1))
        threads = max(1, self.cores // max(1, len(self.running) + len(waiting)))
        for task in waiting:
            self.journal.started(task)
            self.running.add(task)
            self.engine.submit(task, [self.done[needed] for needed in task.inputs], threads)

    def able(self) -> Iterator[Task]:
        return (task for goal in self.goals for task in ready(goal, self.done, {*self.running, *self.aside}))

    def last_attempt(self, task: Task) -> bool:
        return self.failures.get(task, 0) >= FAILURES - 1 or self.kills.get(task, 0) >= KILLS - 1

    def take(self, finished: Finished) -> None:
        task, result = finished.task, finished.result
        self.running.discard(task)
        for stage, seconds in finished.seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
        if isinstance(result, bytes):
            self.done[task] = result
            self.failures.pop(task, None)
            self.kills.pop(task, None)
            self.journal.finished(task, result, finished.seconds.get("all", 0.0))
            self.tell(task.kind)
        else:
            self.failed(task, result)

    def failed(self, task: Task, failure: Failure) -> None:
        """What to do about it: again, what it worked on again, leave it aside, or stop everything."""
        if failure.reason in (Reason.BUNDLE, Reason.DISK):
            self.journal.failed(task, failure.text, quarantined=False, counts=False)
            if failure.reason == Reason.BUNDLE:
                raise Malformed(failure.text)
            raise OSError(errno.ENOSPC, failure.text)
        counted, most = {Reason.DAMAGED: (self.rounds, ROUNDS), Reason.KILLED: (self.kills, KILLS)}.get(
            failure.reason, (self.failures, FAILURES))
        counted[task] = counted.get(task, 0) + 1
        hopeless = counted[task] >= most
        self.journal.failed(task, failure.text, hopeless, counts=counted is self.failures)
        if hopeless:
            self.aside[task] = failure
            return
        for needed in task.inputs:
            if str(needed) == failure.about or failure.reason == Reason.REJECTED:
                self.done.pop(needed, None)
                self.journal.forget(needed, f"not usable for {task}: {failure.text}")

    def tell(self, kind: str) -> None:
        self.on_progress(STAGES[kind], sum(task.kind == kind for task in self.done), self.totals[kind])


@contextlib.contextmanager
def opened(bundle: Bundle, keys: RunKeys, kernels: Kernels, out: str, workers: int) -> Iterator[tuple[Journal, int]]:
    """The journal of a bundle for its one writer, and how many tasks an earlier one left in flight; Busy if there is a writer already."""
    with writer(bundle.work / LOCK):
        Store(bundle.work / PROOFS).sweep()
        journal = Journal(bundle.work / JOURNAL)
        try:
            found, segments = journal.job(), bundle.manifest.segments
            longer = (found is not None and found.segments < segments
                      and found.identity == identity_of(bundle, keys, kernels, found.segments))
            yield journal, journal.begin(JobRow(identity_of(bundle, keys, kernels), segments, out, workers), longer)
        finally:
            journal.close()


def identity_of(bundle: Bundle, keys: RunKeys, kernels: Kernels, segments: int | None = None) -> bytes:
    """Of so many first segments of this run, or of all, under these keys. Results of one job serve no other, but for a longer run that
    begins in the same way: what a proof of a segment, or of a span, says follows from its boundaries."""
    trusted, manifest = trusted_of(keys.profile, kernels, bundle.work / KEYS), bundle.manifest
    count = manifest.segments if segments is None else segments
    run = replace(manifest, boundaries=manifest.boundaries[:count + 1], budgets=manifest.budgets[:count], input=NOTHING, output=NOTHING,
                  states=(manifest.states[0], NOTHING), outcome=Outcome(manifest.boundaries[count].status, 0))
    hasher = hashlib.sha256(b"longrun job 2")
    for part in (run.encode(), str(keys.shape).encode(), repr((keys.profile.name, trusted.keys)).encode()):
        hasher.update(len(part).to_bytes(8, "little") + part)
    return hasher.digest()


def work_of(bundle: Bundle, program: Program, keys: RunKeys, kernels: Kernels) -> Work:
    return Work(bundle, program, keys, Artefacts(Store(bundle.work / PROOFS), keys), bundle.work / KEYS, kernels)


def work_on(directory: Path, kernels: Kernels) -> Work:
    """What a worker can do for the bundle in a directory."""
    from bundles.programs import remembered
    from bundles.proving import keys_of
    bundle = at_work(directory)
    program = remembered(bundle.app())
    return work_of(bundle, program, keys_of(bundle, program), kernels)


def attempted(directory: Path, name: str, kernels: Kernels) -> tuple[dict[str, object], bytes]:
    """Does one task in this process, with whatever error it ends in, and writes nothing into the journal. Facts, and the result."""
    try:
        task = parsed(name)
    except Malformed as error:
        raise Misuse(str(error)) from None
    bundle = open_bundle(directory)
    provable(bundle)
    goal = root(bundle.manifest.segments)
    if task not in everything(goal):
        there = f"its last one is {goal}"
        if task.kind in ("segment", "leaf"):
            there = f"its segments are 0 to {goal.last - 1}" if goal.last > 1 else "its only segment is 0"
        raise Misuse(f"the proof of {directory} has no task {name}; {there}")
    work = work_on(directory, kernels)
    done = {}
    if (bundle.work / JOURNAL).is_file():
        journal = Journal(bundle.work / JOURNAL, writing=False)
        done = {row.task: row.artefact for row in journal.rows() if row.state == DONE and row.artefact}
        journal.close()
    missing = [str(needed) for needed in task.inputs if needed not in done]
    if missing:
        raise Malformed(f"{name} works on results that are not there yet: {', '.join(missing)}")
    digest = work.do(task, [done[needed] for needed in task.inputs])
    seconds = {f"seconds, {stage}": round(value, 3) for stage, value in work.watch.seconds.items()}
    return {"task": name, "result": digest.hex(), **seconds}, work.artefacts.store.get(digest, f"the result of {name}", FILE_LIMIT)

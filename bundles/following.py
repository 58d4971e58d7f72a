"""Proving a session while it is open: segments are proved and joined when calls have filled them; when it is closed, what is left.

What is joined while the session goes on are spans that every longer run has in its tree, so that nothing is proved twice. The journal holds
them as it holds any task, and says with the digest of the segments so far whose they are.
"""
from __future__ import annotations

import contextlib
import time
from pathlib import Path

from bundles.artefacts import Damaged
from bundles.bundle import GROWING_LOCK, SESSION_LOG, Bundle, at_work, is_open, open_bundle, provable
from bundles.engine import Engine
from bundles.growing import Growth, application
from bundles.job import Job, identity_of, opened, work_of
from bundles.journal import Journal
from bundles.keys import RunKeys
from bundles.lock import writer
from bundles.machine import cores, fitting_workers
from bundles.programs import remembered
from bundles.proving import Proved, engine_of, handed_out, keys_of
from bundles.session_folder import not_open
from bundles.session_log import SessionLog
from bundles.tasks import peaks, root
from bundles.terms import Means, Progress
from stark.errors import Malformed
from stark.kernels.protocol import Kernels

LOOK_S = 0.2
MANY = 1 << 10              # segments: nobody knows yet how many there will be


class Following(Job):
    """A job whose run is not at its end. `growth` says what there is of it; when the session is closed it is a job like others."""

    def __init__(self, growth: Growth, keys: RunKeys, kernels: Kernels, bundle: Bundle, journal: Journal, engine: Engine, cores: int,
                 on_progress: Progress) -> None:
        super().__init__(bundle, journal, engine, cores, on_progress)
        self.growth, self.keys, self.kernels = growth, keys, kernels
        self.goals, self.closed, self.next_look = peaks(bundle.manifest.segments), False, 0.0

    def complete(self) -> bool:
        if not self.closed and time.monotonic() >= self.next_look:
            self.look()
            self.next_look = time.monotonic() + LOOK_S
        return self.closed and self.goal in self.done

    def look(self) -> None:
        """Takes in the segments that are new, or the end."""
        directory = self.bundle.directory
        more = looked(self.growth)
        self.closed = not is_open(directory)
        if not (more or self.closed):
            return
        self.bundle = open_bundle(directory) if self.closed else at_work(directory)
        manifest = self.bundle.manifest
        if self.closed:
            provable(self.bundle)
        self.goal = root(manifest.segments)
        self.goals = [self.goal] if self.closed else peaks(manifest.segments)
        self.journal.grown(identity_of(self.bundle, self.keys, self.kernels), manifest.segments)
        self.count()

    def idle(self) -> None:
        if self.closed or self.aside:
            super().idle()
        time.sleep(LOOK_S)


def looked(growth: Growth) -> bool:
    """Whether an open session has more whole segments than before."""
    try:
        return is_open(growth.directory) and growth.look()
    except (Malformed, OSError):
        if is_open(growth.directory):               # else it was closed while we looked
            raise
        return False


def prove_following(directory: Path, kernels: Kernels, on_progress: Progress, means: Means, out: str) -> Proved | None:
    """The proof of a session that is open now, when it has been closed. None if it was closed before a segment was full: then there is
    nothing to go on from, and it is proved like any bundle."""
    with writer(directory / GROWING_LOCK):
        return proved(directory, kernels, on_progress, means, out)


def proved(directory: Path, kernels: Kernels, on_progress: Progress, means: Means, out: str) -> Proved | None:
    with contextlib.closing(SessionLog(directory / SESSION_LOG, writing=False)) as log:
        header = log.header()
    if header is None:
        raise not_open(directory)
    program = remembered(application(directory, header))
    growth = Growth(directory, header, program, means.memory_limit)
    while not growth.segments and not looked(growth):
        if not is_open(directory):
            return None
        on_progress("calls", growth.calls, 0)
        time.sleep(LOOK_S)
    bundle = at_work(directory)
    keys = keys_of(bundle, program)
    workers = fitting_workers(keys, MANY, means.workers, means.memory_limit)
    with opened(bundle, keys, kernels, out, workers) as (journal, in_flight):
        while True:
            engine = engine_of(bundle, program, keys, kernels, workers, means)
            job = Following(growth, keys, kernels, bundle, journal, engine, cores(), on_progress)
            digest = job.run()
            try:
                return Proved(handed_out(job, work_of(job.bundle, program, keys, kernels), digest, False), in_flight, job.seconds)
            except Damaged as error:
                journal.forget(error.task, str(error))
                bundle = job.bundle

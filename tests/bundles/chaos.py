"""`make chaos`: kills processes of a proving job at random moments, goes on, and counts what had to be done again. What else can go wrong
once (a full disk, a lost file, a worker without memory, a scheduler that dies, two commands at a time) is in the tests that it runs then.

Every kill hits the command or one of its workers with SIGKILL. A job is one toy run; when it is proved before all kills are spent, its
work is removed and it begins anew. Every proof must be valid, of the same claim word for word, and every job may have begun at most as
many tasks as it has, plus those that were in flight at its kills.
"""
from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bundles import api
from bundles.files import RunFile, read_proof
from bundles.formats import decode_proof
from bundles.journal import DONE, RUNNING
from bundles.tasks import everything, root
from tests.bundles.jobs import SUM, all_gone, answer, children, entered, longrun, recorded, rows

WORKERS = 2
MORE = 4                    # tasks, fewer than so many, that are done between two kills if it is waited for any
START_S = 120.0             # for a command to begin its first task, on a machine that others use as well


@dataclass
class Counts:
    """What happened in all jobs together."""

    jobs: int = 0
    kills: int = 0
    of_workers: int = 0
    in_flight: int = 0          # tasks that were running in what was killed
    repeated: int = 0           # tasks that were begun more than once


@dataclass
class Chaos:
    """`longest`: seconds between two kills, at most."""

    directory: Path
    segments: int
    kills: int
    longest: float
    rng: random.Random
    counts: Counts
    engine: str = "processes"

    @property
    def proof(self) -> Path:
        return self.directory.parent / "chaos.proof"

    def job(self) -> None:
        """One job from its beginning to its proof."""
        shutil.rmtree(self.directory / "work", ignore_errors=True)
        self.proof.unlink(missing_ok=True)
        lost = 0
        while not self.proof.exists():
            lost += self.sitting()
        tasks = sum(1 for _ in everything(root(self.segments)))
        repeated = sum(row.starts for row in rows(self.directory)) - tasks
        if repeated > lost:
            raise AssertionError(f"{repeated} tasks were begun again, {lost} were in flight when something was killed")
        self.counts.jobs += 1
        self.counts.in_flight += lost
        self.counts.repeated += repeated

    def sitting(self) -> int:
        """The command is started and things are killed until it ends; how many tasks were in flight in what was killed."""
        lost = 0
        process = longrun("prove", self.directory, "-o", self.proof, "--workers", str(WORKERS), "--engine", self.engine)
        with process:
            while self.counts.kills < self.kills:
                if self.rng.random() < 0.5:             # on a slow machine all kills would hit the start, or one task for ever
                    self.at_work(process, self.rng.randrange(MORE))
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(self.rng.uniform(0.0, self.longest))
                if process.poll() is not None:
                    break
                workers = children(process.pid)
                victim = self.rng.choice([process.pid, *workers])
                self.counts.kills += 1
                if self.counts.kills % 10 == 0:
                    print(vars(self.counts), file=sys.stderr, flush=True)
                if victim != process.pid:
                    self.counts.of_workers += 1
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(victim, signal.SIGKILL)
                    lost += 1
                    continue
                process.kill()
                process.wait()
                if not all_gone(workers, START_S):          # one that has just begun knows nothing of its parent yet
                    raise AssertionError("a worker outlived its job")
                return lost + self.running()
            _, said = process.communicate()
        if process.returncode not in (0, -signal.SIGKILL):
            raise AssertionError(f"the job ended with {process.returncode}: {said.decode()}")
        return lost

    def at_work(self, process: subprocess.Popen[bytes], more: int) -> None:
        """Waits until so many more tasks are done and something is in flight, or the command has ended."""
        until, enough = time.monotonic() + START_S, self.count(DONE) + more
        while time.monotonic() < until and process.poll() is None:
            if self.count(DONE) >= enough and self.running() and children(process.pid):
                return
            time.sleep(0.05)

    def running(self) -> int:
        """Tasks that the journal says are running."""
        return self.count(RUNNING)

    def count(self, state: str) -> int:
        """Tasks in this state; none when the command was killed before there was a journal."""
        return sum(row.state == state for row in rows(self.directory))

    def claim(self) -> list[int]:
        """Of the proof, which must be valid."""
        content = entered(self.segments)
        api.verify(self.proof, [SUM], content, answer(content), 0, allow_toy=True)
        file = read_proof(decode_proof(self.proof.read_bytes()))
        if not isinstance(file, RunFile):
            raise AssertionError("this is not a run proof")
        return [int(word) for word in file.claim.words]


def chaos(folder: Path, segments: int, kills: int, longest: float, seed: int, engine: str = "processes") -> Counts:
    """AssertionError unless every job ends with the same claim and repeats no more than what was in flight."""
    directory = folder / "run"
    if recorded(directory, segments) != segments:
        raise AssertionError(f"the run does not have {segments} segments")
    one, claims = Chaos(directory, segments, kills, longest, random.Random(seed), Counts(), engine), []
    while not claims or one.counts.kills < kills:
        one.job()
        claims.append(one.claim())
        if claims[-1] != claims[0]:
            raise AssertionError("the claims of two jobs differ")
    one.kills = 0
    one.job()                                   # and once without any kill
    if one.claim() != claims[0]:
        raise AssertionError("an undisturbed job has another claim")
    return one.counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--segments", type=int, default=40)
    parser.add_argument("--longest", type=float, default=4.0, help="seconds between two kills, at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", default="processes", choices=("processes", "dask"))
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        counts = chaos(Path(folder), options.segments, options.kills, options.longest, options.seed, options.engine)
    print(json.dumps(vars(counts) | {"seconds": round(time.monotonic() - started)}))


if __name__ == "__main__":
    main()

"""The engine of several worker processes on this machine. They share the bundle's directory; names and digests go through pipes."""
from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bundles.deaths import death, memory_kills
from bundles.engine import Failure, Finished, Reason
from bundles.tasks import Task, parsed

START = ("import sys; sys.path[:] = {path!r}; from bundles.orphan import end_with; end_with(int(sys.argv[1])); "
         "from bundles.{module} import main; main(sys.argv[2:])")
READ = 1 << 16
ENDING_S = 10.0                 # for a worker that has closed its pipe


class Worker:
    """One process and the task that it has."""

    def __init__(self, directory: Path) -> None:
        command = [sys.executable, "-c", START.format(path=sys.path, module="worker"), str(os.getpid()), str(directory)]
        # a group of its own: what a terminal sends to the parent's group, the parent decides upon
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, process_group=0)
        self.task: Task | None = None
        self.kills: int | None = None           # those for lack of memory, when the task began
        self.heard = b""

    def tell(self, task: Task, inputs: Sequence[bytes], threads: int) -> None:
        """A worker that is dead already is found so when it is listened to."""
        self.task, self.kills = task, memory_kills()
        assert self.process.stdin is not None
        line = json.dumps({"task": str(task), "inputs": [digest.hex() for digest in inputs], "threads": threads})
        try:
            self.process.stdin.write(line.encode() + b"\n")
        except BrokenPipeError:
            pass

    def hear(self) -> Finished | None:
        """Reads what has come; the end of a task if there is one. A worker that has died has ended its task so."""
        assert self.process.stdout is not None and self.task is not None
        content = os.read(self.process.stdout.fileno(), READ)
        self.heard += content
        if not content:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(ENDING_S)
            self.end()
            return Finished(self.task, death(self.process.returncode, self.kills))
        if not self.heard.endswith(b"\n"):
            return None
        answer, self.heard = json.loads(self.heard), b""
        if "result" in answer:
            return Finished(parsed(answer["task"]), bytes.fromhex(answer["result"]), answer["seconds"])
        return Finished(parsed(answer["task"]), Failure(Reason(answer["reason"]), answer["text"], answer["about"]), answer["seconds"])

    def end(self) -> None:
        """Results are written whole or not at all, so that a worker can be killed at any time."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


class Processes:
    """So many workers, started when they are needed, replaced when they die."""

    def __init__(self, directory: Path, workers: int) -> None:
        self.directory, self.workers = directory, workers
        self.idle: list[Worker] = []
        self.busy: list[Worker] = []

    def submit(self, task: Task, inputs: Sequence[bytes], threads: int) -> None:
        worker = self.nearest(task) if self.idle else Worker(self.directory)
        self.busy.append(worker)
        worker.tell(task, inputs, threads)

    def nearest(self, task: Task) -> Worker:
        """The idle worker that did the latest work before this task, whose memory has the shortest way to go."""
        before = [worker for worker in self.idle if worker.task and worker.task.last <= task.first]
        worker = max(before, key=lambda worker: worker.task.last if worker.task else 0) if before else self.idle[0]
        self.idle.remove(worker)
        return worker

    def wait(self, seconds: float) -> list[Finished]:
        until, ended = time.monotonic() + seconds, list[Finished]()
        with selectors.DefaultSelector() as selector:
            for worker in self.busy:
                assert worker.process.stdout is not None
                selector.register(worker.process.stdout, selectors.EVENT_READ, worker)
            while not ended and (left := until - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    finished = key.data.hear()
                    if finished is not None:
                        ended.append(finished)
                        self.release(key.data, finished.result)
        return ended

    def release(self, worker: Worker, result: bytes | Failure) -> None:
        """One without memory gives back what it holds: the next worker begins with little."""
        self.busy.remove(worker)
        if isinstance(result, Failure) and result.reason == Reason.MEMORY and worker.process.returncode is None:
            worker.end()
        if worker.process.returncode is None:
            self.idle.append(worker)

    def close(self) -> None:
        for worker in [*self.idle, *self.busy]:
            worker.end()
        self.idle, self.busy = [], []

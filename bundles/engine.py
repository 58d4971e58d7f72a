"""Who carries out tasks: an engine takes names of tasks and digests of results, and gives back digests or reasons. No bytes travel."""
from __future__ import annotations

import errno
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from bundles.artefacts import Damaged
from bundles.tasks import Task
from bundles.work import Work
from stark.errors import Malformed, Rejected

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}


class Reason(StrEnum):
    """Why a task was not done."""

    DAMAGED = "damaged"         # the result of `about` cannot be used: that task is to be done again
    REJECTED = "rejected"       # what this task works on does not hold, or the task itself is wrong
    BUNDLE = "bundle"           # the bundle itself is damaged: nothing can go on
    DISK = "disk"               # nothing can be written: nothing can go on
    MEMORY = "memory"
    DIED = "died"               # the worker ended without an answer
    KILLED = "killed"           # so it did, and the task is not to blame: somebody ended the worker, or the scheduler forgot the task
    FAULT = "fault"             # anything else: a fault of ours


@dataclass(frozen=True)
class Failure:
    reason: Reason
    text: str
    about: str = ""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Finished:
    """The end of a task: the digest of its result or a failure, and the seconds of its stages; `all` is the whole task, `processor` what
    it took of the processor."""

    task: Task
    result: bytes | Failure
    seconds: Mapping[str, float] = field(default_factory=dict)


class Engine(Protocol):
    """Any engine does the same: what is submitted is finished, once, in any order."""

    @property
    def workers(self) -> int:
        """How many tasks can be carried out at a time."""

    def submit(self, task: Task, inputs: Sequence[bytes], threads: int) -> None:
        """Begins a task. The caller submits no more than `workers` at a time."""

    def wait(self, seconds: float) -> list[Finished]:
        """What has ended; waits for something to end, but no longer than so many seconds."""

    def close(self) -> None:
        """Ends whatever is going on and leaves no process behind."""


class Inline:
    """One task at a time, in this process."""

    workers = 1

    def __init__(self, work: Work) -> None:
        self.work = work
        self.ended: list[Finished] = []

    def submit(self, task: Task, inputs: Sequence[bytes], threads: int) -> None:
        self.ended.append(carried_out(self.work, task, inputs))

    def wait(self, seconds: float) -> list[Finished]:
        ended, self.ended = self.ended, []
        return ended

    def close(self) -> None:
        """Nothing goes on between two calls."""


def carried_out(work: Work, task: Task, inputs: Sequence[bytes]) -> Finished:
    """Does a task, and tells its failures apart."""
    started, processor = time.perf_counter(), time.process_time()
    work.watch.seconds.clear()
    result = attempt(work, task, inputs)
    spent = {"all": time.perf_counter() - started, "processor": time.process_time() - processor}
    return Finished(task, result, work.watch.seconds | spent)


def attempt(work: Work, task: Task, inputs: Sequence[bytes]) -> bytes | Failure:
    try:
        return work.do(task, inputs)
    except Damaged as error:
        return Failure(Reason.DAMAGED, str(error), str(error.task))
    except Rejected as error:
        return Failure(Reason.REJECTED, f"rejected: {error}")
    except Malformed as error:
        return Failure(Reason.BUNDLE, str(error))
    except MemoryError:
        return Failure(Reason.MEMORY, "there is not enough memory")
    except OSError as error:
        reason = Reason.DISK if error.errno in NO_ROOM else Reason.FAULT
        return Failure(reason, f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except Exception as error:      # whatever a task dies of must not end the job
        return Failure(Reason.FAULT, f"{type(error).__name__}: {error}")

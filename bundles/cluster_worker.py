"""What a worker of a cluster does: it carries out tasks by their names, with the bundle in a directory that it shares with the command.

A cluster is started with `dask scheduler` and `dask worker`, one thread for each worker process; a worker needs longrun, the directory
under the same path, and nothing else. `main` is a worker of an embedded cluster: it hears on its standard input where the scheduler is.
"""
from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bundles.deaths import OUT_OF_MEMORY
from bundles.engine import Failure, Finished, Reason, carried_out
from bundles.job import work_on
from bundles.tasks import Task, parsed
from bundles.work import Work
from bundles.worker import answer
from stark.errors import Malformed
from stark.kernels import load

_KNOWN: dict[tuple[str, bytes], Work] = {}          # the work of the last bundle
_ONE = threading.Lock()                             # at a time
_OWN = threading.Event()                            # set in a worker of an embedded cluster, which is replaced when it ends


def carry_out(directory: str, identity: bytes, name: str, inputs: Sequence[bytes], threads: int) -> dict[str, object]:
    """Does one task of the bundle in this directory. `identity` is that of the job: another run may come to lie in the same place."""
    task = parsed(name)
    with _ONE:
        try:
            work = _KNOWN.get((directory, identity))
            if work is None:
                _KNOWN.clear()
                work = _KNOWN[directory, identity] = work_on(Path(directory), load("best", threads))
        except Malformed as error:
            return answer(Finished(task, Failure(Reason.BUNDLE, str(error))))
        work.use(load("best", threads))
        finished = carried_out(work, task, inputs)
        if _OWN.is_set() and isinstance(finished.result, Failure) and finished.result.reason is Reason.MEMORY:
            os._exit(OUT_OF_MEMORY)                 # gives back what it holds: the next worker begins with little
        return answer(finished) | {"cap": cap(work, task, finished)}


def cap(work: Work, task: Task, finished: Finished) -> str:
    """The digest of a file with the cap of the key of a span's proof, so that whoever takes the proof need not make the key."""
    if isinstance(finished.result, Failure) or task.kind not in ("leaf", "join"):
        return ""
    kind = work.artefacts.span(task, finished.result).kind
    return work.artefacts.store.put(work.prover.setup.cap(kind).astype("<u4").tobytes()).hex()


def main(_: Sequence[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)        # the parent decides what an interruption means
    os.dup2(2, 1)
    asyncio.run(serve(json.loads(sys.stdin.readline())))


def quiet() -> None:
    """What dask says to itself is not for people; importing it has set another level."""
    for name in list(logging.root.manager.loggerDict):
        if name.split(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


async def serve(told: dict[str, Any]) -> None:
    _OWN.set()
    from distributed import Worker
    from distributed.security import Security
    quiet()
    security = Security(require_encryption=True, **told["security"])
    async with Worker(told["scheduler"], nthreads=1, security=security, memory_limit=0, host="127.0.0.1", dashboard=False,
                      name=str(os.getpid())) as worker:
        await worker.finished()

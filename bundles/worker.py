"""A worker process: reads tasks from its standard input, carries them out, writes what came of them to its standard output, a line each.

It ends with its parent: the system kills it when the parent dies (bundles/orphan.py), and where the system cannot, the end of the input
does.
"""
from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from bundles.engine import Failure, Finished, Reason, carried_out
from bundles.tasks import parsed
from bundles.work import Work
from stark.errors import Malformed


def main(arguments: Sequence[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)        # the parent decides what an interruption means
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)                                       # whatever else is printed must not look like an answer
    asked: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=listen, args=(asked,), daemon=True).start()
    serve(Path(arguments[0]), asked, answers)


def listen(asked: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin.buffer:
        asked.put(json.loads(line))
    os._exit(0)


def serve(directory: Path, asked: queue.SimpleQueue[dict[str, Any]], answers: BinaryIO) -> None:
    from bundles.job import work_on
    from stark.kernels import load
    work: Work | None = None
    while True:
        question = asked.get()
        task, kernels = parsed(question["task"]), load("best", question["threads"])
        try:
            work = work or work_on(directory, kernels)
        except Malformed as error:
            finished = Finished(task, Failure(Reason.BUNDLE, str(error)))
        else:
            work.use(kernels)
            finished = carried_out(work, task, [bytes.fromhex(digest) for digest in question["inputs"]])
        answers.write(json.dumps(answer(finished)).encode() + b"\n")


def answer(finished: Finished) -> dict[str, object]:
    result = finished.result
    told: dict[str, object] = {"task": str(finished.task), "seconds": dict(finished.seconds)}
    if isinstance(result, bytes):
        return told | {"result": result.hex()}
    return told | {"reason": result.reason.value, "text": result.text, "about": result.about}

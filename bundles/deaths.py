"""What the end of a worker without an answer says about its task: whether the task can be to blame, or somebody outside.

Linux counts the processes that it kills for lack of memory. A worker that was killed while that number stood still was killed by somebody.
"""
from __future__ import annotations

import signal
from pathlib import Path

from bundles.engine import Failure, Reason

COUNTERS = Path("/proc/vmstat")
OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGHUP}       # what a process does not do to itself by accident
OUT_OF_MEMORY = 75              # exit code of a worker that gives back all its memory, because that was not enough
NO_MEMORY = Failure(Reason.MEMORY, "there is not enough memory")


def memory_kills() -> int | None:
    """How many processes this system has killed for lack of memory; None if it does not say."""
    try:
        lines = COUNTERS.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)


def death(code: int, before: int | None) -> Failure:
    """Of a worker that ended with this code, negative for a signal. `before`: the memory kills when its task began."""
    if code == OUT_OF_MEMORY:
        return NO_MEMORY
    if code >= 0:
        return Failure(Reason.DIED, f"its worker ended without an answer, exit code {code}")
    said = f"its worker was killed by signal {-code}"
    if -code not in OUTSIDE:
        return Failure(Reason.DIED, said)
    after = memory_kills()
    if -code == signal.SIGKILL and (before is None or after is None):
        return Failure(Reason.DIED, f"{said}, perhaps for lack of memory")
    if -code == signal.SIGKILL and before != after:
        return Failure(Reason.MEMORY, "the system killed its worker for lack of memory")
    return Failure(Reason.KILLED, f"{said} from outside")

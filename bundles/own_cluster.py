"""A dask cluster of our own on this machine: a scheduler in this process, and workers that are replaced when they end."""
from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import subprocess
import sys
from typing import Any

from bundles.processes import START

UNBORN = 20                     # workers that end in a row before they have joined
ENDING_S = 10.0                 # for a worker that has closed its connections


class OwnCluster:
    """A scheduler in this process, and so many workers in processes of their own; they speak TLS with certificates that only they know."""

    def __init__(self, count: int) -> None:
        import dask
        from distributed import LocalCluster
        from distributed.security import Security
        dask.config.set({"distributed.scheduler.allowed-failures": 0, "distributed.worker.memory.terminate": False})
        self.count, self.security = count, Security.temporary()
        self.cluster = LocalCluster(n_workers=0, processes=False, host="127.0.0.1", protocol="tls://", security=self.security,
                                    dashboard_address=None, silence_logs=logging.CRITICAL)
        self.processes = [self.started() for _ in range(count)]
        self.codes: dict[str, int] = {}
        self.known: set[str] = set()
        self.unborn = 0

    @property
    def address(self) -> tuple[str, Any]:
        return self.cluster.scheduler_address, self.security

    def started(self) -> subprocess.Popen[bytes]:
        """What others must not see goes through the pipe. The group is its own: what a terminal sends, the parent decides upon."""
        command = [sys.executable, "-c", START.format(path=sys.path, module="cluster_worker"), str(os.getpid())]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0, process_group=0)
        security = {name: getattr(self.security, name) for name in ("tls_ca_file", "tls_worker_cert", "tls_worker_key")}
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):      # it has ended already, and is replaced
            process.stdin.write(json.dumps({"scheduler": self.cluster.scheduler_address, "security": security}).encode() + b"\n")
        return process

    def replace(self) -> None:
        """Starts others for those that have ended; OSError if none lives long enough to join."""
        self.known |= self.joined()
        for number, process in enumerate(self.processes):
            code = process.poll()
            if code is not None:
                ended(process)
                self.codes[str(process.pid)] = code
                self.unborn = 0 if str(process.pid) in self.known else self.unborn + 1
                if self.unborn > UNBORN:
                    raise OSError(errno.ECHILD, f"workers end before they join the cluster, the last one with {code}", "dask")
                self.processes[number] = self.started()

    def joined(self) -> set[str]:
        """The names of the workers that the scheduler knows now."""
        return {str(worker.name) for worker in list(self.cluster.scheduler.workers.values())}

    def code(self, name: str) -> int | None:
        """How the worker of this name ended; it has closed its connections, so that it is about to, if it has not yet."""
        process = next((one for one in self.processes if str(one.pid) == name), None)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(ENDING_S) if process else self.codes.get(name)
        return None

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            ended(process)
        self.cluster.close(timeout=5)


def ended(process: subprocess.Popen[bytes]) -> None:
    process.wait()
    if process.stdin is not None:
        process.stdin.close()

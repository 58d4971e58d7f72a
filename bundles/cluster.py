"""The engine of a dask cluster: one that is somewhere, by the address of its scheduler, or one of our own on this machine.

Names and digests travel, not bytes: workers share the bundle's directory. Every result is verified when it arrives. Peers of a cluster can
run any code as each other (docs/cluster.md), so they speak TLS, except with a scheduler on this machine.
"""
from __future__ import annotations

import errno
import queue
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from bundles.arrival import Arrival
from bundles.cluster_worker import carry_out, quiet
from bundles.deaths import death, memory_kills
from bundles.engine import Failure, Finished, Reason
from bundles.errors import Misuse, Unsupported
from bundles.own_cluster import OwnCluster
from bundles.tasks import Task
from stark.errors import Malformed, Rejected

if TYPE_CHECKING:
    from distributed import Client, Future

LOOPBACK = ("127.0.0.1", "localhost", "::1")
PATIENCE_S = 30.0               # for a scheduler to answer, and for a first worker
GONE_S = 5.0                    # without a scheduler that was there; tasks that one has forgotten are begun again
LONGEST_S = 1e9                 # of a stage; what is longer, or no number, is no answer
CERTIFICATES = {"tls_ca_file": "ca.pem", "tls_client_cert": "cert.pem", "tls_client_key": "key.pem"}


@dataclass(frozen=True)
class Place:
    """Where the scheduler is, and the folder with certificates to speak to it. No address: a cluster of our own."""

    scheduler: str | None = None
    certificates: Path | None = None

    def security(self) -> Mapping[str, str]:
        """Misuse if others could listen in or join."""
        address = urlparse(self.scheduler or "")
        if address.scheme not in ("tcp", "tls") or not address.hostname:
            raise Misuse(f"{self.scheduler} is no address of a scheduler; it is like tls://HOST:8786")
        if address.scheme == "tcp":
            if address.hostname not in LOOPBACK:
                raise Misuse(f"{self.scheduler} is another machine without TLS: whoever reaches it can run code here")
            return {}
        if self.certificates is None:
            raise Misuse("a scheduler with TLS needs --tls FOLDER, with ca.pem, cert.pem and key.pem in it")
        missing = [name for name in CERTIFICATES.values() if not (self.certificates / name).is_file()]
        if missing:
            raise FileNotFoundError(errno.ENOENT, "there is no such file", str(self.certificates / missing[0]))
        return {option: str(self.certificates / name) for option, name in CERTIFICATES.items()}


class Cluster:
    """Tasks as futures of dask. `own`: workers of our own, started again when they die."""

    def __init__(self, directory: Path, arrival: Arrival, identity: bytes, place: Place, own: int) -> None:
        security = None if place.scheduler is None else place.security()
        needed()
        self.directory, self.arrival, self.identity = directory, arrival, identity
        self.ended: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self.tasks: dict[str, tuple[Task, Sequence[bytes], Future, int | None]] = {}
        self.submitted, self.heard, self.address = 0, time.monotonic(), place.scheduler
        self.own = None if security is not None else OwnCluster(own)
        self.client = client(*self.own.address) if self.own else client(str(place.scheduler), security or {})

    @property
    def workers(self) -> int:
        """As many as there are now; they may come and go."""
        if self.own:
            return max(1, len(self.own.joined()))       # a task without a worker waits for the first one
        until = time.monotonic() + PATIENCE_S
        while not (count := self.joined()):
            if time.monotonic() > until:
                raise OSError(errno.ETIMEDOUT, "no worker has joined the cluster", self.client.scheduler.address)
            time.sleep(0.1)
        return count

    def joined(self) -> int:
        """Threads of workers that the scheduler knows now."""
        if self.client.status != "running":             # it would try to connect again, and block
            return self.silent()
        try:
            return sum(map(int, self.client.sync(self.client.scheduler.ncores, workers=None, callback_timeout=GONE_S).values()))
        except (OSError, TimeoutError):
            return self.silent()

    def silent(self) -> int:
        """Nothing is heard of the scheduler; OSError when that has lasted too long."""
        if time.monotonic() - self.heard > GONE_S:
            raise OSError(errno.ECONNABORTED, "the scheduler is gone", str(self.address))
        return 0

    def submit(self, task: Task, inputs: Sequence[bytes], threads: int) -> None:
        self.submitted += 1
        name = f"{task}, {self.identity.hex()[:8]}, {self.submitted}"
        future = self.client.submit(carry_out, str(self.directory.absolute()), self.identity, str(task), list(inputs), threads, key=name,
                                    pure=False, retries=0)
        self.tasks[name] = task, inputs, future, memory_kills()
        future.add_done_callback(self.ended.put)

    def wait(self, seconds: float) -> list[Finished]:
        if self.own:
            self.own.replace()
        if self.client.status == "running":
            self.heard = time.monotonic()
        else:
            self.silent()
        ended = []
        try:
            ended.append(self.ended.get(timeout=seconds))
            while True:
                ended.append(self.ended.get_nowait())
        except queue.Empty:
            pass
        return [self.finished(*self.tasks.pop(str(future.key))) for future in ended if str(future.key) in self.tasks]

    def finished(self, task: Task, inputs: Sequence[bytes], future: Future, kills: int | None = None) -> Finished:
        """`kills`: those for lack of memory, when the task began."""
        if future.status == "error":
            return Finished(task, self.blamed(future.exception(), kills))
        if future.status != "finished":
            return Finished(task, Failure(Reason.KILLED, f"the scheduler has forgotten it ({future.status})"))
        try:
            answer: dict[str, Any] = future.result(timeout=PATIENCE_S)
        except Exception as error:                      # the worker has ended since, and with it the answer
            future.cancel()
            return Finished(task, Failure(Reason.KILLED, f"its answer was lost ({type(error).__name__})"))
        try:
            seconds = {str(stage): float(value) for stage, value in answer["seconds"].items()}
            if not all(0 <= value < LONGEST_S for value in seconds.values()):
                raise ValueError("its seconds are none")
            if "result" not in answer:
                return Finished(task, Failure(Reason(answer["reason"]), str(answer["text"]), str(answer["about"])), seconds)
            result, cap = bytes.fromhex(answer["result"]), bytes.fromhex(answer["cap"])
            started = time.perf_counter()
            self.arrival.check(task, inputs, result, cap)
            return Finished(task, result, seconds | {"verify on arrival": time.perf_counter() - started})
        except (Malformed, Rejected, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            return Finished(task, Failure(Reason.FAULT, f"what came back is not a proof of this task: {error}"))

    def blamed(self, error: BaseException | None, kills: int | None) -> Failure:
        """Why a worker has not answered. Of our own ones it is known how they ended."""
        code = self.own.code(str(getattr(getattr(error, "last_worker", None), "name", ""))) if self.own else None
        if code is None:
            return Failure(Reason.DIED, f"its worker ended without an answer ({type(error).__name__})")
        return death(code, kills)

    def close(self) -> None:
        """What is under way is cancelled; a worker that is not ours ends its task, and nobody takes the result."""
        for _, _, future, _ in self.tasks.values():
            future.cancel()
        self.client.close(timeout=2)
        if self.own:
            self.own.close()


def client(address: str, security: Any) -> Client:
    """OSError if the scheduler does not answer."""
    from distributed import Client
    from distributed.security import Security
    if isinstance(security, Mapping):
        security = Security(require_encryption=True, **security) if security else Security()
    try:
        return Client(address, security=security, timeout=PATIENCE_S, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise OSError(errno.ECONNREFUSED, f"the scheduler does not answer ({type(error).__name__})", address) from None


def needed() -> None:
    """Unsupported if the extra is not installed."""
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise Unsupported("the engine dask needs the extra of this name: pip install 'longrun[dask]'") from None
    quiet()

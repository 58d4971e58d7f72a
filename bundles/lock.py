"""One writer at a time. The system lets go of the lock when its owner ends, however it ends."""
from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from bundles.bundle import WORK
from bundles.errors import Busy
from wasm_exec.kept_files import own_folder

NOTE_LIMIT = 64
OWN = os.O_NOFOLLOW | os.O_NONBLOCK             # a link may lead to anybody's file, which is written to; a pipe would be waited for
TRIES, PAUSE = 5, 0.1           # a reader that only looks holds the lock for a moment


@contextlib.contextmanager
def writer(path: Path, doing: str = "being proved") -> Iterator[None]:
    """Held for as long as the block runs; Busy, with the owner's number and since when, if another process holds it."""
    own_folder(path.parent)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | OWN, 0o600)
    try:
        if not taken(handle):
            raise Busy(note(handle), doing, path.parents[path.parent.name == WORK])
        os.ftruncate(handle, 0)
        os.write(handle, f"process {os.getpid()} since {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} UTC".encode())
        yield
    finally:
        os.close(handle)


def taken(handle: int) -> bool:
    for left in range(TRIES, 0, -1):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if left > 1:
                time.sleep(PAUSE)
    return False


def note(handle: int) -> str:
    """What the owner wrote, if it is printable."""
    text = os.pread(handle, NOTE_LIMIT, 0).decode("ascii", "replace")
    return text if text.isascii() and text.isprintable() and text else "another process"


def held(path: Path) -> str | None:
    """The owner of a lock, None if it is free. Only looks."""
    try:
        handle = os.open(path, os.O_RDONLY | OWN)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        return note(handle)
    finally:
        os.close(handle)

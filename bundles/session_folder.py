"""The directory of an open session: whether one may be begun or is open there, and what of it goes when it is closed."""
from __future__ import annotations

import contextlib
import errno
import shutil
from pathlib import Path

from bundles.bundle import FILES, GROWING, GROWING_LOCK, MANIFEST, SESSION_LOG, WORK, open_bundle, unfinished
from bundles.bundle import LOCK as PROVING
from bundles.errors import Busy, Over
from bundles.lock import writer
from bundles.programs import remembered
from bundles.session_log import SessionLog
from stark.errors import Malformed

LOCK, PAUSED = "session.lock", "paused"
DOING = "in use"


def not_open(directory: Path) -> Exception:
    """What is there instead."""
    if not directory.exists():
        return FileNotFoundError(errno.ENOENT, "there is no such session directory", str(directory))
    if not (directory / MANIFEST).is_file():
        return Malformed(f"{directory} is not an open session")
    if not remembered(open_bundle(directory).app()).events:
        return Malformed(f"{directory} is the bundle of a run and never was a session (longrun open APP.wasm begins one)")
    return Over(f"the session in {directory} is closed", directory)


def fresh(directory: Path) -> bool:
    """Nothing, or what is left of a session that was not opened to the end."""
    if not directory.exists() or unfinished(directory):
        return True
    if not directory.is_dir() or not all(path.name == FILES or path.name.startswith("session.") for path in directory.iterdir()):
        return False
    if not (directory / SESSION_LOG).is_file():
        return True
    with contextlib.closing(SessionLog(directory / SESSION_LOG, writing=False)) as log:
        return log.header() is None


def forgotten(directory: Path) -> None:
    """Removes what only an open session needs."""
    for name in (SESSION_LOG, f"{SESSION_LOG}-wal", f"{SESSION_LOG}-shm", GROWING):
        (directory / name).unlink(missing_ok=True)
    without_paused(directory)
    for name in (LOCK, f"{PAUSED}.lock", GROWING_LOCK):
        (directory / name).unlink(missing_ok=True)


def without_paused(directory: Path) -> tuple[int, int]:
    """Removes the bundles of how a session stood, but for those that are being proved; how many files there were, and how many bytes."""
    folder, sizes = directory / PAUSED, list[int]()
    if not folder.is_dir() or folder.is_symlink():          # what a link leads to may be anybody's
        return 0, 0
    for place in [path for path in folder.iterdir() if path.name.isdecimal() and path.is_dir() and not path.is_symlink()]:
        with contextlib.suppress(Busy), writer(place / WORK / PROVING):
            sizes += [path.lstat().st_size for path in place.rglob("*") if path.is_file() and path.name != PROVING]
            shutil.rmtree(place, ignore_errors=True)
    with contextlib.suppress(OSError):
        folder.rmdir()
    return len(sizes), sum(sizes)

"""Files that spare work to be done again, in a folder of the user. Whatever is wrong with one of them is as if it were not there."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

DIGEST_BYTES = 32


def folder_of(name: str) -> Path:
    """Below $XDG_CACHE_HOME, or ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "longrun" / name


def read(path: Path) -> bytes | None:
    """What was written there. Its digest keeps out what is damaged, and only the user's own files are taken."""
    try:
        if hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
            return None
        content = path.read_bytes()
        if hashlib.sha256(memoryview(content)[DIGEST_BYTES:]).digest() != content[:DIGEST_BYTES]:
            return None
        os.utime(path)
        return content[DIGEST_BYTES:]
    except OSError:
        return None


def own_folder(folder: Path) -> None:
    """Makes a folder, and those above it that are not there, for the owner alone, whatever the mask of this process."""
    for place in reversed([folder, *folder.parents]):
        if not place.is_dir():
            place.mkdir(mode=0o700, exist_ok=True)


def write(path: Path, content: bytes) -> None:
    """Under another name first, so that a reader sees all of it or nothing. A folder that cannot be written is no error."""
    name = ""
    try:
        own_folder(path.parent)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(content).digest() + content)
        os.replace(name, path)
    except OSError:
        if name:
            Path(name).unlink(missing_ok=True)


def tidy(folder: Path, newest: Path, limit: int) -> None:
    """Removes what was not used for the longest time while all files together have more bytes than this."""
    with suppress(OSError):
        files = sorted(((path.stat().st_mtime, path.stat().st_size, path) for path in folder.iterdir() if path != newest), reverse=True)
        total = newest.stat().st_size if newest.exists() else 0
        for _, size, path in files:
            total += size
            if total > limit:
                path.unlink(missing_ok=True)

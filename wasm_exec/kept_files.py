"""Files that spare work to be done again, in a folder of the user. Whatever is wrong with one of them is as if it were not there."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

DIGEST_BYTES = 32
LARGEST = 1 << 30  # bytes of a file that is read
WITHOUT_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)  # at a pipe, or through a link


def folder_of(name: str) -> Path:
    """Below $XDG_CACHE_HOME, or ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "longrun" / name


def read(path: Path) -> bytes | None:
    """What was written there under this name. Its digest keeps out what is damaged or was written under another name, and only the user's
    own files are taken: what is asked of a file is asked of the one that was opened, so that nobody can put another in its place."""
    try:
        with open(os.open(path, os.O_RDONLY | WITHOUT_WAITING), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
                return None
            content = file.read(LARGEST)
            if digest_of(path, memoryview(content)[DIGEST_BYTES:]) != content[:DIGEST_BYTES]:
                return None
            os.utime(file.fileno() if os.utime in os.supports_fd else path)
        return content[DIGEST_BYTES:]
    except OSError:
        return None


def digest_of(path: Path, content: bytes | memoryview) -> bytes:
    """Of what is written under a name."""
    digest = hashlib.sha256(os.fsencode(path.name) + b"\0")
    digest.update(content)
    return digest.digest()


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
            file.write(digest_of(path, content) + content)
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


@dataclass
class KeptFiles:
    """A folder of such files, each under the digest of the bytes that determine it. Without a folder nothing is kept."""

    folder: Path | None = None

    def find(self, what: bytes) -> bytes | None:
        return None if self.folder is None else read(self.folder / name_of(what))

    def keep(self, what: bytes, content: bytes, limit: int) -> None:
        """All files together have so many bytes then, or fewer."""
        if self.folder is not None:
            path = self.folder / name_of(what)
            write(path, content)
            tidy(self.folder, path, limit)

    def has(self, what: bytes) -> bool:
        """Whether there is a file of it, good or bad."""
        return self.folder is not None and (self.folder / name_of(what)).is_file()


def name_of(what: bytes) -> str:
    return hashlib.sha256(what).hexdigest()


@lru_cache(maxsize=1)
def our_code() -> str:
    """The digest of the code of this package, which decides what it makes."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))).hexdigest()

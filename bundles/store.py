"""Files named by the digest of their content: written once and whole, checked whenever they are read."""
from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Collection
from pathlib import Path

from stark.errors import Malformed

WRITING = ".writing-"


def digest_of(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


class Store:
    """A folder of such files, spread over subfolders by the first byte of the digest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, digest: bytes) -> Path:
        name = digest.hex()
        return self.folder / name[:2] / name[2:]

    def put(self, content: bytes) -> bytes:
        """Keeps the content and returns its digest. What is there already and whole is not written again."""
        digest = digest_of(content)
        path = self.path(digest)
        try:
            if path.stat().st_size == len(content) and digest_of(path.read_bytes()) == digest:
                return digest
        except FileNotFoundError:
            pass
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, content)
        return digest

    def get(self, digest: bytes, what: str, limit: int) -> bytes:
        """The content with this digest; Malformed if it is missing, damaged or longer than the limit."""
        try:
            content = read_limited(self.path(digest), what, min(limit, self.path(digest).stat().st_size))       # no more room than it takes
        except FileNotFoundError:
            raise Malformed(f"{what}: there is no file {self.path(digest)}") from None
        if digest_of(content) != digest:
            raise Malformed(f"{what}: the file {self.path(digest)} is damaged, its content does not have the digest of its name")
        return content


    def sweep(self) -> None:
        """Removes what killed writers left behind. Only for whoever alone writes here."""
        for path in self.folder.glob(f"*/{WRITING}*"):
            path.unlink(missing_ok=True)

    def remove_others(self, kept: Collection[bytes]) -> tuple[int, int]:
        """Removes every file but these; how many there were, and how many bytes."""
        self.sweep()
        paths = {self.path(digest) for digest in kept}
        others = [path for path in self.folder.glob("*/*") if path not in paths]
        size = sum(path.stat().st_size for path in others)
        for path in others:
            path.unlink(missing_ok=True)
        return len(others), size


def read_limited(path: Path, what: str, limit: int) -> bytes:
    """A file of at most `limit` bytes; one byte more is looked at, never the rest."""
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise Malformed(f"{what}: {path} has more than {limit} bytes")
    return content


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Under a temporary name first, so that a reader, or whoever comes after a crash, sees all of it or nothing."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=WRITING)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), mode)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def check_room(folder: Path) -> None:
    """OSError unless a file can be made in this folder, or in the nearest one above it that exists."""
    folder = folder.absolute()
    there = next(place for place in (folder, *folder.parents) if place.exists())
    try:
        handle, name = tempfile.mkstemp(dir=there, prefix=WRITING)
    except OSError as error:
        raise OSError(error.errno, f"no file can be made here ({error.strerror or error})", str(there)) from None
    os.close(handle)
    Path(name).unlink()


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

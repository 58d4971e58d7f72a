"""Files named by the digest of their content: written once and whole, checked whenever they are read."""
from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from stark.errors import Malformed
from wasm_exec.kept_files import own_folder

WRITING = ".writing-"
DIGEST_BYTES = 32
FOLDER, FILE = re.compile("[0-9a-f]{2}"), re.compile("[0-9a-f]{62}")


def digest_of(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


class Store:
    """A folder of such files, spread over subfolders by the first byte of the digest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.waiting: set[Path] | None = None               # files that are forced to the disk later

    def path(self, digest: bytes) -> Path:
        name = digest.hex()
        return self.folder / name[:2] / name[2:]

    def put(self, content: bytes) -> bytes:
        """Keeps the content and returns its digest. What is there already and whole is not written again."""
        digest = digest_of(content)
        path = self.path(digest)
        if self.waiting is not None:
            self.waiting.add(path)
        try:
            if path.stat().st_size == len(content) and digest_of(path.read_bytes()) == digest:
                return digest
        except FileNotFoundError:
            pass
        own_folder(path.parent)
        write_whole(path, content, forced=self.waiting is None)
        return digest

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What is put in the block is on the disk behind it: thousands of files are forced there at once in less time than one by one."""
        waiting = self.waiting = set[Path]()
        try:
            yield
        finally:
            self.waiting = None
        for path in waiting:
            force(path)
        for folder in {path.parent for path in waiting}:
            force(folder)

    def get(self, digest: bytes, what: str, limit: int) -> bytes:
        """The content with this digest; Malformed if it is missing, damaged or longer than the limit."""
        try:
            if len(digest) != DIGEST_BYTES or not self.path(digest).is_file():      # a pipe would be waited for
                raise FileNotFoundError
            content = read_limited(self.path(digest), what, min(limit, self.path(digest).stat().st_size))       # no more room than it takes
        except FileNotFoundError:
            raise Malformed(f"{what}: there is no file {self.path(digest)}") from None
        if digest_of(content) != digest:
            raise Malformed(f"{what}: the file {self.path(digest)} is damaged, its content does not have the digest of its name")
        return content

    def entries(self) -> Iterator[Path]:
        """What stands in the folders of this store. Folders of other names are not its own, and what a link leads to may be anybody's."""
        if self.folder.is_dir() and not self.folder.is_symlink():
            for folder in self.folder.iterdir():
                if FOLDER.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
                    yield from (path for path in folder.iterdir() if path.is_symlink() or not path.is_dir())

    def sweep(self) -> None:
        """Removes what killed writers left behind. Only for whoever alone writes here."""
        for path in self.entries():
            if path.name.startswith(WRITING):
                path.unlink(missing_ok=True)

    def remove_others(self, kept: Collection[bytes]) -> tuple[int, int]:
        """Removes every file of the store but these; how many there were, and how many bytes. What a store does not make stays."""
        self.sweep()
        paths = {self.path(digest) for digest in kept}
        others = [path for path in self.entries() if FILE.fullmatch(path.name) and path not in paths]
        size = sum(path.lstat().st_size for path in others)
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


def write_whole(path: Path, content: bytes, mode: int = 0o600, forced: bool = True) -> None:
    """Under a temporary name first, so that a reader, or whoever comes after a crash, sees all of it or nothing; the latter only if it is
    forced to the disk."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=WRITING)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if forced:
                os.fsync(file.fileno())
            os.fchmod(file.fileno(), mode)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if forced:
        force(path.parent)


def unwritten(folder: Path) -> None:
    """Removes what killed writers left in this folder. Only for whoever alone writes here."""
    for path in folder.glob(f"{WRITING}*"):
        if path.is_symlink() or path.is_file():
            path.unlink(missing_ok=True)


def replaceable(path: Path) -> None:
    """OSError if what is there is a pipe or a device: it would be waited for, or another thing would be in its place afterwards."""
    if not path.is_file():
        raise FileExistsError(errno.EEXIST, "this is no file that something can take the place of", str(path))


def check_folder(file: Path) -> None:
    """FileNotFoundError unless there is a folder for this file. None is made for the result of a command: it may be misspelled."""
    if not file.absolute().parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such directory", str(file.parent))


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


def force(path: Path) -> None:
    """A file or a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

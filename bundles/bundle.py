"""A bundle directory: everything that proving a run needs, on disk."""
from __future__ import annotations

import errno
import shlex
from collections.abc import Iterable
from pathlib import Path

from bundles.changes import Difference
from bundles.difference import difference
from bundles.errors import REACHED, Unsupported
from bundles.formats import MAGIC as PROOF
from bundles.manifest import BoundaryEntry, Manifest, decode_manifest
from bundles.packing import SIZE_LIMIT
from bundles.snapshot import Stored, encode_pages
from bundles.state_files import STATE_FILE_LIMIT, decode_state, encode_state
from bundles.store import WRITING, Store, read_limited, unwritten, write_whole
from stark.errors import Malformed
from wasm_exec.changes import Changes
from wasm_exec.decode import MAGIC as WASM
from wasm_exec.program import Program
from wasm_exec.recording import Recording, SegmentStart
from wasm_exec.spaces import INPUT_LIMIT, OUTPUT_LIMIT
from wasm_exec.state import StateMap

MANIFEST = "manifest.msgpack"
SESSION_LOG = "session.sqlite"         # where a session stands that was not closed
GROWING = "growing.msgpack"            # the manifest of its whole segments, if its proof was begun
GROWING_LOCK = "growing.lock"          # held by who writes it
GIVEN_UP = "given_up"                  # which limit was reached by a run that has not ended
FILES = "files"
WORK = "work"
JOURNAL, LOCK, PROOFS = "journal.sqlite", "lock", "proofs"     # in the folder of the work
APP_LIMIT = 1 << 24
LIMIT_BYTES = 100


class Bundle:
    """An opened bundle directory. Files are read, and checked, when they are asked for."""

    def __init__(self, directory: Path, manifest: Manifest) -> None:
        self.directory, self.manifest, self.store = directory, manifest, Store(directory / FILES)

    def app(self) -> bytes:
        """The .wasm file as it was given."""
        return self.store.get(self.manifest.program, "the program", APP_LIMIT)

    def input(self) -> bytes:
        return self.store.get(self.manifest.input, "the input", INPUT_LIMIT)

    def output(self) -> bytes:
        return self.store.get(self.manifest.output, "the output", OUTPUT_LIMIT)

    def state_before(self) -> StateMap:
        """Of the application, as the run found it."""
        return self._state(0, "the state before")

    def state_after(self) -> StateMap:
        """As the run left it."""
        return self._state(1, "the state after")

    def _state(self, which: int, what: str) -> StateMap:
        return decode_state(self.store.get(self.manifest.states[which], what, STATE_FILE_LIMIT))

    def difference(self) -> Difference:
        return difference(self.state_before().entries, self.state_after().entries)

    def snapshot(self, index: int) -> Changes:
        """The pages that boundary `index` changed; they stay in their file."""
        return Stored(self.store, self.entry(index).snapshot, f"snapshot {index}")

    @property
    def work(self) -> Path:
        """The folder of what is made on the way to the proof. It can be removed: everything in it can be made again."""
        return self.directory / WORK

    def entry(self, index: int) -> BoundaryEntry:
        return self.manifest.boundaries[index]

    def boundary(self, index: int) -> SegmentStart:
        entry = self.entry(index)
        return SegmentStart(entry.pc, entry.fp, entry.status, self.snapshot(index), entry.steps)

    def recording(self, program: Program) -> Recording:
        """The run, as `wasm_exec` records it; `program` is the translation of `app()`."""
        *segments, final = [self.boundary(index) for index in range(len(self.manifest.boundaries))]
        content = self.input()
        return Recording(program, content, self.manifest.budgets, segments, final, self.manifest.outcome, self.output(), content,
                         self.state_before())


def is_open(directory: Path) -> bool:
    """Whether this is the directory of a session that was not closed."""
    return (directory / SESSION_LOG).is_file() and not (directory / MANIFEST).is_file()


def unfinished(directory: Path) -> bool:
    """An empty directory, or what a recording leaves that was ended before its end: files without a manifest."""
    return directory.is_dir() and all(path.name == FILES or path.name.startswith(WRITING) for path in directory.iterdir())


def entries(store: Store, boundaries: Iterable[SegmentStart]) -> tuple[BoundaryEntry, ...]:
    """Boundaries whose pages are in the store now."""
    return tuple(BoundaryEntry(b.pc, b.fp, b.status, b.steps, store.put(encode_pages(b.snapshot))) for b in boundaries)


def write_bundle(directory: Path, app: bytes, recording: Recording, profile: str, size: str) -> Bundle:
    """Makes a bundle directory. The manifest comes last: a directory without one is not a bundle yet."""
    path = directory / MANIFEST
    if path.exists():
        raise FileExistsError(f"there is already a bundle in {directory}")
    unwritten(directory)
    store = Store(directory / FILES)
    with store.together():
        boundaries = entries(store, [*recording.segments, recording.final])
        manifest = Manifest(profile, size, store.put(app), store.put(recording.taken), store.put(recording.output),
                            tuple(recording.budget(index) for index in range(len(recording.segments))), recording.outcome, boundaries,
                            (store.put(encode_state(recording.state)), store.put(encode_state(recording.state_after))))
    content = manifest.encode()
    if decode_manifest(content) != manifest:
        raise Malformed("this run does not fit into a bundle")
    write_whole(path, content)
    return Bundle(directory, manifest)


def why_given_up(directory: Path) -> str:
    """In words, if it is known."""
    if not (directory / GIVEN_UP).is_file():
        return ""
    try:
        limit = read_limited(directory / GIVEN_UP, "limit", LIMIT_BYTES).decode("ascii", "replace")
    except (OSError, Malformed):
        return ""
    return REACHED.get(limit, "")


def provable(bundle: Bundle) -> None:
    """Refuses before any work a run that has no end."""
    if bundle.manifest.outcome.running:
        why = why_given_up(bundle.directory)
        raise Unsupported(f"this run was given up{why and f': {why}'}; it has not ended, so that nothing can be proved: run it again into "
                          "another directory")


def open_bundle(directory: Path) -> Bundle:
    """The bundle in a directory; Malformed, with what helps, if something else is there, FileNotFoundError if nothing is."""
    if not (directory / MANIFEST).is_file():
        raise no_bundle(directory)
    return Bundle(directory, manifest_in(directory / MANIFEST))


def manifest_in(path: Path) -> Manifest:
    content = read_limited(path, "manifest", SIZE_LIMIT)
    try:
        return decode_manifest(content)
    except Malformed as error:
        raise Malformed(f"{path}: {str(error).removeprefix('manifest: ')}") from None


def no_bundle(place: Path) -> Exception:
    """What is there instead."""
    if not place.exists():
        return FileNotFoundError(errno.ENOENT, "there is no such bundle directory", str(place))
    named = shlex.quote(str(place))
    if not place.is_dir():
        return Malformed(f"{place} is a file, not a bundle directory ({what_takes(place, named)})")
    if is_open(place):
        return Malformed(f"the session in {place} is open (longrun close {named} makes a bundle of it)")
    return Malformed(f"{place} is not a bundle: there is no {MANIFEST} in it")


def what_takes(file: Path, named: str) -> str:
    """The command that one may have meant."""
    head = b""
    if file.is_file():                  # of a pipe one would wait for its writer
        with file.open("rb") as there:
            head = there.read(len(PROOF))
    if head == PROOF:
        return f"longrun inspect {named} shows the proof, longrun verify checks it"
    if head.startswith(WASM) or file.suffix == ".wat":
        return f"longrun run {named} -o DIR, or open, makes one"
    return f"longrun inspect {named} says what it is, if it is one of ours"


def open_growing(directory: Path) -> Bundle | None:
    """What there is of the run of an open session, as a bundle without an end; None if its proof was not begun."""
    if not (directory / GROWING).is_file():
        return None
    return Bundle(directory, manifest_in(directory / GROWING))


def at_work(directory: Path) -> Bundle:
    """The bundle that is proved in a directory, whether its session is closed or goes on."""
    found = None if (directory / MANIFEST).is_file() else open_growing(directory)
    return found or open_bundle(directory)

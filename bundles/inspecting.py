"""What any file of ours says of itself. Nothing of it is checked but its form, and its digest where that is its name."""
from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bundles.bundle import APP_LIMIT, FILES, JOURNAL, MANIFEST, PROOFS, SESSION_LOG, WORK, is_open, open_bundle
from bundles.claim_facts import states_of
from bundles.formats import FILE_LIMIT, MAGIC
from bundles.journal import Journal
from bundles.kinds_of_files import data_base, keys, lock, manifest, program, proof, state, text_of_program
from bundles.lock import NOTE_LIMIT
from bundles.manifest import KIND, decode_manifest
from bundles.packing import SIZE_LIMIT, pack
from bundles.session_log import SessionLog
from bundles.snapshot import HEAD, SNAPSHOT_LIMIT, decode_pages, size_of
from bundles.state_files import BEGINNING, STATE_FILE_LIMIT
from bundles.states import roots_of
from bundles.store import digest_of, read_limited
from bundles.terms import Facts
from stark.errors import Malformed
from wasm_exec.decode import MAGIC as WASM

STORED = re.compile(r"[0-9a-f]{2}/[0-9a-f]{62}")
SQLITE = b"SQLite format 3\0"
BEGINNING_OF_MANIFEST = pack("kind") + pack(KIND)          # behind one byte, the number of fields
KEYS_LIMIT = 1 << 24


def inspected(path: Path) -> Facts:
    """A directory or a file of ours; Malformed if it is neither."""
    if path.is_dir():
        return directory(path)
    if path.exists() and not path.is_file():
        raise Malformed(f"{path}: this is a pipe or a device, and no file of longrun")
    with path.open("rb") as there:
        head = there.read(64)
    if head.startswith(SQLITE):
        return data_base(path)
    reader = next((one for one in readers(path) if one.fits(head)), None)
    content = read_limited(path, "file", reader.limit if reader else nameless_limit(path, head))
    try:
        facts = reader.facts(content) if reader else nameless(path, content)
    except Malformed as error:
        raise Malformed(f"{path}: {error}") from None
    if stored(path):
        if digest_of(content).hex() != path.parent.name + path.name:
            raise Malformed(f"{path}: the file is damaged, its content does not have the digest of its name")
        return {**facts, "serves as": roles(path)}
    return facts


@dataclass(frozen=True)
class Reader:
    """A kind of file: whether one that begins so is of it, how long it may be, what it says."""

    fits: Callable[[bytes], bool]
    limit: int
    facts: Callable[[bytes], Facts]


def readers(path: Path) -> list[Reader]:
    """By how the content begins; where nothing says what it is, by the name of the file."""
    def named(suffix: str) -> Callable[[bytes], bool]:
        return lambda _: path.name.endswith(suffix)
    return [Reader(lambda head: head.startswith(MAGIC), FILE_LIMIT, lambda content: proof(path, content)),
            Reader(lambda head: head.startswith(BEGINNING), STATE_FILE_LIMIT, state),
            Reader(lambda head: head[1:1 + len(BEGINNING_OF_MANIFEST)] == BEGINNING_OF_MANIFEST, SIZE_LIMIT,
                   lambda content: manifest(decode_manifest(content))),
            Reader(lambda head: head.startswith(WASM), APP_LIMIT, program), Reader(named(".wat"), APP_LIMIT, text_of_program),
            Reader(named(".json"), KEYS_LIMIT, keys), Reader(named("lock"), NOTE_LIMIT, lambda content: lock(path, content))]


def stored(path: Path) -> bool:
    """Whether this is the name of a file in a store."""
    return STORED.fullmatch(f"{path.parent.name}/{path.name}") is not None


def nameless_limit(path: Path, head: bytes) -> int:
    """Files of a store are read as they are, others only if they are as long as their beginning says of a snapshot."""
    if stored(path) or path.stat().st_size == size_of(int.from_bytes(head[:HEAD], "little")):
        return SNAPSHOT_LIMIT
    raise Malformed(f"{path}: this is not a proof file, nor any other file of longrun")


def directory(path: Path) -> Facts:
    if is_open(path):
        from bundles.open_sessions import facts, functions
        return {**facts(path), "functions": functions(path)}
    bundle = open_bundle(path)
    return {**manifest(bundle.manifest), "kind": "bundle", **states_of(roots_of(bundle), [bundle.difference()], False)}


def nameless(path: Path, content: bytes) -> Facts:
    """Pages, or bytes of the user's in a store; the content of those is not shown."""
    with contextlib.suppress(Malformed):
        pages = decode_pages(content, "file")
        return {"kind": "snapshot", "pages": len(pages), "spaces": list(pages.parts)}
    if not stored(path):
        raise Malformed("its pages are none, or not in order: this is not a snapshot, nor any other file of longrun")
    return {"kind": "bytes", "bytes": len(content)}


def roles(path: Path) -> list[str]:
    """What a file of a store is for, by the manifest, the journal or the session of its bundle."""
    digest, folder = bytes.fromhex(path.parent.name + path.name), path.parents[1]
    named: list[tuple[str, bytes]] = []
    if folder.name == FILES and (folder.parent / MANIFEST).is_file():
        found = open_bundle(folder.parent).manifest
        named = [("program", found.program), ("input", found.input), ("output", found.output), ("state before", found.states[0]),
                 ("state after", found.states[1]),
                 *((f"snapshot {number}", entry.snapshot) for number, entry in enumerate(found.boundaries))]
    elif folder.name == FILES and (folder.parent / SESSION_LOG).is_file():
        with contextlib.closing(SessionLog(folder.parent / SESSION_LOG, writing=False)) as log:
            header, places = log.header(), log.places()
        named = [("program", header.program), ("state before", header.state)] if header else []
        named += [("a place of the session", place.pages) for place in places]
    elif (folder.parent.name, folder.name) == (WORK, PROOFS) and (folder.parent / JOURNAL).is_file():
        with contextlib.closing(Journal(folder.parent / JOURNAL, writing=False)) as journal:
            named = [(str(row.task), row.artefact) for row in journal.rows() if row.artefact]
    return [name for name, there in named if there == digest] or ["nothing that its bundle names"]

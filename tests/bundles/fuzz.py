"""`make fuzz`: damages every kind of file of ours and gives it to whoever reads it. One clear error or a proper file; nothing else.

Files that were there before are the same afterwards, and a damaged file never makes its reader take much memory.
"""
from __future__ import annotations

import argparse
import contextlib
import json
import random
import resource
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bundles import api
from bundles.artefacts import Artefacts
from bundles.bundle import JOURNAL, LOCK, MANIFEST, PROOFS, SESSION_LOG, open_bundle
from bundles.changes import Change, from_words, to_words
from bundles.files import read_proof
from bundles.formats import Kind, decode_proof, encode_proof
from bundles.journal import DONE, JobRow, Journal
from bundles.lock import held
from bundles.manifest import decode_manifest
from bundles.opened import NOTHING, opened
from bundles.opened import from_words as opened_from
from bundles.proving import keys_of
from bundles.session import Session
from bundles.session_log import PlaceRow, SessionLog
from bundles.sitting import Place
from bundles.snapshot import decode_pages
from bundles.state_files import decode_state, encode_state
from bundles.store import Store, digest_of
from bundles.tasks import Task, parsed
from continuation.kinds import ROLLUP
from segments.memory_tree import wide
from stark.errors import Malformed, Rejected
from stark.field import P
from tests.bundles.jobs import ROOT, SUM, entered
from wasm_exec.state import StateMap
from wasm_exec.text import from_text

ENDS = [0, 0x7f, 0x80, 0x90, 0xc0, 0xc7, 0xca, 0xcf, 0xd4, 0xdc, 0xdd, 0xdf, 0xff]
MOST_BYTES = 256 << 20          # that all readings together may add to the greatest memory of the process


def mutated(content: bytes, rng: random.Random) -> bytes:
    """One small damage: a bit, a byte, a cut, something inserted, something doubled, a number put to its end."""
    data, at = bytearray(content), rng.randrange(max(1, len(content)))
    match rng.randrange(7):
        case 0:
            data[at] ^= 1 << rng.randrange(8)
        case 1:
            data[at] = rng.choice(ENDS)
        case 2:
            del data[at:at + rng.randrange(1, 9)]
        case 3:
            data[at:at] = rng.randbytes(rng.randrange(1, 9))
        case 4:
            data[at:at] = data[at:at + rng.randrange(1, 40)]
        case 5:
            data[at:at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\0\0\0\x80", b"\0\0\0\0", (P - 1).to_bytes(4, "little")])
        case _:
            del data[at:]
    return bytes(data)


COUNTER = from_text(ROOT / "samples" / "session" / "counter.wat")


@dataclass(frozen=True)
class Format:
    """A kind of file: one example, and what is done to read it. A reader says no by Malformed or Rejected."""

    name: str
    example: bytes
    read: Callable[[bytes], object]


def formats(folder: Path) -> list[Format]:
    """All of them, from one toy run that was recorded and proved here."""
    directory, place = folder / "run", folder / "changed"
    api.record(SUM, entered(2), directory, "toy")
    api.prove(directory, folder / "run.proof", lambda *_: None, api.Means(workers=1))
    bundle = open_bundle(directory)
    keys = keys_of(bundle, api.translated(bundle.app()))
    store, journal = Store(bundle.work / PROOFS), Journal(bundle.work / JOURNAL)
    results = {str(row.task): row.artefact for row in journal.rows() if row.artefact}
    journal.close()
    with sqlite3.connect(bundle.work / JOURNAL) as base:
        base.execute("PRAGMA journal_mode = DELETE")        # all of it in one file
    base.close()

    def stored(content: bytes) -> Store:
        shutil.rmtree(place, ignore_errors=True)
        other = Store(place)
        path = other.path(digest_of(content))
        path.parent.mkdir(parents=True)
        path.write_bytes(content)           # not by `put`, which waits for the disk
        return other

    def artefact(name: str) -> Format:
        task = parsed(name)
        return Format(f"result of {name}", store.path(results[name]).read_bytes(), lambda content: reading(task, content))

    def reading(task: Task, content: bytes) -> object:
        kept = Artefacts(stored(content), keys)
        if task.kind == "segment":
            return kept.segment(task, digest_of(content))
        return kept.span(task, digest_of(content))

    def journal_read(content: bytes) -> object:
        path = place / "journal.sqlite"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        path.write_bytes(content)
        opened = Journal(path)
        try:
            rows = opened.rows()
            opened.job()
            opened.begin(JobRow(bytes(32), 2, "", 1))
            opened.started(parsed("leaf 0"))
            return [row for row in rows if row.state == DONE]
        finally:
            opened.close()

    with Session.begin(folder / "session", COUNTER, "toy") as session:
        for number in range(5):
            session.call("add", number)
            session.log.placed(PlaceRow(Place(number, 6, 100 * number), number == 1, bytes(32), 100))
        session.log.base.execute("PRAGMA journal_mode = DELETE")
        called = (folder / "session" / SESSION_LOG).read_bytes()

    def session_read(content: bytes) -> object:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        (place / SESSION_LOG).write_bytes(content)
        log = SessionLog(place / SESSION_LOG)
        try:
            found = log.header(), log.places(), log.input()
            log.called(replace(log.state(), calls=99), b"")
            return found
        finally:
            log.close()

    def lock_read(content: bytes) -> object:
        place.mkdir(exist_ok=True)
        (place / LOCK).write_bytes(content)
        return held(place / LOCK)

    def verified(content: bytes) -> object:
        (folder / "changed.proof").write_bytes(content)
        api.inspect(folder / "changed.proof")
        return api.verify(folder / "changed.proof", [SUM], allow_toy=True)
    run = read_proof(decode_proof((folder / "run.proof").read_bytes()))
    changed = to_words((Change(b"a" * 32, None, bytes(32)), Change(b"b" * 32, bytes(32), b"c" * 32)))
    differences = np.concatenate([changed, to_words(()), changed])
    rollup = encode_proof(Kind.ROLLUP, "toy", [np.array([ROLLUP.number], np.uint32), run.proof.statement, np.tile(run.claim.words, 3),
                                               differences, np.tile(NOTHING.words, 3)], run.proof.content)
    entries = {bytes([k]) * 32: bytes([k]) * 32 for k in range(4)}
    found = opened(StateMap(dict(list(entries.items())[:2])), StateMap(entries), wide(api.kernels()))
    return [Format("proof file", (folder / "run.proof").read_bytes(), lambda content: read_proof(decode_proof(content))),
            Format("proof file, verified", (folder / "run.proof").read_bytes(), verified),
            Format("rollup file", rollup, lambda content: read_proof(decode_proof(content))),
            Format("state file", encode_state(StateMap(entries)), decode_state),
            Format("state difference", changed.tobytes(),
                   lambda content: from_words(np.frombuffer(content[:len(content) // 4 * 4], np.uint32), 1)),
            Format("opened state difference", found.words.tobytes(),
                   lambda content: opened_from(np.frombuffer(content[:len(content) // 4 * 4], np.uint32), 1, 8)),
            Format("manifest", (directory / MANIFEST).read_bytes(), decode_manifest),
            Format("snapshot", bundle.store.path(bundle.manifest.boundaries[1].snapshot).read_bytes(), lambda c: decode_pages(c, "it")),
            artefact("segment 0"), artefact("leaf 0"), artefact("join 0-2"),
            Format("journal", (bundle.work / JOURNAL).read_bytes(), journal_read),
            Format("session", called, session_read), Format("lock", b"process 17 since 2000", lock_read)]


def fuzz(folder: Path, mutations: int, seed: int, names: Sequence[str] = ()) -> dict[str, int]:
    """How many damaged files of each kind were refused. Whatever else a reader does is an error of ours and comes through. `names`: of
    some kinds; all if there is none."""
    kinds = [kind for kind in formats(folder) if not names or kind.name in names]
    before = {path: path.read_bytes() for path in (folder / "run").rglob("*") if path.is_file()}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused = {kind.name: 0 for kind in kinds}
    for kind in kinds:
        rng = random.Random(f"{seed} {kind.name}")
        kind.read(kind.example)
        # a verification takes a tenth of a second when the damage is deep in a proof, everything else a thousandth
        for _ in range(mutations // (20 if kind.name.endswith("verified") else 4 if kind.name == "session" else 1)):
            content = mutated(kind.example, rng)
            try:
                kind.read(content)
                if kind.name.endswith("verified") and content != kind.example:
                    raise AssertionError(f"{kind.name}: a changed one was accepted")
            except (Malformed, Rejected) as error:
                refused[kind.name] += 1
                if "\n" in str(error) or len(str(error)) > 1000:
                    raise AssertionError(f"{kind.name}: an error is one short line, not {error}") from None
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) << 10
    if grown > MOST_BYTES:
        raise AssertionError(f"reading took {grown:,} bytes")
    if {path: path.read_bytes() for path in before} != before:
        raise AssertionError("a file was written over")
    return refused


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", action="append", default=[], help="only this kind of file; again for more")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        print(json.dumps(fuzz(Path(folder), options.mutations, options.seed, options.kind), indent=1))


if __name__ == "__main__":
    main()

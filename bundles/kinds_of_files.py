"""What each kind of file says of itself, for people to read. `inspecting.py` knows which is which."""
from __future__ import annotations

import contextlib
import hashlib
import re
from pathlib import Path

from bundles import api
from bundles.artefacts import KINDS, piece_of
from bundles.claim_facts import facts_of
from bundles.database import Database
from bundles.files import read_proof
from bundles.formats import ProofFile, decode_proof
from bundles.journal import DONE, Journal
from bundles.keys import claimed_program
from bundles.lock import held
from bundles.manifest import Manifest
from bundles.programs import translated
from bundles.segment_files import boundaries, segment_facts
from bundles.session_log import SessionLog
from bundles.state_files import decode_state
from bundles.terms import Facts
from continuation.claims import SpanClaim
from continuation.digests import spelled
from continuation.key_file import VERSION, read
from segments.claim import SegmentProof
from segments.memory_tree import wide
from segments.openings import state_root
from stark import profiles
from stark.errors import Malformed, Rejected
from stark.poseidon2 import HASHES
from wasm_exec.decode import decode

LOCK_NOTE = re.compile(r"process \d+ since [\d :-]+ UTC")


def manifest(found: Manifest) -> Facts:
    return {"kind": "manifest of a bundle", "profile": found.profile, "segment size": found.size, "program file": found.program.hex(),
            "segments": found.segments, "steps": found.steps, "outcome": str(found.outcome)}


def proof(path: Path, content: bytes) -> Facts:
    file = decode_proof(content)
    return piece(file, len(content)) if file.kind in KINDS.values() else facts_of(read_proof(file), path)


def piece(file: ProofFile, size: int) -> Facts:
    """A proof of a segment, a leaf or a join."""
    found = piece_of(file)
    facts = {"kind": file.kind.name.lower(), "profile": file.profile, "bytes": size}
    if isinstance(found, SegmentProof):
        return {**facts, **segment_facts(found)}
    claim = SpanClaim.of(found.claim.tolist())
    return {**facts, "circuit": found.kind, "steps": claim.steps, **boundaries(claim.before, claim.after)}


def state(content: bytes) -> Facts:
    """With what claims say for it."""
    found = decode_state(content)
    roots = {kind: spelled(state_root(found, wide(api.kernels(), kind))) for kind in HASHES.values()}
    return {"kind": "state", "keys": len(found.entries),
            **{f"root in {name} claims": roots[profile.hash] for name, profile in profiles.PROFILES.items()}}


def program(content: bytes) -> Facts:
    """With what claims say for it."""
    code, module = translated(content), decode(content)
    facts: dict[str, object] = {"kind": "program", "bytes": len(content), "file digest": hashlib.sha256(content).hexdigest(),
                                "register instructions": len(code.instructions),
                                "imports": sorted({f"{item.module}.{item.name}" for item in module.imports}),
                                "events" if code.events else "exports": sorted(item.name for item in module.exports)}
    for name in profiles.PROFILES:
        with contextlib.suppress(Rejected, LookupError):
            facts[f"in {name} claims"] = spelled(claimed_program(code, profiles.get(name), api.kernels()))
    return facts


def text_of_program(content: bytes) -> Facts:
    from wasm_exec import errors
    from wasm_exec.text import from_text
    try:
        return {**program(from_text(content)), "kind": "program as text"}
    except errors.Malformed as error:
        raise Malformed(f"this is not WebAssembly text: {error.message.splitlines()[0]}") from None


def keys(content: bytes) -> Facts:
    found = read(content, ())
    if found is None:
        raise Malformed(f"these are keys of another version, not of version {VERSION}")
    return {"kind": "keys of the continuation", "version": VERSION, "shapes of segments": len(found.segments),
            "circuits": len(found.digests), "layers": list(found.shapes), "root": spelled(found.keys)}


def lock(path: Path, content: bytes) -> Facts:
    text = content.decode("ascii", "replace")
    if content and not LOCK_NOTE.fullmatch(text):
        raise Malformed("this is not a lock of longrun")
    return {"kind": "lock", "held by": held(path) or "nobody", "last taken by": text or "nobody"}


def data_base(path: Path) -> Facts:
    """A journal or an open session, by its tables."""
    with contextlib.closing(Database(path, writing=False)) as base:
        tables = base.names()
    if {"job", "tasks"} <= tables:
        with contextlib.closing(Journal(path, writing=False)) as journal:
            job, rows = journal.job(), journal.rows()
        return {"kind": "journal", "segments": job.segments if job else None, "goes to": job.out if job else None,
                "workers": job.workers if job else None, "tasks begun": len(rows), "done": sum(row.state == DONE for row in rows),
                "not done": {str(row.task): row.state for row in rows if row.state != DONE},
                "started": sum(row.starts for row in rows)}
    if {"session", "calls", "places"} <= tables:
        with contextlib.closing(SessionLog(path, writing=False)) as log:
            header, stands, places = log.header(), log.state(), log.places()
        return {"kind": "session", "profile": header.profile if header else None, "segment size": header.size if header else None,
                "program file": header.program.hex() if header else None, "calls": stands.calls, "events": stands.events,
                "steps": stands.steps, "input bytes": stands.input_length, "output bytes": stands.output_length, "places": len(places),
                "outcome": str(stands.outcome)}
    raise Malformed(f"{path}: this data base is neither a journal nor a session of longrun")

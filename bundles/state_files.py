"""State files: the whole state of an application, to begin the next run with."""
from __future__ import annotations

import hashlib
from pathlib import Path

from bundles.packing import Fields, pack, unpack
from bundles.store import read_limited
from stark.errors import Malformed
from wasm_exec.spaces import STATE_KEYS_LIMIT
from wasm_exec.state import KEY_BYTES, VALUE_BYTES, StateMap

KIND, VERSION = "longrun state", 1
NAMES = ("kind", "version", "digest", "entries")
BEGINNING = pack(dict.fromkeys(NAMES))[:1] + pack("kind") + pack(KIND)         # of every state file
STATE_FILE_LIMIT = 1 << 23


def encode_state(state: StateMap) -> bytes:
    """Keys in the order of their bytes, each followed by its value; the digest is the SHA-256 of them all."""
    entries = [part for key in sorted(state.entries) for part in (key, state.entries[key])]
    return pack(dict(zip(NAMES, (KIND, VERSION, hashlib.sha256(b"".join(entries)).digest(), entries), strict=True)))


def decode_state(content: bytes) -> StateMap:
    """The state of canonical bytes; Malformed if they are anything else."""
    fields = Fields(unpack(content, "state file", STATE_FILE_LIMIT), "state file", NAMES)
    if fields.text("kind") != KIND:
        raise Malformed("this is not a state file")
    version = fields.integer("version", 1 << 16)
    if version != VERSION:
        raise Malformed(f"this state file has format {version}, this longrun reads format {VERSION}")
    parts = fields.sequence("entries", 2 * STATE_KEYS_LIMIT)
    entries = [part for part in parts if isinstance(part, bytes) and len(part) == KEY_BYTES == VALUE_BYTES]
    if len(entries) != len(parts) or len(entries) % 2:
        raise Malformed(f"state file: entries must be keys of {KEY_BYTES} bytes, each followed by a value of {VALUE_BYTES}")
    keys = entries[::2]
    if any(here >= there for here, there in zip(keys, keys[1:], strict=False)):
        raise Malformed("state file: the keys are not in order")
    if hashlib.sha256(b"".join(entries)).digest() != fields.digest("digest"):
        raise Malformed("state file: its digest is not that of its entries")
    return StateMap(dict(zip(keys, entries[1::2], strict=True)))


def read_state(path: Path) -> StateMap:
    """Of a state file, or the state that a bundle directory leaves."""
    if path.is_dir():
        from bundles.bundle import open_bundle
        return open_bundle(path).state_after()
    try:
        return decode_state(read_limited(path, "state file", STATE_FILE_LIMIT))
    except Malformed as error:
        raise Malformed(f"{path}: {error}") from None

"""State files: the whole state of an application, to begin the next run with."""
from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from bundles.changes import rising
from bundles.packing import LIST_HEADS, list_head, pack
from bundles.store import read_limited
from stark.errors import Malformed
from wasm_exec.spaces import STATE_KEYS_LIMIT
from wasm_exec.state import KEY_BYTES, VALUE_BYTES, StateMap

KIND, VERSION = "longrun state", 1
NAMES = ("kind", "version", "digest", "entries")
BEGINNING = pack(dict.fromkeys(NAMES))[:1] + pack("kind") + pack(KIND)         # of every state file
BYTES = pack(bytes(KEY_BYTES))[:-KEY_BYTES]                                    # before every key, value and digest
DIGEST = BEGINNING + pack("version") + pack(VERSION) + pack("digest") + BYTES  # before the digest
ENTRIES = pack("entries")                                                      # behind it
ENTRY_BYTES = 2 * len(BYTES) + KEY_BYTES + VALUE_BYTES
STATE_FILE_LIMIT = 1 << 23


def encode_state(state: StateMap) -> bytes:
    """Keys in the order of their bytes, each followed by its value; the digest is the SHA-256 of them all."""
    entries = [part for key in sorted(state.entries) for part in (key, state.entries[key])]
    return pack(dict(zip(NAMES, (KIND, VERSION, hashlib.sha256(b"".join(entries)).digest(), entries), strict=True)))


def decode_state(content: bytes) -> StateMap:
    """The state of canonical bytes; Malformed if they are anything else. There is one place for everything, so that the entries are looked
    at as one array, and become keys and values when all of it holds."""
    if len(content) > STATE_FILE_LIMIT:
        raise Malformed(f"state file: {len(content)} bytes, the limit is {STATE_FILE_LIMIT}")
    if not content.startswith(BEGINNING):
        raise Malformed("this is not a state file")
    if not content.startswith(DIGEST):
        raise Malformed(f"this state file has another format; this longrun reads format {VERSION}")
    begin = len(DIGEST) + KEY_BYTES
    if content[begin:begin + len(ENTRIES)] != ENTRIES:
        raise Malformed(f"state file: the fields must be {', '.join(NAMES)}")
    start = counted(content, begin + len(ENTRIES))
    rows = np.frombuffer(content, np.uint8, offset=start).reshape(-1, ENTRY_BYTES)
    head, middle = len(BYTES), len(BYTES) + KEY_BYTES
    keys, values = rows[:, head:middle], rows[:, middle + head:]
    if any((rows[:, place:place + head] != np.frombuffer(BYTES, np.uint8)).any() for place in (0, middle)):
        raise Malformed(f"state file: entries must be keys of {KEY_BYTES} bytes, each followed by a value of {VALUE_BYTES}")
    if not rising(keys).all():
        raise Malformed("state file: the keys are not in order")
    if hashlib.sha256(np.concatenate([keys, values], axis=1).tobytes()).digest() != content[len(DIGEST):begin]:
        raise Malformed("state file: its digest is not that of its entries")
    places = range(start + head, len(content), ENTRY_BYTES)
    value_at = KEY_BYTES + head
    return StateMap({content[k:k + KEY_BYTES]: content[k + value_at:k + value_at + VALUE_BYTES] for k in places})


def counted(content: bytes, place: int) -> int:
    """Where the entries begin: behind their number, which must be the one that fits, in its only form."""
    for length in LIST_HEADS:
        entries, rest = divmod(len(content) - place - length, ENTRY_BYTES)
        if not rest and 0 <= entries <= STATE_KEYS_LIMIT and content[place:place + length] == list_head(2 * entries):
            return place + length
    raise Malformed(f"state file: entries must be a list of at most {STATE_KEYS_LIMIT} keys and values, and end the file")


def profile_of(state: str | Path | None) -> str:
    """Under which a state goes on where no profile is named: that of the bundle which leaves it, or p100."""
    if state is None or not Path(state).is_dir():
        return "p100"
    from bundles.bundle import open_bundle
    return open_bundle(Path(state)).manifest.profile


def read_state(path: Path) -> StateMap:
    """Of a state file, or the state that a bundle directory leaves."""
    if path.is_dir():
        from bundles.bundle import open_bundle
        return open_bundle(path).state_after()
    try:
        return decode_state(read_limited(path, "state file", STATE_FILE_LIMIT))
    except Malformed as error:
        raise Malformed(f"{path}: {error}") from None

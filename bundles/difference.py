"""The state difference of a run: which keys have another value afterwards, in the order of their bytes.

A difference by itself is a list that somebody hands over. It is bound to a proof by the two roots in the claim: applied to the state
with the first root it must arrive at the second (`leads`).
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from continuation.claims import Digest, spelled
from segments.openings import state_root
from stark.errors import Malformed, Rejected
from wasm_exec.spaces import STATE_KEYS_LIMIT
from wasm_exec.state import KEY_BYTES, VALUE_BYTES, StateMap

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
WORD_BYTES = 3                                          # in a word of a proof file, which is below p
CHANGE_BYTES = 1 + KEY_BYTES + 2 * VALUE_BYTES          # 1 if there was a value, the key, the old value, the new one


@dataclass(frozen=True)
class Change:
    """A key that has another value than before; `old` is None for a key that was not there."""

    key: bytes
    old: bytes | None
    new: bytes


Difference = tuple[Change, ...]


def difference(before: Mapping[bytes, bytes], after: Mapping[bytes, bytes]) -> Difference:
    """What leads from one map to the other. No key goes away."""
    if before.keys() - after.keys():
        raise Malformed("the state after a run lacks a key of the state before")
    return tuple(Change(key, before.get(key), after[key]) for key in sorted(after) if before.get(key) != after[key])


def applied(entries: Mapping[bytes, bytes], changes: Difference) -> dict[bytes, bytes]:
    """The map after the changes; Rejected if one of them is of another map."""
    result = dict(entries)
    for change in changes:
        if result.get(change.key) != change.old:
            raise Rejected("the difference begins with the values of this state", told(change.old), told(result.get(change.key)))
        result[change.key] = change.new
    return result


def composed(parts: Sequence[Difference]) -> Difference:
    """One difference for several, one after the other; Malformed if one does not begin where those before it ended."""
    first: dict[bytes, bytes | None] = {}
    last: dict[bytes, bytes] = {}
    for change in (change for part in parts for change in part):
        if last.get(change.key, change.old) != change.old:
            raise Malformed("the differences of the runs do not follow upon each other")
        first.setdefault(change.key, change.old)
        last[change.key] = change.new
    return tuple(Change(key, first[key], last[key]) for key in sorted(last) if first[key] != last[key])


def leads(state: StateMap, changes: Difference, before: Digest, after: Digest, permute: Callable[[U64], U64]) -> StateMap:
    """The state after the changes; Rejected unless the roots before and after are those of the claim."""
    expect("the state given is the one before the run", before, state_root(state, permute))
    try:
        result = StateMap(applied(state.entries, changes))
    except ValueError as error:
        raise Rejected("the difference leads to a state", "a state", error) from None
    expect("the difference leads to the state after the run", after, state_root(result, permute))
    return result


def expect(sentence: str, wanted: Digest, found: Digest) -> None:
    if wanted != found:
        raise Rejected(sentence, spelled(wanted), spelled(found))


def told(value: bytes | None) -> str:
    return "no value" if value is None else value.hex()


def to_words(changes: Difference) -> U32:
    """The number of changes, then their bytes, three in a word, low byte first."""
    content = b"".join(bytes([change.old is not None]) + change.key + (change.old or bytes(VALUE_BYTES)) + change.new for change in changes)
    content += bytes(-len(content) % WORD_BYTES)
    parts = np.frombuffer(content, np.uint8).reshape(-1, WORD_BYTES).astype(np.uint32)
    return np.concatenate([[len(changes)], parts @ np.array([1, 1 << 8, 1 << 16], np.uint32)]).astype(np.uint32)


def from_words(words: U32) -> tuple[Difference, U32]:
    """A difference and the words behind it; Malformed if there is none here, or not in its only form."""
    count = int(words[0]) if len(words) else STATE_KEYS_LIMIT + 1
    size = -(-count * CHANGE_BYTES // WORD_BYTES)
    if count > STATE_KEYS_LIMIT or len(words) < 1 + size:
        raise Malformed("the words are no state difference")
    mine, rest = words[1:1 + size], words[1 + size:]
    content = (mine[:, None] >> np.array([0, 8, 16], np.uint32) & np.uint32(0xFF)).astype(np.uint8).tobytes()
    changes = tuple(change_of(content[k:k + CHANGE_BYTES]) for k in range(0, count * CHANGE_BYTES, CHANGE_BYTES))
    if any(here.key >= there.key for here, there in zip(changes, changes[1:], strict=False)):
        raise Malformed("the keys of a state difference are not in order")
    if (to_words(changes) != words[:1 + size]).any() or any(change.old == change.new for change in changes):
        raise Malformed("a state difference is not in its only form")
    return changes, rest


def change_of(content: bytes) -> Change:
    key, old, new = content[1:1 + KEY_BYTES], content[1 + KEY_BYTES:-VALUE_BYTES], content[-VALUE_BYTES:]
    return Change(key, old if content[0] else None, new)

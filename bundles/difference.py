"""The state difference of a run: which keys have another value afterwards, in the order of their bytes.

A difference by itself is a list that somebody hands over. It is bound to a proof by the two roots in the claim: opened under both
(bundles/opened.py), or applied to the state with the first root, from which it must arrive at the second (`leads`).
"""
from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bundles.changes import NEW, OLD, Change, Changes, Difference, rows_of
from continuation.digests import Digest, spelled
from segments.openings import state_root
from stark.errors import Malformed, Rejected
from wasm_exec.state import StateMap

U64 = npt.NDArray[np.uint64]


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
    rows = np.concatenate([rows_of(part) for part in parts])
    if not len(rows):
        return ()
    keys = np.ascontiguousarray(rows[:, 1:OLD]).view(">u8").astype(np.uint64)
    rows = rows[np.lexsort(keys.T[::-1])]                   # changes of one key stay in their order
    same = (rows[1:, 1:OLD] == rows[:-1, 1:OLD]).all(axis=1)
    follows = (rows[1:, 0] == 1) & (rows[1:, OLD:NEW] == rows[:-1, NEW:]).all(axis=1)
    if (same & ~follows).any():
        raise Malformed("the differences of the runs do not follow upon each other")
    whole = rows[np.append(~same, True)].copy()
    whole[:, :NEW] = rows[np.append(True, ~same), :NEW]
    back = (whole[:, 0] == 1) & (whole[:, OLD:NEW] == whole[:, NEW:]).all(axis=1)
    return Changes(whole[~back])


def difference_digest(changes: Difference) -> str:
    """SHA-256 of the changes as they stand in a proof file, 97 bytes each."""
    return hashlib.sha256(rows_of(changes).tobytes()).hexdigest()


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

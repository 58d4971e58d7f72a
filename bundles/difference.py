"""The state difference of a run: which keys have another value afterwards, in the order of their bytes.

A difference by itself is a list that somebody hands over. It is bound to a proof by the two roots in the claim: applied to the state
with the first root it must arrive at the second (`leads`).
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bundles.changes import Change, Difference
from continuation.claims import Digest, spelled
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

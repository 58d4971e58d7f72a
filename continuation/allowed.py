"""The list of allowed keys: a Merkle tree over the digests of their fixed caps, in the order of their roles."""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from continuation.claims import NOTHING, Digest, compress, sponge

U32 = npt.NDArray[np.uint32]
DEPTH = 2
SPANS, RUNS = 0, 1                              # the highest bit of a role: does a proof of this key claim a span or a run (or several)?
ROLES = {"leaf": 0, "join": 1, "root": 2, "batch": 3}


def levels(caps: Mapping[str, U32]) -> list[list[Digest]]:
    """The tree from its leaves to its root."""
    leaves = [NOTHING] * (1 << DEPTH)
    for role, number in ROLES.items():
        leaves[number] = sponge(caps[role].reshape(-1).tolist())
    out = [leaves]
    while len(out[-1]) > 1:
        out.append([compress(left, right) for left, right in zip(out[-1][::2], out[-1][1::2], strict=True)])
    return out


def keys_root(caps: Mapping[str, U32]) -> Digest:
    return levels(caps)[-1][0]


def path_words(caps: Mapping[str, U32], role: str) -> U32:
    """What a circuit reads to see that a cap is allowed: for each level but the highest the bit and the sibling, then the last sibling."""
    number, words = ROLES[role], []
    for level, digests in enumerate(levels(caps)[:-1]):
        at = number >> level
        words += ([] if level == DEPTH - 1 else [at & 1]) + list(digests[at ^ 1])
    return np.array(words, np.uint32)

"""Digests in plain Python: of words, of two digests, of a page, of a tree."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from segments.claim import BLOCK_LIMBS, filled_up
from stark import poseidon2
from stark.poseidon2 import HASHES, Hash, Permute

Digest = tuple[int, ...]


def nothing(digest: int) -> Digest:
    """What stands in the place of a digest of so many words where there is none."""
    return (0,) * digest


def sponge(words: Sequence[int], kind: Hash = HASHES[16], permute: Permute = poseidon2.permute) -> Digest:
    return digest_of(poseidon2.sponge(np.array([words], np.uint64), kind.width, permute))


def compress(left: Digest, right: Digest, permute: Permute = poseidon2.permute) -> Digest:
    width = poseidon2.of_digest(len(left)).width
    return digest_of(poseidon2.compress(np.array([left], np.uint64), np.array([right], np.uint64), width, permute))


def page_digest(page: Sequence[int], kind: Hash) -> Digest:
    """Of the limbs of a page."""
    return sponge(filled_up(np.array(page, np.uint64).reshape(-1, BLOCK_LIMBS), kind).reshape(-1).tolist(), kind)


def digest_of(words: npt.NDArray[np.unsignedinteger]) -> Digest:
    return tuple(int(word) for word in words.reshape(-1))


def tree_root(digests: Sequence[Digest]) -> Digest:
    while len(digests) > 1:
        digests = [compress(left, right) for left, right in zip(digests[::2], digests[1::2], strict=True)]
    return digests[0]


def spelled(digest: Digest) -> str:
    return "".join(f"{word:08x}" for word in digest)

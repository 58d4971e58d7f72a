"""The transcript: a duplex sponge on the machine. Sending absorbs; every length is fixed by the key, whose digest comes first."""
from __future__ import annotations

import numpy as np

from stark.key import Key
from stark.machine import Machine, Value, concat
from stark.poseidon2 import of_digest


class Transcript:
    """Absorbing overwrites the rate and permutes; drawing reads the rate."""

    def __init__(self, m: Machine, key: Key) -> None:
        self.m, self.rate, self.state, self.left = m, key.hash.rate, m.constant([0] * key.hash.width), 0
        self.absorb(m.constant(key.digest))

    def absorb(self, words: Value) -> None:
        if not len(words):
            return                                      # or the last block could be drawn twice
        words = padded(self.m, words.reshape(1, -1), self.rate)[0]
        self.state, self.left = self.m.absorb(self.state, words, self.rate), self.rate

    def draw_words(self, count: int) -> Value:
        drawn = []
        while count:
            if not self.left:
                self.state, self.left = self.m.permute(self.state), self.rate
            taken = min(count, self.left)
            drawn.append(self.state[self.rate - self.left:self.rate - self.left + taken])
            self.left, count = self.left - taken, count - taken
        return concat(drawn)

    def draw(self) -> Value:
        """One extension element, from a fresh block when fewer than five words are left."""
        if self.left < 5:
            self.left = 0
        return self.m.as_extension(self.draw_words(5))


def padded(m: Machine, words: Value, block: int) -> Value:
    """Rows filled with zeros to whole blocks."""
    missing = -words.shape[1] % block
    return concat([words, m.constant([[0] * missing] * words.shape[0])], 1) if missing else words


def sponge(m: Machine, words: Value, digest: int) -> Value:
    """Digest of each row, of so many words; the row length sits in the capacity."""
    rows, length = words.shape
    kind = of_digest(digest)
    state = m.constant([[0] * kind.rate + [length] + [0] * (kind.width - kind.rate - 1)] * rows)
    return m.absorb(state, padded(m, words, kind.rate), kind.rate)[:, :digest]


def compress(m: Machine, left: Value, right: Value) -> Value:
    """The digest of two digests, whose length says which hash is meant."""
    digest = left.shape[-1]
    rest = of_digest(digest).width - 2 * digest
    zeros = [m.constant(np.zeros((*left.shape[:-1], rest), np.int64))] if rest else []
    return m.permute(concat([left, right, *zeros], -1))[..., :digest]

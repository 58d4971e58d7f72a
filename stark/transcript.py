"""The transcript: a duplex sponge on the machine. Sending absorbs; every length is fixed by the key, whose digest comes first."""
from __future__ import annotations

from stark.key import Key
from stark.machine import DIGEST, Machine, Value, concat


class Transcript:
    """Absorbing overwrites the rate and permutes; drawing reads the rate."""

    def __init__(self, m: Machine, key: Key) -> None:
        self.m, self.state, self.left = m, m.constant([0] * 16), 0
        self.absorb(m.constant(key.digest))

    def absorb(self, words: Value) -> None:
        if not len(words):
            return                                      # or the last block could be drawn twice
        words = padded(self.m, words.reshape(1, -1))[0]
        self.state, self.left = self.m.absorb(self.state, words.reshape(-1, DIGEST)), DIGEST

    def draw_words(self, count: int) -> Value:
        drawn = []
        while count:
            if not self.left:
                self.state, self.left = self.m.permute(self.state), DIGEST
            taken = min(count, self.left)
            drawn.append(self.state[DIGEST - self.left:DIGEST - self.left + taken])
            self.left, count = self.left - taken, count - taken
        return concat(drawn)

    def draw(self) -> Value:
        """One extension element, from a fresh block when fewer than five words are left."""
        if self.left < 5:
            self.left = 0
        return self.m.as_extension(self.draw_words(5))


def padded(m: Machine, words: Value) -> Value:
    """Rows filled with zeros to whole blocks."""
    missing = -words.shape[1] % DIGEST
    return concat([words, m.constant([[0] * missing] * words.shape[0])], 1) if missing else words


def sponge(m: Machine, words: Value) -> Value:
    """Digest of each row; the row length sits in the capacity."""
    rows, width = words.shape
    state = m.constant([[0] * DIGEST + [width] + [0] * 7] * rows)
    words = padded(m, words)
    for start in range(0, words.shape[1], DIGEST):
        state = m.permute(concat([words[:, start:start + DIGEST], state[:, DIGEST:]], 1))
    return state[:, :DIGEST]


def compress(m: Machine, left: Value, right: Value) -> Value:
    return m.permute(concat([left, right], -1))[..., :DIGEST]

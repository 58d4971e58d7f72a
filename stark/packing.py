"""Words of the field as bytes: 31 bits each, eight words in 31 bytes, the lowest bit first."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stark.errors import Malformed
from stark.field import P

U32 = npt.NDArray[np.uint32]
BITS = 31
CHUNK = 1 << 10         # words that are put together at once: memory stays small beside the input


def packed_length(count: int) -> int:
    """Bytes of so many words."""
    return -(-count * BITS // 8)


def pack(words: U32) -> bytes:
    """ValueError if a word is not below p."""
    if (words >= P).any():
        raise ValueError("a word is not below p")
    parts = []
    for start in range(0, len(words), CHUNK):
        chunk = np.ascontiguousarray(words[start:start + CHUNK], "<u4")
        bits = np.unpackbits(chunk.view(np.uint8), bitorder="little").reshape(-1, 32)[:, :BITS]
        parts.append(np.packbits(bits, bitorder="little").tobytes())
    return b"".join(parts)


def unpack(content: bytes | memoryview, count: int) -> U32:
    """Malformed unless these bytes are what `pack` makes of so many words."""
    if len(content) != packed_length(count):
        raise Malformed(f"{count} words take {packed_length(count)} bytes, not {len(content)}")
    spare = -count * BITS % 8
    if spare and content[-1] >> (8 - spare):
        raise Malformed("a bit behind the last word is set")
    blocks = np.zeros((-(-count // 8), 32), np.uint8)                   # eight words with a byte more, so that they are four numbers
    whole = len(content) // BITS
    blocks[:whole, :BITS] = np.frombuffer(content, np.uint8, whole * BITS).reshape(whole, BITS)
    blocks[whole:, :len(content) - whole * BITS] = np.frombuffer(content, np.uint8, offset=whole * BITS)
    lanes, words = blocks.view("<u8"), np.zeros((len(blocks), 8), np.uint32)
    for k in range(8):
        lane, bit = divmod(BITS * k, 64)
        found = lanes[:, lane] >> np.uint64(bit)
        if bit + BITS > 64:
            found |= lanes[:, lane + 1] << np.uint64(64 - bit)
        words[:, k] = found & np.uint64((1 << BITS) - 1)
    if words.size and np.maximum.reduce(words, axis=None) >= P:
        raise Malformed("a word is not below p")
    return words.reshape(-1)[:count]

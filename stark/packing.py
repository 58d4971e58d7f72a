"""Words of the field as bytes: 31 bits each, eight words in 31 bytes, the lowest bit first."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stark.errors import Malformed
from stark.field import P

U32 = npt.NDArray[np.uint32]
BITS = 31
CHUNK = 1 << 10         # words that are taken apart at once: memory stays small beside the input


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
    whole = np.frombuffer(content, np.uint8)
    words = np.zeros(count, np.uint32)
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        first = packed_length(start)
        bits = np.unpackbits(whole[first:first + packed_length(size)], bitorder="little")
        if bits[size * BITS:].any():
            raise Malformed("a bit behind the last word is set")
        wide = np.zeros((size, 32), np.uint8)
        wide[:, :BITS] = bits[:size * BITS].reshape(size, BITS)
        words[start:start + size] = np.packbits(wide, bitorder="little").view("<u4")
        if (words[start:start + size] >= P).any():
            raise Malformed("a word is not below p")
    return words

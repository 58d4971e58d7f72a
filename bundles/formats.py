"""Proof files: a header, then words of the field, then the bytes of a packed proof. One proof has exactly one encoding."""
from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from stark.errors import Malformed
from stark.field import P
from stark.profiles import PROFILES

U32 = npt.NDArray[np.uint32]
MAGIC = b"longrun\n"
VERSION = 3
PROFILE_BYTES = 16
HEADER = struct.Struct(f"<{len(MAGIC)}sHH{PROFILE_BYTES}sII")
PAYLOADS_LIMIT = 64
FILE_LIMIT = 1 << 24


def padded(profile: str) -> bytes:
    return profile.encode().ljust(PROFILE_BYTES, b"\0")


NAMES = {padded(name): name for name in PROFILES}


class Kind(IntEnum):
    """What a file proves."""

    SEGMENT = 1
    RUN = 2
    ROLLUP = 3
    LEAF = 4            # these two stay inside a bundle
    JOIN = 5


@dataclass(frozen=True, eq=False)
class ProofFile:
    """The kind says what each payload means, and whether there is a packed proof."""

    kind: Kind
    profile: str
    payloads: tuple[U32, ...]
    packed: bytes = b""


def encode_proof(kind: Kind, profile: str, payloads: Sequence[npt.NDArray[np.unsignedinteger]], packed: bytes = b"") -> bytes:
    """The bytes of a proof file; ValueError if there are none for these values."""
    if any((words >= P).any() for words in payloads):
        raise ValueError("a word is not below p")
    parts = [HEADER.pack(MAGIC, VERSION, kind, padded(profile), len(payloads), len(packed))]
    parts.append(np.array([words.size for words in payloads], "<u4").tobytes())
    parts += [np.ascontiguousarray(words, "<u4").tobytes() for words in payloads]
    content = b"".join([*parts, packed])
    try:
        decode_proof(content)
    except Malformed as error:
        raise ValueError(str(error)) from None
    return content


def decode_proof(content: bytes) -> ProofFile:
    """The proof file of these bytes. Lengths are checked before anything is allocated, every word is below p, nothing is left over."""
    if len(content) > FILE_LIMIT:
        raise Malformed(f"a proof file has at most {FILE_LIMIT} bytes, this one {len(content)}")
    if content[:len(MAGIC)] != MAGIC[:len(content)] or not content:
        raise Malformed("this is not a proof file of longrun")
    if len(content) < HEADER.size:
        raise Malformed("the proof file ends in its header")
    _, version, kind, profile, count, packed = HEADER.unpack_from(content)
    if version != VERSION:
        raise Malformed(f"this proof file has format {version}, this longrun reads format {VERSION}")
    if kind not in set(Kind):
        raise Malformed(f"no kind of proof has number {kind}")
    name = NAMES.get(profile)
    if name is None:
        raise Malformed("the proof file names no profile that exists")
    if count > PAYLOADS_LIMIT:
        raise Malformed(f"a proof file has at most {PAYLOADS_LIMIT} payloads, this one {count}")
    start = HEADER.size + 4 * count
    if len(content) < start:
        raise Malformed("the proof file ends in its header")
    lengths = np.frombuffer(content, "<u4", count, HEADER.size).tolist()
    end_of_words = start + 4 * sum(lengths)
    if len(content) != end_of_words + packed:
        raise Malformed(f"the header announces {end_of_words + packed} bytes, the file has {len(content)}")
    words = np.frombuffer(content, "<u4", sum(lengths), start).astype(np.uint32)
    if (words >= P).any():
        raise Malformed("a word is not below p")
    ends = np.cumsum(lengths, dtype=np.int64)
    return ProofFile(Kind(kind), name, tuple(words[end - length:end] for length, end in zip(lengths, ends, strict=True)),
                     content[end_of_words:])

"""A proof as bytes, with nothing in it that follows from the rest: packed words, pruned openings.

    b"lrp\\1"   four bytes of the key's digest   the number of words: four bytes, little endian   the words, 31 bits each

The words are those of the tape up to the drawing of the queries, and then the pruned openings, tree by tree. Positions are not sent: they
are drawn again. `decode` gives the tape that `stark.verifier` reads, and says nothing about whether it proves anything. Of every key and
statement, bytes that decode are the encoding of what they decode to.
"""
from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

from stark.errors import Malformed
from stark.key import Key
from stark.numbers import Numbers
from stark.operations import Permute
from stark.packing import pack, packed_length, unpack
from stark.pruning import Places, openings_of, prune, restore, walk, walks
from stark.rounds import Rounds, converse
from stark.verifier import fixed_caps, judge, stated

U32 = npt.NDArray[np.uint32]
MAGIC = b"lrp"
VERSION = 1
HEADER = struct.Struct("<3sB4sI")


def fingerprint(key: Key) -> bytes:
    return key.digest[:1].astype("<u4").tobytes()


def heard(m: Numbers, key: Key, statement: U32) -> tuple[Rounds, Places]:
    """The conversation in the first words of a tape, and the positions of the queries that follow from it."""
    said = converse(m, key, [m.constant(cap) for cap in fixed_caps(key)], m.constant(statement))
    positions: Places = (said.bits.data.astype(np.int64) << np.arange(key.log_domain)).sum(axis=1)
    return said, positions


def encode(key: Key, statement: U32, proof: U32, permute: Permute) -> bytes:
    """The bytes of a proof; ValueError for words that are no proof under the key or whose openings contradict each other."""
    if len(proof) != key.words:
        raise ValueError(f"a proof under this key has {key.words} words, not {len(proof)}")
    head = key.head_words
    _, positions = heard(Numbers(proof[:head], permute), key, statement)
    at, parts = head, [proof[:head]]
    for opening in openings_of(key):
        size = opening.words * len(positions)
        part, way = proof[at:at + size], walk(opening, positions)
        at += size
        parts.append(prune(way, part))
        if (restore(way, parts[-1], permute) != part).any():
            raise ValueError("two openings of one tree contradict each other")
    words = np.concatenate(parts)
    return HEADER.pack(MAGIC, VERSION, fingerprint(key), len(words)) + pack(words)


def decode(key: Key, statement: U32, content: bytes, permute: Permute) -> U32:
    """The tape; Malformed if there is none for these bytes. All words, and how many there are at most, are checked before anything is
    hashed; how many there are follows from the positions, for which the head is hashed."""
    statement, words = stated(key, statement), read(key, content)
    head = words[:key.head_words]
    _, positions = heard(Numbers(head, permute), key, statement)
    return np.concatenate([head, restored(key, words, positions, permute)])


def check_packed(key: Key, statement: U32, content: bytes, permute: Permute) -> None:
    """Malformed or Rejected unless these bytes prove the statement: `stark.verifier.check_proof` of what they decode to, but the
    conversation is heard once."""
    statement, words = stated(key, statement), read(key, content)
    m = Numbers(words[:key.head_words], permute)
    said, positions = heard(m, key, statement)
    m.goes_on(restored(key, words, positions, permute))
    judge(m, key, said, m.constant(statement))
    m.finish()


def restored(key: Key, words: U32, positions: Places, permute: Permute) -> U32:
    """The openings as they stand on a tape."""
    at, ways, openings = key.head_words, walks(openings_of(key), positions), []
    expected = at + sum(way.words for way in ways)
    if len(words) != expected:
        raise Malformed(f"the proof has {len(words)} words where its queries need {expected}: "
                        "words were changed, or it is of another statement")
    for way in ways:
        openings.append(restore(way, words[at:at + way.words], permute))
        at += way.words
    return np.concatenate(openings)


def read(key: Key, content: bytes) -> U32:
    """The words in these bytes."""
    if not isinstance(content, bytes | bytearray):
        raise Malformed("a proof is a string of bytes")
    if content[:3] != MAGIC[:len(content)] or not content:
        raise Malformed("these bytes are not a proof")
    if len(content) < HEADER.size:
        raise Malformed("the proof ends in its header")
    _, version, made_for, count = HEADER.unpack_from(content)
    if version != VERSION:
        raise Malformed(f"this proof has format {version}, not {VERSION}")
    if made_for != fingerprint(key):
        raise Malformed("this proof was made under another key or profile")
    if not key.head_words < count <= key.words:
        raise Malformed(f"a proof under this key has more than {key.head_words} and at most {key.words} words, not {count}")
    if len(content) != HEADER.size + packed_length(count):
        raise Malformed(f"the header announces {HEADER.size + packed_length(count)} bytes, there are {len(content)}")
    return unpack(memoryview(content)[HEADER.size:], count)

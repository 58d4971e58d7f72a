"""The buses of the machine: every kind of message that a chip may send, with its number and its fields."""
from __future__ import annotations

from functools import cache

from segments.catalogue import MORE
from stark.chip import Bus
from stark.poseidon2 import HASHES, Hash

LIMBS = ("limb0", "limb1", "limb2", "limb3")

PROGRAM = Bus(1, "program", ("pc", "op", "d", "a", "b", "i", "j", "next"), tables=("program",))
STATE = Bus(2, "state", ("pc", "fp", "time", "status"))
MEMORY = Bus(3, "memory", ("space", "address", *LIMBS, "time"), (None, None, *[1 << 16] * len(LIMBS), None),
             inductive="a limb that is taken was put there earlier in time, and what is put there was taken or is held by its chip")
RANGE16 = Bus(4, "range16", ("value",), (1 << 16,), ("lookup",))
BYTES = Bus(5, "bytes", ("x", "y"), (256, 256), ("lookup",))
AND = Bus(6, "and", ("x", "y", "both"), (256, 256, 256), ("lookup",))
SHIFT = Bus(7, "shift", ("amount", "byte", "low", "high"), (8, 256, 256, 256), ("lookup",))
PAGE = Bus(10, "page", ("page", "time"))
HOST = Bus(11, "host", ("function", "time", "address"))
CELL = Bus(12, "cell", ("address", "time", *(f"before{k}" for k in range(4)), *(f"after{k}" for k in range(4))),
           (None, None, *[1 << 16] * 8),
           inductive="what a cell held is taken from the memory by the row that answers, and what it holds then is held by who asks")


def asking(kind: Hash, number: int, name: str, *tables: str) -> Bus:
    """For a permutation: the words that go in, and the digest (rate 1) or the capacity (rate 0) of what comes out, which is as long."""
    words, out = (f"word{k}" for k in range(kind.width)), (f"out{k}" for k in range(kind.digest))
    return Bus(number, name, ("rate", *words, *out), tables=tables)


@cache
def hashes(kind: Hash) -> Bus:
    return asking(kind, 8, "hash", "hash", "hash" + MORE)


@cache
def nodes(kind: Hash) -> Bus:
    before, after = ([f"{when}{k}" for k in range(kind.digest)] for when in ("before", "after"))
    return Bus(9, "node", ("level", "index", *before, *after))


HASH, NODE = hashes(HASHES[16]), nodes(HASHES[16])
PERMUTED = asking(HASHES[16], 13, "permuted", "permuted")       # for programs, where what ties memory is another hash

ALL = (PROGRAM, STATE, MEMORY, RANGE16, BYTES, AND, SHIFT, HASH, NODE, PAGE, HOST, CELL, PERMUTED)
LOOKUPS = (RANGE16, BYTES, AND, SHIFT)

"""The buses of the machine: every kind of message that a chip may send, with its number and its fields."""
from __future__ import annotations

from segments.catalogue import MORE
from stark.chip import Bus

LIMBS = ("limb0", "limb1", "limb2", "limb3")

PROGRAM = Bus(1, "program", ("pc", "op", "d", "a", "b", "i", "j", "next"), tables=("program",))
STATE = Bus(2, "state", ("pc", "fp", "time", "status"))
MEMORY = Bus(3, "memory", ("space", "address", *LIMBS, "time"), (None, None, *[1 << 16] * len(LIMBS), None),
             inductive="a limb that is taken was put there earlier in time, and what is put there was taken or is held by its chip")
RANGE16 = Bus(4, "range16", ("value",), (1 << 16,), ("lookup",))
BYTES = Bus(5, "bytes", ("x", "y"), (256, 256), ("lookup",))
AND = Bus(6, "and", ("x", "y", "both"), (256, 256, 256), ("lookup",))
SHIFT = Bus(7, "shift", ("amount", "byte", "low", "high"), (8, 256, 256, 256), ("lookup",))
HASH = Bus(8, "hash", ("rate", *(f"word{k}" for k in range(16)), *(f"out{k}" for k in range(8))), tables=("hash", "hash" + MORE))
NODE = Bus(9, "node", ("level", "index", *(f"before{k}" for k in range(8)), *(f"after{k}" for k in range(8))))
PAGE = Bus(10, "page", ("page", "time"))

ALL = (PROGRAM, STATE, MEMORY, RANGE16, BYTES, AND, SHIFT, HASH, NODE, PAGE)
LOOKUPS = (RANGE16, BYTES, AND, SHIFT)

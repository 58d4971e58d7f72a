"""The channels of the recursion: wires carry one element, blocks carry the words that a sponge takes in at a time.

An entry of a cap is a digest. Where that is as long as a block (width 16), caps stand on the bus of blocks, and the transcript's block is
an entry's; where it is shorter (width 24), they have a bus of their own, and the words of an entry are those of wires.
"""
from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from stark.chip import Bus
from stark.expression import Expression
from stark.poseidon2 import Hash

Part = Expression | int

WIRE = Bus(101, "wire", ("wire", "w0", "w1", "w2", "w3", "w4"))


def caps_are_blocks(kind: Hash) -> bool:
    return kind.digest == kind.rate


@cache
def blocks(kind: Hash) -> Bus:
    words = [f"w{k}" for k in range(kind.rate)]
    return Bus(102, "block", ("block", "entry", *words), tables=("cap",)) if caps_are_blocks(kind) else Bus(102, "block", ("block", *words))


@cache
def caps(kind: Hash) -> Bus:
    words = (f"w{k}" for k in range(kind.digest))
    return blocks(kind) if caps_are_blocks(kind) else Bus(103, "cap", ("table", "entry", *words), tables=("cap",))


def in_block(kind: Hash, number: Part, words: Sequence[Part]) -> list[Part]:
    """The parts of a message on the bus of blocks; zeros fill the block up."""
    entry: list[Part] = [0] if caps_are_blocks(kind) else []
    return [number, *entry, *words, *[0] * (kind.rate - len(words))]

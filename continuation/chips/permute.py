"""One Poseidon2 permutation a row: sponges, Merkle paths and transcripts, and the batching of opened columns on the way.

A row's sixteen words come from: a block and the capacity of the row before (`absorb`), a block and a fresh capacity (`start`), two
blocks (`second`), or the digest of the row before and a sibling in the order that the index bit says (`path`). What a sponge takes in is
also taken into the accumulator: base columns eight at a time, extension columns in five phases of eight words, both weighted by the
published powers of the batching challenge.
"""
from __future__ import annotations

from continuation.chips import extension
from continuation.chips.buses import BLOCK, WIRE
from continuation.chips.extension import Five, Part
from continuation.layout import POWERS, PROOFS
from stark.chip import Chip
from stark.expression import Expression
from stark.gadgets.poseidon2 import permutation

KINDS = ("base", *(f"extension.{phase}" for phase in range(5)))       # how a row's words enter the accumulator
NAME = "permute"
MORE = "permute more"                   # a second table of the same chip, so that the rows may be a sum of two powers of two


def taken(kind: str) -> tuple[int, list[tuple[int, int]]]:
    """The power for the accumulator, and for each of the eight words a power and the coordinate at which it stands."""
    if kind == "base":
        return 8, [(7 - j, 0) for j in range(8)]
    words = [8 * int(kind.split(".")[1]) + j for j in range(8)]             # of five blocks, which hold eight elements
    last = max(word // 5 for word in words)
    return sum(word % 5 == 0 for word in words), [(last - word // 5, word % 5) for word in words]


def definition(name: str = NAME) -> Chip:
    chip = Chip(name, "every row is a permutation of words that come from where the key says, and opened columns are batched")
    flags = {name: chip.fixed(name) for name in ("absorb", "start", "fresh", "path", "takes", "second", "enters", "keep", *KINDS)}
    proof = chip.fixed("proof")
    block, second, out, out_times = (chip.fixed(name) for name in ("block", "second block", "out block", "out times"))
    index_wire, sum_wire, sum_times = (chip.fixed(name) for name in ("index wire", "sum wire", "sum times"))
    state = chip.columns("in", 16)
    result = permutation(chip, state)
    index, bit = chip.column("index"), chip.column("bit")
    total = extension.column(chip, "sum")

    for k in range(8):
        fresh = flags["fresh"] if k == 0 else 0
        chip.require("a fresh sponge knows only its length", flags["start"] * (state[8 + k] - fresh))
        chip.require("a sponge goes on with its capacity", flags["absorb"].next * (state[8 + k].next - result[8 + k]), "wrap")
        low, high = state[k].next, state[8 + k].next
        chip.require("a path goes on with the digest, on the side that the bit says",
                     flags["path"].next * (low + bit.next * (high - low) - result[k]), "wrap")
    chip.require("a path row has a bit, others have none", bit * (bit - flags["path"]))
    chip.require("a path row takes its bit from the index", flags["path"].next * (index - 2 * index.next - bit.next), "wrap")
    chip.require("only paths have an index", (1 - flags["path"] - flags["enters"]) * index)
    accumulate(chip, flags, proof, state, total)

    chip.receive(BLOCK, block, 0, *state[:8], times=flags["takes"])
    chip.receive(BLOCK, second, 0, *state[8:], times=flags["second"])
    chip.send(BLOCK, out, index, *result[:8], times=out_times)
    chip.receive(WIRE, index_wire, index, 0, 0, 0, 0, times=flags["enters"])
    chip.send(WIRE, sum_wire, *total, times=sum_times)
    return chip


def accumulate(chip: Chip, flags: dict[str, Expression], proof: Expression, state: list[Expression], total: Five) -> None:
    powers = [selected_power(chip, proof, k) for k in range(POWERS + 1)]
    factor: Five = extension.of_word(flags["keep"])
    weights: list[Five] = [extension.zero() for _ in range(8)]
    for kind in KINDS:
        for_sum, for_words = taken(kind)
        factor = extension.plus(factor, extension.scaled(powers[for_sum], flags[kind]))
        for j, (power, coordinate) in enumerate(for_words):
            weights[j] = extension.plus(weights[j], extension.scaled(extension.shifted(powers[power], coordinate), flags[kind]))
    added = extension.zero()
    for weight, word in zip(weights, state, strict=False):
        added = extension.plus(added, extension.scaled(weight, word))
    expected = extension.plus(extension.times(total, extension.next_row(factor)), extension.next_row(added))
    extension.require_equal(chip, "the sum takes in the words of this row", extension.next_row(total), expected, "wrap")


def selected_power(chip: Chip, proof: Expression, k: int) -> Five:
    """The k-th power of the batching challenge of the proof that this row belongs to."""
    if k == 0:
        return extension.one()
    words: list[list[Part]] = [[chip.public(5 * (POWERS * p + k - 1) + c) for c in range(5)] for p in range(PROOFS)]
    return extension.plus(words[0], extension.scaled(extension.minus(words[1], words[0]), proof))

"""One Poseidon2 permutation a row: sponges, Merkle paths and transcripts, and the batching of opened columns on the way.

A row's words come from: a block and the capacity of the row before (`absorb`), a block and a fresh capacity (`start`), two blocks
(`second`), or the digest of the row before and a sibling in the order that the index bit says (`path`). What a sponge takes in is also
taken into the accumulator, weighted by the published powers of the batching challenge: base columns a block at a time, extension columns
in as many phases as it takes until blocks and elements end together (five of eight words, or one of fifteen).
"""
from __future__ import annotations

from math import gcd

from continuation.chips import extension
from continuation.chips.buses import WIRE, blocks, caps, caps_are_blocks, in_block
from continuation.chips.extension import Five, Part
from continuation.layout import PROOFS
from stark.chip import Chip
from stark.expression import Expression
from stark.gadgets.poseidon2 import permutation
from stark.poseidon2 import Hash

NAME = "permute"
MORE = "permute more"                   # a second table of the same chip, so that the rows may be a sum of two powers of two


def phases(rate: int) -> int:
    """Blocks of so many words that elements of five words fill."""
    return 5 // gcd(5, rate)


def entries(rate: int) -> tuple[str, ...]:
    """How a row's words enter the accumulator."""
    return "base", *(f"extension.{phase}" for phase in range(phases(rate)))


def flags(kind: Hash) -> tuple[str, ...]:
    """What a row does."""
    looking = () if caps_are_blocks(kind) else ("looks",)
    return "absorb", "start", "fresh", "path", "takes", "second", "enters", "keep", *entries(kind.rate), *looking


def taken(entry: str, rate: int) -> tuple[int, list[tuple[int, int]]]:
    """The power for the accumulator, and for each word of a block a power and the coordinate at which it stands."""
    if entry == "base":
        return rate, [(rate - 1 - j, 0) for j in range(rate)]
    words = [rate * int(entry.split(".")[1]) + j for j in range(rate)]
    last = max(word // 5 for word in words)
    return sum(word % 5 == 0 for word in words), [(last - word // 5, word % 5) for word in words]


def definition(kind: Hash, name: str = NAME) -> Chip:
    chip = Chip(name, "every row is a permutation of words that come from where the key says, and opened columns are batched")
    does = {flag: chip.fixed(flag) for flag in flags(kind)}
    proof = chip.fixed("proof")
    block, second, out, out_times = (chip.fixed(name) for name in ("block", "second block", "out block", "out times"))
    index_wire, sum_wire, sum_times = (chip.fixed(name) for name in ("index wire", "sum wire", "sum times"))
    state, rate, digest = chip.columns("in", kind.width), kind.rate, kind.digest
    result = permutation(chip, state)
    index, bit = chip.column("index"), chip.column("bit")
    total = extension.column(chip, "sum")

    for k in range(kind.width - rate):              # as many as a digest has
        fresh = does["fresh"] if k == 0 else 0
        chip.require("a fresh sponge knows only its length", does["start"] * (state[rate + k] - fresh))
        chip.require("a sponge goes on with its capacity", does["absorb"].next * (state[rate + k].next - result[rate + k]), "wrap")
        low, high = state[k].next, state[digest + k].next
        chip.require("a path goes on with the digest, on the side that the bit says",
                     does["path"].next * (low + bit.next * (high - low) - result[k]), "wrap")
    for word in state[2 * digest:]:
        chip.require("a path has zeros behind two digests", does["path"] * word)
    chip.require("a path row has a bit, others have none", bit * (bit - does["path"]))
    chip.require("a path row takes its bit from the index", does["path"].next * (index - 2 * index.next - bit.next), "wrap")
    chip.require("only paths have an index", (1 - does["path"] - does["enters"]) * index)
    accumulate(chip, does, proof, state[:rate], total)

    chip.receive(blocks(kind), *in_block(kind, block, state[:rate]), times=does["takes"])
    chip.receive(blocks(kind), *in_block(kind, second, state[rate:]), times=does["second"])
    if caps_are_blocks(kind):
        chip.send(caps(kind), out, index, *result[:digest], times=out_times)        # or, minus once, an entry of a cap
    else:
        chip.send(blocks(kind), *in_block(kind, out, result[:rate]), times=out_times)
        chip.receive(caps(kind), out, index, *result[:digest], times=does["looks"])
    chip.receive(WIRE, index_wire, index, 0, 0, 0, 0, times=does["enters"])
    chip.send(WIRE, sum_wire, *total, times=sum_times)
    return chip


def accumulate(chip: Chip, does: dict[str, Expression], proof: Expression, block: list[Expression], total: Five) -> None:
    rate = len(block)
    powers = [selected_power(chip, proof, k, rate) for k in range(rate + 1)]
    factor: Five = extension.of_word(does["keep"])
    weights: list[Five] = [extension.zero() for _ in range(rate)]
    for entry in entries(rate):
        for_sum, for_words = taken(entry, rate)
        factor = extension.plus(factor, extension.scaled(powers[for_sum], does[entry]))
        for j, (power, coordinate) in enumerate(for_words):
            weights[j] = extension.plus(weights[j], extension.scaled(extension.shifted(powers[power], coordinate), does[entry]))
    added = extension.zero()
    for weight, word in zip(weights, block, strict=True):
        added = extension.plus(added, extension.scaled(weight, word))
    expected = extension.plus(extension.times(total, extension.next_row(factor)), extension.next_row(added))
    extension.require_equal(chip, "the sum takes in the words of this row", extension.next_row(total), expected, "wrap")


def selected_power(chip: Chip, proof: Expression, k: int, powers: int) -> Five:
    """The k-th power of the batching challenge of the proof that this row belongs to."""
    if k == 0:
        return extension.one()
    words: list[list[Part]] = [[chip.public(5 * (powers * p + k - 1) + c) for c in range(5)] for p in range(PROOFS)]
    return extension.plus(words[0], extension.scaled(extension.minus(words[1], words[0]), proof))

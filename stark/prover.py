"""The prover: the rounds of the protocol in order, every heavy step a call to the kernels, every message through the transcript.

It shares the transcript with the verifier (stark/verifier.py), which states what the words mean.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from stark.field import U64, P, ext_mul, ext_powers_of, root_of_unity
from stark.flat import FlatChip
from stark.fused import steps_of
from stark.kernels.protocol import Commitment, Kernels, QuotientJob
from stark.key import Key
from stark.machine import Value
from stark.numbers import Numbers
from stark.quotients import both_points, claims_together, folded_coefficients
from stark.setup import ProvingKey, commit_tree
from stark.transcript import Transcript
from stark.verifier import stated
from stark.watch import Watch

U32 = npt.NDArray[np.uint32]
Indices = npt.NDArray[np.int64]


class Unprovable(Exception):
    """The tables do not satisfy the constraints: an internal error of whoever filled them."""


class HandedOver:
    """Main tables of which their owner has no more use: his dictionary is empty from here on. The prover lets go of them when it has read
    them for the last time, so that their memory is free for what comes."""

    def __init__(self, tables: dict[str, U32]) -> None:
        self._tables: dict[str, U32] | None = dict(tables)
        tables.clear()

    def taken(self) -> dict[str, U32]:
        """The tables, once."""
        if self._tables is None:
            raise ValueError("these tables were used up by an earlier proof")
        tables, self._tables = self._tables, None
        return tables


class Sender:
    """Writes the proof: what is sent is absorbed."""

    def __init__(self, key: Key, kernels: Kernels) -> None:
        self.m = Numbers(np.zeros(0, np.uint32), kernels.permute)
        self.transcript, self.tape = Transcript(self.m, key), [np.zeros(0, np.uint32)]

    def absorb(self, words: npt.NDArray[np.unsignedinteger]) -> None:
        self.transcript.absorb(Value(self.m, words.reshape(-1).astype(np.uint64), False))

    def send(self, words: npt.NDArray[np.unsignedinteger]) -> None:
        self.absorb(words)
        self.append(words)

    def append(self, words: npt.NDArray[np.unsignedinteger]) -> None:
        self.tape.append(words.reshape(-1).astype(np.uint32))

    def work(self, kernels: Kernels, bits: int) -> None:
        """Finds and sends the nonce after which the next drawn word ends in so many zeros, and draws that word."""
        if bits:
            self.send(np.array([kernels.grind(self.transcript.state.data.astype(np.uint32), bits)], np.uint32))
            self.transcript.draw_words(1)

    def draw(self) -> U32:
        return self.transcript.draw().data.astype(np.uint32)

    def proof(self) -> U32:
        return np.concatenate(self.tape)


def prove(proving: ProvingKey, mains: Mapping[str, U32] | HandedOver, statement: U32, kernels: Kernels, watch: Watch | None = None) -> U32:
    """The words of a proof that these main tables satisfy the key's chips under this statement. A mapping stays as it is."""
    watch, statement = watch or Watch(), stated(proving.key, statement)
    mains = mains.taken() if isinstance(mains, HandedOver) else dict(mains)
    if strangers := sorted(mains.keys() - {chip.name for chip in proving.key.chips}):
        raise ValueError(f"there are tables of chips that the key has not: {', '.join(strangers)}")
    key, p = proving.key, proving.key.parameters
    sender = Sender(key, kernels)
    trees: dict[str, Commitment] = dict(proving.trees)
    for fixed_tree in key.fixed_trees:
        sender.absorb(trees[fixed_tree.name].cap)
    sender.absorb(statement)
    with watch.stage("commit main"):
        tables = [shaped(key, i, mains, len(chip.main_names)) for i, chip in enumerate(key.chips)]
        trees["main"] = commit_tree(key, key.tree("main"), [table for table in tables if len(table)], kernels)
        sender.send(trees["main"].cap)
    with watch.stage("lookup grinding"):
        sender.work(kernels, p.lookup_grinding)
    gamma, beta = sender.draw(), sender.draw()
    with watch.stage("logup"):
        fixed = [shaped(key, i, proving.fixed, len(chip.fixed_names)) for i, chip in enumerate(key.chips)]
        results = [kernels.logup(flat, f, t, statement, gamma, beta) for flat, f, t in zip(key.flat, fixed, tables, strict=True)]
        columns, totals = [c for c, _ in results if len(c)], np.array([t for _, t in results], np.uint32).reshape(-1, 5)
        del tables, results, mains
    if columns:
        with watch.stage("commit logup"):
            trees["logup"] = commit_tree(key, key.tree("logup"), handed_over(columns), kernels)
            sender.send(trees["logup"].cap)
    sender.send(totals[key.speaking])
    combiner = sender.draw()
    with watch.stage("quotient"):
        halves = kernels.quotient(jobs(key, trees, statement, gamma, beta, totals, combiner), key.log_rows, p.log_blowup)
    with watch.stage("commit quotient"):
        trees["quotient"] = commit_tree(key, key.tree("quotient"), [halves], kernels)
        sender.send(trees["quotient"].cap)
    del halves
    zeta = sender.draw()
    shifted = (zeta.astype(np.uint64) * root_of_unity(key.log_rows) % P).astype(np.uint32)
    with watch.stage("openings"):
        order = [trees[tree.name] for tree in key.trees]
        points = np.stack([zeta, shifted])
        at = list(np.concatenate([tree.evaluate(key.log_rows, points) for tree in order], axis=1).astype(np.uint64))
        sender.send(np.stack([together(key, values) for values in at]))
    with watch.stage("batch grinding"):
        sender.work(kernels, p.batch_grinding)
    challenge, second = sender.draw(), sender.draw()
    with watch.stage("batch"):
        weights = batch_weights(key, challenge.astype(np.uint64))
        claimed = claims(key, at, weights)
        combined = []
        for pack in key.packs:
            parts = [(trees[tree.name], own) for (tree, group), own in zip(key.placed, weights, strict=True) if group.pack == pack]
            combined.append(kernels.combine([tree for tree, _ in parts], [own.astype(np.uint32) for _, own in parts], pack, key.log_domain))
        tested = [kernels.deep(combined, [np.zeros_like(values) for values in claimed], points, second, key.shift(0))]
        less = Claims(key, sender.m, claimed, points, second)
        del combined
    with watch.stage("fri"):
        layers, values, shift = fold_rounds(key, sender, tested.pop(), less, kernels)     # handed over, so that the first folding frees it
        coefficients = kernels.interpolate(values, shift)
        length = 1 << (key.fri_rounds[-1] - p.log_blowup)
        if coefficients[length:].any():
            raise Unprovable("the constraints do not hold: run stark.check on the same tables")
        sender.send(coefficients[:length])
    with watch.stage("grinding"):
        sender.work(kernels, p.grinding)
    with watch.stage("query"):
        drawn = sender.transcript.draw_words(p.queries).data
        indices = (drawn & np.uint64((1 << key.log_domain) - 1)).astype(np.int64)
        for tree in [*order, *layers]:
            sender.append(tree.open(indices >> (key.log_domain - tree.log_height)))
    return sender.proof()


def handed_over(tables: list[U32]) -> Iterator[U32]:
    """The tables, of which the list has none afterwards."""
    while tables:
        yield tables.pop(0)


def shaped(key: Key, i: int, tables: Mapping[str, U32], columns: int) -> U32:
    """A chip's table, if it has the shape that the key gives; a chip without columns needs none."""
    name, expected = key.chips[i].name, (columns, 1 << key.log_heights[i])
    table = tables.get(name, np.zeros((0, expected[1]), np.uint32))
    if columns and name not in tables:
        raise ValueError(f"there is no table of chip {name}")
    if table.shape != expected:
        raise ValueError(f"a table of chip {name} has shape {table.shape}, not {expected}")
    return table


def jobs(key: Key, trees: Mapping[str, Commitment], statement: U32, gamma: U32, beta: U32, totals: U32, combiner: U32) -> list[QuotientJob]:
    """Each chip's part of the quotient; the constraints of all chips in a row are weighted by falling powers of the combiner."""
    counts = [chip.constraints for chip in key.chips]
    powers = ext_powers_of(combiner.astype(np.uint64), max(1, sum(counts)))[::-1].astype(np.uint32)
    places = {name: iter(range(len(key.chips))) for name in trees}

    def place(name: str, i: int) -> tuple[Commitment, int] | None:
        tree = next((t for t in key.trees if t.name == name), None)
        return (trees[name], next(places[name])) if tree is not None and tree.widths[i] else None
    out, at = [], 0
    for i, count in enumerate(counts):
        flat: FlatChip = key.flat[i]
        out.append(QuotientJob(flat, key.log_heights[i], place("fixed", i) or place("program", i), place("main", i), place("logup", i),
                               statement, gamma, beta, totals[i], powers[at:at + count]))
        at += count
    return out


def together(key: Key, values: U64) -> U64:
    """Opened base columns to opened values: the five coordinates of an extension column are one value."""
    out, at = [], 0
    basis = np.eye(5, dtype=np.uint64)
    for tree in key.trees:
        width = sum(tree.widths)
        part, at = values[at:at + width], at + width
        out.append(ext_mul(part.reshape(-1, 5, 5), basis).sum(axis=1) % P if tree.extension else part)
    return np.concatenate(out)


def batch_weights(key: Key, challenge: U64) -> list[U64]:
    """For every group the weights (words of a row, 5) of its committed base columns in the sum that FRI tests; `batched` in stark/fused.py
    is the definition."""
    steps: list[Indices] = []                                   # the Horner step that takes a column in
    step = 0
    for tree, group in key.placed:
        steps.append(step + np.arange(group.shared).repeat(tree.unit))
        step += steps_of(group.shared, key.hash.rate, tree.extension)
    powers, basis = ext_powers_of(challenge, step), np.eye(5, dtype=np.uint64)
    return [ext_mul(powers[step - 1 - own], basis[np.arange(len(own)) % tree.unit])
            for (tree, _), own in zip(key.placed, steps, strict=True)]


def claims(key: Key, at: list[U64], weights: list[U64]) -> list[U32]:
    """For every pack (2, 2^pack, 5): the coefficients of what the sum of its columns is where x^(2^pack) is that of the opened point."""
    out = {pack: np.zeros((2, 1 << pack, 5), np.uint64) for pack in key.packs}
    first = 0
    for (_, group), own in zip(key.placed, weights, strict=True):
        share, words = 1 << group.pack, group.elements * group.unit
        values = np.zeros((2, group.shared * share * group.unit, 5), np.uint64)
        values[:, :words] = [side[first:first + words] for side in at]
        first += words
        slots = values.reshape(2, group.shared, share, group.unit, 5).swapaxes(1, 2).reshape(2, share, -1, 5)
        out[group.pack] = (out[group.pack] + ext_mul(slots, np.broadcast_to(own, slots.shape)).sum(axis=2)) % P
    return [out[pack].astype(np.uint32) for pack in key.packs]


class Claims:
    """What the columns are claimed to open to, over the denominators that all have in common."""

    def __init__(self, key: Key, m: Numbers, claimed: list[U32], points: U32, second: U32) -> None:
        self.key, self.m, self.second = key, m, second
        zeta = both_points(m, key, self.value(points[0]))
        packed = {pack: self.value(values) for pack, values in zip(key.packs, claimed, strict=True)}
        self.coefficients, self.points = claims_together(m, key, packed, zeta), zeta

    def value(self, words: U32) -> Value:
        return Value(self.m, words.astype(np.uint64), True)

    def taken(self, values: U32, challenge: U32, steps: int, kernels: Kernels) -> U32:
        """The values behind so many steps of folding, less the claims that are folded alike."""
        folded = folded_coefficients(self.m, self.coefficients, self.value(challenge), steps).data.astype(np.uint32)
        points = self.points[steps].data.astype(np.uint32)
        less = kernels.deep([np.zeros_like(values)], [folded], points, self.second, self.key.shift(steps))
        return ((values.astype(np.uint64) + less) % P).astype(np.uint32)


def fold_rounds(key: Key, sender: Sender, values: U32, less: Claims, kernels: Kernels) -> tuple[list[Commitment], U32, int]:
    """Commits and folds until the final size; returns the layers, the last values and their shift. The claims are taken away behind the
    first folding, see stark/quotients.py."""
    layers: list[Commitment] = []
    for log_size, log_next in zip(key.fri_rounds, key.fri_rounds[1:], strict=False):
        layers.append(kernels.commit_rows(values.reshape(1 << log_next, -1), key.log_fri_cap(log_next), key.hash.width))
        sender.send(layers[-1].cap)
        sender.work(kernels, key.parameters.folding_grinding)
        shift, challenge = key.shift(key.log_domain - log_size), sender.draw()
        values = kernels.fold(values, log_size - log_next, challenge, shift)
        if len(layers) == 1:
            values = less.taken(values, challenge, key.log_first, kernels)
    if not layers:
        values = less.taken(values, np.zeros(5, np.uint32), 0, kernels)
    return layers, values, key.shift(key.log_domain - key.fri_rounds[-1])

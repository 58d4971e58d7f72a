"""The verifier, written once. `m` reads it with numbers (stark/numbers.py) or with addresses (the recursion's recorder).

Rules for the author: every length comes from the key; a proof value never becomes a Python bool or int; what a hint returns is required
in the next line; proof words are read in the order in which this text reads them, which is the proof's format.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np
import numpy.typing as npt

from stark.errors import Malformed
from stark.field import root_of_unity
from stark.formulas import inverted, polynomial, power, zero
from stark.fused import batched, folded, inverse, opened_rows, point, steps_of
from stark.key import Group, Key
from stark.machine import Machine, Value, concat, stack
from stark.numbers import Numbers, canonical
from stark.point import PointChip
from stark.quotients import both_points, by_pack, claims_together, quotients, without_claims
from stark.rounds import Rounds, converse

U32 = npt.NDArray[np.uint32]


def verify(m: Machine, key: Key, fixed_caps: Sequence[Value], statement: Value) -> None:
    """Requires that the words that follow on the tape prove the statement under the key with these commitments to its fixed columns."""
    judge(m, key, converse(m, key, fixed_caps, statement), statement)


def judge(m: Machine, key: Key, said: Rounds, statement: Value) -> None:
    """Requires of what was said, and of the openings that follow on the tape, that they prove the statement."""
    queries, bits = key.parameters.queries, said.bits
    with m.phase("bus sums"):
        m.require_equal("what is sent is received", reduce(lambda a, b: a + b, [said.sums[i] for i in range(len(said.sums))], zero(m)),
                        zero(m))
    check_constraints(m, key, said, statement)
    with m.phase("claimed values"):
        batch = [said.batching]                                 # its first powers, one for each word of a hashed block
        for _ in range(key.hash.rate - 1):
            batch.append(batch[-1] * said.batching)
        weights = weights_of(m, key, said.batching)
        claimed = {pack: zero(m).broadcast(2, 1 << pack) for pack in key.packs}
        for (tree, group), weight in zip(key.placed, weights, strict=True):
            slots = slotted(m, group, concat([said.opened[:, key.opened[tree.name, i]] for i in group.chips], 1))
            opened = batched(m, zero(m).broadcast(2, 1 << group.pack), batch, slots, tree.extension)
            claimed[group.pack] = m.mul_add(opened, weight, claimed[group.pack])
        zeta = both_points(m, key, said.zeta)
        claims = claims_together(m, key, claimed, zeta)

    sums: list[Value] = [zero(m).broadcast(queries)]            # over all columns up to the end of a group
    for tree, cap in zip(key.trees, said.caps, strict=True):
        offset = key.log_domain - key.log_tree(tree)
        sums += opened_rows(m, cap, key.segments(tree), bits[:, offset:], tree.name, sums[-1], batch, tree.extension)
    with m.phase("sums of groups"):
        reduced = by_pack(m, key, sums[1:], weights)
    with m.phase("quotients at zeta"):
        first, points = key.log_first, {done: point(m, bits[:, done:], key.shift(done)) for done in key.pointed}
        x = [points[0]]
        for k in range(1, key.log_span + 1):
            x.append(points[k] if k == first else x[-1] * x[-1])
        found = quotients(m, key, reduced, claims, said.second, zeta, x)
        value = found.sums if first else without_claims(m, found, found.sums, None, 0, x[0])

    for log_size, log_next, cap, challenge in zip(key.fri_rounds, key.fri_rounds[1:], said.fri_caps, said.foldings, strict=False):
        done, arity = key.log_domain - log_size, log_size - log_next
        row, = opened_rows(m, cap, [5 << arity], bits[:, done + arity:], "fri")
        with m.phase("fri fold"):
            value = folded(m, row, bits[:, done:], arity, value, challenge, key.shift(done))
        if not done:
            with m.phase("quotients at zeta"):
                value = without_claims(m, found, value, challenge, arity, points[arity])
    with m.phase("final polynomial"):
        final = polynomial(m, said.final, points[key.log_domain - key.fri_rounds[-1]])
        m.require_equal("the last folding is the final polynomial", final, value)


def weights_of(m: Machine, key: Key, challenge: Value) -> list[Value]:
    """For every group the power of the batching challenge by which Horner's rule multiplies its sum on the way to the last column."""
    weights = [m.constant_extension([1, 0, 0, 0, 0])]
    for tree, group in key.placed[:0:-1]:
        weights.append(weights[-1] * power(m, challenge, steps_of(group.shared, key.hash.rate, tree.extension)))
    return weights[::-1]


def slotted(m: Machine, group: Group, opened: Value) -> Value:
    """Values (2, columns) of a group's columns as (2, place in a committed column, committed column)."""
    share, free = 1 << group.pack, (group.shared << group.pack) - group.elements
    if free:
        opened = concat([opened, zero(m).broadcast(2, free)], 1)
    return opened[:, np.arange(group.shared) * share + np.arange(share)[:, None]]


def check_constraints(m: Machine, key: Key, said: Rounds, statement: Value) -> None:
    powers = [said.zeta]                                        # powers[k] = zeta^(2^k): where a chip of 2^(log_rows - k) rows is opened
    for _ in range(key.log_rows):
        powers.append(powers[-1] * powers[-1])
    vanishing = powers[-1] - 1                                  # z^height - 1 is the same for every chip
    with m.phase("selectors"):
        selectors = selectors_of(m, key, powers, vanishing)
    inputs = []
    public = [zero(m) + statement] if key.statement else []
    for i, log_height in enumerate(key.log_heights):
        with m.phase("constraints"):
            sides = [said.opened[side][key.opened[tree.name, i]] for side in (0, 1) for tree in key.trees if tree.name != "quotient"]
            total = said.sums[key.speaking.index(i)] if i in key.speaking else zero(m)
            inputs += [side for side in sides if len(side)] + [selectors[log_height], stack([*said.lookups, total]), *public]
    with m.phase("constraints"):
        combined = m.horner(zero(m), said.combiner, evaluate(m, key.point, concat(inputs)))
        quotient = said.opened[0][key.opened["quotient", len(key.chips) - 1]]
        m.require_equal("the constraints are the quotient times the vanishing polynomial", combined,
                        m.mul_add(powers[-1], quotient[1], quotient[0]) * vanishing)


def selectors_of(m: Machine, key: Key, powers: Sequence[Value], vanishing: Value) -> dict[int, Value]:
    """The selectors of the first row, of the last one and of all but the last, for every height."""
    heights = list(dict.fromkeys(key.log_heights))
    z = stack([powers[key.log_rows - height] for height in heights])
    last = z - m.constant([inverse(root_of_unity(height)) for height in heights])
    inverses = vanishing * inverted(m, stack([z - 1, last]))
    return {height: stack([inverses[0, k], inverses[1, k], last[k]]) for k, height in enumerate(heights)}


def evaluate(m: Machine, chips: PointChip, inputs: Value) -> Value:
    """The constraints of chips on opened values."""
    values = inputs[chips.wanted]
    if chips.constants:
        values = concat([values, m.constant_extension([[c, 0, 0, 0, 0] for c in chips.constants])])
    return m.carried_out(chips, values)


def check_proof(key: Key, statement: U32, proof: U32, permute: Callable[[U32], U32]) -> None:
    """Malformed or Rejected unless these words prove the statement. Lengths and words are looked at before anything is hashed."""
    words, m = stated(key, statement), Numbers(proof, permute)
    if len(m.tape) != key.words:
        raise Malformed(f"the proof has {len(m.tape)} words, not {key.words}")
    verify(m, key, [m.constant(cap) for cap in fixed_caps(key)], m.constant(words))
    m.finish()


def stated(key: Key, statement: U32) -> U32:
    """The words of a statement under this key, or Malformed."""
    words = canonical(statement, "statement")
    if len(words) != key.statement:
        raise Malformed(f"the statement has {len(words)} words, not {key.statement}")
    return words


def fixed_caps(key: Key) -> list[U32]:
    """The commitments to the fixed columns, in the order in which the transcript takes them in."""
    return [key_cap(key, tree.name) for tree in key.fixed_trees]


def key_cap(key: Key, name: str = "fixed") -> U32:
    """A commitment to fixed columns, of the shape that the key gives."""
    if name not in key.caps:
        raise ValueError("this key has no commitment to its fixed columns yet; see stark.setup")
    cap, shape = key.caps[name], (1 << key.log_cap(name), key.hash.digest)
    if not isinstance(cap, np.ndarray) or cap.shape != shape:
        raise Malformed(f"the key's commitment to fixed columns is not an array of {shape[0]} digests of {shape[1]} words")
    return canonical(cap.reshape(-1), "key").reshape(shape)

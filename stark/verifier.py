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
from stark.fused import batched, bits_of, folded, ground, inverse, opened_rows, point
from stark.key import DIGEST, Key
from stark.machine import Machine, Value, concat, stack
from stark.numbers import Numbers
from stark.point import PointChip
from stark.transcript import Transcript

U32 = npt.NDArray[np.uint32]


def verify(m: Machine, key: Key, fixed_caps: Sequence[Value], statement: Value) -> None:
    """Requires that the words that follow on the tape prove the statement under the key with these commitments to its fixed columns."""
    p = key.parameters
    with m.phase("transcript"):
        transcript = Transcript(m, key)

        def commitment() -> Value:
            cap = m.read(1 << p.log_cap, DIGEST)
            transcript.absorb(cap)
            return cap

        caps = list(fixed_caps)
        for cap in caps:
            transcript.absorb(cap)
        transcript.absorb(statement)
        caps.append(commitment())                               # main columns
        gamma, beta = transcript.draw(), transcript.draw()
        if key.trees[-2].name == "logup":
            caps.append(commitment())
        sums = m.read(len(key.speaking), extension=True)
        transcript.absorb(m.words(sums))
        combiner = transcript.draw()
        caps.append(commitment())                               # the quotient of all chips
        zeta = transcript.draw()
        opened = m.read(2, key.opened_count, extension=True)    # at zeta and at the next row
        transcript.absorb(m.words(opened))
        challenge, second = transcript.draw(), transcript.draw()

    with m.phase("bus sums"):
        m.require_equal("what is sent is received", reduce(lambda a, b: a + b, [sums[i] for i in range(len(sums))], zero(m)), zero(m))
    check_constraints(m, key, opened, combiner, zeta, [gamma, beta], sums, statement)
    with m.phase("claimed values"):
        batch = [challenge]                                     # its first eight powers
        for _ in range(7):
            batch.append(batch[-1] * challenge)
        claimed = zero(m).broadcast(2)
        for tree in key.trees:
            for chips in key.groups(tree).values():
                columns = concat([opened[:, key.opened[tree.name, i]] for i in chips], 1)
                claimed = batched(m, claimed, batch, columns, tree.extension)

    with m.phase("transcript"):
        fri_caps, challenges = [], []
        for _ in key.fri_rounds[1:]:
            fri_caps.append(commitment())
            challenges.append(transcript.draw())
        final = m.read(1 << (key.fri_rounds[-1] - p.log_blowup), extension=True)
        transcript.absorb(m.words(final))
        transcript.absorb(m.read(1))                            # the nonce
    with m.phase("indices"):
        if p.grinding:
            ground(m, transcript.draw_words(1), p.grinding)
        bits = bits_of(m, transcript.draw_words(p.queries))[:, :key.log_domain]
        x = point(m, bits, key.shift(0))

    reduced = zero(m).broadcast(p.queries)
    for tree, cap in zip(key.trees, caps, strict=True):
        levels = key.levels(tree)
        offset = key.log_domain - max(levels)
        reduced = opened_rows(m, cap, levels, bits[:, offset:], tree.name, reduced, batch, tree.extension)
    with m.phase("quotients at zeta"):
        shifted = zeta * root_of_unity(key.log_rows)
        here, there = inverted(m, x - zeta), inverted(m, x - shifted)
        value = m.mul_add((reduced - claimed[1]) * second, there, (reduced - claimed[0]) * here)

    for log_size, log_next, cap, challenge in zip(key.fri_rounds, key.fri_rounds[1:], fri_caps, challenges, strict=False):
        done, arity = key.log_domain - log_size, log_size - log_next
        row = opened_rows(m, cap, {log_next: 5 << arity}, bits[:, done + arity:], "fri")
        with m.phase("fri fold"):
            value = folded(m, row, bits[:, done:], arity, value, challenge, key.shift(done))
    with m.phase("final polynomial"):
        done = key.log_domain - key.fri_rounds[-1]
        x = zero(m) + point(m, bits[:, done:], key.shift(done))
        coefficients = final[::-1].reshape(1, -1).broadcast(p.queries, len(final))
        m.require_equal("the last folding is the final polynomial", m.horner(zero(m).broadcast(p.queries), x, coefficients), value)


def check_constraints(m: Machine, key: Key, opened: Value, combiner: Value, zeta: Value, challenges: list[Value], sums: Value,
                      statement: Value) -> None:
    powers = [zeta]                                             # powers[k] = zeta^(2^k): where a chip of 2^(log_rows - k) rows is opened
    for _ in range(key.log_rows):
        powers.append(powers[-1] * powers[-1])
    vanishing = powers[-1] - 1                                  # z^height - 1 is the same for every chip
    selectors: dict[int, Value] = {}
    combined = zero(m)
    public = [zero(m) + statement] if key.statement else []
    for i, log_height in enumerate(key.log_heights):
        with m.phase("selectors"):
            if log_height not in selectors:
                z, last = powers[key.log_rows - log_height], inverse(root_of_unity(log_height))
                selectors[log_height] = stack([vanishing * inverted(m, z - 1), vanishing * inverted(m, z - last), z - last])
        with m.phase("constraints"):
            sides = [opened[side][key.opened[tree.name, i]] for side in (0, 1) for tree in key.trees if tree.name != "quotient"]
            total = sums[key.speaking.index(i)] if i in key.speaking else zero(m)
            inputs = concat([side for side in sides if len(side)] + [selectors[log_height], stack([*challenges, total]), *public])
            if len(key.point[i].outputs):
                combined = m.horner(combined, combiner, evaluate(m, key.point[i], inputs))
    with m.phase("constraints"):
        quotient = opened[0][key.opened["quotient", len(key.chips) - 1]]
        m.require_equal("the constraints are the quotient times the vanishing polynomial", combined,
                        m.mul_add(powers[-1], quotient[1], quotient[0]) * vanishing)


def evaluate(m: Machine, chip: PointChip, inputs: Value) -> Value:
    """A chip's constraints on opened values."""
    values = inputs[chip.wanted]
    if chip.constants:
        values = concat([values, m.constant_extension([[c, 0, 0, 0, 0] for c in chip.constants])])
    for step in chip.steps:
        operands = [values[operand] for operand in step.operands]
        result = m.mul_add(*operands) if step.name == "mul_add" else m.arithmetic(step.name, *operands)
        values = concat([values, result])
    return values[chip.outputs]


def inverted(m: Machine, value: Value) -> Value:
    answer = m.hint_inverse(value)
    m.require_equal("an inverse times its number is one", value * answer, m.constant_extension([1, 0, 0, 0, 0]).broadcast(*value.shape))
    return answer


def zero(m: Machine) -> Value:
    return m.constant_extension([0, 0, 0, 0, 0])


def check_proof(key: Key, statement: U32, proof: U32, permute: Callable[[U32], U32]) -> None:
    """Malformed or Rejected unless these words prove the statement."""
    m = Numbers(proof, permute)
    words = Numbers(statement, permute).read(len(statement))
    if len(statement) != key.statement:
        raise Malformed(f"the statement has {len(statement)} words, not {key.statement}")
    verify(m, key, [m.constant(key_cap(key, tree.name)) for tree in key.fixed_trees], Value(m, words.data, False))
    m.finish()


def key_cap(key: Key, name: str = "fixed") -> U32:
    if name not in key.caps:
        raise ValueError("this key has no commitment to its fixed columns yet; see stark.setup")
    return key.caps[name]

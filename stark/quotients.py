"""What FRI tests at the positions of the queries: sums of opened columns over denominators, less what the columns are claimed to open to.

Columns of which k share one are divided by x^k - z^k. All these divide x^K - z^K, where K is the greatest k and no less than the number
of points that the first folding takes together: x^2k - z^2k = (x^k - z^k)·(x^k + z^k). So all sums come over one denominator for each of
the two points z, and so do all claims: they are one polynomial, which prover and verifier know before the first folding challenge is drawn.
The denominators are the same wherever x^K is, so at all points that are folded to one. Therefore what is committed for the first folding
are the quotients of the sums alone, and the claims are taken away behind it, folded like the row: a polynomial of fewer coefficients.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stark.field import root_of_unity
from stark.formulas import inverted, polynomial, zero
from stark.key import Key
from stark.machine import Machine, Value, concat, stack


def by_pack(m: Machine, key: Key, sums: Sequence[Value], weights: Sequence[Value]) -> dict[int, Value]:
    """The weighted sums of all columns of a pack, from the running sums behind every group and the weight there. A running sum ends one
    group and begins the next: between two of different packs it counts for one and against the other, whichever of them comes first."""
    packs, between = [group.pack for _, group in key.placed], dict[tuple[int, int], Value]()
    for own, following, total, weight in zip(packs, packs[1:], sums, weights, strict=False):
        if own != following:
            pair, signed = (own, following) if own < following else (following, own), weight if own < following else zero(m) - weight
            between[pair] = m.mul_add(total, signed, between[pair]) if pair in between else total * signed
    out = {packs[-1]: sums[-1]}                 # the last weight is 1
    for (low, high), turned in between.items():
        out[low] = out[low] + turned if low in out else turned
        out[high] = out[high] - turned if high in out else zero(m) - turned
    return out


def both_points(m: Machine, key: Key, zeta: Value) -> list[Value]:
    """z^(2^k) for both points z at which columns are opened, for every k up to K."""
    powers = [stack([zeta, zeta * root_of_unity(key.log_rows)])]
    for _ in range(key.log_span):
        powers.append(powers[-1] * powers[-1])
    return powers


def claims_together(m: Machine, key: Key, claimed: Mapping[int, Value], zeta: Sequence[Value]) -> Value:
    """Claims (2, 2^pack) of every pack as coefficients (2, K) over the common denominators."""
    total = claimed[key.packs[0]]
    for k in range(key.packs[0] + 1, key.log_span + 1):
        low = total * zeta[k - 1].reshape(2, 1)
        total = concat([low, total], 1)
        total = total + claimed[k] if k in claimed else total
    return total


def folded_coefficients(m: Machine, coefficients: Value, challenge: Value, steps: int) -> Value:
    """Of polynomials, on the last axis, when so many binary steps of `fold` in stark/fused.py fold their values; with the factors 2."""
    for _ in range(steps):
        coefficients = m.mul_add(coefficients[..., 1::2], challenge, coefficients[..., 0::2])
        challenge = challenge * challenge
    return coefficients * (1 << steps)


@dataclass(frozen=True)
class Quotients:
    """At the positions of the queries: the quotients of the sums, and what the claims lack, 1/((x^K - a)·(x^K - b)/s)."""

    sums: Value
    scale: Value
    less: Value             # the coefficients of the claims over both denominators, negative


def quotients(m: Machine, key: Key, reduced: Mapping[int, Value], claims: Value, second: Value, zeta: Sequence[Value],
              x: Sequence[Value]) -> Quotients:
    """`x` are the powers x^(2^k) of the points, up to K."""
    queries = len(x[0])
    total = reduced[key.packs[0]].broadcast(2, queries)
    for k in range(key.packs[0] + 1, key.log_span + 1):
        rest = reduced[k] if k in reduced else zero(m).broadcast(queries)
        total = m.mul_add(total, zeta[k - 1].reshape(2, 1) + x[k - 1].reshape(1, queries), rest.broadcast(2, queries))
    weight = inverted(m, second)                                # (x^K - b)/s divides the sum at the second point
    here, there = x[-1] - zeta[-1][0], m.mul_add(weight, x[-1], zero(m) - zeta[-1][1] * weight)
    scale = inverted(m, here * there)
    sums = m.mul_add(total[0], there, total[1] * here) * scale
    first = claims[0] * weight
    low = m.mul_add(claims[1], zeta[-1][0], first * zeta[-1][1])
    return Quotients(sums, scale, concat([low, zero(m) - first - claims[1]]))


def without_claims(m: Machine, found: Quotients, value: Value, challenge: Value | None, steps: int, x: Value) -> Value:
    """The value behind so many steps of folding, less the claims that are folded alike; `x` are the points there."""
    less = folded_coefficients(m, found.less, challenge, steps) if challenge is not None else found.less
    return m.mul_add(polynomial(m, less, x), found.scale, value)

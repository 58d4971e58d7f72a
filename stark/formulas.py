"""Small formulas of the verifier's text."""
from __future__ import annotations

from stark.machine import Machine, Value


def zero(m: Machine) -> Value:
    return m.constant_extension([0, 0, 0, 0, 0])


def inverted(m: Machine, value: Value) -> Value:
    answer = m.hint_inverse(value)
    m.require_equal("an inverse times its number is one", value * answer, m.constant_extension([1, 0, 0, 0, 0]).broadcast(*value.shape))
    return answer


def power(m: Machine, value: Value, exponent: int) -> Value:
    out, square = None, value
    for bit in bin(exponent)[:1:-1]:
        if bit == "1":
            out = square if out is None else out * square
        square = square * square
    if out is None:
        raise ValueError("a power has an exponent")
    return out


def polynomial(m: Machine, coefficients: Value, x: Value) -> Value:
    """At every x, the coefficients rising."""
    value = coefficients[-1].broadcast(*x.shape)
    if len(coefficients) > 1:
        value = m.horner(value, x, coefficients[-2::-1].reshape(1, -1).broadcast(*x.shape, len(coefficients) - 1))
    return value

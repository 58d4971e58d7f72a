"""What the integer operations compute, for values of any number of bits."""

from __future__ import annotations

from collections.abc import Callable

from wasm_exec.errors import Trap, TrapKind

Meaning = Callable[[int, int, int], int]
Named = list[tuple[str, Meaning]]


def signed(value: int, bits: int = 32) -> int:
    """The number that these bits stand for in two's complement."""
    return value - (1 << bits) if value >> bits - 1 else value


def divide(a: int, b: int) -> int:
    if b == 0:
        raise Trap(TrapKind.DIVIDE_BY_ZERO)
    return a // b


def remainder(a: int, b: int) -> int:
    if b == 0:
        raise Trap(TrapKind.DIVIDE_BY_ZERO)
    return a % b


def divide_signed(a: int, b: int, bits: int) -> int:
    dividend, divisor = signed(a, bits), signed(b, bits)
    quotient = divide(abs(dividend), abs(divisor))
    if (dividend < 0) != (divisor < 0):
        quotient = -quotient
    if quotient == 1 << bits - 1:
        raise Trap(TrapKind.INTEGER_OVERFLOW)
    return quotient & (1 << bits) - 1


def remainder_signed(a: int, b: int, bits: int) -> int:
    dividend, divisor = signed(a, bits), signed(b, bits)
    rest = remainder(abs(dividend), abs(divisor))
    return (-rest if dividend < 0 else rest) & (1 << bits) - 1


def rotate_left(a: int, b: int, bits: int) -> int:
    return (a << b % bits | a >> bits - b % bits) & (1 << bits) - 1


def sign_extended(bits: int, to: int = 32) -> Meaning:
    return lambda a, b, c: signed(a & (1 << bits) - 1, bits) & (1 << to) - 1


def trailing_zeros(a: int, bits: int) -> int:
    return (a & -a).bit_length() - 1 if a else bits


def addition(bits: int) -> Named:
    mask = (1 << bits) - 1
    return [("ADD", lambda a, b, c: a + b & mask), ("SUB", lambda a, b, c: a - b & mask)]


def multiplication(bits: int) -> Meaning:
    mask = (1 << bits) - 1
    return lambda a, b, c: a * b & mask


def division(bits: int) -> Named:
    return [
        ("DIV_U", lambda a, b, c: divide(a, b)),
        ("REM_U", lambda a, b, c: remainder(a, b)),
        ("DIV_S", lambda a, b, c: divide_signed(a, b, bits)),
        ("REM_S", lambda a, b, c: remainder_signed(a, b, bits)),
    ]


BITWISE: Named = [("AND", lambda a, b, c: a & b), ("OR", lambda a, b, c: a | b), ("XOR", lambda a, b, c: a ^ b)]


def shifts(bits: int) -> Named:
    mask = (1 << bits) - 1
    return [
        ("SHL", lambda a, b, c: a << b % bits & mask),
        ("SHR_U", lambda a, b, c: a >> b % bits),
        ("SHR_S", lambda a, b, c: signed(a, bits) >> b % bits & mask),
        ("ROTL", lambda a, b, c: rotate_left(a, b, bits)),
        ("ROTR", lambda a, b, c: rotate_left(a, bits - b % bits, bits)),
    ]


def comparisons(bits: int) -> Named:
    return [
        ("EQ", lambda a, b, c: int(a == b)),
        ("NE", lambda a, b, c: int(a != b)),
        ("LT_U", lambda a, b, c: int(a < b)),
        ("LT_S", lambda a, b, c: int(signed(a, bits) < signed(b, bits))),
        ("GE_U", lambda a, b, c: int(a >= b)),
        ("GE_S", lambda a, b, c: int(signed(a, bits) >= signed(b, bits))),
    ]


def counting(bits: int) -> Named:
    return [
        ("CLZ", lambda a, b, c: bits - a.bit_length()),
        ("CTZ", lambda a, b, c: trailing_zeros(a, bits)),
        ("POPCNT", lambda a, b, c: a.bit_count()),
    ]

"""The arithmetic of floats, in the small language. Values are their bits; every NaN that is made is the canonical positive one.

The operations of f32 go through f64: with more than twice the bits and two, rounding twice is rounding once.
"""

from __future__ import annotations

from functools import cache

from wasm_exec.errors import TrapKind
from wasm_exec.float_arithmetic import ARITHMETIC
from wasm_exec.float_conversions import COMPARE, CONVERSIONS, ROUNDING, THROUGH_F64, THROUGH_F64_ONE, TO_INTEGER
from wasm_exec.small_language import RoutineSource, parse

BITS = {
    "SIGN": 1 << 63, "INF": 0x7FF << 52, "NAN": 0x7FF8 << 48, "FRACTION": (1 << 52) - 1, "LEADING": 1 << 52, "ONE": 0x3FF << 52,
    "TWO52": 0x433 << 52,
}
def to_integer(bits: int, signed: bool, saturating: bool) -> str:
    """From f64 to an integer in 64 bits."""
    largest, smallest = ((1 << bits - 1) - 1, 1 << bits - 1) if signed else ((1 << bits) - 1, 0)
    return TO_INTEGER.format(
        name=integer_name(bits, signed, saturating), low=smallest, high=largest,
        invalid="return 0" if saturating else f"trap({int(TrapKind.INVALID_CONVERSION)})",
        overflow=f"return {-smallest} if a >> 63 else {largest}" if saturating else f"trap({int(TrapKind.INTEGER_OVERFLOW)})",
    )


def integer_name(bits: int, signed: bool, saturating: bool) -> str:
    return f"to_{'s' if signed else 'u'}{bits}{'_saturated' if saturating else ''}"


@cache
def routines() -> dict[str, RoutineSource]:
    text = ARITHMETIC + ROUNDING + CONVERSIONS
    text += COMPARE.format(f="f64", u="u64", inf="INF", nan="NAN", top=63) + COMPARE.format(
        f="f32", u="u32", inf="0x7F800000", nan="0x7FC00000", top=31)
    text += "".join(THROUGH_F64.format(name=name) for name in ("add", "mul", "div"))
    text += "".join(THROUGH_F64_ONE.format(name=name) for name in ("sqrt", "trunc", "floor", "ceil", "nearest"))
    text += "".join(to_integer(bits, signed, sat) for bits in (32, 64) for signed in (False, True) for sat in (False, True))
    for name, value in BITS.items():
        text = text.replace(name, str(value))
    return parse(text)

"""The arithmetic of floats, in the small language. Values are their bits; every NaN that is made is the canonical positive one.

f64: a significand on its way to `f64_pack` has its leading bit at bit 62, ten bits for rounding at the bottom, the lowest of them for
everything that was lost. The operations of f32 go through f64: with more than twice the bits and two, rounding twice is rounding once.
"""

from __future__ import annotations

from functools import cache

from wasm_exec.errors import TrapKind
from wasm_exec.small_language import RoutineSource, parse

BITS = {
    "SIGN": 1 << 63, "INF": 0x7FF << 52, "NAN": 0x7FF8 << 48, "FRACTION": (1 << 52) - 1, "LEADING": 1 << 52, "ONE": 0x3FF << 52,
    "TWO52": 0x433 << 52,
}
ARITHMETIC = """
def f64_shifted(m: u64, count: u64) -> u64:
    if count > 62:
        return u64(m != 0)
    return m >> count | u64(m << 64 - count != 0)

def f64_pack(sign: u64, exponent: u64, m: u64) -> u64:
    if less(exponent, 1):
        m = f64_shifted(m, 1 - exponent)
        exponent = 1
    if exponent > 2046:
        return sign | INF
    rest = m & 1023
    m = m + 512 >> 10
    if rest == 512:
        m &= -2
    return (sign | exponent - 1 << 52) + m

def f64_add(a: u64, b: u64) -> u64:
    if a << 1 < b << 1:
        swap = a
        a = b
        b = swap
    ea = a >> 52 & 2047
    eb = b >> 52 & 2047
    ma = a & FRACTION
    mb = b & FRACTION
    if ea == 2047:
        if ma or (eb == 2047 and (a ^ b) >> 63):
            return NAN
        return a
    if ea:
        ma |= LEADING
    else:
        ea = 1
    if eb:
        mb |= LEADING
    else:
        eb = 1
    ma <<= 10
    mb <<= 10
    if ea != eb:
        mb = f64_shifted(mb, ea - eb)
    if a ^ b >> 63 << 63 >= SIGN:
        m = ma - mb
        if m == 0:
            return 0
        left = clz(m) - 1
        if left >= ea:
            left = ea - 1
        return f64_pack(a & SIGN, ea - left, m << left)
    m = ma + mb
    if m >> 63:
        m = m >> 1 | m & 1
        ea += 1
    return f64_pack(a & SIGN, ea, m)

def f64_mul(a: u64, b: u64) -> u64:
    sign = (a ^ b) & SIGN
    ea = a >> 52 & 2047
    eb = b >> 52 & 2047
    ma = a & FRACTION
    mb = b & FRACTION
    if ea == 2047 or eb == 2047:
        if (ea == 2047 and ma) or (eb == 2047 and mb) or a << 1 == 0 or b << 1 == 0:
            return NAN
        return sign | INF
    if ea:
        ma |= LEADING
    else:
        if ma == 0:
            return sign
        ea = 12 - clz(ma)
        ma <<= clz(ma) - 11
    if eb:
        mb |= LEADING
    else:
        if mb == 0:
            return sign
        eb = 12 - clz(mb)
        mb <<= clz(mb) - 11
    ma <<= 11
    mb <<= 10
    m = high(ma, mb) | u64(ma * mb != 0)
    exponent = ea + eb - 1022
    if m < 1 << 62:
        m <<= 1
        exponent -= 1
    return f64_pack(sign, exponent, m)

def f64_div(a: u64, b: u64) -> u64:
    sign = (a ^ b) & SIGN
    ea = a >> 52 & 2047
    eb = b >> 52 & 2047
    ma = a & FRACTION
    mb = b & FRACTION
    if ea == 2047:
        if ma or eb == 2047:
            return NAN
        return sign | INF
    if eb == 2047:
        if mb:
            return NAN
        return sign
    if b << 1 == 0:
        if a << 1 == 0:
            return NAN
        return sign | INF
    if ea:
        ma |= LEADING
    else:
        if ma == 0:
            return sign
        ea = 12 - clz(ma)
        ma <<= clz(ma) - 11
    if eb:
        mb |= LEADING
    else:
        eb = 12 - clz(mb)
        mb <<= clz(mb) - 11
    exponent = ea - eb + 1023
    if ma < mb:
        ma <<= 1
        exponent -= 1
    rest = ma - mb
    m = 1
    while m < LEADING:
        rest <<= 11
        m = m << 11 | rest // mb
        rest = rest % mb
    return f64_pack(sign, exponent, m << 7 | u64(rest != 0))

def f64_sqrt(a: u64) -> u64:
    if a << 1 == 0:
        return a
    exponent = a >> 52 & 2047
    m = a & FRACTION
    if exponent == 2047 and m:
        return NAN
    if a >> 63:
        return NAN
    if exponent == 2047:
        return a
    if exponent:
        m |= LEADING
    else:
        exponent = 12 - clz(m)
        m <<= clz(m) - 11
    exponent -= 1023
    if exponent & 1:
        m <<= 1
    m <<= 1
    root = 0
    twice = 0
    bit = 1 << 53
    while bit:
        trial = twice + bit
        if trial <= m:
            twice = trial + bit
            m -= trial
            root += bit
        m <<= 1
        bit >>= 1
    return f64_pack(0, sar(exponent, 1) + 1023, root << 9 | u64(m != 0))
"""
ROUNDING = """
def f64_trunc(a: u64) -> u64:
    exponent = a >> 52 & 2047
    if exponent >= 1075:
        if a << 1 > INF << 1:
            return NAN
        return a
    if exponent < 1023:
        return a & SIGN
    return a & ~(FRACTION >> exponent - 1023)

def f64_floor(a: u64) -> u64:
    whole = f64_trunc(a)
    if a >> 63 and whole != a and a << 1 <= INF << 1:
        return f64_add(whole, ONE | SIGN)
    return whole

def f64_ceil(a: u64) -> u64:
    whole = f64_trunc(a)
    if not a >> 63 and whole != a and a << 1 <= INF << 1:
        return f64_add(whole, ONE)
    return whole

def f64_nearest(a: u64) -> u64:
    exponent = a >> 52 & 2047
    if exponent >= 1075:
        if a << 1 > INF << 1:
            return NAN
        return a
    return f64_add(f64_add(a & ~SIGN, TWO52), TWO52 | SIGN) | a & SIGN
"""
CONVERSIONS = """
def f64_promote(a: u32) -> u64:
    sign = u64(a >> 31) << 63
    exponent = u64(a >> 23 & 255)
    m = u64(a & 0x7FFFFF)
    if exponent == 255:
        if m:
            return NAN
        return sign | INF
    if exponent == 0:
        if m == 0:
            return sign
        exponent = 41 - clz(m)
        m = m << clz(m) - 40 & 0x7FFFFF
    return sign | exponent + 896 << 52 | m << 29

def f32_pack(sign: u64, exponent: u64, m: u64) -> u32:
    if less(exponent, 1):
        m = f64_shifted(m, 1 - exponent)
        exponent = 1
    if exponent > 254:
        return u32(sign >> 32 | 0x7F800000)
    rest = m & 0x7FFFFFFFFF
    m = m + 0x4000000000 >> 39
    if rest == 0x4000000000:
        m &= -2
    return u32((sign >> 32 | exponent - 1 << 23) + m)

def f32_demote(a: u64) -> u32:
    exponent = a >> 52 & 2047
    if exponent == 2047:
        if a & FRACTION:
            return 0x7FC00000
        return u32(a >> 32 & 0x80000000) | 0x7F800000
    if exponent == 0:
        return u32(a >> 32 & 0x80000000)
    return f32_pack(a & SIGN, exponent - 896, (a & FRACTION | LEADING) << 10)

def f64_from_u64(x: u64) -> u64:
    return f64_from(0, x)

def f64_from_s64(x: u64) -> u64:
    if x >> 63:
        return f64_from(SIGN, -x)
    return f64_from(0, x)

def f64_from(sign: u64, x: u64) -> u64:
    if x == 0:
        return 0
    if x >> 63:
        return f64_pack(sign, 1086, x >> 1 | x & 1)
    return f64_pack(sign, 1086 - clz(x), x << clz(x) - 1)

def f32_from_u64(x: u64) -> u32:
    return f32_from(0, x)

def f32_from_s64(x: u64) -> u32:
    if x >> 63:
        return f32_from(SIGN, -x)
    return f32_from(0, x)

def f32_from(sign: u64, x: u64) -> u32:
    if x == 0:
        return 0
    if x >> 63:
        return f32_pack(sign, 190, x >> 1 | x & 1)
    return f32_pack(sign, 190 - clz(x), x << clz(x) - 1)
"""
TO_INTEGER = """
def {name}(a: u64) -> u64:
    exponent = a >> 52 & 2047
    if exponent < 1023:
        return 0
    if a << 1 > INF << 1:
        {invalid}
    m = 0
    inside = exponent < 1087
    if inside:
        m = (a & FRACTION | LEADING) << 11 >> 1086 - exponent
        inside = m <= ({low} if a >> 63 else {high})
    if not inside:
        {overflow}
    return -m if a >> 63 else m
"""
COMPARE = """
def {f}_eq(a: {u}, b: {u}) -> u32:
    if a << 1 > {inf} << 1 or b << 1 > {inf} << 1:
        return 0
    return a == b or (a | b) << 1 == 0

def {f}_lt(a: {u}, b: {u}) -> u32:
    if a << 1 > {inf} << 1 or b << 1 > {inf} << 1 or (a | b) << 1 == 0:
        return 0
    if a >> {top} and b >> {top}:
        return b < a
    return less(a, b)

def {f}_le(a: {u}, b: {u}) -> u32:
    if a << 1 > {inf} << 1 or b << 1 > {inf} << 1:
        return 0
    if (a | b) << 1 == 0:
        return 1
    if a >> {top} and b >> {top}:
        return b <= a
    return not less(b, a)

def {f}_gt(a: {u}, b: {u}) -> u32:
    return {f}_lt(b, a)

def {f}_ge(a: {u}, b: {u}) -> u32:
    return {f}_le(b, a)

def {f}_ne(a: {u}, b: {u}) -> u32:
    return not {f}_eq(a, b)

def {f}_min(a: {u}, b: {u}) -> {u}:
    if a << 1 > {inf} << 1 or b << 1 > {inf} << 1:
        return {nan}
    if (a | b) << 1 == 0:
        return a | b
    return a if {f}_lt(a, b) else b

def {f}_max(a: {u}, b: {u}) -> {u}:
    if a << 1 > {inf} << 1 or b << 1 > {inf} << 1:
        return {nan}
    if (a | b) << 1 == 0:
        return a & b
    return b if {f}_lt(a, b) else a
"""
THROUGH_F64 = """
def f32_{name}(a: u32, b: u32) -> u32:
    return f32_demote(f64_{name}(f64_promote(a), f64_promote(b)))
"""
THROUGH_F64_ONE = """
def f32_{name}(a: u32) -> u32:
    return f32_demote(f64_{name}(f64_promote(a)))
"""


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

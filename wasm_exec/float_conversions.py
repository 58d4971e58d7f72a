"""Rounding, conversions and comparisons of floats, in the small language."""

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

"""Addition, multiplication, division and square root of f64, in the small language.

A significand on its way to `f64_pack` has its leading bit at bit 62, ten bits for rounding at the bottom, the lowest of them for
everything that was lost.
"""

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

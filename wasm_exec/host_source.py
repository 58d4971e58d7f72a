"""Functions of module `longrun` besides the three primitives, in the small language: permutations and arithmetic that guests often need.

They take addresses. They are routines in register code like any other, so what they do is proved step by step. For SHA-256 and Poseidon2
there are host functions, which guests get in their place (wasm_exec/host_routines.py); the routines stay to compare with.
"""

from __future__ import annotations

from functools import cache

from wasm_exec.host_constants import DIAGONAL, KECCAK, POSEIDON2, SHA256
from wasm_exec.small_language import RoutineSource, parse

FIELD = 0x7F000001
WIDTH = 16
STATES: dict[str, tuple[int, ...]] = {
    "words_sha256": SHA256, "states_keccak": KECCAK, "words_poseidon2": POSEIDON2,
    "words_dividend": (0,) * 17, "words_divisor": (0,) * 8,
}
PUBLIC = ("sha256_compress", "keccakf", "poseidon2", "mulmod256")
MULMOD = """
def mulmod256(out: u32, a: u32, b: u32, m: u32) -> none:
    i: u32 = 0
    while i < 8:
        words_dividend[i] = 0
        i += 1
    i = 0
    while i < 8:
        digit = u64(load32(a + 4 * i))
        carry: u64 = 0
        j: u32 = 0
        while j < 8:
            carry += digit * u64(load32(b + 4 * j)) + u64(words_dividend[i + j])
            words_dividend[i + j] = u32(carry)
            carry >>= 32
            j += 1
        words_dividend[i + 8] = u32(carry)
        i += 1
    n: u32 = 8
    again: u32 = 1
    while again:
        again = 0
        if n:
            if load32(m + 4 * n - 4) == 0:
                n -= 1
                again = 1
    i = 0
    while i < n:
        words_divisor[i] = load32(m + 4 * i)
        i += 1
    if n == 1:
        digit = u64(words_divisor[0])
        carry = 0
        i = 16
        while i:
            i -= 1
            carry = (carry << 32 | u64(words_dividend[i])) % digit
        words_dividend[0] = u32(carry)
    if n > 1:
        mulmod256_divide(n)
    i = 0
    while i < 8:
        store32(out + 4 * i, words_dividend[i] if i < n else 0)
        i += 1

def mulmod256_divide(n: u32) -> none:
    shift = u64(clz(words_divisor[n - 1]))
    back = 32 - shift
    i = n - 1
    while i:
        words_divisor[i] = u32((u64(words_divisor[i]) << 32 | u64(words_divisor[i - 1])) >> back)
        i -= 1
    words_divisor[0] = u32(u64(words_divisor[0]) << shift)
    words_dividend[16] = u32(u64(words_dividend[15]) >> back)
    i = 15
    while i:
        words_dividend[i] = u32((u64(words_dividend[i]) << 32 | u64(words_dividend[i - 1])) >> back)
        i -= 1
    words_dividend[0] = u32(u64(words_dividend[0]) << shift)
    top = u64(words_divisor[n - 1])
    second = u64(words_divisor[n - 2])
    j = 17 - n
    while j:
        j -= 1
        number = u64(words_dividend[j + n]) << 32 | u64(words_dividend[j + n - 1])
        quotient = number // top
        rest = number % top
        next = u64(words_dividend[j + n - 2])
        while rest >> 32 == 0 and (quotient >> 32 != 0 or quotient * second > (rest << 32 | next)):
            quotient -= 1
            rest += top
        carry: u64 = 0
        borrow: u64 = 0
        i = 0
        while i < n:
            carry += quotient * u64(words_divisor[i])
            part = u64(words_dividend[i + j]) - (carry & 0xFFFFFFFF) - borrow
            words_dividend[i + j] = u32(part)
            borrow = part >> 63
            carry >>= 32
            i += 1
        part = u64(words_dividend[j + n]) - carry - borrow
        words_dividend[j + n] = u32(part)
        if part >> 63:
            carry = 0
            i = 0
            while i < n:
                carry += u64(words_dividend[i + j]) + u64(words_divisor[i])
                words_dividend[i + j] = u32(carry)
                carry >>= 32
                i += 1
            words_dividend[j + n] = words_dividend[j + n] + u32(carry)
    i = 0
    while i < n:
        words_dividend[i] = u32((u64(words_dividend[i + 1]) << 32 | u64(words_dividend[i])) >> shift)
        i += 1
"""


def sha256() -> str:
    """(state of eight words, block of 64 bytes): one compression. Sixteen rounds at a time, the roles of the variables go around."""
    lines = ["def sha256_word(place: u32) -> u32:", "    x = load32(place)",
             "    return rotl(x, 8) & 0x00FF00FF | rotl(x, 24) & 0xFF00FF00", "", "def sha256_compress(state: u32, block: u32) -> none:"]
    lines += [f"    w{i} = sha256_word(block + {4 * i})" for i in range(16)]
    lines += [f"    {name} = load32(state + {4 * i})" for i, name in enumerate("abcdefgh")]
    lines += ["    round: u32 = 0", "    while round < 64:", "        if round:"]
    for i in range(16):
        early, late = f"w{(i + 1) % 16}", f"w{(i + 14) % 16}"
        lines += [f"            w{i} += (rotl({early}, 25) ^ rotl({early}, 14) ^ {early} >> 3) + w{(i + 9) % 16}"
                  f" + (rotl({late}, 15) ^ rotl({late}, 13) ^ {late} >> 10)"]
    for i in range(16):
        a, b, c, d, e, f, g, h = ("abcdefgh"[(k - i) % 8] for k in range(8))
        lines += [f"        {h} += (rotl({e}, 26) ^ rotl({e}, 21) ^ rotl({e}, 7)) + ({g} ^ {e} & ({f} ^ {g}))"
                  f" + words_sha256[round + {i}] + w{i}",
                  f"        {d} += {h}",
                  f"        {h} += (rotl({a}, 30) ^ rotl({a}, 19) ^ rotl({a}, 10)) + ({a} & {b} | {c} & ({a} | {b}))"]
    lines += ["        round += 16"]
    lines += [f"    store32(state + {4 * i}, load32(state + {4 * i}) + {name})" for i, name in enumerate("abcdefgh")]
    return "\n".join(lines) + "\n"


def keccak() -> str:
    """(25 lanes of 64 bits): the permutation Keccak-f[1600]. Lane x + 5y is a variable of that number."""
    rotation, x, y = {(0, 0): 0}, 1, 0
    for step in range(24):
        rotation[x, y] = (step + 1) * (step + 2) // 2 % 64
        x, y = y, (2 * x + 3 * y) % 5
    lines = ["def keccakf(pointer: u32) -> none:"] + [f"    a{i} = load64(pointer + {8 * i})" for i in range(25)]
    lines += ["    round: u32 = 0", "    while round < 24:"]
    lines += [f"        c{x} = a{x} ^ a{x + 5} ^ a{x + 10} ^ a{x + 15} ^ a{x + 20}" for x in range(5)]
    for x in range(5):
        lines += [f"        d = c{(x + 4) % 5} ^ rotl(c{(x + 1) % 5}, 1)"]
        lines += [f"        b{y + 5 * ((2 * x + 3 * y) % 5)} = rotl(a{x + 5 * y} ^ d, {rotation[x, y]})" for y in range(5)]
    lines += [f"        a{x + 5 * y} = b{x + 5 * y} ^ ~b{(x + 1) % 5 + 5 * y} & b{(x + 2) % 5 + 5 * y}" for y in range(5) for x in range(5)]
    lines += ["        a0 ^= states_keccak[round]", "        round += 1"]
    lines += [f"    store64(pointer + {8 * i}, a{i})" for i in range(25)]
    return "\n".join(lines) + "\n"


def external(indent: str) -> list[str]:
    """The external matrix of Poseidon2, reduced."""
    lines: list[str] = []
    for i in range(0, WIDTH, 4):
        a, b, c, d = (f"s{i + k}" for k in range(4))
        lines += [f"ab = {a} + {b}", f"cd = {c} + {d}", f"left = ab + cd + {b}", f"right = ab + cd + {d}",
                  f"{d} = right + {a} + {a}", f"{b} = left + {c} + {c}", f"{a} = left + ab", f"{c} = right + cd"]
    lines += [f"q{k} = s{k} + s{k + 4} + s{k + 8} + s{k + 12}" for k in range(4)]
    lines += [f"s{i} = (s{i} + q{i % 4}) % {FIELD}" for i in range(WIDTH)]
    return [indent + line for line in lines]


def poseidon2() -> str:
    """(16 words): the permutation over KoalaBear; words are taken modulo the prime."""
    lines = ["def poseidon2_cube(x: u64) -> u64:", f"    x = x % {FIELD}", f"    return x * x % {FIELD} * x % {FIELD}", "",
             "def poseidon2(pointer: u32) -> none:"]
    lines += [f"    s{i} = u64(load32(pointer + {4 * i})) % {FIELD}" for i in range(WIDTH)]
    lines += ["    round: u32 = 0", *external("    ")]
    full = [f"        s{i} = poseidon2_cube(s{i} + u64(words_poseidon2[round + {i}]))" for i in range(WIDTH)]
    full += [*external("        "), "        round += 16"]
    lines += ["    while round < 64:", *full, "    while round < 84:"]
    lines += ["        s0 = poseidon2_cube(s0 + u64(words_poseidon2[round]))", "        sum = " + " + ".join(f"s{i}" for i in range(WIDTH))]
    lines += [f"        s{i} = (s{i} * {factor} + sum) % {FIELD}" for i, factor in enumerate(DIAGONAL)] + ["        round += 1"]
    lines += ["    while round < 148:", *full] + [f"    store32(pointer + {4 * i}, u32(s{i}))" for i in range(WIDTH)]
    return "\n".join(lines) + "\n"


@cache
def functions() -> dict[str, RoutineSource]:
    return parse(sha256() + keccak() + poseidon2() + MULMOD)

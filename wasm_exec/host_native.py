"""Host functions as functions of the recorder module: (address of the first cell in memory 1) -> nothing; the cells are changed there.

Their texts are in the small language and need no memory but the cells.
"""

from __future__ import annotations

from functools import cache

from wasm_exec import host_source
from wasm_exec.emit import I32, I64, Code
from wasm_exec.host_constants import DIAGONAL, KECCAK, POSEIDON2, SHA256
from wasm_exec.host_source import FIELD, WIDTH, external
from wasm_exec.module import Instruction, ValueType
from wasm_exec.opcodes import OPCODES
from wasm_exec.recorder_layout import MACHINE
from wasm_exec.small_language import HIGH, Compiler, parse

KINDS = {ValueType.I32: I32, ValueType.I64: I64}


def sha256() -> str:
    lines = ["def f(pointer: u32) -> none:"]
    for i in range(16):
        lines += [f"    x = load32(pointer + {4 * i})", f"    w{i} = rotl(x, 8) & 0x00FF00FF | rotl(x, 24) & 0xFF00FF00"]
    lines += [f"    {name} = load32(pointer + {64 + 4 * i})" for i, name in enumerate("abcdefgh")]
    for t, constant in enumerate(SHA256):
        i, (a, b, c, d, e, f, g, h) = t % 16, ("abcdefgh"[(k - t) % 8] for k in range(8))
        early, late = f"w{(i + 1) % 16}", f"w{(i + 14) % 16}"
        if t >= 16:
            lines += [f"    w{i} += (rotl({early}, 25) ^ rotl({early}, 14) ^ {early} >> 3) + w{(i + 9) % 16}"
                      f" + (rotl({late}, 15) ^ rotl({late}, 13) ^ {late} >> 10)"]
        lines += [f"    {h} += (rotl({e}, 26) ^ rotl({e}, 21) ^ rotl({e}, 7)) + ({g} ^ {e} & ({f} ^ {g})) + {constant} + w{i}",
                  f"    {d} += {h}",
                  f"    {h} += (rotl({a}, 30) ^ rotl({a}, 19) ^ rotl({a}, 10)) + ({a} & {b} | {c} & ({a} | {b}))"]
    lines += [f"    store32(pointer + {64 + 4 * i}, load32(pointer + {64 + 4 * i}) + {name})" for i, name in enumerate("abcdefgh")]
    return "\n".join(lines) + "\n"


def cube(word: str, constant: int) -> list[str]:
    return [f"    x = ({word} + {constant}) % {FIELD}", f"    {word} = x * x % {FIELD} * x % {FIELD}"]


def poseidon2() -> str:
    lines = ["def f(pointer: u32) -> none:"]
    lines += [f"    s{i} = u64(load32(pointer + {4 * i})) % {FIELD}" for i in range(WIDTH)] + external("    ")
    for at in (0, 16, 32, 48, *range(64, 84), 84, 100, 116, 132):
        if 64 <= at < 84:
            lines += [*cube("s0", POSEIDON2[at]), "    sum = " + " + ".join(f"s{i}" for i in range(WIDTH))]
            lines += [f"    s{i} = (s{i} * {factor} + sum) % {FIELD}" for i, factor in enumerate(DIAGONAL)]
        else:
            lines += [line for i in range(WIDTH) for line in cube(f"s{i}", POSEIDON2[at + i])] + external("    ")
    return "\n".join([*lines, *(f"    store32(pointer + {4 * i}, u32(s{i}))" for i in range(WIDTH))]) + "\n"


def mulmod() -> str:
    """The product of 512 bits, digit by digit; then its bits from the top go into a remainder, from which m is taken where it can be."""
    lines = ["def f(pointer: u32) -> none:", "    carry: u64 = 0"]
    lines += [f"    {name}{k} = load64(pointer + {32 * number + 8 * k})" for number, name in enumerate("abm") for k in range(4)]
    lines += [f"    p{k}: u64 = 0" for k in range(8)]
    for i in range(4):
        lines += ["    carry = 0"]
        for j in range(4):
            lines += [f"    low = a{i} * b{j} + carry", f"    upper = high(a{i}, b{j}) + u64(low < carry)", f"    p{i + j} += low",
                      f"    carry = upper + u64(p{i + j} < low)"]
        lines += [f"    p{i + 4} = carry"]
    lines += [*(f"    r{k}: u64 = 0" for k in range(4)), "    digit: u64 = 0", "    borrow: u32 = 0", "    count: u32 = 0"]
    lines += ["    while count < 512:", "        if count & 63 == 0:", "            digit = p7"]
    lines += [*(f"            p{k} = p{k - 1}" for k in range(7, 0, -1)), "        over = r3 >> 63"]
    lines += [*(f"        r{k} = r{k} << 1 | r{k - 1} >> 63" for k in range(3, 0, -1)), "        r0 = r0 << 1 | digit >> 63"]
    lines += ["        digit = digit << 1", "        borrow = 0"]
    for k in range(4):
        lines += [f"        s{k} = r{k} - m{k} - u64(borrow)", f"        borrow = r{k} < m{k} or r{k} == m{k} and borrow"]
    lines += ["        if over or not borrow:", *(f"            r{k} = s{k}" for k in range(4)), "        count += 1"]
    lines += ["    if m0 | m1 | m2 | m3 == 0:", *(f"        r{k} = 0" for k in range(4))]
    return "\n".join([*lines, *(f"    store64(pointer + {8 * k}, r{k})" for k in range(4))]) + "\n"


def keccak() -> str:
    """The rounds are those of the routine; their constants take turns in variables."""
    lines = host_source.keccak().splitlines()
    lines[0] = "def f(pointer: u32) -> none:"
    lines[1:1] = [f"    k{number}: u64 = {constant}" for number, constant in enumerate(KECCAK)]
    place = lines.index("        a0 ^= states_keccak[round]")
    lines[place:place + 1] = ["        a0 ^= k0", *(f"        k{number} = k{number + 1}" for number in range(len(KECCAK) - 1))]
    return "\n".join(lines) + "\n"


TEXTS = {"KECCAK": keccak, "SHA256": sha256, "POSEIDON2": poseidon2, "MULMOD": mulmod}


@cache
def native(host: str) -> bytes:
    """The body of the function for the recorder."""
    known = parse(TEXTS[host]())
    body = Compiler(known["f"], known).compile()
    code = Code(1)
    for count, kind in body.locals:
        for _ in range(count):
            code.new_local(KINDS[kind])
    wide = code.new_local(I64)
    for item in body.instructions[:-1]:         # the end is written by `finish`
        if item.code == HIGH:
            code.multiply_wide().set(wide).op("drop").get(wide)
        else:
            put(code, item)
    return code.finish()


def put(code: Code, item: Instruction) -> None:
    """One instruction; loads and stores are in memory 1."""
    name = OPCODES[item.code].name
    match name, item.operand:
        case "block" | "loop" | "if", _:
            code.block(name)
        case "br" | "br_if", int(depth):
            code.branch(name, depth)
        case "local.get", int(number):
            code.get(number)
        case "local.set", int(number):
            code.set(number)
        case "i32.const", int(value):
            code.const32(value)
        case "i64.const", int(value):
            code.const64(value)
        case _, (int(_), int(offset)):
            code.access(name, MACHINE, offset)
        case _, None:
            code.op(name)
        case _:
            raise ValueError(f"{name} is not for the recorder")

"""Host functions as functions of the recorder module: (address of the first cell in memory 1) -> nothing; the cells are changed there.

Their texts are in the small language, with every round written out, so that they are straight code and need no memory but the cells.
"""

from __future__ import annotations

from functools import cache

from wasm_exec.emit import I32, I64, Code
from wasm_exec.host_constants import DIAGONAL, POSEIDON2, SHA256
from wasm_exec.host_source import FIELD, WIDTH, external
from wasm_exec.module import Instruction, ValueType
from wasm_exec.opcodes import END, OPCODES
from wasm_exec.recorder_layout import MACHINE
from wasm_exec.small_language import Compiler, parse

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


TEXTS = {"SHA256": sha256, "POSEIDON2": poseidon2}


@cache
def native(host: str) -> bytes:
    """The body of the function for the recorder."""
    known = parse(TEXTS[host]())
    body = Compiler(known["f"], known).compile()
    code = Code(1)
    for count, kind in body.locals:
        for _ in range(count):
            code.new_local(KINDS[kind])
    for item in body.instructions[:-1]:         # the end is written by `finish`
        put(code, item)
    return code.finish()


def put(code: Code, item: Instruction) -> None:
    """One instruction of straight code; loads and stores are in memory 1."""
    name = OPCODES[item.code].name
    match name, item.operand:
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
        case _, None if item.code != END:
            code.op(name)
        case _:
            raise ValueError(f"{name} is no straight code")

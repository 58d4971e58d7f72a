"""The instructions of WebAssembly 2.0 without vectors: opcode, name, kind of immediate. Names of what we refuse are here too."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Immediate(Enum):
    NONE = auto()
    BLOCK = auto()
    INDEX = auto()
    TWO_INDICES = auto()
    TABLE = auto()
    MEMORY_ACCESS = auto()
    ZERO = auto()
    TWO_ZEROS = auto()
    INDEX_ZERO = auto()
    I32 = auto()
    I64 = auto()
    F32 = auto()
    F64 = auto()
    TYPES = auto()
    REFERENCE = auto()


@dataclass(frozen=True)
class Opcode:
    code: int
    name: str
    immediate: Immediate


PREFIX = 0xFC00  # an opcode 0xFC n is kept as 0xFC00 + n
REFUSED_PREFIXES = {0xFB: "garbage collection is", 0xFD: "SIMD is", 0xFE: "threads are"}
REFUSED_OPCODES = {
    0x06: "exception handling is", 0x07: "exception handling is", 0x08: "exception handling is", 0x09: "exception handling is",
    0x0A: "exception handling is", 0x18: "exception handling is", 0x19: "exception handling is", 0x1F: "exception handling is",
    0x12: "tail calls are", 0x13: "tail calls are", 0x14: "typed function references are", 0x15: "typed function references are",
}

BLOCK, LOOP, IF, ELSE, END = 0x02, 0x03, 0x04, 0x05, 0x0B
SELECT_TYPED = 0x1C

CONTROL: list[tuple[int, str, Immediate]] = [
    (0x00, "unreachable", Immediate.NONE), (0x01, "nop", Immediate.NONE), (0x02, "block", Immediate.BLOCK),
    (0x03, "loop", Immediate.BLOCK), (0x04, "if", Immediate.BLOCK), (0x05, "else", Immediate.NONE), (0x0B, "end", Immediate.NONE),
    (0x0C, "br", Immediate.INDEX), (0x0D, "br_if", Immediate.INDEX), (0x0E, "br_table", Immediate.TABLE),
    (0x0F, "return", Immediate.NONE), (0x10, "call", Immediate.INDEX), (0x11, "call_indirect", Immediate.TWO_INDICES),
    (0x1A, "drop", Immediate.NONE), (0x1B, "select", Immediate.NONE), (0x1C, "select", Immediate.TYPES),
    (0x20, "local.get", Immediate.INDEX), (0x21, "local.set", Immediate.INDEX), (0x22, "local.tee", Immediate.INDEX),
    (0x23, "global.get", Immediate.INDEX), (0x24, "global.set", Immediate.INDEX),
    (0x25, "table.get", Immediate.INDEX), (0x26, "table.set", Immediate.INDEX),
    (0x3F, "memory.size", Immediate.ZERO), (0x40, "memory.grow", Immediate.ZERO),
    (0x41, "i32.const", Immediate.I32), (0x42, "i64.const", Immediate.I64), (0x43, "f32.const", Immediate.F32),
    (0x44, "f64.const", Immediate.F64), (0xD0, "ref.null", Immediate.REFERENCE), (0xD1, "ref.is_null", Immediate.NONE),
    (0xD2, "ref.func", Immediate.INDEX),
    (PREFIX + 8, "memory.init", Immediate.INDEX_ZERO), (PREFIX + 9, "data.drop", Immediate.INDEX),
    (PREFIX + 10, "memory.copy", Immediate.TWO_ZEROS), (PREFIX + 11, "memory.fill", Immediate.ZERO),
    (PREFIX + 12, "table.init", Immediate.TWO_INDICES), (PREFIX + 13, "elem.drop", Immediate.INDEX),
    (PREFIX + 14, "table.copy", Immediate.TWO_INDICES), (PREFIX + 15, "table.grow", Immediate.INDEX),
    (PREFIX + 16, "table.size", Immediate.INDEX), (PREFIX + 17, "table.fill", Immediate.INDEX),
]

MEMORY = """i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u i64.load8_s i64.load8_u i64.load16_s
i64.load16_u i64.load32_s i64.load32_u i32.store i64.store f32.store f64.store i32.store8 i32.store16 i64.store8 i64.store16
i64.store32""".split()

INTEGER_COMPARE = "eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u".split()
FLOAT_COMPARE = "eq ne lt gt le ge".split()
INTEGER = "clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr".split()
FLOAT = "abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign".split()
CONVERSIONS = """i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u i64.extend_i32_s i64.extend_i32_u
i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s
f32.convert_i64_u f32.demote_f64 f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s f64.convert_i64_u f64.promote_f32
i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64 i32.extend8_s i32.extend16_s i64.extend8_s
i64.extend16_s i64.extend32_s""".split()
SATURATING = [f"{to}.trunc_sat_{source}_{sign}" for to in ("i32", "i64") for source in ("f32", "f64") for sign in "su"]

NUMERIC = (
    [f"i32.{name}" for name in INTEGER_COMPARE] + [f"i64.{name}" for name in INTEGER_COMPARE]
    + [f"f32.{name}" for name in FLOAT_COMPARE] + [f"f64.{name}" for name in FLOAT_COMPARE]
    + [f"i32.{name}" for name in INTEGER] + [f"i64.{name}" for name in INTEGER]
    + [f"f32.{name}" for name in FLOAT] + [f"f64.{name}" for name in FLOAT] + CONVERSIONS
)

OPCODES: dict[int, Opcode] = {
    code: Opcode(code, name, immediate)
    for code, name, immediate in [
        *CONTROL,
        *((0x28 + position, name, Immediate.MEMORY_ACCESS) for position, name in enumerate(MEMORY)),
        *((0x45 + position, name, Immediate.NONE) for position, name in enumerate(NUMERIC)),
        *((PREFIX + position, name, Immediate.NONE) for position, name in enumerate(SATURATING)),
    ]
}
CODE_OF: dict[str, int] = {opcode.name: code for code, opcode in OPCODES.items() if code != SELECT_TYPED}

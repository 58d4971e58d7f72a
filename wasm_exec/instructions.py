"""The table of instructions: the one place that says which operations exist and what they mean.

A number is 16 * (position of the family + 1) + position inside the family, so that a family can grow without moving others; 0 is
no operation. `operands` says how an instruction uses its fields d, a, b, i, j; fields that it does not name are 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum

from wasm_exec.errors import Trap, TrapKind

MASK = 0xFFFFFFFF
SIGN = 0x80000000


class Family(IntEnum):
    """One chip each; the order is the order of the chips."""

    ADD = 0
    MUL = 1
    DIV = 2
    BITWISE = 3
    SHIFT = 4
    COMPARE = 5
    BRANCH = 6
    MOVE = 7
    SELECT = 8
    LOAD = 9
    STORE = 10
    CALL = 11
    HALT = 12


class Use(Enum):
    """What a field of an instruction stands for."""

    READ = "the slot with this number is read"
    WRITE = "the slot with this number is written"
    LOW = "low 16 bits of the immediate"
    HIGH = "high 16 bits of the immediate"
    SPACE = "number of a space"
    TARGET = "pc to go to"
    FRAME = "slots by which the frame pointer grows"
    KIND = "kind of trap"


Operands = dict[str, Use]
Meaning = Callable[[int, int, int], int]

THREE_SLOTS: Operands = {"d": Use.WRITE, "a": Use.READ, "b": Use.READ}
IMMEDIATE: Operands = {"d": Use.WRITE, "a": Use.READ, "i": Use.LOW, "j": Use.HIGH}
BRANCH: Operands = {"a": Use.READ, "i": Use.TARGET}
LOAD: Operands = {"d": Use.WRITE, "a": Use.READ, "b": Use.SPACE, "i": Use.LOW, "j": Use.HIGH}
STORE: Operands = {"d": Use.SPACE, "a": Use.READ, "b": Use.READ, "i": Use.LOW, "j": Use.HIGH}


@dataclass(frozen=True)
class Operation:
    """One row. `meaning(a, b, c)` takes the values of the operands and gives the value of d.

    b is the immediate where there is one, and c the condition of SELECT. A branch answers 1 when it is taken, a load
    gets the bytes as a and gives the value of the slot, a store gives the bytes for the value b. `width` is the number of bytes that
    a load or store touches, otherwise 0.
    """

    name: str
    number: int
    family: Family
    operands: Operands
    meaning: Meaning
    width: int = 0

    @property
    def has_immediate(self) -> bool:
        return "i" in self.operands and self.operands["i"] is Use.LOW


def signed(value: int) -> int:
    """The number that these 32 bits stand for in two's complement."""
    return value - (1 << 32) if value & SIGN else value


def divide(a: int, b: int, _: int = 0) -> int:
    if b == 0:
        raise Trap(TrapKind.DIVIDE_BY_ZERO)
    return a // b


def remainder(a: int, b: int, _: int = 0) -> int:
    if b == 0:
        raise Trap(TrapKind.DIVIDE_BY_ZERO)
    return a % b


def divide_signed(a: int, b: int, _: int = 0) -> int:
    dividend, divisor = signed(a), signed(b)
    quotient = divide(abs(dividend), abs(divisor))
    if (dividend < 0) != (divisor < 0):
        quotient = -quotient
    if quotient == SIGN:
        raise Trap(TrapKind.INTEGER_OVERFLOW)
    return quotient & MASK


def remainder_signed(a: int, b: int, _: int = 0) -> int:
    dividend, divisor = signed(a), signed(b)
    rest = remainder(abs(dividend), abs(divisor))
    return (-rest if dividend < 0 else rest) & MASK


def rotate_left(a: int, b: int, _: int = 0) -> int:
    return (a << b % 32 | a >> (32 - b % 32)) & MASK


def sign_extend_8(a: int, _b: int = 0, _c: int = 0) -> int:
    return (a | 0xFFFFFF00) if a & 0x80 else a


def sign_extend_16(a: int, _b: int = 0, _c: int = 0) -> int:
    return (a | 0xFFFF0000) if a & 0x8000 else a


ADDITION: list[tuple[str, Meaning]] = [("ADD", lambda a, b, c: (a + b) & MASK), ("SUB", lambda a, b, c: (a - b) & MASK)]
DIVISION: list[tuple[str, Meaning]] = [
    ("DIV_U", divide), ("REM_U", remainder), ("DIV_S", divide_signed), ("REM_S", remainder_signed),
]
BITWISE: list[tuple[str, Meaning]] = [("AND", lambda a, b, c: a & b), ("OR", lambda a, b, c: a | b), ("XOR", lambda a, b, c: a ^ b)]
SHIFTS: list[tuple[str, Meaning]] = [
    ("SHL", lambda a, b, c: a << b % 32 & MASK),
    ("SHR_U", lambda a, b, c: a >> b % 32),
    ("SHR_S", lambda a, b, c: signed(a) >> b % 32 & MASK),
    ("ROTL", rotate_left),
    ("ROTR", lambda a, b, c: rotate_left(a, 32 - b % 32)),
]
COMPARISONS: list[tuple[str, Meaning]] = [
    ("EQ", lambda a, b, c: int(a == b)),
    ("NE", lambda a, b, c: int(a != b)),
    ("LT_U", lambda a, b, c: int(a < b)),
    ("LT_S", lambda a, b, c: int(signed(a) < signed(b))),
    ("GE_U", lambda a, b, c: int(a >= b)),
    ("GE_S", lambda a, b, c: int(signed(a) >= signed(b))),
]


def immediate_name(name: str) -> str:
    return name + "I"


def with_immediates(rows: list[tuple[str, Meaning]]) -> list[tuple[str, Operands, Meaning, int]]:
    return [(name, THREE_SLOTS, meaning, 0) for name, meaning in rows] + [
        (immediate_name(name), IMMEDIATE, meaning, 0) for name, meaning in rows
    ]


FAMILIES: dict[Family, list[tuple[str, Operands, Meaning, int]]] = {
    Family.ADD: [(name, THREE_SLOTS, meaning, 0) for name, meaning in ADDITION] + [("ADDI", IMMEDIATE, ADDITION[0][1], 0)],
    Family.MUL: [("MUL", THREE_SLOTS, lambda a, b, c: a * b & MASK, 0)],
    Family.DIV: [(name, THREE_SLOTS, meaning, 0) for name, meaning in DIVISION],
    Family.BITWISE: with_immediates(BITWISE),
    Family.SHIFT: with_immediates(SHIFTS),
    Family.COMPARE: with_immediates(COMPARISONS),
    Family.BRANCH: [("BRNZ", BRANCH, lambda a, b, c: int(a != 0), 0), ("BRZ", BRANCH, lambda a, b, c: int(a == 0), 0)],
    Family.MOVE: [
        ("COPY", {"d": Use.WRITE, "a": Use.READ}, lambda a, b, c: a, 0),
        ("CONST", {"d": Use.WRITE, "i": Use.LOW, "j": Use.HIGH}, lambda a, b, c: b, 0),
    ],
    Family.SELECT: [("SELECT", {"d": Use.WRITE, "a": Use.READ, "b": Use.READ, "i": Use.READ}, lambda a, b, c: a if c else b, 0)],
    Family.LOAD: [
        ("LOAD32", LOAD, lambda a, b, c: a, 4),
        ("LOAD8_U", LOAD, lambda a, b, c: a, 1),
        ("LOAD8_S", LOAD, sign_extend_8, 1),
        ("LOAD16_U", LOAD, lambda a, b, c: a, 2),
        ("LOAD16_S", LOAD, sign_extend_16, 2),
    ],
    Family.STORE: [
        ("STORE32", STORE, lambda a, b, c: b, 4),
        ("STORE8", STORE, lambda a, b, c: b & 0xFF, 1),
        ("STORE16", STORE, lambda a, b, c: b & 0xFFFF, 2),
    ],
    Family.CALL: [
        ("CALL", {"d": Use.FRAME, "i": Use.TARGET}, lambda a, b, c: 0, 0),
        ("RETURN", {}, lambda a, b, c: 0, 0),
    ],
    Family.HALT: [("HALT", {}, lambda a, b, c: 0, 0), ("TRAP", {"i": Use.KIND}, lambda a, b, c: 0, 0)],
}

TABLE: tuple[Operation, ...] = tuple(
    Operation(name, 16 * (family + 1) + position, family, operands, meaning, width)
    for family, rows in FAMILIES.items()
    for position, (name, operands, meaning, width) in enumerate(rows)
)
BY_NAME: dict[str, Operation] = {operation.name: operation for operation in TABLE}
BY_NUMBER: dict[int, Operation] = {operation.number: operation for operation in TABLE}

"""The table of instructions: the one place that says which operations exist and what they mean.

A number is 16 * (position of the family + 1) + position inside the family, so that a family can grow without moving others; 0 is
no operation. A comparison that jumps instead of writing its answer has the number of the comparison and 1024. `operands` says how an
instruction uses its fields d, a, b, i, j; fields that it does not name are 0. Operations of 64 bits have the name of those of 32 bits with
64 behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import cached_property

from wasm_exec import hosts, integers
from wasm_exec.integers import Meaning, Named

MASK = 0xFFFFFFFF
MASK64 = 0xFFFFFFFFFFFFFFFF
JUMP = 1 << 10  # added to the number of a comparison that jumps
JUMPING = "JUMP_"  # before its name


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
    ADD64 = 13
    MUL64 = 14
    DIV64 = 15
    BITWISE64 = 16
    SHIFT64 = 17
    COMPARE64 = 18
    MOVE64 = 19
    SELECT64 = 20
    LOAD64 = 21
    STORE64 = 22
    CONVERT = 23
    COUNT = 24
    COUNT64 = 25
    INDIRECT = 26
    GROW = 27
    SHA256 = 28
    POSEIDON2 = 29
    MULMOD = 30
    KECCAK = 31


class Use(Enum):
    """What a field of an instruction stands for."""

    READ = "the slot with this number is read"
    WRITE = "the slot with this number is written"
    READ64 = "the slot of 64 bits with this number is read"
    WRITE64 = "the slot of 64 bits with this number is written"
    LOW = "low 16 bits of the immediate"
    HIGH = "high 16 bits of the immediate (the next 16 of one with 64 bits)"
    THIRD = "bits 32 to 47 of the immediate"
    FOURTH = "bits 48 to 63 of the immediate"
    UPPER = "bits 32 to 47 of the immediate, and the same once more as bits 48 to 63"
    SPACE = "number of a space"
    TARGET = "pc to go to"
    FRAME = "slots by which the frame pointer grows"
    KIND = "kind of trap"
    CELLS = "the first of the slots of 64 bits that a host function takes and changes"


Operands = dict[str, Use]

THREE_SLOTS: Operands = {"d": Use.WRITE, "a": Use.READ, "b": Use.READ}
IMMEDIATE: Operands = {"d": Use.WRITE, "a": Use.READ, "i": Use.LOW, "j": Use.HIGH}
BRANCH: Operands = {"a": Use.READ, "i": Use.TARGET}
LOAD: Operands = {"d": Use.WRITE, "a": Use.READ, "b": Use.SPACE, "i": Use.LOW, "j": Use.HIGH}
STORE: Operands = {"d": Use.SPACE, "a": Use.READ, "b": Use.READ, "i": Use.LOW, "j": Use.HIGH}
TAKE: Operands = {"d": Use.SPACE, "a": Use.READ, "i": Use.LOW, "j": Use.HIGH}
THREE_SLOTS64: Operands = {"d": Use.WRITE64, "a": Use.READ64, "b": Use.READ64}
IMMEDIATE64: Operands = {"d": Use.WRITE64, "a": Use.READ64, "i": Use.LOW, "j": Use.HIGH, "b": Use.UPPER}


@dataclass(frozen=True)
class Operation:
    """One row. `meaning(a, b, c)` takes the values of the operands and gives the value of d.

    b is the immediate where there is one, and c the condition of SELECT. A branch or jump answers 1 when it is taken, a load
    gets the bytes as a and gives the value of the slot, a store gives the bytes for the value b, a take for the word b that comes from
    outside. `width` is the number of bytes that a load, store or take touches, otherwise 0.
    """

    name: str
    number: int
    family: Family
    operands: Operands
    meaning: Meaning
    width: int = 0

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """The fields that are slots to be read."""
        return tuple(name for name, use in self.operands.items() if use in (Use.READ, Use.READ64))

    @cached_property
    def writes(self) -> bool:
        """Whether d is a slot to be written."""
        return self.operands.get("d") in (Use.WRITE, Use.WRITE64)

    @cached_property
    def traced(self) -> frozenset[str]:
        """Which of the columns a, b and d a step of it has a value for."""
        taken = {"b"} if self.name == "TAKE32" else set()
        return frozenset({*self.reads, *taken} | ({"d"} if self.writes or self.family in ENTERING else set()))

    @cached_property
    def target(self) -> str:
        """The field with the pc to which a branch goes when it is taken, or empty."""
        return next((name for name, use in self.operands.items() if use is Use.TARGET and self.family not in ENTERING), "")

    @property
    def has_memory(self) -> bool:
        """Whether a step of it has a row in `Trace.memory`."""
        return self.width > 0 or self.family is Family.GROW

    @cached_property
    def cells(self) -> int:
        """How many slots of 64 bits from d on it takes, as rows in `Trace.cells`; 0 for all that are no host function."""
        return hosts.HOSTS[self.name].cells if self.name in hosts.HOSTS else 0

    @cached_property
    def has_extra(self) -> bool:
        """Whether a step of it has a row in `Trace.extra`: it has values of 64 bits, a link or a condition."""
        wide = any(use in (Use.READ64, Use.WRITE64) for use in self.operands.values())
        return wide or self.family in ENTERING or self.operands.get("i") is Use.READ

    @cached_property
    def has_immediate(self) -> bool:
        return "i" in self.operands and self.operands["i"] is Use.LOW

    def immediate(self, a: int, b: int, i: int, j: int) -> int:
        """The immediate that these fields of an instruction stand for."""
        match self.operands.get("b"):
            case Use.UPPER:
                return i | j << 16 | b << 32 | b << 48
            case Use.FOURTH:
                return i | j << 16 | a << 32 | b << 48
            case _:
                return i | j << 16


Row = tuple[str, Operands, Meaning, int]


def immediate_name(name: str) -> str:
    return name + "I"


def rows(named: Named, operands: Operands, immediate: Operands | None = None, suffix: str = "") -> list[Row]:
    """The operations on slots, and then those with an immediate in the place of b."""
    result = [(name + suffix, operands, meaning, 0) for name, meaning in named]
    if immediate:
        result += [(immediate_name(name + suffix), immediate, meaning, 0) for name, meaning in named]
    return result


def answering(operands: Operands, use: Use) -> Operands:
    return operands | {"d": use}


def with_jumps(comparisons: list[Row]) -> list[Row]:
    """And each once more as a jump to pc d if the answer is 1."""
    jumps = [(JUMPING + name, answering(operands, Use.TARGET), meaning, width) for name, operands, meaning, width in comparisons]
    return comparisons + jumps


def number_of(family: Family, members: list[Row], position: int) -> int:
    jumps = [name for name, *_ in members].index(members[position][0].removeprefix(JUMPING))
    return 16 * (family + 1) + (position if jumps == position else JUMP + jumps)


CONST64: Operands = {"d": Use.WRITE64, "i": Use.LOW, "j": Use.HIGH, "a": Use.THIRD, "b": Use.FOURTH}
FAMILIES: dict[Family, list[Row]] = {
    Family.ADD: [*rows(integers.addition(32), THREE_SLOTS), ("ADDI", IMMEDIATE, integers.addition(32)[0][1], 0)],
    Family.MUL: [("MUL", THREE_SLOTS, integers.multiplication(32), 0)],
    Family.DIV: rows(integers.division(32), THREE_SLOTS),
    Family.BITWISE: rows(integers.BITWISE, THREE_SLOTS, IMMEDIATE),
    Family.SHIFT: rows(integers.shifts(32), THREE_SLOTS, IMMEDIATE),
    Family.COMPARE: with_jumps(rows(integers.comparisons(32), THREE_SLOTS, IMMEDIATE)),
    Family.BRANCH: [("BRNZ", BRANCH, lambda a, b, c: int(a != 0), 0), ("BRZ", BRANCH, lambda a, b, c: int(a == 0), 0)],
    Family.MOVE: [
        ("COPY", {"d": Use.WRITE, "a": Use.READ}, lambda a, b, c: a, 0),
        ("CONST", {"d": Use.WRITE, "i": Use.LOW, "j": Use.HIGH}, lambda a, b, c: b, 0),
    ],
    Family.SELECT: [("SELECT", THREE_SLOTS | {"i": Use.READ}, lambda a, b, c: a if c else b, 0)],
    Family.LOAD: [
        ("LOAD32", LOAD, lambda a, b, c: a, 4),
        ("LOAD8_U", LOAD, lambda a, b, c: a, 1),
        ("LOAD8_S", LOAD, integers.sign_extended(8), 1),
        ("LOAD16_U", LOAD, lambda a, b, c: a, 2),
        ("LOAD16_S", LOAD, integers.sign_extended(16), 2),
    ],
    Family.STORE: [
        ("STORE32", STORE, lambda a, b, c: b, 4),
        ("STORE8", STORE, lambda a, b, c: b & 0xFF, 1),
        ("STORE16", STORE, lambda a, b, c: b & 0xFFFF, 2),
        ("TAKE32", TAKE, lambda a, b, c: b, 4),
    ],
    Family.CALL: [
        ("CALL", {"d": Use.FRAME, "i": Use.TARGET}, lambda a, b, c: 0, 0),
        ("RETURN", {}, lambda a, b, c: 0, 0),
    ],
    Family.HALT: [
        ("HALT", {}, lambda a, b, c: 0, 0), ("TRAP", {"i": Use.KIND}, lambda a, b, c: 0, 0), ("PAUSE", {}, lambda a, b, c: 0, 0),
    ],
    Family.ADD64: [*rows(integers.addition(64), THREE_SLOTS64, None, "64"), ("ADD64I", IMMEDIATE64, integers.addition(64)[0][1], 0)],
    Family.MUL64: [
        ("MUL64", THREE_SLOTS64, integers.multiplication(64), 0),
        ("MULHIGH64", THREE_SLOTS64, lambda a, b, c: a * b >> 64, 0),
    ],
    Family.DIV64: rows(integers.division(64), THREE_SLOTS64, None, "64"),
    Family.BITWISE64: rows(integers.BITWISE, THREE_SLOTS64, IMMEDIATE64, "64"),
    Family.SHIFT64: rows(integers.shifts(64), THREE_SLOTS64, IMMEDIATE64, "64"),
    Family.COMPARE64: with_jumps(rows(
        integers.comparisons(64), answering(THREE_SLOTS64, Use.WRITE), answering(IMMEDIATE64, Use.WRITE), "64"
    )),
    Family.MOVE64: [
        ("COPY64", {"d": Use.WRITE64, "a": Use.READ64}, lambda a, b, c: a, 0),
        ("CONST64", CONST64, lambda a, b, c: b, 0),
    ],
    Family.SELECT64: [("SELECT64", THREE_SLOTS64 | {"i": Use.READ}, lambda a, b, c: a if c else b, 0)],
    Family.LOAD64: [("LOAD64", answering(LOAD, Use.WRITE64), lambda a, b, c: a, 8)],
    Family.STORE64: [("STORE64", STORE | {"b": Use.READ64}, lambda a, b, c: b, 8)],
    Family.CONVERT: [
        ("WRAP", {"d": Use.WRITE, "a": Use.READ64}, lambda a, b, c: a & MASK, 0),
        ("EXTEND_U", {"d": Use.WRITE64, "a": Use.READ}, lambda a, b, c: a, 0),
        ("EXTEND_S", {"d": Use.WRITE64, "a": Use.READ}, integers.sign_extended(32, 64), 0),
    ],
    Family.COUNT: rows(integers.counting(32), {"d": Use.WRITE, "a": Use.READ}),
    Family.COUNT64: rows(integers.counting(64), {"d": Use.WRITE64, "a": Use.READ64}, None, "64"),
    Family.INDIRECT: [("CALL_SLOT", {"d": Use.FRAME, "a": Use.READ}, lambda a, b, c: 0, 0)],
    Family.GROW: [("GROW", {}, lambda a, b, c: 0, 0)],
    Family.SHA256: [("SHA256", {"d": Use.CELLS}, lambda a, b, c: 0, 0)],
    Family.POSEIDON2: [("POSEIDON2", {"d": Use.CELLS}, lambda a, b, c: 0, 0)],
    Family.MULMOD: [("MULMOD", {"d": Use.CELLS}, lambda a, b, c: 0, 0)],
    Family.KECCAK: [("KECCAK", {"d": Use.CELLS}, lambda a, b, c: 0, 0)],
}

TABLE: tuple[Operation, ...] = tuple(
    Operation(name, number_of(family, members, position), family, operands, meaning, width)
    for family, members in FAMILIES.items()
    for position, (name, operands, meaning, width) in enumerate(members)
)
BY_NAME: dict[str, Operation] = {operation.name: operation for operation in TABLE}
BY_NUMBER: dict[int, Operation] = {operation.number: operation for operation in TABLE}
ENTERING = (Family.CALL, Family.INDIRECT)  # families whose steps change the frame pointer

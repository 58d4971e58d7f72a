"""A tiny assembler: lines, labels and jumps of one function. Jumps vanish in linking, since every instruction names its successor."""

from __future__ import annotations

from dataclasses import dataclass, field

from wasm_exec.errors import Invalid
from wasm_exec.instructions import BY_NAME, Operation, Use

# Of all functions of a module together, also those that nothing calls: a few bytes can write a thousand.
LINES_LIMIT = 1 << 21
LINES_OF_SMALL_CODE, LINES_OF_A_BYTE = 1 << 17, 16      # what code may become in any case, and so many more for each byte of it


class Label:
    """A place in one function; compared by identity."""


@dataclass(slots=True)
class Line:
    """One instruction before its pc is known. `target` is where a branch goes, `callee` the function that a CALL enters, `offset` the
    byte of the module from which it comes (0 if from none)."""

    operation: Operation
    d: int = 0
    a: int = 0
    b: int = 0
    i: int = 0
    j: int = 0
    target: Label | None = None
    callee: int | None = None
    offset: int = 0

    @property
    def written(self) -> int | None:
        return self.d if self.operation.writes else None

    @property
    def read(self) -> list[int]:
        return [getattr(self, name) for name in self.operation.reads]

    @property
    def immediate(self) -> int:
        return self.operation.immediate(self.a, self.b, self.i, self.j)


@dataclass(frozen=True)
class Jump:
    label: Label


Item = Line | Label | Jump
TERMINATORS = frozenset(("RETURN", "HALT", "TRAP", "PAUSE"))


@dataclass
class Assembler:
    """The code of one function as it is written down; lines get the current `offset`. There are about `most` of them at most."""

    name: str
    items: list[Item] = field(default_factory=list)
    offset: int = 0
    most: int = LINES_LIMIT

    def emit(
        self, name: str, d: int = 0, a: int = 0, b: int = 0, immediate: int = 0, condition: int = 0,
        target: Label | None = None, callee: int | None = None,
    ) -> Line:
        """Appends an instruction. `immediate` fills i and j (and what stands for its upper half), `condition` (a slot or a kind
        of trap) fills i."""
        if len(self.items) >= self.most:
            many = f"more than {LINES_LIMIT} instructions of the machine, or more than {LINES_OF_A_BYTE} for each byte of code,"
            raise Invalid(f"a module that becomes {many} is not supported", self.offset)
        operation = BY_NAME[name]
        match operation.operands.get("b"):
            case Use.UPPER:
                b = immediate >> 48 & 0xFFFF
            case Use.FOURTH:
                a, b = immediate >> 32 & 0xFFFF, immediate >> 48 & 0xFFFF
        line = Line(operation, d, a, b, condition | immediate & 0xFFFF, immediate >> 16 & 0xFFFF, target, callee, self.offset)
        self.items.append(line)
        return line

    def place(self, label: Label) -> None:
        self.items.append(label)

    def jump(self, label: Label) -> None:
        self.items.append(Jump(label))

    @property
    def last_line(self) -> Line | None:
        """The instruction just written, unless a label separates it from what comes next."""
        return self.items[-1] if self.items and isinstance(self.items[-1], Line) else None

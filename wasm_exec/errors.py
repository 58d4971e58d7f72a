"""What can be wrong with a module, and how a program can end on its own."""

from __future__ import annotations

from enum import IntEnum


class Malformed(Exception):
    """The bytes are not a WebAssembly module."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(f"{message} (at byte {offset})")
        self.message = message
        self.offset = offset


class Invalid(Exception):
    """The module is well formed but breaks a rule of validation, or needs something that is not supported. With offset 0, where no part of
    a module begins, it is so as a whole."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(f"{message} (at byte {offset})" if offset else message)
        self.message = message
        self.offset = offset


class Unlinkable(Invalid):
    """The module is valid but imports something that nobody provides."""


class TrapKind(IntEnum):
    """Why a program trapped. The numbers are part of the statement (status 16 + kind) and never change."""

    UNREACHABLE = 1
    OUT_OF_BOUNDS = 2
    DIVIDE_BY_ZERO = 3
    INTEGER_OVERFLOW = 4
    EXHAUSTION = 5
    OUTPUT_FULL = 6
    UNDEFINED_ELEMENT = 7
    UNINITIALIZED_ELEMENT = 8
    INDIRECT_CALL_MISMATCH = 9
    TABLE_OUT_OF_BOUNDS = 10
    INVALID_CONVERSION = 11
    BAD_EVENT = 12
    STATE_FULL = 13


class Trap(Exception):
    """An instruction has no result. It never leaves this package: a run that meets one has the outcome `trapped`."""

    def __init__(self, kind: TrapKind) -> None:
        super().__init__(kind.name.lower())
        self.kind = kind


class BudgetTooSmall(Exception):
    """A single basic block does not fit into an empty segment."""

    def __init__(self, pc: int) -> None:
        super().__init__(f"the basic block at pc {pc} does not fit into the budget of one segment")
        self.pc = pc

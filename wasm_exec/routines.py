"""The routines that a program links in: made once for each key, and known to the translator by a number like any function."""

from __future__ import annotations

from collections.abc import Callable

from wasm_exec.assembler import Assembler


class Routines:
    def __init__(self, functions: dict[int, Assembler], first: int) -> None:
        self.functions = functions
        self.next = first
        self.known: dict[tuple[object, ...], int] = {}

    def number(self, key: tuple[object, ...], make: Callable[[], Assembler]) -> int:
        """The number of the routine with this key, which is made if it is new."""
        if key not in self.known:
            number = self.known[key] = self.next
            self.next += 1  # before it is made: a routine can ask for others
            self.functions[number] = make()
        return self.known[key]

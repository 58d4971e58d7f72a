"""What longrun cannot do yet, said before any work is done."""
from __future__ import annotations


class Unsupported(Exception):
    """A run that can be recorded but for which there are no circuits."""


class Unprovable(Unsupported):
    """The program can run, but there is no circuit yet for an operation that it uses."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Unprovable yet: {name} (no circuit for it; wasm_exec can run it)")
        self.name = name

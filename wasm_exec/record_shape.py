"""Where each field of the rows of a trace is in the record that a basic block writes when the recorder logs."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Known:
    """A value that is the same in every execution of the block."""

    value: int


@dataclass(frozen=True)
class Logged:
    """A value in the record, at this position (in words of 32 bits); a wide one, of 64 bits, takes two."""

    position: int
    wide: bool


Source = Known | Logged


@dataclass
class Shape:
    """The record of a block: its size in words, and for each step and field of the trace where the value is."""

    size: int = 1
    steps: list[dict[str, Source]] = field(default_factory=list)

    def take(self, words: int) -> Logged:
        self.size += words
        return Logged(self.size - words, words == 2)

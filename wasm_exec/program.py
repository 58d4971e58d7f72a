"""A translated program: the value on which the statement "this program ran" rests."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from wasm_exec.trace import U32, U64

FIELDS = ("pc", "op", "d", "a", "b", "i", "j", "next")
Pages = dict[tuple[int, int], U64]  # (space, page) -> 32 cells
COLUMN = {name: position for position, name in enumerate(FIELDS)}
MAGIC = b"longrun program 1\n"


@dataclass(frozen=True)
class Function:
    """The instructions start <= pc < end belong to this function; its frame has `frame` slots. `index` is that of the module, whose
    functions end where `Program.guest_functions` says; behind it come routines. The entry has -1."""

    name: str
    start: int
    end: int
    frame: int
    index: int = -1


@dataclass(frozen=True)
class Export:
    """A stub that calls an exported function: its pc, and the slots (number, whether 64 bits) of parameters and results."""

    pc: int
    parameters: tuple[tuple[int, bool], ...]
    results: tuple[tuple[int, bool], ...]


@dataclass(frozen=True)
class EventExport:
    """An exported function that events of a session call; whether each parameter and result has 64 bits."""

    name: str
    parameters: tuple[bool, ...]
    results: tuple[bool, ...]


@dataclass(frozen=True, eq=False)
class Program:
    """`instructions` is (n, 8) with the columns of FIELDS; row k has pc k, and a run begins at pc 0 with frame pointer 0.

    `memory_pages` is the memory at the beginning, in pages of 64 KiB. `data` holds the pages of linear memory that are not zero at the
    beginning (number of the page -> 32 cells). Functions (names and frames), offsets and block starts decide where a run is cut
    and what a report prints; they are no part of the encoding.
    """

    instructions: U32
    memory_pages: int
    data: dict[int, U64]
    globals: tuple[int, ...]
    functions: tuple[Function, ...]
    block_starts: U32
    entry: int = field(default=0)
    memory_limit: int = 0  # pages of 64 KiB that the memory can reach, at least those at the beginning
    constants: Pages = field(default_factory=dict)  # pages of spaces other than linear that are not zero at the beginning
    exports: dict[str, Export] = field(default_factory=dict)  # how a caller from outside enters, if the program was made for that
    events: tuple[EventExport, ...] = ()  # of a session, by their numbers; a command has none
    offsets: U32 = field(default_factory=lambda: np.zeros(0, dtype=np.uint32))  # the byte of the module from which an instruction comes
    guest_functions: range = range(0)  # indices of the functions whose code is in the module

    def __post_init__(self) -> None:
        object.__setattr__(self, "memory_limit", max(self.memory_limit, self.memory_pages))

    def column(self, name: str) -> U32:
        return self.instructions[:, COLUMN[name]]

    @cached_property
    def function_starts(self) -> U32:
        return np.array([function.start for function in self.functions], dtype=np.uint32)

    def function_index(self, pc: int) -> int:
        return int(np.searchsorted(self.function_starts, pc, side="right")) - 1

    def function_at(self, pc: int) -> Function:
        return self.functions[self.function_index(pc)]

    def encode(self) -> bytes:
        """The canonical bytes of everything that the meaning of the program depends on."""
        parts = [MAGIC, struct.pack("<IIII", len(self.instructions), self.memory_pages, len(self.globals), len(self.data))]
        parts.append(self.instructions.astype("<u4").tobytes())
        parts.append(np.array(self.globals, dtype="<u8").tobytes())
        for page in sorted(self.data):
            parts.append(struct.pack("<I", page))
            parts.append(self.data[page].astype("<u8").tobytes())
        for (space, page), cells in sorted(self.constants.items()):
            parts.append(struct.pack("<BI", space, page))
            parts.append(cells.astype("<u8").tobytes())
        return b"".join(parts)

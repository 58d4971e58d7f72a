"""What the functions of a recorder module agree upon: which blocks are whose, and the numbers of functions and of what is handed on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wasm_exec.cutting import Blocks
from wasm_exec.instructions import BY_NUMBER
from wasm_exec.interpreter import Decoded
from wasm_exec.program import Program
from wasm_exec.recorder_layout import Lanes, Layout
from wasm_exec.spaces import Space
from wasm_exec.standard_error import entered_at

FP = 0
TOUCHABLE = (Space.LINEAR, *Layout.OTHERS)


@dataclass(frozen=True)
class Chunk:
    """Consecutive blocks of one program function that are emitted as one function; `frame` is the size of its frame."""

    first: int
    count: int
    frame: int


def chunks_of(program: Program, blocks: Blocks, limit: int) -> list[Chunk]:
    """All blocks in order. A function of very many blocks becomes several chunks: compilers and validators have limits."""
    starts = np.array(blocks.starts)
    result: list[Chunk] = []
    for function in program.functions:
        first, end = (int(place) for place in np.searchsorted(starts, [function.start, function.end]))
        result += [Chunk(part, min(limit, end - part), function.frame) for part in range(first, end, limit)]
    return result


def lanes_of(program: Program) -> Lanes:
    return Lanes({BY_NUMBER[number].family for number in np.unique(program.column("op")).tolist()})


class Plan:
    """Of one module. Numbers are those of parameters, or of functions; `passed`: what every function hands on."""

    def __init__(self, program: Program, blocks: Blocks, chunks: list[Chunk], tracing: bool) -> None:
        self.program = program
        self.blocks = blocks
        self.tracing = tracing
        self.layout = Layout(len(program.instructions))
        self.decoded = [Decoded(BY_NUMBER[row[1]], *row[2:]) for row in program.instructions.tolist()]
        self.lanes = lanes_of(program)
        self.words = list(range(FP + 1, FP + 1 + len(self.lanes)))
        after = FP + 1 + len(self.lanes)
        self.row = after if tracing else None
        self.extra_row = after + 1 if tracing else None
        self.memory_row = after + 2 if tracing else None
        self.block = after + 3 if tracing else after
        self.passed = list(range(self.block))
        self.hears = None if tracing else entered_at(program)
        imported = int(self.hears is not None)
        self.enter = imported + len(TOUCHABLE)
        used = dict.fromkeys(item.operation.name for item in self.decoded if item.operation.cells)
        self.hosts = {host: self.enter + 1 + number for number, host in enumerate(used)}
        self.first_function = self.enter + 1 + len(self.hosts)
        self.touch = {int(space): index for index, space in enumerate(TOUCHABLE, imported)}
        self.chunks = chunks
        self.grows = program.memory_limit > program.memory_pages
        self.places = [(index, position) for index, chunk in enumerate(chunks) for position in range(chunk.count)]

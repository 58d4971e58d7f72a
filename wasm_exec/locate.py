"""Where in its module a run ended: functions by name and index, bytes of the module, and lines of the source if it knows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from wasm_exec.image import MemoryImage
from wasm_exec.instructions import BY_NUMBER, ENTERING
from wasm_exec.lines import Lines, printable
from wasm_exec.program import COLUMN, Function, Program
from wasm_exec.readable import readable
from wasm_exec.recording import Recording
from wasm_exec.spaces import Space

FRAMES_SHOWN = 16


@dataclass(frozen=True)
class Place:
    """A function of the module, and the byte of the instruction at which it was; `begin`: the byte of its first one; `line` as
    `file.c:12`, or `near file.c:12`, if that is known."""

    name: str
    index: int
    offset: int
    line: str = ""
    begin: int = 0

    @property
    def plain_name(self) -> str:
        return printable(readable(self.name))

    def __str__(self) -> str:
        number, name = f"function {self.index}", self.plain_name
        return f"{number if name == number else f'{name} ({number})'} at byte {self.offset:#x}{', ' if self.line else ''}{self.line}"


def standing(program: Program, image: MemoryImage, pc: int, fp: int, wasm: bytes = b"") -> tuple[Place, ...]:
    """The functions of the module that are at work here, the innermost first. What was linked in is left out. With the bytes of the
    module, with lines."""
    found: list[Place] = []
    while len(found) < FRAMES_SHOWN:
        function = program.function_at(pc)
        if function.index in program.guest_functions:
            found.append(Place(function.name, function.index, int(program.offsets[pc]), "", begin_of(program, function)))
        if function.start == 0:
            break
        link = image.read_cell(Space.FRAMES64, fp)
        pc, fp = call_before(program, link & 0xFFFFFFFF), link >> 32
    lines = Lines(wasm, {place.offset: place.begin for place in found})
    return tuple(replace(place, line=lines.at(place.offset)) for place in found)


def begin_of(program: Program, function: Function) -> int:
    """Behind the last byte of the module from which something before this function comes."""
    first = program.offsets[function.start : function.end].min()
    return int(program.offsets[program.offsets < first].max(initial=0)) + 1


def backtrace(recording: Recording, wasm: bytes = b"") -> tuple[Place, ...]:
    """The functions that were at work when a run ended."""
    return standing(recording.program, recording.image(len(recording.segments)), recording.final.pc, recording.final.fp, wasm)


def call_before(program: Program, following: int) -> int:
    """The call after which a function goes on at this pc; the pc itself if there are several."""
    function = program.function_at(following)
    rows = program.instructions[function.start : function.end]
    calls = [function.start + int(position) for position in np.flatnonzero(rows[:, COLUMN["next"]] == following)
             if BY_NUMBER[int(rows[position, COLUMN["op"]])].family in ENTERING]
    return calls[0] if len(calls) == 1 else following


def counted(places: Sequence[Place]) -> list[str]:
    """A text for each; for one that calls itself again and again only one."""
    same = [(place, len(list(again))) for place, again in groupby(places)]
    more = [""] * (len(same) - 1) + [" or more" if len(places) == FRAMES_SHOWN else ""]
    return [f"{place}{f' ({times}{many} times)' if times > 1 else ''}" for (place, times), many in zip(same, more, strict=False)] or [
        "what was linked to the module"]


def spelled(places: Sequence[Place]) -> str:
    """All of them in one line, the innermost first."""
    return ", called by ".join(counted(places))

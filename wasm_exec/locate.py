"""Where in its module a run ended: functions by name and index, bytes of the module, and lines of the source if it knows them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from wasm_exec.instructions import BY_NUMBER, ENTERING
from wasm_exec.lines import Lines, printable
from wasm_exec.program import COLUMN, Program
from wasm_exec.recording import Recording
from wasm_exec.spaces import Space

CALLERS_SHOWN = 4


@dataclass(frozen=True)
class Place:
    """A function of the module, and the byte of the instruction at which it was; `line` as `file.c:12`, if that is known."""

    name: str
    index: int
    offset: int
    line: str = ""

    def __str__(self) -> str:
        return f"{printable(self.name)} (function {self.index}) at byte {self.offset:#x}{', ' if self.line else ''}{self.line}"


def backtrace(recording: Recording, most: int = CALLERS_SHOWN + 1) -> list[Place]:
    """The functions of the module that were at work at the end, the innermost first. What was linked in is left out."""
    program, image = recording.program, recording.image(len(recording.segments))
    pc, fp = recording.final.pc, recording.final.fp
    found: list[Place] = []
    while len(found) < most:
        function = program.function_at(pc)
        if function.index in program.guest_functions:
            found.append(Place(function.name, function.index, int(program.offsets[pc])))
        if function.start == 0:
            return found
        link = image.read_cell(Space.FRAMES64, fp)
        pc, fp = call_before(program, link & 0xFFFFFFFF), link >> 32
    return found


def call_before(program: Program, following: int) -> int:
    """The call after which a function goes on at this pc; the pc itself if there are several."""
    function = program.function_at(following)
    rows = program.instructions[function.start : function.end]
    calls = [function.start + int(position) for position in np.flatnonzero(rows[:, COLUMN["next"]] == following)
             if BY_NUMBER[int(rows[position, COLUMN["op"]])].family in ENTERING]
    return calls[0] if len(calls) == 1 else following


def location(recording: Recording, wasm: bytes = b"") -> str:
    """The end of a run for a message: the innermost function, and some that called it. With the bytes of the module, with lines."""
    places = backtrace(recording)
    lines = Lines(wasm, [place.offset for place in places])
    return ", called by ".join(str(replace(place, line=lines.at(place.offset))) for place in places) or "outside of the module's functions"

"""The input comes word by word, each once, by the entry alone: honest sessions pass, and a machine that lies about it is refused."""
from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from segments.fill import Segment
from stark.check import check
from tests.segments.small import Line, const, one_segment, program
from wasm_exec.cutting import Budget
from wasm_exec.events import Event, encode
from wasm_exec.execute import run
from wasm_exec.instructions import BY_NUMBER, Use
from wasm_exec.interpreter import Interpreter, Step
from wasm_exec.program import COLUMN, Program
from wasm_exec.spaces import Space
from wasm_exec.text import from_text
from wasm_exec.translate import load

SAMPLES = Path(__file__).parents[2] / "samples"
GUEST = """(module
    (import "longrun" "read_input" (func $read (param i32 i32) (result i32)))
    (memory 1) (global $sum (mut i32) (i32.const 0))
    (func (export "add") (param i32) (result i32)
        (drop (call $read (i32.const 0) (i32.const 12)))
        (global.set $sum (i32.add (global.get $sum) (local.get 0))) (global.get $sum)))"""


@cache
def guest() -> Program:
    return load(from_text(GUEST.encode()), 64, 8)


def content(payload: bytes = b"0123456789ab") -> bytes:
    return encode(guest(), [Event("add", [5], payload), Event("add", [9])])


def broken(segment: Segment) -> list[str]:
    return [str(sentence) for sentence in check(segment.filled, segment.public)]


class Liar(Interpreter):
    """Lies at one of the steps that take."""

    def __init__(self, number: int = -1, how: str = "") -> None:
        super().__init__(guest())
        self.number, self.how, self.takes = number, how, 0

    def step(self) -> Step:
        at = self.pc
        event = super().step()
        if BY_NUMBER[int(self.program.instructions[at][COLUMN["op"]])].name == "TAKE32":
            if self.takes == self.number:
                self.lie(event)
            self.takes += 1
        return event

    def lie(self, event: Step) -> None:
        cells, place = self.cells[Space.INPUT], event.address // 8
        slot = int(self.program.instructions[event.pc][COLUMN["a"]])
        match self.how:
            case "a taken cell changes":
                cells[place - 1] ^= 1
            case "the word goes elsewhere":
                cells[place + 1], cells[place] = cells[place], event.cell0
                event.address, event.cell0 = event.address + 8, 0
            case "what was there stays":
                cells[place] = event.cell0
            case "the cell was not empty":
                event.cell0 |= 0xFF << 8 * (event.address % 8)
            case "the same once more":
                self.pc = event.pc
            case "left out":
                self.pc = int(self.program.instructions[self.pc][COLUMN["next"]])
            case "the cursor is set back":
                self.cells[Space.FRAMES32][self.fp + slot] -= 8
            case "the length is another":
                cells[0] ^= 8


def test_any_word_may_come() -> None:
    """Of the word itself the chips say nothing: that is what makes it the input."""
    honest = one_segment(guest(), Liar(), content())
    other = one_segment(guest(), Liar(), content(b"another one!"))
    assert broken(honest) == broken(other) == [] and honest.before == other.before and honest.after.root != other.after.root


@pytest.mark.parametrize("how", ["a taken cell changes", "the word goes elsewhere", "what was there stays", "the cell was not empty",
                                 "the same once more", "left out", "the cursor is set back", "the length is another"])
def test_a_machine_that_lies_is_refused(how: str) -> None:
    counted = Liar()
    one_segment(guest(), counted, content())
    assert counted.takes == 13
    for number in (4, 6):
        try:
            segment = one_segment(guest(), Liar(number, how), content())
        except ValueError:                  # no tables can be filled with it
            continue
        assert broken(segment), (how, number)


def test_a_store_of_the_guest_does_not_reach_the_input() -> None:
    """Its space is a field of the instruction: a row that says another one fetches what is not in the program."""
    segment = one_segment(guest(), Liar(), content())
    table = next(f for f in segment.filled if f.chip.name == "store")
    names = table.chip.main_names
    space, taking = (table.main[names.index(name)] for name in ("d", "is TAKE32"))
    for row in (int(np.flatnonzero(space == Space.LINEAR)[0]), int(np.flatnonzero((space == Space.SYSTEM) & (taking == 0))[0])):
        main = table.main.copy()
        main[names.index("d"), row] = Space.INPUT
        lied = [replace(f, main=main) if f is table else f for f in segment.filled]
        assert any("bus program" in str(found) for found in check(lied, segment.public))


@pytest.mark.parametrize("lines, sentence", [
    ([const(0, 16), ("TAKE32", 6, 0, 0, 0, 0), ("TAKE32", 6, 0, 0, 0, 0)], "a word is taken where zeros are"),
    ([const(0, 16), ("TAKE32", 6, 0, 0, 0, 0), ("TAKE32", 6, 0, 0, 2, 0)], "a word is taken where zeros are"),
    ([const(0, 16), ("TAKE32", 6, 0, 0, 1, 0)], "begins at an even byte"),
    ([const(0, 16), ("TAKE32", 3, 0, 0, 0, 0)], "into the space of the input"),
    ([const(0, 0), ("TAKE32", 0, 0, 0, 0, 0)], "into the space of the input"),
    ([const(0, 16), ("TAKE32", 10, 0, 0, 0, 0)], "into the space of the input"),
])
def test_even_a_program_that_wants_it_cannot(lines: list[Line], sentence: str) -> None:
    """Twice to one place, or to a place of another space."""
    segment = one_segment(program([*lines, ("HALT", 0, 0, 0, 0, 0)]))
    assert any(sentence in found for found in broken(segment))


def test_only_the_entry_takes_and_nothing_else_writes_the_input() -> None:
    """Over all samples: TAKE32 stands in the entry alone, which nobody calls; the only stores into the space of the input are the
    entry's, of its length; and no word of the guest says into which space a store goes."""
    sources = [path.read_bytes() for path in sorted(SAMPLES.rglob("*.wat"))]
    assert len(sources) > 5
    for made in [guest(), *(load(from_text(source), 64, 8) for source in sources)]:
        entry = made.functions[0]
        assert entry.index == -1 and entry.start == 0
        taking = 0
        for row in made.instructions.tolist():
            pc, operation = row[0], BY_NUMBER[row[1]]
            if operation.operands.get("d") is Use.SPACE and row[COLUMN["d"]] == Space.INPUT:
                assert pc < entry.end
                taking += operation.name == "TAKE32"
                assert operation.name == "TAKE32" or (operation.name == "STORE32" and row[COLUMN["i"]] == row[COLUMN["j"]] == 0)
            if operation.operands.get("i") is Use.TARGET and row[COLUMN["i"]] < entry.end:
                assert pc < entry.end
        assert taking


@pytest.mark.parametrize("event", [0, 1])
def test_what_was_not_taken_is_not_claimed(event: int) -> None:
    """A session that trapped in an event has taken that one and none behind it."""
    text = GUEST.replace("(global.set $sum", '(if (i32.eq (local.get 0) (i32.const 7)) (then unreachable)) (global.set $sum')
    made = load(from_text(text.encode()), 64, 8)
    events = [Event("add", [7 if number == event else 1], bytes(number)) for number in range(3)]
    found = run(made, encode(made, events), Budget.uniform(5000, 500))
    assert found.outcome.trapped and found.taken == encode(made, events[:event + 1])

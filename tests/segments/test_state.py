"""The application's state in the circuits: honest calls pass, and a machine that lies in one access of the state is refused."""
from __future__ import annotations

from functools import cache

import pytest

from segments.fill import Segment
from stark.check import check
from tests.segments.small import one_segment
from tests.wasm_exec.test_state import GUEST, SPREAD, asked, put
from wasm_exec.instructions import BY_NUMBER
from wasm_exec.interpreter import Interpreter, Step
from wasm_exec.program import COLUMN, Program
from wasm_exec.spaces import Space
from wasm_exec.text import from_text
from wasm_exec.translate import load

KEY, VALUE = SPREAD[4], bytes(range(1, 33))
CALLS = put(KEY, VALUE) + asked(KEY)
MORE = CALLS + put(SPREAD[5], VALUE)           # whose set reads the number of keys again


@cache
def guest() -> Program:
    return load(from_text(GUEST.encode()), 64, 8)


class Liar(Interpreter):
    """At the access of the state with this number it lies."""

    def __init__(self, number: int = -1, how: str = "") -> None:
        super().__init__(guest())
        self.left, self.how = number, how
        self.loads: list[int] = []
        self.stores: list[int] = []
        self.count = 0

    def step(self) -> Step:
        event = super().step()
        row = self.program.instructions[event.pc]
        name = BY_NUMBER[int(row[COLUMN["op"]])].name
        if name == "LOAD64" and row[COLUMN["b"]] == Space.STATE:
            self.loads.append(self.count)
            self.lie(event, int(row[COLUMN["d"]]))
        elif name == "STORE64" and row[COLUMN["d"]] == Space.STATE:
            self.stores.append(self.count)
            self.lie(event, -1)
        return event

    def lie(self, event: Step, slot: int) -> None:
        state = self.cells[Space.STATE]
        if self.count == self.left:
            match self.how:
                case "another value":
                    event.d ^= 1
                    self.cells[Space.FRAMES64][event.fp + slot] = event.d
                case "another cell":
                    event.cell0 = event.d = event.cell0 ^ 1
                    self.cells[Space.FRAMES64][event.fp + slot] = event.d
                case "dropped":
                    state[event.address // 8] = event.cell0
                case "elsewhere":
                    right, wrong = event.address // 8, event.address // 8 + 8
                    state[wrong], state[right] = state[right], event.cell0
                    event.cell0, event.address = 0, event.address + 64
        self.count += 1


def broken(segment: Segment) -> list[str]:
    return [str(sentence) for sentence in check(segment.filled, segment.public)]


@cache
def honest() -> Liar:
    machine = Liar()
    segment = one_segment(guest(), machine, CALLS)
    assert broken(segment) == [] and segment.after.status == 1
    return machine


def test_an_honest_set_and_get_pass() -> None:
    assert len(honest().stores) == 9 and len(honest().loads) >= 12


@pytest.mark.parametrize("how", ["another value", "another cell"])
@pytest.mark.parametrize("which", [-1, -2, -5, 0])
def test_a_lie_in_a_get_is_refused(which: int, how: str) -> None:
    """The last four loads are those of the value, those before them look for the key."""
    assert broken(one_segment(guest(), Liar(honest().loads[which], how), CALLS))


@pytest.mark.parametrize("how", ["dropped", "elsewhere"])
@pytest.mark.parametrize("which", [0, 1, 5, 8])
def test_a_set_that_is_dropped_or_goes_elsewhere_is_refused(which: int, how: str) -> None:
    """The number of keys, the key, and the value: whoever looks at the cell later sees what was stored."""
    assert broken(one_segment(guest(), Liar(honest().stores[which], how), MORE))

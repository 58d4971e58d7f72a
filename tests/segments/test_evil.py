"""Machines that do one thing wrong and are consistent in everything else: no filler can make such a run pass."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from segments.claim import Boundary
from segments.fill import Segment
from stark.check import Filled, check
from tests.segments.small import Line, const, const64, one_segment, program
from wasm_exec.instructions import BY_NAME, Use
from wasm_exec.interpreter import Interpreter, Step
from wasm_exec.program import Program
from wasm_exec.spaces import Space

LINES: list[Line] = [
    const(0, 1000), const(1, 7), ("ADD", 2, 0, 1, 0, 0), ("STORE32", 3, 0, 2, 6, 0), ("LOAD16_U", 4, 0, 3, 6, 0), ("MUL", 5, 4, 1, 0, 0),
    ("LT_U", 6, 4, 5, 0, 0), ("BRNZ", 0, 6, 0, 9, 0), ("TRAP", 0, 0, 0, 1, 0), ("CALL", 8, 0, 0, 13, 0), ("XOR", 2, 5, 4, 0, 0),
    ("STORE8", 3, 0, 2, 0, 0), ("HALT", 0, 0, 0, 0, 0),
    const(0, 96), ("SHLI", 0, 0, 0, 3, 0), ("SELECT", 0, 0, 1, 0, 0), ("DIV_U", 0, 0, 0, 0, 0), ("RETURN", 0, 0, 0, 0, 0)]
PROGRAM = program(LINES)
WIDE_LINES: list[Line] = [
    const64(0, 5_000_000_000_123), const64(1, 77), ("ADD64", 2, 0, 1, 0, 0), ("MUL64", 3, 0, 1, 0, 0), ("MULHIGH64", 4, 3, 3, 0, 0),
    ("DIV_S64", 5, 3, 1, 0, 0), ("REM_U64", 6, 3, 2, 0, 0), ("XOR64", 7, 3, 2, 0, 0), ("SHR_S64I", 8, 3, 0, 13, 0),
    ("ROTL64", 9, 3, 1, 0, 0),
    ("LT_S64", 0, 3, 7, 0, 0), ("SELECT64", 10, 3, 7, 0, 0), ("COPY64", 11, 3, 0, 0, 0), ("WRAP", 1, 3, 0, 0, 0),
    ("EXTEND_S", 12, 1, 0, 0, 0),
    ("CLZ64", 13, 3, 0, 0, 0), ("CTZ", 2, 1, 0, 0, 0), ("POPCNT64", 14, 3, 0, 0, 0), const(3, 44), ("STORE64", 3, 3, 3, 1, 0),
    ("LOAD64", 15, 3, 3, 1, 0), const(4, 24), ("CALL_SLOT", 30, 4, 0, 0, 0), ("HALT", 0, 0, 0, 0, 0), ("RETURN", 0, 0, 0, 0, 0)]
WIDE = program(WIDE_LINES)
Trick = Callable[[Interpreter, Step], None]


class Evil(Interpreter):
    """Plays a trick once, after the step at one pc; what follows is computed from what the trick leaves behind."""

    def __init__(self, made: Program, pc: int, trick: Trick) -> None:
        super().__init__(made)
        self.at, self.trick, self.played = pc, trick, False

    def step(self) -> Step:
        event = super().step()
        if event.pc == self.at and not self.played:
            self.played = True
            self.trick(self, event)
        return event


def put(machine: Interpreter, event: Step, value: int) -> None:
    """Another value into the slot that the step has written."""
    instruction = machine.decoded[event.pc]
    wide = instruction.operation.operands["d"] is Use.WRITE64
    event.d = value
    machine.cells[Space.FRAMES64 if wide else Space.FRAMES32][event.fp + instruction.d] = value


def result(machine: Interpreter, event: Step) -> None:
    """Another result."""
    put(machine, event, event.d ^ 1)


def upper(machine: Interpreter, event: Step) -> None:
    """Another result in the highest limb that there is."""
    wide = machine.decoded[event.pc].operation.operands["d"] is Use.WRITE64
    put(machine, event, event.d ^ 1 << (60 if wide else 30))


def carry(machine: Interpreter, event: Step) -> None:
    """The result as if a carry had been lost or made up between the lower limbs."""
    put(machine, event, event.d + (1 << 16) & (1 << 32) - 1)


def operand(machine: Interpreter, event: Step) -> None:
    """An operand was not what the slot holds, and the result follows from it."""
    instruction = machine.decoded[event.pc]
    event.a ^= 1 << 14
    b = instruction.immediate if instruction.operation.has_immediate else event.b
    put(machine, event, instruction.operation.meaning(event.a, b, event.c))


def go(pc: int) -> Trick:
    def trick(machine: Interpreter, event: Step) -> None:
        machine.pc = pc
    return trick


def elsewhere(machine: Interpreter, event: Step) -> None:
    """The store goes to the cell after the right one."""
    right, wrong = event.address // 8, event.address // 8 + 1
    cells = machine.cells[Space.LINEAR]
    cells[wrong], cells[right] = cells[right], event.cell0
    event.cell0, event.address = 0, event.address + 8


def not_stored(machine: Interpreter, event: Step) -> None:
    machine.cells[Space.LINEAR][event.address // 8] = event.cell0


def stale(machine: Interpreter, event: Step) -> None:
    """The load sees the cell as it was before the store."""
    event.cell0 = 0
    put(machine, event, 0)


def link(machine: Interpreter, event: Step) -> None:
    """The call leaves a link to another place."""
    event.d = 12 | event.fp << 32
    machine.cells[Space.FRAMES64][machine.fp] = event.d


def other_return(machine: Interpreter, event: Step) -> None:
    """The return goes past the link."""
    event.d = 12 | event.d >> 32 << 32
    machine.pc = 12


def frame(machine: Interpreter, event: Step) -> None:
    machine.fp = event.fp + 9


def broken(segment: Segment) -> list[str]:
    return [str(sentence) for sentence in check(segment.filled, segment.public)]


def test_the_honest_machine_passes() -> None:
    segment = one_segment(PROGRAM)
    assert broken(segment) == [] and (segment.after.status, segment.after.pc) == (1, 12)


@pytest.mark.parametrize("pc, trick", [
    *((pc, result) for pc in (0, 2, 4, 5, 6, 10, 13, 14, 15, 16)), *((pc, operand) for pc in (2, 5, 6, 10, 14, 15)),
    (7, go(8)), (2, go(4)), (9, go(14)), (17, go(11)),
    (3, elsewhere), (11, elsewhere), (3, not_stored), (4, stale), (9, link), (17, other_return), (9, frame)],
    ids=lambda x: getattr(x, "__qualname__", str(x)).split(".")[0])
def test_a_machine_that_does_one_thing_wrong_is_refused(pc: int, trick: Trick) -> None:
    assert broken(one_segment(PROGRAM, Evil(PROGRAM, pc, trick)))


def test_the_honest_machine_with_64_bits_passes() -> None:
    segment = one_segment(WIDE)
    assert broken(segment) == [] and (segment.after.status, segment.after.pc) == (1, 23)


POINTER = 21        # the pc that is called: another one leads nowhere
WRITING = [pc for pc, line in enumerate(WIDE_LINES) if BY_NAME[line[0]].operands.get("d") in (Use.WRITE, Use.WRITE64)]
READING = [pc for pc in WRITING if not WIDE_LINES[pc][0].startswith(("CONST", "LOAD"))]


@pytest.mark.parametrize("pc, trick", [
    *((pc, trick) for pc in WRITING if pc != POINTER for trick in (result, upper, carry)), *((pc, operand) for pc in READING),
    *((19, trick) for trick in (elsewhere, not_stored)), (20, stale), (22, link), (22, go(23)), (24, other_return)],
    ids=lambda x: getattr(x, "__qualname__", str(x)).split(".")[0])
def test_a_machine_with_64_bits_that_does_one_thing_wrong_is_refused(pc: int, trick: Trick) -> None:
    assert broken(one_segment(WIDE, Evil(WIDE, pc, trick)))


def test_another_program_is_refused() -> None:
    """The trace of one program against the table of another one."""
    honest, other = one_segment(PROGRAM), one_segment(program([*LINES[:1], const(1, 8), *LINES[2:]]))
    mixed = [replace(f, fixed=g.fixed) if f.chip.name == "program" else f for f, g in zip(honest.filled, other.filled, strict=True)]
    assert any("bus program" in str(b) for b in check(mixed, honest.public))


def with_words(segment: Segment, before: Boundary, after: Boundary) -> list[str]:
    return broken(replace(segment, before=before, after=after))


def test_another_statement_is_refused() -> None:
    segment = one_segment(PROGRAM)
    before, after = segment.before, segment.after
    root = (before.root[0] ^ 1, *before.root[1:])
    for wrong in (replace(before, pc=1), replace(before, status=1), replace(before, root=root)):
        assert with_words(segment, wrong, after)
    for wrong in (replace(after, pc=1), replace(after, status=0), replace(after, status=17), replace(after, root=root)):
        assert with_words(segment, before, wrong)
    assert any("running before" in sentence for sentence in with_words(segment, replace(before, status=1), after))


def test_steps_that_nobody_took_are_refused() -> None:
    """A copied row, a dropped row, two rows exchanged in time."""
    segment = one_segment(PROGRAM)
    for how in ("copied", "dropped", "exchanged"):
        changed = []
        for f in segment.filled:
            main = f.main.copy()
            if f.chip.name == "move":
                time = f.chip.main_names.index("time")
                if how == "copied":
                    main[:, 2] = main[:, 1]
                elif how == "dropped":
                    main[:, 1] = 0
                else:
                    main[time, :2] = main[time, 1::-1]
            changed.append(Filled(f.chip, f.fixed, main))
        assert check(changed, segment.public), how


def test_a_loop_beside_the_run_is_refused() -> None:
    """Rows that pass the state to each other in a circle would need a time that is its own successor."""
    segment = one_segment(PROGRAM)
    f = next(f for f in segment.filled if f.chip.name == "branch")
    row = {name: int(f.main[k, 0]) for k, name in enumerate(f.chip.main_names)}
    looping = f.main.copy()
    looping[:, 1] = looping[:, 0]
    looping[f.chip.main_names.index("target"), 1] = row["pc"]
    changed = [Filled(g.chip, g.fixed, looping if g is f else g.main) for g in segment.filled]
    sentences = [str(b) for b in check(changed, segment.public)]
    assert sentences and np.any(["target" in s or "bus" in s for s in sentences])

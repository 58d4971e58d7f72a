"""Code M2: machines that lie once and are consistent in everything else. No filler can make such a run pass.

Every kind of lie is told about an instruction of every family that it concerns. Some are told while the machine runs, so that what follows
is computed from them; some change the trace afterwards; some are about the end.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from segments.claim import Boundary
from stark.check import check
from tests.segments.small import Line, const, const64, one_segment, program
from wasm_exec.cutting import Budget
from wasm_exec.instructions import BY_NAME, Family, Operation, Use
from wasm_exec.interpreter import Interpreter, Step
from wasm_exec.program import Program
from wasm_exec.recording import SegmentEnd, Status
from wasm_exec.spaces import Space
from wasm_exec.trace import FIELDS, Trace

Trick = Callable[[Interpreter, Step], None]
Change = Callable[[Trace, int], Trace]
FIRST = 10           # slot on which a host function works
RESULT, WITNESS, COPIED = 5, 4, 6       # slots: of the result, one that nothing writes later, and where both are copied
LOADS, STORES = (Family.LOAD, Family.LOAD64), (Family.STORE, Family.STORE64)
COMPARES = (Family.COMPARE, Family.COMPARE64)
READS = (Use.READ, Use.READ64)


@dataclass(frozen=True)
class Lie:
    """`concerns`: which operations it can be told about. Exactly one of the others says how it is told."""

    name: str
    concerns: Callable[[Operation], bool]
    trick: Trick | None = None
    change: Change | None = None
    claim: Callable[[Boundary], Boundary] | None = None
    stops: int | None = None            # the status with which the machine stops at the step
    later: bool = False                 # is about what comes after the step


class Liar(Interpreter):
    """Tells a lie once, about the step at one pc."""

    def __init__(self, made: Program, pc: int, lie: Lie) -> None:
        super().__init__(made)
        self.at, self.lie, self.told = pc, lie, False

    def step(self) -> Step:
        event = super().step()
        if event.pc == self.at and not self.told:
            self.told = True
            if self.lie.trick is not None:
                self.lie.trick(self, event)
            if self.lie.stops is not None:
                self.status = self.lie.stops
        return event

    def segment(self, pc: int, fp: int, budget: Budget, traced: bool) -> SegmentEnd:
        end = super().segment(pc, fp, budget, traced)
        if self.lie.change is None or end.trace is None:
            return end
        return replace(end, trace=self.lie.change(end.trace, int(np.flatnonzero(end.trace.pc == self.at)[0])))


# -- told while the machine runs


def put(machine: Interpreter, event: Step, value: int) -> None:
    """Another value into the slot that the step has written."""
    instruction = machine.decoded[event.pc]
    wide = instruction.operation.operands["d"] is Use.WRITE64
    event.d = value % (1 << (64 if wide else 32))
    machine.cells[Space.FRAMES64 if wide else Space.FRAMES32][event.fp + instruction.d] = event.d


def moved(by: Callable[[int], int]) -> Trick:
    def trick(machine: Interpreter, event: Step) -> None:
        put(machine, event, by(event.d))
    return trick


def other_operand(name: str, by: int) -> Trick:
    """An operand was not what the slot holds, and the result follows from it."""
    def trick(machine: Interpreter, event: Step) -> None:
        instruction = machine.decoded[event.pc]
        setattr(event, name, getattr(event, name) ^ by)
        b = instruction.immediate if instruction.operation.has_immediate else event.b
        put(machine, event, instruction.operation.meaning(event.a, b, event.c))
    return trick


def goes(by: int) -> Trick:
    def trick(machine: Interpreter, event: Step) -> None:
        machine.pc, machine.status = event.pc + by, int(Status.RUNNING)
    return trick


def other_way(machine: Interpreter, event: Step) -> None:
    instruction = machine.decoded[event.pc]
    machine.pc = instruction.target + instruction.next - machine.pc


def frame(machine: Interpreter, event: Step) -> None:
    machine.fp += 1


def witness(machine: Interpreter, event: Step) -> None:
    """A slot changes that nobody has written."""
    for space in (Space.FRAMES32, Space.FRAMES64):
        machine.cells[space][WITNESS] ^= 1


def elsewhere(machine: Interpreter, event: Step) -> None:
    """The store goes to the cell after the right one."""
    place = event.address // 8
    cells = machine.cells[written_space(machine, event)]
    cells[place + 1], cells[place] = cells[place], event.cell0
    event.cell0, event.address = 0, event.address + 8


def not_stored(machine: Interpreter, event: Step) -> None:
    machine.cells[written_space(machine, event)][event.address // 8] = event.cell0


def written_space(machine: Interpreter, event: Step) -> int:
    return machine.decoded[event.pc].d


def stale(machine: Interpreter, event: Step) -> None:
    """The load sees the cell as it was before the store."""
    event.cell0 = 0
    put(machine, event, 0)


def shifted(machine: Interpreter, event: Step) -> None:
    """The access is one byte further up in its cell."""
    event.address += 1


def link(machine: Interpreter, event: Step) -> None:
    """The call leaves a link to another place; a return has followed another link."""
    event.d ^= 1
    if machine.decoded[event.pc].operation.name == "RETURN":
        machine.pc ^= 1
    else:
        machine.cells[Space.FRAMES64][machine.fp] = event.d


def grown_twice(machine: Interpreter, event: Step) -> None:
    machine.cells[Space.SYSTEM][4] += 1


def grown_not(machine: Interpreter, event: Step) -> None:
    machine.cells[Space.SYSTEM][4] -= 1


# -- told about the trace


def rows_of(trace: Trace, order: list[int]) -> Trace:
    return Trace.of({name: np.asarray(getattr(trace, name))[order] for name in FIELDS})


def left_out(trace: Trace, k: int) -> Trace:
    return rows_of(trace, [j for j in range(len(trace)) if j != k])


def done_twice(trace: Trace, k: int) -> Trace:
    return rows_of(trace, [*range(k + 1), *range(k, len(trace))])


def exchanged(trace: Trace, k: int) -> Trace:
    """With the step before."""
    return rows_of(trace, [*range(k - 1), k, k - 1, *range(k + 1, len(trace))])


def field_changed(name: str, by: int) -> Change:
    def change(trace: Trace, k: int) -> Trace:
        columns = {field: np.asarray(getattr(trace, field)).copy() for field in FIELDS}
        columns[name][k] ^= by
        return Trace.of(columns)
    return change


def any_operation(operation: Operation) -> bool:
    return True


def writes(operation: Operation) -> bool:
    return operation.writes


def computes(operation: Operation) -> bool:
    return operation.writes and operation.family not in (*LOADS, Family.MOVE, Family.MOVE64)


def ended(status: int) -> Callable[[Boundary], Boundary]:
    return lambda after: replace(after, status=status)


def elsewhere_now(after: Boundary) -> Boundary:
    return replace(after, pc=after.pc ^ 1)


def another_memory(after: Boundary) -> Boundary:
    return replace(after, root=(after.root[0] ^ 1, *after.root[1:]))


def of(*families: Family) -> Callable[[Operation], bool]:
    return lambda operation: operation.family in families


def calls(operation: Operation) -> bool:
    return bool(operation.cells)


def another_cell(place: int) -> Change:
    """The function found something else in a slot, and what it leaves follows from that."""
    def change(trace: Trace, k: int) -> Trace:
        cells = trace.cells.copy()
        cells[place] ^= np.uint64(1)
        return replace(trace, cells=cells)
    return change


def another_result(machine: Interpreter, event: Step) -> None:
    machine.cells[Space.FRAMES64][event.fp + machine.decoded[event.pc].d + len(event.cells) - 1] ^= 1


def no_result(machine: Interpreter, event: Step) -> None:
    first = event.fp + machine.decoded[event.pc].d
    for place, value in enumerate(event.cells):
        machine.cells[Space.FRAMES64][first + place] = value


LIES = [
    Lie("left out", any_operation, change=left_out, later=True), Lie("done twice", any_operation, change=done_twice),
    Lie("before the step before it", any_operation, change=exchanged),
    Lie("in another frame", any_operation, change=field_changed("fp", 1)),
    Lie("by another instruction", any_operation, change=field_changed("pc", 1)),
    Lie("then one instruction is jumped over", any_operation, goes(2)), Lie("then it comes again", any_operation, goes(0)),
    Lie("then back by one", any_operation, goes(-1)),
    Lie("then another frame", any_operation, frame, later=True), Lie("meanwhile a slot has changed", any_operation, witness, later=True),
    Lie("and the run has exited", any_operation, stops=1, claim=ended(1)),
    Lie("and the run has trapped", any_operation, stops=18, claim=ended(18)),
    Lie("and the run is paused", any_operation, stops=2, claim=ended(2)),
    Lie("and the run is elsewhere", any_operation, stops=1, claim=elsewhere_now),
    Lie("and memory is another one", any_operation, stops=1, claim=another_memory),
    Lie("left out, but the run has ended", any_operation, change=left_out, claim=ended(1)),
    Lie("other lowest bit", writes, moved(lambda d: d ^ 1)), Lie("other highest bits", writes, moved(lambda d: d ^ 1 << 60 ^ 1 << 30)),
    Lie("other carry", writes, moved(lambda d: d + (1 << 16))), Lie("not changed", writes, moved(lambda d: 0 if d else 1)),
    Lie("other operand a", lambda o: computes(o) and o.operands.get("a") in READS, other_operand("a", 1 << 14)),
    Lie("other operand b", lambda o: computes(o) and o.operands.get("b") in READS, other_operand("b", 2)),
    Lie("other condition", of(Family.SELECT, Family.SELECT64), other_operand("c", 7)),
    Lie("in another cell", of(*STORES), elsewhere), Lie("not stored", of(*STORES), not_stored), Lie("a stale load", of(*LOADS), stale),
    Lie("in another byte", of(*LOADS, *STORES), shifted), Lie("another link", of(Family.CALL, Family.INDIRECT), link),
    Lie("grown twice", of(Family.GROW), grown_twice), Lie("not grown", of(Family.GROW), grown_not),
    Lie("on another first cell", calls, change=another_cell(0)), Lie("on another last cell", calls, change=another_cell(-1)),
    Lie("leaves another last cell", calls, another_result), Lie("does nothing", calls, no_result),
    Lie("then the other way", lambda operation: bool(operation.target), other_way)]


# -- the honest programs


def operations_of(family: str) -> list[Operation]:
    """Those of a chip; the chip for accesses beyond memory takes loads and stores."""
    families = (*LOADS, *STORES) if family == "outside" else (Family[family.upper()],)
    return [operation for operation in BY_NAME.values()
            if operation.family in families and (family, operation.name) != ("outside", "TAKE32")]


def honest(operation: Operation, outside: bool = False) -> tuple[Program, int]:
    """A program in whose middle the operation stands, and where."""
    lines: list[Line] = [const(0, 1000), const(1, 7), const64(2, 5_000_000_000_123), const64(3, 77), const(WITNESS, 9), const64(WITNESS, 9),
                         ("STORE64", 3, 0, 2, 0, 0), const(RESULT, 3), const64(RESULT, 3)]
    if outside:
        lines.append(const(0, 0x54321))
    at, name, wide = len(lines), operation.name, operation.operands.get("a") is Use.READ64
    a, b = (2, 3) if wide else (0, 1)
    match operation.family:
        case Family.LOAD | Family.LOAD64:
            lines.append((name, RESULT, 0, 3, 0, 0))
        case Family.STORE if name == "TAKE32":
            lines += [(name, Space.INPUT, 0, 0, 0, 0), ("LOAD64", RESULT, 0, Space.INPUT, 0, 0)]
        case Family.STORE | Family.STORE64:
            lines += [(name, 3, 0, 3 if name == "STORE64" else 1, 0, 0), ("LOAD64", RESULT, 0, 3, 0, 0)]
        case _ if operation.family in COMPARES and operation.target:
            fields = (a, 0, 7, 0) if operation.has_immediate else (a, b, 0, 0)
            lines += [(name, at + 3, *fields), *[("COPY", 7, 1, 0, 0, 0)] * 2]
        case Family.BRANCH:
            lines += [(name, 0, 1, 0, at + 3, 0), *[("COPY", 7, 1, 0, 0, 0)] * 2]
        case Family.SELECT | Family.SELECT64:
            lines.append((name, RESULT, 2 if name.endswith("64") else 0, 3 if name.endswith("64") else 1, 1, 0))
        case Family.MOVE | Family.MOVE64:
            lines.append((name, RESULT, 0, 0, 11, 0) if "CONST" in name else (name, RESULT, a, 0, 0, 0))
        case Family.CALL | Family.INDIRECT:
            call: Line = ("CALL", 40, 0, 0, at + 4, 0) if operation.family is Family.CALL else ("CALL_SLOT", 40, 8, 0, 0, 0)
            lines += [const(8, at + 5), call, ("COPY", COPIED, 1, 0, 0, 0), ("COPY", COPIED, WITNESS, 0, 0, 0), ("HALT", 0, 0, 0, 0, 0),
                      ("COPY", 0, 0, 0, 0, 0), ("RETURN", 0, 0, 0, 0, 0)]
            lines[at + 1] = (*call[:4], at + 5, 0) if operation.family is Family.CALL else call
            return program(lines), at + 6 if name == "RETURN" else at + 1
        case Family.HALT:
            return program([*lines, (name, 0, 0, 0, 1 if name == "TRAP" else 0, 0), ("COPY", 0, 0, 0, 0, 0), ("HALT", 0, 0, 0, 0, 0)]), at
        case Family.GROW:
            lines += [(name, 0, 0, 0, 0, 0)] * 2
        case _ if operation.cells:
            lines += [const64(FIRST + k, k << 40 | 77) for k in range(operation.cells)]
            lines += [(name, FIRST, 0, 0, 0, 0), *[("COPY64", RESULT, FIRST + k, 0, 0, 0) for k in (0, operation.cells - 1)]]
            at += operation.cells
        case _ if operation.has_immediate:
            lines.append((name, RESULT, a, 0, 7, 0))
        case _:
            lines.append((name, RESULT, a, b if operation.operands.get("b") in READS else 0, 0, 0))
    ending: list[Line] = [("COPY", COPIED, RESULT, 0, 0, 0), ("COPY64", COPIED, RESULT, 0, 0, 0), ("COPY", 7, WITNESS, 0, 0, 0),
                          ("COPY64", 7, WITNESS, 0, 0, 0)]
    ending += [("ADDI", 9, 9, 0, 1, 0), ("GROW", 0, 0, 0, 0, 0)] if operation.family is Family.GROW else []
    return program([*lines, *ending, ("HALT", 0, 0, 0, 0, 0)], memory_pages=1), at


@dataclass(frozen=True)
class Told:
    """`result`: refused, impossible (no tables can be filled with it) or accepted."""

    family: str
    operation: str
    lie: str
    result: str


def told(family: str, every: bool = False, lies: Sequence[Lie] | None = None) -> Iterator[Told]:
    """All kinds of lies about a family (or these), each about another of its operations in turn (or about every operation)."""
    operations, last = operations_of(family), family in ("halt", "outside")
    for number, lie in enumerate(LIES if lies is None else lies):
        fitting = [operation for operation in operations if lie.concerns(operation) and not (last and lie.later) and not (
            family == "outside" and lie.concerns is not any_operation)]
        for operation in fitting if every else fitting[number % max(1, len(fitting)):][:1]:
            if lie.stops is None or lie.name in ELSEWHERE or lie.stops != status_at(operation, family):
                yield tell(family, operation, lie)


ELSEWHERE = ("and the run is elsewhere", "and memory is another one")       # whatever the status is


def tell(family: str, operation: Operation, lie: Lie) -> Told:
    made, pc = honest(operation, family == "outside")
    try:
        segment = one_segment(made, Liar(made, pc, lie))
    except (KeyError, IndexError, ValueError, OverflowError):
        return Told(family, operation.name, lie.name, "impossible")
    if lie.claim is not None:
        segment = replace(segment, after=lie.claim(segment.after))
    return Told(family, operation.name, lie.name, "refused" if check(segment.filled, segment.public) else "accepted")


def status_at(operation: Operation, family: str) -> int:
    """The status with which the honest program stops at this operation."""
    return 18 if family == "outside" else {"HALT": 1, "PAUSE": 2, "TRAP": 17}.get(operation.name, 0)

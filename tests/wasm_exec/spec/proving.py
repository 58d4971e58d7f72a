"""The official tests before the chips: all that a script executes becomes segments, and every segment must pass the constraint reading.

The calls of a module that return become one session, whose answers must be those of the script: it is run like any session, and can
be proved as one run. A call that traps, one that a session cannot take (references) and what comes after it, and all calls of a module
that is no session are segments of their own, which begin at the entry of the function.
"""
from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Protocol

from continuation.claims import Ends, RunClaim, SpanClaim, close
from segments.claim import SegmentClaim
from segments.fill import Read, Segment, read, tables_of
from segments.memory_tree import MemoryTree, wide
from segments.openings import input_digest, openings, output_digest, roots
from segments.prove import ProvingKeys
from segments.shape import Shape
from segments.verify import verify_segment
from stark.check import check
from stark.errors import Rejected
from stark.kernels import load as kernels_of
from stark.profiles import PROFILES
from tests.wasm_exec.spec.machine import LARGE, SPECTEST, STEPS_LIMIT, Answer, Machine
from tests.wasm_exec.spec.script import Script, kind_of
from tests.wasm_exec.spec.wast import Node, module_binary
from wasm_exec.changes import NO_CHANGES
from wasm_exec.cutting import HASHES_LIMIT, ROWS_LIMIT, Budget
from wasm_exec.environment import Environment
from wasm_exec.errors import Invalid, TrapKind, Unlinkable
from wasm_exec.events import Event, answers, encode
from wasm_exec.events import close as closing
from wasm_exec.execute import EngineName, replay, run, take_changes
from wasm_exec.image import MemoryImage
from wasm_exec.instructions import ENTERING, Family
from wasm_exec.program import Program
from wasm_exec.recording import Engine, Recording, SegmentStart, Status
from wasm_exec.spaces import Space, SystemCell
from wasm_exec.translate import load

SIZE = "2^16"               # whose budget cuts; a segment is filled in the cheapest shape that holds it
KERNELS = kernels_of("best")
PARAMETERS = PROFILES["toy"].segment
LAST_CALLS = 300            # of a stack that is exhausted only so many calls are looked at: the last ones, before the trap
HUGE = Budget({family: ROWS_LIMIT for family in Family}, HASHES_LIMIT)
QUICK = 20000               # steps that the interpreter traces faster than a recorder is compiled


class Unproved(AssertionError):
    """A segment that does not satisfy the chips, or a proof that is refused."""


class Look(Protocol):
    """What is done with a segment: it is checked, or proved."""

    def __call__(self, program: Program, segment: Segment) -> None: ...


def checked(program: Program, segment: Segment) -> None:
    broken = check(segment.filled, segment.public)
    if broken:
        raise Unproved(f"{len(broken)} sentences: {broken[0]}")


@dataclass
class Tally:
    """What became of the calls of a script."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.counts.update(other.counts)
        self.problems += other.problems


@cache
def shapes(instructions: int) -> tuple[Shape, ...]:
    """All of the catalogue, the smallest first."""
    found = [shape for size in ("toy", SIZE) for shape in Shape.of(size, instructions).alike]
    return tuple(sorted(found, key=lambda shape: sum(shape.cells.values())))


def budget(instructions: int) -> Budget:
    return Shape.of(SIZE, instructions).budget


def filled(program: Program, done: Read, tree: MemoryTree) -> Segment:
    shape = next(shape for shape in shapes(len(program.instructions)) if shape.holds(done.rows))
    return tables_of(program, shape, done, tree, KERNELS)


@dataclass
class Call:
    name: str
    arguments: list[int]
    answer: Answer
    pc: int
    image: MemoryImage | None       # before the call, if it cannot be part of a session


class Watched(Machine):
    """A machine that keeps what it was asked to do. Only the recorder runs, with segments as large as they are proved."""

    def __init__(self, wasm: bytes, environment: Environment = SPECTEST) -> None:
        self.calls: list[Call] = []
        self.tally = Tally()
        self.environment = environment
        self.wasm = wasm
        self.passed_by = False          # whether a call that the session cannot take has returned, so that later ones are not in it either
        self.session = session_of(wasm, environment)
        super().__init__(wasm, environment)
        if self.started is not None:
            self.calls.append(Call("start", [], Answer(self.started, []), self.program.entry, MemoryImage.initial(self.program, b"")))

    def call(self, name: str, arguments: list[int], deep: bool = False) -> Answer:
        export = self.program.exports[name]
        self.poke(Space.SYSTEM, SystemCell.FRAME_POINTER, 0)
        for (slot, is_wide), value in zip(export.parameters, arguments, strict=True):
            self.poke(Space.FRAMES64 if is_wide else Space.FRAMES32, 1 + slot, value)
        before = self.image.copy()
        answer = super().call(name, arguments, deep)
        takes = self.session is not None and not self.passed_by and name in {event.name for event in self.session.events}
        self.calls.append(Call(name, arguments, answer, export.pc, None if answer.trap is None and takes else before))
        self.passed_by |= answer.trap is None and not takes
        return answer

    def go(self, pc: int, cuts: Budget, engines: list[Engine]) -> TrapKind | None:
        end = run_from(pc, self.image, engines[0], LARGE)[-1]
        return TrapKind(end.status - Status.TRAPPED) if end.status >= Status.TRAPPED else None


def run_from(pc: int, image: MemoryImage, engine: Engine, cuts: Budget, fp: int = 0) -> list[SegmentStart]:
    """Runs to the end and moves the image on; the boundaries from the first to the last."""
    found = [SegmentStart(pc, fp, int(Status.RUNNING), NO_CHANGES, 0)]
    engine.restore(image)
    while found[-1].status == Status.RUNNING:
        if found[-1].steps > STEPS_LIMIT:
            raise TimeoutError
        end = engine.segment(found[-1].pc, found[-1].fp, cuts, traced=False)
        found.append(SegmentStart(end.pc, end.fp, end.status, take_changes(image, end.touched), found[-1].steps + end.steps))
    return found


def session_of(wasm: bytes, environment: Environment) -> Program | None:
    try:
        program = load(wasm, environment=environment)
    except (Invalid, Unlinkable):
        return None
    return program if program.events else None


class ProvingScript(Script):
    """A script whose modules are watched. After `run`, `look` does something with every segment."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.machines: list[Watched] = []

    def machine(self, wasm: bytes) -> Watched:
        self.machines.append(Watched(wasm, self.environment))
        return self.machines[-1]

    def traps(self, command: Node) -> None:
        node = command.items[1]
        assert isinstance(node, Node)
        if node.head != "module":
            return super().traps(command)
        try:
            trap = self.machine(module_binary(node)).started
        except Unlinkable:
            raise self.with_others(module_binary(node)) from None
        if trap is None:
            raise AssertionError("no trap")

    def refused(self, command: Node) -> None:
        """Nothing is executed; `make spec-suite` looks at these."""
        assert kind_of(command)

    def look(self, look: Look) -> Tally:
        tally = Tally()
        for number, machine in enumerate(self.machines):
            here = Tally()
            try:
                look_at(machine, look, here)
            except (Unproved, Rejected, ValueError, AssertionError) as failure:
                here.problems.append(f"{type(failure).__name__} {failure}")
            here.counts["modules"] += 1
            here.problems = [f"{self.report.name} module {number}: {problem}" for problem in here.problems]
            tally.add(here)
        tally.problems += [f"{self.report.name}: {failure}" for failure in self.report.failures]
        return tally


def look_at(machine: Watched, look: Look, tally: Tally) -> None:
    inside = [call for call in machine.calls if call.image is None]
    if machine.session is not None and machine.started is None:
        recording = session_run(machine.session, inside)
        if recording is None:
            tally.problems.append(f"the session of {len(inside)} calls answers something else than they did")
        else:
            look_at_run(recording, look, tally)
    for call in machine.calls:
        if call.image is not None:
            look_at_call(machine.program, call, machine.engines[0], look, tally)
    tally.counts["returning calls"] += sum(call.answer.trap is None for call in machine.calls)
    tally.counts["trapping calls"] += sum(call.answer.trap is not None for call in machine.calls)


def session_run(program: Program, calls: list[Call]) -> Recording | None:
    """The session of these calls; None if it answers something else than they did (a call in between has trapped and left something)."""
    content = encode(program, [Event(call.name, call.arguments) for call in calls]) + closing()
    recording = run(program, content, budget(len(program.instructions)))
    if not recording.outcome.exited:
        return None
    found = answers(program, recording.output, [call.name for call in calls])
    same = all(list(mine.results) == theirs.answer.values for mine, theirs in zip(found, calls, strict=True))
    return recording if same else None


def look_at_run(recording: Recording, look: Look, tally: Tally) -> None:
    program, image = recording.program, MemoryImage.initial(recording.program, recording.input)
    tree = MemoryTree(image, wide(KERNELS))
    claims = []
    before = Ends(roots(tree), (), (), ())
    for index, start in enumerate(recording.segments):
        image.apply(start.snapshot)
        steps = recording.boundary(index + 1).steps - start.steps
        trace = replay(program, start, image, recording.budget(index), tracer(steps))
        segment = filled(program, read(program, trace, image, KERNELS), tree)
        look(program, segment)
        tally.counts.update({"segments": 1, "steps": steps})
        claims.append(SegmentClaim((), segment.before, segment.after, steps))
    whole = claims[0]
    for claim in claims[1:]:
        whole = whole.join(claim)
    image.apply(recording.final.snapshot)
    end = openings(image, tree)
    ends = replace(before, after=end.spaces, page=end.system_page, path=end.path)
    found: RunClaim = close(SpanClaim((0,) * 8, (0,) * 8, whole.before, whole.after, whole.steps), ends)
    if (found.status, found.pc) != (recording.outcome.status, recording.outcome.pc):
        raise Unproved("the run ends otherwise")
    if found.input != input_digest(recording.input) or found.output != output_digest(recording.output):
        raise Unproved("the run has another input or output")
    tally.counts["runs"] += 1


def look_at_call(program: Program, call: Call, engine: Engine, look: Look, tally: Tally) -> None:
    """A call alone: its segments from the entry of the function on, the last of which ends as the script says."""
    assert call.image is not None
    image, pc, fp, cuts = call.image, call.pc, 0, budget(len(program.instructions))
    if call.answer.trap is TrapKind.EXHAUSTION:
        pc, fp = near_the_end(call.pc, image, engine)
        tally.counts["stretches passed over"] += 1
    boundaries = run_from(pc, image.copy(), engine, cuts, fp)
    status = Status.EXITED if call.answer.trap is None else Status.TRAPPED + call.answer.trap
    if boundaries[-1].status != status:
        raise Unproved(f"{call.name} ends with status {boundaries[-1].status}")
    tree = MemoryTree(image, wide(KERNELS))
    for start, end in zip(boundaries, boundaries[1:], strict=False):
        image.apply(start.snapshot)
        steps = end.steps - start.steps
        segment = filled(program, read(program, replay(program, start, image, cuts, tracer(steps)), image, KERNELS), tree)
        look(program, segment)
        if (segment.after.pc, segment.after.status) != (end.pc, end.status):
            raise Unproved(f"{call.name} does not end where it was recorded")
        tally.counts.update({"segments": 1, "steps": steps})


def near_the_end(pc: int, image: MemoryImage, engine: Engine) -> tuple[int, int]:
    """Moves the image on to a boundary shortly before a stack is exhausted."""
    fp, last = 0, Status.RUNNING
    while last == Status.RUNNING:
        engine.restore(image.copy())
        end = engine.segment(pc, fp, HUGE, traced=False)
        family, cuts, last = max(ENTERING, key=lambda family: end.rows.get(family, 0)), HUGE, Status(min(end.status, Status.TRAPPED))
        if last != Status.RUNNING:
            if end.rows[family] <= LAST_CALLS:
                break
            cuts = replace(HUGE, rows=HUGE.rows | {family: end.rows[family] - LAST_CALLS})
        engine.restore(image)
        start = engine.segment(pc, fp, cuts, traced=False)
        take_changes(image, start.touched)
        pc, fp = start.pc, start.fp
    return pc, fp


def tracer(steps: int) -> EngineName:
    return "interpreter" if steps < QUICK else "recorder"


class Proved:
    """Proves every segment at toy parameters and verifies what comes out."""

    def __init__(self) -> None:
        self.keys: ProvingKeys | None = None

    def __call__(self, program: Program, segment: Segment) -> None:
        checked(program, segment)
        if self.keys is None or self.keys.program is not program:
            self.keys = ProvingKeys(program, PARAMETERS, KERNELS)
        proof = self.keys.prove(segment)
        verify_segment(self.keys.of(segment.shape).key, proof.claim, proof.words, KERNELS.permute)


"""What a recorded run did: steps by function and its callers, by family of instructions, and the memory that it touched.

Everything comes from replaying the segments of a recording, so a run that nobody looks at pays nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from wasm_exec.execute import EngineName, make_engine, replay
from wasm_exec.instructions import BY_NAME, JUMP, TABLE, Family, Use
from wasm_exec.program import Program
from wasm_exec.recording import Recording
from wasm_exec.spaces import PAGE_BYTES, Space
from wasm_exec.trace import MEMORY, Trace

DEPTH_SHOWN = 100  # calls deeper than this are put under the caller at this depth
SCHEMA = "https://www.speedscope.app/file-format-schema.json"
LAST = max(operation.number for operation in TABLE) + 1
WIDTHS = np.zeros(LAST, dtype=np.int64)
SPACE_IN_D, HAS_MEMORY = np.zeros(LAST, dtype=bool), np.zeros(LAST, dtype=bool)
for operation in TABLE:
    WIDTHS[operation.number], SPACE_IN_D[operation.number] = operation.width, operation.operands.get("d") is Use.SPACE
    HAS_MEMORY[operation.number] = operation.has_memory
CALLS = [BY_NAME["CALL"].number, BY_NAME["CALL_SLOT"].number]


class Observer:
    """Takes the traces of one segment after the other. A node of the tree of calls is a function with its chain of callers."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.functions = [0]  # of every node
        self.parents = [-1]
        self.steps = [0]
        self.children: dict[tuple[int, int], int] = {}
        self.stack = [0]
        self.waiting: str | None = None  # a call or return that was the last step of a segment
        self.families = np.zeros(len(Family), dtype=np.int64)
        self.pages: dict[int, set[int]] = {}
        self.segment_pages: list[int] = []
        self.deepest = 0

    def add(self, trace: Trace, trapped: bool = False) -> None:
        """The next segment. If its last step `trapped`, that step has touched nothing."""
        numbers = self.program.column("op")[trace.pc].astype(np.int64)
        self.families += np.bincount(numbers % JUMP // 16 - 1, minlength=len(Family))
        self.deepest = max(self.deepest, int(trace.fp.max()))
        self.touch(trace, numbers, len(trace) - trapped)
        functions = np.searchsorted(self.program.function_starts, trace.pc, side="right") - 1
        entering = np.isin(numbers, CALLS)
        turns = np.flatnonzero(entering | (numbers == BY_NAME["RETURN"].number))
        self.turn(int(functions[0]))
        begin = 0
        for place, call in zip(turns.tolist(), entering[turns].tolist(), strict=True):
            self.steps[self.stack[-1]] += place + 1 - begin
            begin = place + 1
            self.waiting = "call" if call else "return"
            if begin < len(trace):
                self.turn(int(functions[begin]))
        self.steps[self.stack[-1]] += len(trace) - begin

    def turn(self, function: int) -> None:
        """After a call or return: `function` is the one that goes on."""
        if self.waiting == "call":
            parent = self.stack[min(len(self.stack), DEPTH_SHOWN) - 1]
            if (parent, function) not in self.children:
                self.children[parent, function] = len(self.functions)
                self.functions.append(function)
                self.parents.append(parent)
                self.steps.append(0)
            self.stack.append(self.children[parent, function])
        elif self.waiting == "return":
            self.stack.pop()
        self.waiting = None

    def touch(self, trace: Trace, numbers: npt.NDArray[np.int64], steps: int) -> None:
        rows = np.flatnonzero(HAS_MEMORY[numbers[:steps]])
        accessing = WIDTHS[numbers[rows]] > 0  # all but GROW
        first = trace.memory[: len(rows), MEMORY.index("address")][accessing].astype(np.int64)
        rows = rows[accessing]
        instructions, numbers = self.program.instructions[trace.pc[rows]], numbers[rows]
        spaces = np.where(SPACE_IN_D[numbers], instructions[:, 2], instructions[:, 4])
        count = 0
        for space in np.unique(spaces).tolist():
            here = spaces == space
            ends = np.concatenate([first[here], first[here] + WIDTHS[numbers[here]] - 1])
            found = np.unique(ends // PAGE_BYTES).tolist()
            self.pages.setdefault(space, set()).update(found)
            count += len(found)
        self.segment_pages.append(count)

    def by_function(self) -> dict[str, int]:
        """Steps of each function itself, the most first."""
        totals: dict[str, int] = {}
        for function, steps in zip(self.functions, self.steps, strict=True):
            name = self.program.functions[function].name
            totals[name] = totals.get(name, 0) + steps
        return dict(sorted(totals.items(), key=lambda item: (-item[1], item[0])))

    def by_family(self) -> dict[str, int]:
        found = {family.name.lower(): int(self.families[family]) for family in Family if self.families[family]}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def chain(self, node: int) -> list[int]:
        """The functions from the entry down to this node."""
        found: list[int] = []
        while node >= 0:
            found.append(self.functions[node])
            node = self.parents[node]
        return found[::-1]

    def speedscope(self, name: str) -> dict[str, object]:
        """A profile for speedscope: one sample for each node, weighted with its steps."""
        nodes = [node for node, steps in enumerate(self.steps) if steps]
        profile = {
            "type": "sampled", "name": name, "unit": "none", "startValue": 0, "endValue": sum(self.steps),
            "samples": [self.chain(node) for node in nodes], "weights": [self.steps[node] for node in nodes],
        }
        frames = [{"name": function.name} for function in self.program.functions]
        return {"$schema": SCHEMA, "shared": {"frames": frames}, "profiles": [profile], "name": name, "exporter": "longrun"}

    def cpu_profile(self) -> dict[str, object]:
        """The same as a CPU profile of V8, which speedscope and the profiler of Firefox open: a step is shown as a microsecond. A delta is
        the time of the sample before it, so that a last sample, of the root, ends the time of the last node."""
        children: list[list[int]] = [[] for _ in self.functions]
        for node, parent in enumerate(self.parents[1:], 1):
            children[parent].append(node + 2)
        names = ["(root)", *(self.program.functions[function].name for function in self.functions)]
        nodes = [{"id": number, "callFrame": {"functionName": name, "scriptId": "0", "url": "", "lineNumber": -1, "columnNumber": -1},
                  "hitCount": 0, "children": below} for number, (name, below) in enumerate(zip(names, [[2], *children], strict=True), 1)]
        samples = [node for node, steps in enumerate(self.steps) if steps]
        return {"nodes": nodes, "startTime": 0, "endTime": sum(self.steps), "samples": [*(node + 2 for node in samples), 1],
                "timeDeltas": [0, *(self.steps[node] for node in samples)]}

    def collapsed(self) -> str:
        """The same as lines of names and steps, for other tools that draw flames."""
        names = [function.name.replace(";", ",") for function in self.program.functions]
        return "".join(f"{';'.join(names[function] for function in self.chain(node))} {steps}\n"
                       for node, steps in enumerate(self.steps) if steps)

    def memory(self) -> dict[str, int]:
        """Bytes of the pages that loads and stores have touched, by space, and the slot at which the deepest frame began."""
        touched = {Space(space).name.lower(): PAGE_BYTES * len(pages) for space, pages in sorted(self.pages.items())}
        return touched | {"deepest frame": self.deepest, "most pages of a segment": max(self.segment_pages, default=0)}


def traces(recording: Recording, engine: EngineName = "recorder") -> Iterator[Trace]:
    """The traces of all segments, one at a time."""
    machine = make_engine(recording.program, engine)
    for index, (start, image) in enumerate(zip(recording.segments, recording.images(), strict=False)):
        yield replay(recording.program, start, image, recording.budget(index), machine)


def observe(recording: Recording, engine: EngineName = "recorder") -> Observer:
    observer = Observer(recording.program)
    for index, trace in enumerate(traces(recording, engine), 1):
        observer.add(trace, recording.outcome.trapped and index == len(recording.segments))
    return observer

"""Where control goes inside one function: jumps resolved, unreachable lines dropped, locals that must be zeroed found."""

from __future__ import annotations

from dataclasses import dataclass

from wasm_exec.assembler import TERMINATORS, Assembler, Item, Jump, Label, Line
from wasm_exec.instructions import BY_NAME


@dataclass
class Flow:
    """The reachable lines in order of writing; `following` and `taken` are positions of successors (-1: none)."""

    name: str
    lines: list[Line]
    entry: int
    following: list[int]
    taken: list[int]


class Resolver:
    """Finds the line on which control arrives when it comes to a place."""

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        self.places = {id(item): position for position, item in enumerate(items) if isinstance(item, Label)}
        self.known: dict[int, int] = {}

    def arrive(self, position: int) -> int:
        if isinstance(self.items[position], Line):
            return position
        path: list[int] = []
        seen: set[int] = set()
        while position not in self.known:
            item = self.items[position]
            if isinstance(item, Line):
                self.known[position] = position
                break
            if position in seen:
                return -1
            seen.add(position)
            path.append(position)
            position = self.places[id(item.label)] if isinstance(item, Jump) else position + 1
        found = self.known[position]
        self.known.update(dict.fromkeys(path, found))
        return found


def without_empty_loops(items: list[Item]) -> Resolver:
    """A loop of jumps alone would take no step at all; such a jump gets an instruction that does nothing."""
    resolver = Resolver(items)
    empty = [position for position, item in enumerate(items) if isinstance(item, Jump) and resolver.arrive(position) < 0]
    if not empty:
        return resolver
    result = list(items)
    for position in reversed(empty):
        result.insert(position, Line(BY_NAME["COPY"]))
    return Resolver(result)


def flow_of(function: Assembler) -> Flow:
    resolver = without_empty_loops(function.items)
    items, arrive, places = resolver.items, resolver.arrive, resolver.places
    entry = arrive(0)
    following: dict[int, int] = {}
    taken: dict[int, int] = {}
    waiting = [entry]
    while waiting:
        position = waiting.pop()
        if position in following:
            continue
        line = items[position]
        assert isinstance(line, Line)
        after = -1 if line.operation.name in TERMINATORS else arrive(position + 1)
        target = -1 if line.target is None else arrive(places[id(line.target)])
        following[position], taken[position] = after, target
        if target >= 0:
            waiting.append(target)
        if after >= 0:
            waiting.append(after)
    order = sorted(following)
    number = {position: index for index, position in enumerate(order)}
    number[-1] = -1
    lines = [item for item in (items[position] for position in order) if isinstance(item, Line)]
    return Flow(
        function.name, lines, number[entry],
        [number[following[position]] for position in order], [number[taken[position]] for position in order],
    )


def read_before_written(flow: Flow, first: int, end: int, results: list[int]) -> list[int]:
    """The slots first <= slot < end that some path from the entry reads before it writes them; RETURN reads the results."""
    if first == end:
        return []
    bits = {slot: 1 << slot - first for slot in range(first, end)}
    uses, keeps = [], []
    for line in flow.lines:
        use = 0
        for slot in results if line.operation.name == "RETURN" else line.read:
            use |= bits.get(slot, 0)
        uses.append(use)
        keeps.append(~bits.get(line.d, 0) if line.operation.writes else -1)
    callers: list[list[int]] = [[] for _ in flow.lines]
    for position, successors in enumerate(zip(flow.following, flow.taken, strict=True)):
        for successor in successors:
            if successor >= 0:
                callers[successor].append(position)
    needed, following, taken = list(uses), flow.following, flow.taken
    waiting = list(range(len(flow.lines)))
    waits = [True] * len(waiting)
    while waiting:
        position = waiting.pop()
        waits[position] = False
        one, other = following[position], taken[position]
        after = (needed[one] if one >= 0 else 0) | (needed[other] if other >= 0 else 0)
        before = uses[position] | after & keeps[position]
        if before != needed[position]:
            needed[position] = before
            for caller in callers[position]:
                if not waits[caller]:
                    waits[caller] = True
                    waiting.append(caller)
    return [slot for slot in range(first, end) if needed[flow.entry] & bits[slot]]

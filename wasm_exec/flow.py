"""Where control goes inside one function: jumps resolved, unreachable lines dropped, locals that must be zeroed found."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from wasm_exec.assembler import TERMINATORS, Assembler, Item, Jump, Label, Line
from wasm_exec.instructions import BY_NAME

SLOTS_AT_ONCE = 1 << 10     # for which it is found whether they are read before they are written


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
                self.known[position] = -1
                break
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
    result: list[Item] = []
    for before, position in pairwise([0, *empty, len(items)]):
        result += [*items[before:position], Line(BY_NAME["COPY"])]
    return Resolver(result[:-1])


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


def basic_blocks(flow: Flow) -> tuple[list[range], list[tuple[int, int]]]:
    """The lines by basic blocks, each behind those to which it goes, unless it goes back to where its loop begins. With each come the
    places in that order of the two to which it goes: its own for a way back, or where there is none."""
    starts = {0, flow.entry, *flow.taken}
    for position, (following, taken) in enumerate(zip(flow.following, flow.taken, strict=True)):
        if taken >= 0 or following != position + 1:
            starts.add(following)
            starts.add(position + 1)
    starts -= {-1, len(flow.lines)}
    blocks = {first: range(first, end) for first, end in pairwise([*sorted(starts), len(flow.lines)])}
    order: list[range] = []
    ways: list[tuple[int, int]] = []
    places: dict[int, int] = {}     # by the first line; -1 as long as something behind a block is missing
    waiting = [flow.entry]
    while waiting:
        first = waiting[-1]
        last = blocks[first][-1]
        one, other = flow.following[last], flow.taken[last]
        if first not in places:
            places[first] = -1
            waiting += [way for way in (one, other) if way >= 0 and way not in places]
            continue
        waiting.pop()
        if places[first] < 0:
            place = len(order)
            one, other = places.get(one, -1), places.get(other, -1)
            ways.append((place if one < 0 else one, place if other < 0 else other))
            places[first] = place
            order.append(blocks[first])
    return order, ways


def read_before_written(flow: Flow, first: int, end: int, results: list[int]) -> list[int]:
    """The slots first <= slot < end that some path from the entry reads before it writes them; RETURN reads the results.

    Such a path need not meet a line twice. A loop of WebAssembly is entered only where it begins, so that a path that goes back there
    has been there: to look at every block once, without the ways back, finds all. SLOTS_AT_ONCE of them are looked for at a time, so that
    neither time nor room is a product of lines and locals.
    """
    if first == end:
        return []
    order, ways = basic_blocks(flow)
    uses: dict[int, list[tuple[int, int]]] = {}     # part of the slots -> (place of the block, slot that is read or ~slot that is written)
    for place, block in enumerate(order):
        for line in flow.lines[block.start : block.stop]:
            operation = line.operation
            for slot in results if operation.name == "RETURN" else line.read:
                if first <= slot < end:
                    uses.setdefault((slot - first) // SLOTS_AT_ONCE, []).append((place, slot))
            if operation.writes and first <= line.d < end:
                uses.setdefault((line.d - first) // SLOTS_AT_ONCE, []).append((place, ~line.d))
    found: list[int] = []
    for part, items in sorted(uses.items()):
        base = first + part * SLOTS_AT_ONCE
        needed, keeps = [0] * len(order), [-1] * len(order)
        for place, slot in items:
            if slot < 0:
                keeps[place] &= ~(1 << ~slot - base)
            elif keeps[place] >> slot - base & 1:
                needed[place] |= 1 << slot - base
        for place, (one, other) in enumerate(ways):
            needed[place] |= (needed[one] | needed[other]) & keeps[place]
        found += [slot for slot in range(base, min(base + SLOTS_AT_ONCE, end)) if needed[-1] >> slot - base & 1]
    return found

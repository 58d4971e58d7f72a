"""The point reading: a chip's constraints, LogUp included, on values opened at one point, levelled into array operations."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from heapq import heapify, heappop, heappush
from typing import Literal

import numpy as np
import numpy.typing as npt

from stark.chip import FIRST, LAST, TRANSITION, Chip
from stark.expression import Constant, Expression, Graph, Input, Kind, Operation
from stark.flat import needed

GAMMA, BETA, SUM = range(3)
OPERATIONS = "add", "sub", "mul", "mul_add"         # by their numbers, see `steps` in stark/operations.py
Indices = npt.NDArray[np.int64]
U32 = npt.NDArray[np.uint32]
NONE = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Step:
    """One array operation: operands are positions in the list of values so far."""

    name: str                       # add, sub, mul or mul_add
    level: int                      # what it takes is of lower levels
    operands: tuple[Indices, ...]


@dataclass(frozen=True)
class PointChip:
    wanted: Indices                 # positions in the chip's input layout: see `layout`
    constants: tuple[int, ...]
    steps: tuple[Step, ...]
    outputs: Indices

    @cached_property
    def flat(self) -> tuple[U32, U32, U32]:
        """The steps as (operation, how often), the operands of one after those of the other, and where the outputs stand."""
        code = [(OPERATIONS.index(step.name), len(step.operands[0])) for step in self.steps]
        operands = [operand for step in self.steps for operand in step.operands]
        return np.array(code, np.uint32).reshape(-1, 2), np.concatenate([NONE, *operands]).astype(np.uint32), self.outputs.astype(np.uint32)


def logup_constraints(chip: Chip, graph: Graph) -> list[int]:
    """The constraints of the chip's LogUp columns, as protocol.py states them for `quotient`."""
    gamma, beta, total = (graph.input("known", k) for k in (GAMMA, BETA, SUM))
    fractions: list[tuple[Expression, Expression]] = []
    for message in chip.messages:
        spelled = graph.constant(0)
        for part in reversed(message.parts):
            spelled = Expression(graph, part.number) + beta * spelled
        fractions.append((Expression(graph, message.times.number), gamma + (message.bus.number + beta * spelled)))
    if not fractions:
        return []
    out, pairs = [], fractions[1:]
    running = graph.input("logup", chip.logup_columns - 1)
    rest = total - running
    step = running.next - running
    for k in range(0, len(pairs), 2):
        column = graph.input("logup", k // 2)
        (m1, d1), *second = pairs[k:k + 2]
        if second:
            m2, d2 = second[0]
            out.append(column * (d1 * d2) - (m1 * d2 + m2 * d1))
        else:
            out.append(column * d1 - m1)
        rest, step = rest - column, step - column
    m0, d0 = fractions[0]
    first, last, transition = (graph.input("selector", k) for k in (FIRST, LAST, TRANSITION))
    out += [first * running, transition * (step * d0 - m0), last * (rest * d0 - m0)]
    return [expression.number for expression in out]


def layout(chip: Chip, statement: int) -> dict[tuple[Kind, int, bool], int]:
    """Where the verifier puts each input: this row's fixed, main, LogUp; the next row's; selectors; gamma, beta, sum; the statement."""
    counts: tuple[tuple[Kind, int], ...] = (("fixed", len(chip.fixed_names)), ("main", len(chip.main_names)), ("logup", chip.logup_columns))
    keys: list[tuple[Kind, int, bool]] = [(kind, k, side) for side in (False, True) for kind, count in counts for k in range(count)]
    keys += [("selector", k, False) for k in range(3)] + [("known", k, False) for k in range(3)]
    keys += [("public", k, False) for k in range(statement)]
    return {key: place for place, key in enumerate(keys)}


def compile_point(chip: Chip, statement: int) -> PointChip:
    graph = chip.graph.copy()
    outputs = balanced(graph, [r.expression.number for r in chip.requirements] + logup_constraints(chip, graph))
    order = needed(graph, outputs)
    uses = used(graph, order, outputs)
    fused = multiply_adds(graph, order, uses)
    inside = {product for product, _ in fused.values()}
    place = layout(chip, statement)
    wanted, constants, level, buckets = [], [], {}, {}  # type: ignore[var-annotated]
    for number in order:
        node = graph.nodes[number]
        if isinstance(node, Input):
            wanted.append(number)
            level[number] = 0
        elif isinstance(node, Constant):
            constants.append(number)
            level[number] = 0
        elif number not in inside:
            name, operands = node.name, (node.left, node.right)
            if number in fused:
                product, rest = fused[number]
                times = graph.nodes[product]
                if not isinstance(times, Operation):
                    raise TypeError("only a product is taken into a sum")
                name, operands = "mul_add", (times.left, times.right, rest)  # type: ignore[assignment]
            level[number] = 1 + max(level[part] for part in operands)
            buckets.setdefault((level[number], name), []).append((number, operands))
    at = {number: k for k, number in enumerate(wanted + constants)}
    steps = []
    for (height, name), entries in sorted(buckets.items()):
        columns = zip(*(operands for _, operands in entries), strict=True)
        steps.append(Step(name, height, tuple(np.array([at[part] for part in column], np.int64) for column in columns)))
        for number, _ in entries:
            at[number] = len(at)
    inputs = [graph.nodes[number] for number in wanted]
    positions = [place[node.kind, node.index, node.next] for node in inputs if isinstance(node, Input)]
    values = [graph.nodes[number] for number in constants]
    return PointChip(np.array(positions, np.int64), tuple(v.value for v in values if isinstance(v, Constant)), tuple(steps),
                     np.array([at[number] for number in outputs], np.int64))


def used(graph: Graph, order: Sequence[int], outputs: Sequence[int]) -> dict[int, int]:
    """How often each node is wanted."""
    uses = dict.fromkeys(order, 0)
    for number in order:
        node = graph.nodes[number]
        if isinstance(node, Operation):
            uses[node.left] += 1
            uses[node.right] += 1
    for number in outputs:
        uses[number] += 1
    return uses


def balanced(graph: Graph, outputs: Sequence[int]) -> list[int]:
    """The same values with as many operations on fewer levels: a sum takes its terms of low levels first. Products, which can be taken
    into a sum by the operation that makes them, come last."""
    order = needed(graph, list(outputs))
    uses = used(graph, order, outputs)
    level, new = dict.fromkeys(order, 0), {}
    terms: dict[int, list[int]] = {}                    # of the sums

    def operation(name: Literal["add", "sub", "mul"], left: int, right: int) -> int:
        number = graph.operation(name, left, right).number
        level[number] = 1 + max(level[left], level[right])
        return number

    def built(number: int) -> int:
        if number not in new:
            products = [k for k in terms[number] if k in single]
            heap = [(level[k], k) for k in terms[number] if k not in single]
            heapify(heap)
            while len(heap) > 1:
                both = operation("add", heappop(heap)[1], heappop(heap)[1])
                heappush(heap, (level[both], both))
            parts = [k for _, k in heap] + sorted(products, key=lambda k: level[k])
            new[number] = reduce(lambda one, other: operation("add", one, other), parts)
        return new[number]
    single: set[int] = set()
    for number in order:
        node = graph.nodes[number]
        if not isinstance(node, Operation):
            new[number] = number
        elif node.name == "add":
            sides = ((side, side in terms and uses[side] == 1) for side in (node.left, node.right))
            terms[number] = [term for side, inner in sides for term in (terms[side] if inner else [built(side)])]
        else:
            new[number] = operation(node.name, built(node.left), built(node.right))
            if node.name == "mul" and uses[number] == 1:
                single.add(new[number])
    return [built(number) for number in outputs]


def together(parts: Sequence[tuple[PointChip, int]]) -> PointChip:
    """Several chips as one, so that an array operation does for all of them what is of one kind and level. The inputs of each stand behind
    those of the chips before it: `parts` says how many they are. The outputs are in the order of the chips."""
    offsets = np.cumsum([0, *(inputs for _, inputs in parts)])
    chips = [chip for chip, _ in parts]
    places: list[list[Indices]] = [[] for _ in chips]               # of a chip's values among all, in the chip's order
    taken = 0

    def placed(k: int, count: int) -> None:
        nonlocal taken
        places[k].append(np.arange(taken, taken + count))
        taken += count
    for k, chip in enumerate(chips):
        placed(k, len(chip.wanted))
    for k, chip in enumerate(chips):
        placed(k, len(chip.constants))
    kinds = sorted({(step.level, step.name) for chip in chips for step in chip.steps})
    steps = []
    for kind in kinds:
        found = [(k, step) for k, chip in enumerate(chips) for step in chip.steps if (step.level, step.name) == kind]
        operands = zip(*([np.concatenate(places[k])[operand] for operand in step.operands] for k, step in found), strict=True)
        steps.append(Step(kind[1], kind[0], tuple(np.concatenate(operand) for operand in operands)))
        for k, step in found:
            placed(k, len(step.operands[0]))
    wanted = [chip.wanted + offset for chip, offset in zip(chips, offsets, strict=False)]
    outputs = [np.concatenate(places[k])[chip.outputs] for k, chip in enumerate(chips)]
    return PointChip(np.concatenate(wanted), sum((chip.constants for chip in chips), ()), tuple(steps), np.concatenate(outputs))


def multiply_adds(graph: Graph, order: list[int], uses: dict[int, int]) -> dict[int, tuple[int, int]]:
    """Sums one of whose terms is a product used nowhere else: {sum: (product, other term)}."""
    fused = {}
    for number in order:
        node = graph.nodes[number]
        if isinstance(node, Operation) and node.name == "add":
            for product, rest in ((node.left, node.right), (node.right, node.left)):
                inner = graph.nodes[product]
                if isinstance(inner, Operation) and inner.name == "mul" and uses[product] == 1:
                    fused[number] = (product, rest)
                    break
    return fused

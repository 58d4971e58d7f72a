"""The point reading: a chip's constraints, LogUp included, on values opened at one point, levelled into array operations."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stark.chip import FIRST, LAST, TRANSITION, Chip
from stark.expression import Constant, Expression, Graph, Input, Kind, Operation
from stark.flat import needed

GAMMA, BETA, SUM = range(3)
Indices = npt.NDArray[np.int64]


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
    outputs = [r.expression.number for r in chip.requirements] + logup_constraints(chip, graph)
    order = needed(graph, outputs)
    uses = dict.fromkeys(order, 0)
    for number in order:
        node = graph.nodes[number]
        if isinstance(node, Operation):
            uses[node.left] += 1
            uses[node.right] += 1
    for number in outputs:
        uses[number] += 1
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

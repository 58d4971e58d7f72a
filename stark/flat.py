"""The flat reading: a chip as three-address code with slot reuse, which the kernels evaluate in blocks of rows."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stark.chip import Chip
from stark.expression import Constant, Graph, Input, Operation

SLOT, CONSTANT, FIXED, FIXED_NEXT, MAIN, MAIN_NEXT, PUBLIC, SELECTOR = range(8)
OPERATIONS = {"add": 0, "sub": 1, "mul": 2}


@dataclass(frozen=True)
class FlatChip:
    """A chip's expressions as three-address code over base-field vectors.

    `code` is (instructions, 4): operation, left, right, target slot; operations 0 add, 1 sub, 2 mul. An operand is
    `index << 3 | kind`; kinds: 0 slot, 1 constant, 2 fixed column, 3 fixed column on the next row, 4 main column, 5 main column on the next
    row, 6 public value, 7 selector (0 first, 1 last, 2 transition). `requirements` are operands that must be zero on every row.
    `messages` has (bus number, multiplicity operand, part operands) for each message.
    """

    code: npt.NDArray[np.uint32]
    slots: int
    constants: npt.NDArray[np.uint32]
    requirements: npt.NDArray[np.uint32]
    messages: tuple[tuple[int, int, tuple[int, ...]], ...]


def flatten(chip: Chip) -> FlatChip:
    graph = chip.graph
    roots = [r.expression.number for r in chip.requirements]
    for message in chip.messages:
        roots += [message.times.number, *(part.number for part in message.parts)]
    order = needed(graph, roots)
    last_use = {root: len(order) for root in roots}
    for place, number in reversed(list(enumerate(order))):
        node = graph.nodes[number]
        if isinstance(node, Operation):
            for part in (node.left, node.right):
                last_use.setdefault(part, place)
    constants: list[int] = []
    operand: dict[int, int] = {}
    free: list[int] = []
    slots = 0
    code: list[tuple[int, int, int, int]] = []
    for place, number in enumerate(order):
        node = graph.nodes[number]
        if isinstance(node, Constant):
            operand[number] = len(constants) << 3 | CONSTANT
            constants.append(node.value)
        elif isinstance(node, Input):
            operand[number] = node.index << 3 | input_kind(node)
        else:
            parts = {node.left, node.right}
            target = free.pop() if free else slots
            slots = max(slots, target + 1)
            code.append((OPERATIONS[node.name], operand[node.left], operand[node.right], target))
            operand[number] = target << 3 | SLOT
            free += [operand[part] >> 3 for part in parts if last_use[part] == place and operand[part] & 7 == SLOT]
    messages = tuple((m.bus.number, operand[m.times.number], tuple(operand[p.number] for p in m.parts)) for m in chip.messages)
    requirements = np.array([operand[r.expression.number] for r in chip.requirements], np.uint32)
    return FlatChip(np.array(code, np.uint32).reshape(-1, 4), slots, np.array(constants, np.uint32), requirements, messages)


def needed(graph: Graph, roots: list[int]) -> list[int]:
    """The nodes that the roots depend on, in order."""
    seen: set[int] = set()
    todo = list(roots)
    while todo:
        number = todo.pop()
        if number not in seen:
            seen.add(number)
            node = graph.nodes[number]
            if isinstance(node, Operation):
                todo += [node.left, node.right]
    return sorted(seen)


def input_kind(node: Input) -> int:
    kinds = {"fixed": FIXED, "main": MAIN, "public": PUBLIC, "selector": SELECTOR}
    if node.kind not in kinds:
        raise ValueError(f"a {node.kind} input cannot be used in a chip")
    return kinds[node.kind] + (1 if node.next else 0)

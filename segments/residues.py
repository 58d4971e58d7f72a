"""What chips ask the table of look-ups for, on all rows: the same words as `stark.check.values_of`, with few remainders."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segments.steps import U64
from stark.check import Filled, values_of
from stark.expression import Constant, Input, Operation, P
from stark.flat import needed

Below = tuple[U64, int]         # numbers, and what all of them are below
LIMIT = 1 << 64


def residues_of(filled: Filled, roots: Sequence[int]) -> dict[int, U64]:
    """The wanted nodes on all rows. A remainder is taken where a number could reach 2^64, and at the end."""
    found: dict[int, Below] = {}
    for number in needed(filled.chip.graph, list(roots)):
        match filled.chip.graph.nodes[number]:
            case Constant(value):
                found[number] = np.array(value, np.uint64), value + 1
            case Input("main" | "fixed" as kind, index, False):
                found[number] = (filled.main if kind == "main" else filled.fixed)[index].astype(np.uint64), P
            case Operation(name, left, right):
                found[number] = computed(name, found[left], found[right])
            case _:
                found[number] = values_of(filled, np.zeros(1, np.uint32), [number])[number], P
    return {root: np.broadcast_to(reduced(found[root])[0], filled.height) for root in roots}


def computed(name: str, left: Below, right: Below) -> Below:
    if name == "mul":
        left, right = (reduced(one) if left[1] * right[1] > LIMIT else one for one in (left, right))
        return left[0] * right[0], left[1] * right[1]
    if left[1] + right[1] + P > LIMIT:
        left, right = reduced(left), reduced(right)
    if name == "add":
        return left[0] + right[0], left[1] + right[1]
    enough = -(-right[1] // P) * P
    return left[0] + (np.uint64(enough) - right[0]), left[1] + enough


def reduced(numbers: Below) -> Below:
    return numbers if numbers[1] <= P else (numbers[0] % np.uint64(P), P)

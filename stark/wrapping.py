"""Requirements that reach from the last row to the first must be empty there, because a short chip's rows go round."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stark.chip import Chip
from stark.expression import Constant, Expression, Graph, Input, Operation
from stark.flat import needed


def check_wrapping(chip: Chip, fixed: npt.NDArray[np.uint32]) -> None:
    """With the fixed columns of the last and the first row put in, no requirement of `wrap` looks at what the last row holds."""
    for requirement in chip.requirements:
        if requirement.rows == "wrap":
            graph = Graph()
            found: dict[int, Expression] = {}
            for number in needed(chip.graph, [requirement.expression.number]):
                match chip.graph.nodes[number]:
                    case Input("fixed", index, next):
                        found[number] = graph.constant(int(fixed[index, 0 if next else -1]))
                    case Operation(name, left, right):
                        found[number] = graph.operation(name, found[left].number, found[right].number)
                    case node:
                        found[number] = graph.intern(node)
            root = found[requirement.expression.number]
            left_over = [graph.nodes[number] for number in needed(graph, [root.number])]
            if any(isinstance(node, Input) and node.kind == "main" and not node.next for node in left_over):
                raise ValueError(f"chip {chip.name}: '{requirement.sentence}' does not end at the last row")
            if not any(isinstance(node, Input | Operation) for node in left_over) and graph.nodes[root.number] != Constant(0):
                raise ValueError(f"chip {chip.name}: '{requirement.sentence}' cannot hold from the last row to the first")

"""Polynomial expressions over the columns of a chip: one node type, interned, so that equal expressions are one node."""
from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Literal

P = 2**31 - 2**24 + 1
Kind = Literal["fixed", "main", "public", "selector", "logup", "known"]


@dataclass(frozen=True)
class Input:
    """A column (or public value, selector, challenge) by kind and position, on this row or on the next."""

    kind: Kind
    index: int
    next: bool = False


@dataclass(frozen=True)
class Constant:
    value: int


@dataclass(frozen=True)
class Operation:
    name: Literal["add", "sub", "mul"]
    left: int
    right: int


Node = Input | Constant | Operation


class Graph:
    """Interned nodes; a node's operands always have smaller numbers."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.numbers: dict[Node, int] = {}

    def intern(self, node: Node) -> Expression:
        number = self.numbers.get(node)
        if number is None:
            number = self.numbers[node] = len(self.nodes)
            self.nodes.append(node)
        return Expression(self, number)

    def constant(self, value: int) -> Expression:
        return self.intern(Constant(value % P))

    def input(self, kind: Kind, index: int, next: bool = False) -> Expression:
        return self.intern(Input(kind, index, next))

    def operation(self, name: Literal["add", "sub", "mul"], left: int, right: int) -> Expression:
        a, b = self.nodes[left], self.nodes[right]
        x, y = (node.value if isinstance(node, Constant) else None for node in (a, b))
        if x is not None and y is not None:
            return self.constant({"add": x + y, "sub": x - y, "mul": x * y}[name])
        if y == 0 and name != "mul":
            return Expression(self, left)
        if x == 0 and name == "add":
            return Expression(self, right)
        if name == "mul" and 0 in (x, y):
            return self.constant(0)
        if name == "mul" and 1 in (x, y):
            return Expression(self, left if y == 1 else right)
        if name == "sub" and left == right:
            return self.constant(0)
        if name != "sub" and left > right:
            left, right = right, left
        return self.intern(Operation(name, left, right))

    def copy(self) -> Graph:
        twin = Graph()
        twin.nodes, twin.numbers = list(self.nodes), dict(self.numbers)
        return twin


class Expression:
    """A node seen from outside, with ring operations."""

    __slots__ = ("graph", "number")

    def __init__(self, graph: Graph, number: int) -> None:
        self.graph, self.number = graph, number

    def _with(self, name: Literal["add", "sub", "mul"], other: Expression | int, swap: bool = False) -> Expression:
        lifted = other if isinstance(other, Expression) else self.graph.constant(other)
        if lifted.graph is not self.graph:
            raise ValueError("an expression is made of the columns of one chip")
        a, b = (lifted, self) if swap else (self, lifted)
        return self.graph.operation(name, a.number, b.number)

    def __add__(self, other: Expression | int) -> Expression:
        return self._with("add", other)

    def __sub__(self, other: Expression | int) -> Expression:
        return self._with("sub", other)

    def __mul__(self, other: Expression | int) -> Expression:
        return self._with("mul", other)

    def __radd__(self, other: int) -> Expression:
        return self._with("add", other)

    def __rmul__(self, other: int) -> Expression:
        return self._with("mul", other)

    def __rsub__(self, other: int) -> Expression:
        return self._with("sub", other, swap=True)

    def __neg__(self) -> Expression:
        return 0 - self

    @property
    def next(self) -> Expression:
        """The same expression one row further down."""
        node = self.graph.nodes[self.number]
        match node:
            case Input("fixed" | "main" | "logup" as kind, index, False):
                return self.graph.input(kind, index, True)
            case Operation(name, left, right):
                moved = Expression(self.graph, left).next, Expression(self.graph, right).next
                return self.graph.operation(name, moved[0].number, moved[1].number)
            case Input(_, _, True):
                raise ValueError("only the next row can be reached, not the one after it")
            case _:
                return self

    @property
    def degree(self) -> int:
        return degrees(self.graph)[self.number]


def degrees(graph: Graph) -> list[int]:
    """Degree of every node; public values and challenges count as constants."""
    found: list[int] = []
    for node in graph.nodes:
        match node:
            case Constant():
                found.append(0)
            case Input(kind, _, _):
                found.append(0 if kind in ("public", "known") else 1)
            case Operation("mul", left, right):
                found.append(found[left] + found[right])
            case Operation(_, left, right):
                found.append(max(found[left], found[right]))
    return found


def total(terms: list[Expression]) -> Expression:
    """The sum of at least one term."""
    return reduce(lambda a, b: a + b, terms)


def spelled(limbs: list[Expression], base: int) -> Expression:
    """limbs[0] + base * limbs[1] + base^2 * limbs[2] + …"""
    return total([limb * base**k for k, limb in enumerate(limbs)])

"""Expressions of a chip as polynomials of its columns, modulo p."""
from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from stark.chip import Chip
from stark.expression import Constant, Input, Operation, P
from stark.flat import needed

Monomial = tuple[str, ...]
Poly = dict[Monomial, int]       # monomials as sorted names, with coefficients below p


def plus(one: Poly, other: Poly, times: int = 1) -> Poly:
    out = dict(one)
    for monomial, factor in other.items():
        out[monomial] = (out.get(monomial, 0) + times * factor) % P
    return {monomial: factor for monomial, factor in out.items() if factor}


def multiplied(one: Poly, other: Poly) -> Poly:
    out: Poly = {}
    for (a, x), (b, y) in product(one.items(), other.items()):
        monomial = tuple(sorted((*a, *b)))
        out[monomial] = (out.get(monomial, 0) + x * y) % P
    return {monomial: factor for monomial, factor in out.items() if factor}


def constant(poly: Poly) -> int | None:
    return poly.get((), 0) if not set(poly) - {()} else None


def polynomial(chip: Chip, number: int, known: dict[int, Poly], flags: Mapping[str, int] | None = None) -> Poly:
    """Of the node with this number; `flags` are columns with a value. A column of the next row has ' behind its name."""
    for n in needed(chip.graph, [number]):
        if n not in known:
            known[n] = of_node(chip, n, known, flags or {})
    return known[number]


def of_node(chip: Chip, number: int, known: dict[int, Poly], flags: Mapping[str, int]) -> Poly:
    match chip.graph.nodes[number]:
        case Constant(value):
            return {(): value} if value else {}
        case Input("main" | "fixed" as kind, index, following):
            name = (chip.main_names if kind == "main" else chip.fixed_names)[index] + "'" * following
            return plus({}, {(): flags[name]}) if name in flags else {(name,): 1}
        case Operation("mul", left, right):
            return multiplied(known[left], known[right])
        case Operation(name, left, right):
            return plus(known[left], known[right], 1 if name == "add" else P - 1)
        case other:
            raise NotImplementedError(f"{other} in a row of its own")


def centred(factor: int) -> int:
    """The same modulo p, around 0."""
    return factor if factor <= P // 2 else factor - P

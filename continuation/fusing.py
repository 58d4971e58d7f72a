"""Gates that take in others: a result that one gate alone uses needs no gate of its own where both together are one formula."""
from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import combinations

import numpy as np
import numpy.typing as npt

from continuation.book import Numbers
from continuation.recorder import ZERO
from stark.expression import P

Terms = dict[tuple[int, ...], int]          # products of at most two wires, with their coefficients; () is the number 1
COEFFICIENTS, OPERANDS = "stuvw", "abc"
NOTHING = 2 * ZERO


class Formulas:
    """Gates d = s·ab + t·c + u·a + v·ac + w·b as sums of products, and back. Wires of numbers that the circuit knows are numbers here."""

    def __init__(self, known: Mapping[int, int]) -> None:
        self.known = known
        self.one = next((wire for wire, number in known.items() if number == 1), None)

    def wire(self, wire: int) -> Terms:
        return {(): self.known[wire]} if wire in self.known else {(wire,): 1}

    def terms(self, gate: Mapping[str, int], inside: Mapping[int, Terms]) -> Terms | None:
        """What a gate computes, where some of its operands are replaced; None if that has products of three."""
        a, b, c = (inside.get(gate[name]) or self.wire(gate[name]) for name in OPERANDS)
        out: Terms = {}
        for coefficient, left, right in ((gate["s"], a, b), (gate["v"], a, c), (gate["t"], c, None), (gate["u"], a, None),
                                         (gate["w"], b, None)):
            if coefficient:
                for one, times in left.items():
                    for other, more in (right or {(): 1}).items():
                        product = tuple(sorted((*one, *other)))
                        if len(product) > 2:
                            return None
                        out[product] = (out.get(product, 0) + coefficient * times * more) % P
        return {product: times for product, times in out.items() if times}

    def gate(self, terms: Terms) -> dict[str, int] | None:
        """The coefficients and operands of a gate that computes this; None if there is none."""
        terms = dict(terms)
        number = terms.pop((), 0)
        if number:
            if self.one is None:
                return None
            terms[self.one,] = number
        pairs = [product for product in terms if len(product) == 2]
        if not pairs:
            first, *others = [wire for wire, in terms] or [NOTHING]
        else:
            common = set(pairs[0]).intersection(*pairs)
            if not common:
                return None
            first = min(common)
            partners = [pair[1] if pair[0] == first else pair[0] for pair in pairs]
            others = list(dict.fromkeys([*partners, *(product[0] for product in terms if len(product) == 1 and product[0] != first)]))
        if len(others) > 2:
            return None
        second, third = (*others, NOTHING, NOTHING)[:2]

        def product(other: int) -> int:
            return terms.get((min(first, other), max(first, other)), 0)

        def alone(wire: int, place: int) -> int:
            return terms.get((wire,), 0) if place < len(others) and wire != first else 0
        return {"a": first, "b": second, "c": third, "s": product(second) if others else 0, "v": product(third) if len(others) > 1 else 0,
                "u": terms.get((first,), 0), "w": alone(second, 0), "t": alone(third, 1)}


def fused(rows: Mapping[str, Numbers], may_go: Collection[int], known: Mapping[int, int], maker: Mapping[int, int]) -> dict[str, Numbers]:
    """The gates without those that others took in. `may_go`: results that a single gate uses, once, and nothing else; `maker` says which
    gate makes them. Gates stand behind those that they use."""
    formulas, own, gone = Formulas(known), dict[int, Terms](), np.zeros(len(rows["d"]), np.bool_)
    out = {name: values.copy() for name, values in rows.items()}
    for row, inner in promising(np.stack([rows[name] for name in OPERANDS], axis=1), rows["mode"] > 0, may_go, known, maker).items():
        gate = {name: int(rows[name][row]) for name in (*COEFFICIENTS, *OPERANDS)}
        for wire in inner:
            if wire not in own:
                made = {name: int(rows[name][maker[wire]]) for name in (*COEFFICIENTS, *OPERANDS)}
                own[wire] = formulas.terms(made, {}) or {}
        for taken in subsets([wire for wire in inner if own[wire]]):
            terms = formulas.terms(gate, {wire: own[wire] for wire in taken})
            both = formulas.gate(terms) if terms else None
            if terms and both:
                for name, value in both.items():
                    out[name][row] = value
                gone[[maker[wire] for wire in taken]] = True
                own[int(rows["d"][row])] = terms
                break
    return {name: values[~gone] for name, values in out.items()}


def promising(operands: Numbers, defines: npt.NDArray[np.bool_], may_go: Collection[int], known: Collection[int],
              maker: Mapping[int, int]) -> dict[int, list[int]]:
    """The gates, in their order, and those of their operands that might be taken in: no more wires than three stand in all of them."""
    numbers, once = (np.fromiter(wires, np.int64, len(wires)) for wires in (known, may_go))
    wires = np.where(np.isin(operands, numbers), -1, operands)
    found: dict[int, set[int]] = {}
    may = np.isin(operands, once) & defines[:, None]
    for places in subsets(list(range(len(OPERANDS)))):
        takers = np.flatnonzero(np.all(may[:, places], axis=1))
        makers = [[maker[wire] for wire in operands[takers, place].tolist()] for place in places]
        parts = [np.delete(wires[takers], places, axis=1), *(wires[np.array(rows, np.int64)] for rows in makers)]
        every = np.sort(np.concatenate(parts, axis=1), axis=1)
        different = (every[:, 0] >= 0) + ((np.diff(every, axis=1) != 0) & (every[:, 1:] >= 0)).sum(axis=1)
        for row in takers[different <= len(OPERANDS)].tolist():
            found.setdefault(row, set()).update(operands[row, places].tolist())
    return {row: sorted(found[row]) for row in sorted(found)}


def subsets(elements: list[int]) -> Iterable[tuple[int, ...]]:
    """Of these, all that have an element, the large ones first."""
    return (taken for size in range(len(elements), 0, -1) for taken in combinations(elements, size))

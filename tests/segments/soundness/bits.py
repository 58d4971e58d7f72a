"""Code U by algebra, for chips whose rows are bits: from the limbs that a row takes follow all its bits, and from these what it leaves.

Every requirement is read as what it says of bits. A sum with powers of two spells a limb: whoever knows the limb knows every bit of the
sum, and the other way round. A column that the others of its requirement determine is a bit if it is always 0 or 1. What holds of bits
and is an exclusive or is an equation modulo 2; if as many of these are independent as there are bits, the limbs leave only one choice.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from stark.chip import Chip
from stark.expression import P
from tests.segments.soundness.polynomials import Poly, centred, plus, polynomial

FEW = 8             # bits of which all settings are tried
Setting = Mapping[str, int]


@dataclass
class Known:
    """What the requirements of a chip within a row say."""

    bits: set[str] = field(default_factory=set)
    equations: list[frozenset[str]] = field(default_factory=list)               # bits whose exclusive or is 0
    made: dict[str, frozenset[str]] = field(default_factory=dict)               # bits, and those that determine each
    spelled: dict[str, list[Poly]] = field(default_factory=dict)                # limbs, and the bits of each as polynomials, lowest first


def within_rows(chip: Chip) -> list[Poly]:
    known: dict[int, Poly] = {}
    found = [polynomial(chip, r.expression.number, known) for r in chip.requirements]
    return [poly for poly in found if not any(name.endswith("'") for monomial in poly for name in monomial)]


def read(chip: Chip) -> Known:
    out, left = Known(bits=set(chip.fixed_names)), within_rows(chip)
    for poly in left:
        if len(names := names_of(poly)) == 1 and poly in (boolean := booleans(*names)):
            out.bits |= names
            left = [other for other in left if other not in boolean]
    while True:
        rest = [poly for poly in left if not understood(poly, out)]
        if len(rest) == len(left):
            return out
        left = rest


def booleans(name: str) -> tuple[Poly, Poly]:
    return {(name, name): 1, (name,): P - 1}, {(name, name): P - 1, (name,): 1}


def names_of(poly: Poly) -> set[str]:
    return {name for monomial in poly for name in monomial}


def understood(poly: Poly, known: Known) -> bool:
    others = names_of(poly) - known.bits
    if not others:
        return len(names_of(poly)) <= FEW and related(poly, known)
    if len(others) != 1:
        return False
    name = others.pop()
    parts = {monomial: factor for monomial, factor in poly.items() if name in monomial}
    if set(parts) != {(name,)}:
        return False
    scale = -pow(parts[name,], -1, P)
    value = reduced({monomial: factor * scale % P for monomial, factor in poly.items() if monomial not in parts})
    return made_of(name, value, known) if len(names_of(value)) <= FEW else spells(name, value, known)


def reduced(poly: Poly) -> Poly:
    """The same for bits, whose powers are themselves."""
    out: Poly = {}
    for monomial, factor in poly.items():
        once = tuple(sorted(set(monomial)))
        out[once] = (out.get(once, 0) + factor) % P
    return {monomial: factor for monomial, factor in out.items() if factor}


def settings(names: Iterable[str]) -> list[Setting]:
    order = sorted(names)
    return [dict(zip(order, values, strict=True)) for values in product((0, 1), repeat=len(order))]


def at(poly: Poly, setting: Setting) -> int:
    return sum(factor for monomial, factor in poly.items() if all(setting[name] for name in monomial)) % P


def related(poly: Poly, known: Known) -> bool:
    """All its settings that are allowed, and no others, have the exclusive or 0."""
    names, value = names_of(poly), reduced(poly)
    if any((at(value, setting) == 0) != (sum(setting.values()) % 2 == 0) for setting in settings(names)):
        return False
    known.equations.append(frozenset(names))
    return True


def made_of(name: str, value: Poly, known: Known) -> bool:
    """The column is a bit that others make."""
    names = names_of(value)
    table = [(setting, at(value, setting)) for setting in settings(names)]
    if any(bit not in (0, 1) for _, bit in table):
        return False
    known.bits.add(name)
    known.made[name] = frozenset(names)
    if all(bit == sum(setting.values()) % 2 for setting, bit in table):
        known.equations.append(frozenset({*names, name}))
    return True


def spells(name: str, value: Poly, known: Known) -> bool:
    """The limb is 1, 2, 4 … times the bits that groups of columns make; with all of them 0 it is 0."""
    bits: dict[int, Poly] = {}
    rest, found = value.get((), 0), groups(value)
    for group in found:
        part = {monomial: factor for monomial, factor in value.items() if monomial and set(monomial) <= group}
        values = sorted({centred(at(part, setting)) for setting in settings(group)}) if len(group) <= FEW else []
        if len(values) != 2:
            return False
        low, weight = values[0], values[1] - values[0]
        bits[weight] = {monomial: factor * pow(weight, -1, P) % P for monomial, factor in plus(part, {(): 1}, -low).items()}
        rest += low
    if rest % P or sorted(bits) != [1 << k for k in range(len(found))] or 1 << len(found) > P:
        return False
    known.spelled[name] = [bits[weight] for weight in sorted(bits)]
    return True


def groups(poly: Poly) -> list[set[str]]:
    """Columns that stand together in monomials."""
    out: list[set[str]] = []
    for monomial in poly:
        if monomial:
            joined = [group for group in out if group & set(monomial)]
            out = [group for group in out if group not in joined] + [set(monomial).union(*joined)]
    return out


def determined(known: Known, given: Sequence[str], fixed: Sequence[str]) -> set[str]:
    """The bits that follow if these limbs and bits are given; nothing, if the equations leave a choice."""
    equations = [*known.equations]
    for limb in given:
        for bit in known.spelled.get(limb, []):
            if is_linear(bit):
                equations.append(frozenset(names_of(bit)))
    unknown = sorted(set().union(*equations))
    place = {name: k for k, name in enumerate(unknown)}
    pivots: dict[int, int] = {}
    for equation in equations:
        row = sum(1 << place[name] for name in equation)
        while row and (high := row.bit_length()) in pivots:
            row ^= pivots[high]
        if row:
            pivots[row.bit_length()] = row
    if len(pivots) < len(unknown):
        return set()
    found = {*unknown, *fixed}
    while more := {name for name, of in known.made.items() if of <= found} - found:
        found |= more
    return found


def is_linear(bit: Poly) -> bool:
    """Whether a bit is the exclusive or of its columns, or not that."""
    values = {(at(bit, setting) + sum(setting.values())) % 2 for setting in settings(names_of(bit))}
    return len(values) == 1

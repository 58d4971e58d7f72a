"""Code U by a solver: two rows of a chip that take the same from others give the same to others, whatever else stands in them.

For one operation after the other the flags are numbers, and what is left of every sentence is a polynomial whose columns have known
ranges. It stands for an integer of known size, so that "0 modulo p" is "0, p, …" and everything is said in bit-vectors, for two copies of
the row that share what is read. bitwuzla (optional: `pip install .[solver]`) then finds two rows that differ in what they give, or that
there are none.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from math import prod
from typing import Any

import bitwuzla
from bitwuzla import Kind

from segments.buses import AND, BYTES, LOOKUPS, MEMORY, PROGRAM, RANGE16, SHIFT, STATE
from segments.steps import GuestFamily
from stark.chip import Chip, Message
from stark.expression import Expression, Operation, P
from tests.segments.soundness.deletions import takes
from tests.segments.soundness.polynomials import Poly, constant, plus, polynomial
from wasm_exec.instructions import BY_NUMBER, Use

Term = Any
BYTE, LIMB, FAR, TIME = 1 << 8, 1 << 16, 1 << 24, 1 << 30
FROM_OUTSIDE = {"TAKE32": {f"byte.{k}" for k in range(4)}}         # the word may be any, and everything else follows from it
SCALES = [1, 2, *(1 << 8 * k for k in range(1, 4)), *(pow(2, -k, P) for k in (1, 8, 16, 24))]


@dataclass(frozen=True)
class Case:
    """A chip under one operation: the values of its flags."""

    chip: Chip
    operation: str
    flags: dict[str, int]

    def poly(self, number: int, known: dict[int, Poly]) -> Poly:
        return polynomial(self.chip, number, known, self.flags)


def cases(family: GuestFamily) -> Iterator[Case]:
    """All settings of the flags that keep the requirements about flags alone and fetch an operation; no two fetch the same."""
    chip = family.chip
    flags = [name for name in chip.main_names if name.startswith("is ") or name in ("immediate", "jump")]
    fetched = [m for m in chip.messages if m.bus == PROGRAM][-1]
    seen = set()
    for setting in product((0, 1), repeat=len(flags)):
        case = Case(chip, "", dict(zip(flags, setting, strict=True)))
        known: dict[int, Poly] = {}
        if any(constant(case.poly(r.expression.number, known)) for r in chip.requirements):
            continue
        number = constant(case.poly(fetched.parts[1].number, known))
        if constant(case.poly(fetched.times.number, known)) != 1:
            continue
        if number not in BY_NUMBER or number in seen:
            raise AssertionError(f"{chip.name}: flags {setting} stand for operation {number}, which is none or has other flags too")
        seen.add(number)
        yield Case(chip, BY_NUMBER[number].name, case.flags)


class Rows:
    """Two rows of a case as terms: columns that are read from others are one constant for both, all others two."""

    def __init__(self, case: Case, learned: Mapping[str, int] | None = None) -> None:
        self.case, self.chip = case, case.chip
        self.known: dict[int, Poly] = {}
        self.terms = bitwuzla.TermManager()
        self.most: dict[str, int] = dict(learned or {})         # what a column is below
        self.shared = set(FROM_OUTSIDE.get(case.operation, ()))
        self.constants: dict[str, Term] = {}
        self.facts: list[Term] = []
        self.learn()
        outputs = [m for m in self.chip.messages if m.bus not in LOOKUPS]
        requirements = [r.expression for r in self.chip.requirements if constant(self.poly(r.expression)) is None]
        for copy in (0, 1):
            self.facts += [self.kept(r, copy, requirements) for r in requirements]
            self.facts += [fact for m in self.chip.messages if m.bus in LOOKUPS for fact in self.looked_up(m, copy)]
        self.differ = self.one_of([self.differs(m) for m in outputs])

    # -- what is known about columns

    def poly(self, expression: Expression) -> Poly:
        return self.case.poly(expression.number, self.known)

    def learn(self) -> None:
        for message in self.chip.messages:
            times, names = constant(self.poly(message.times)), [self.name_of(part) for part in message.parts]
            if message.bus in LOOKUPS and times:
                for name in names:
                    self.below(name, LIMB if message.bus == RANGE16 else BYTE)
            if message.bus == PROGRAM or (message.bus in (STATE, MEMORY) and times and takes(self.chip, message)):
                for name, field in zip(names, message.bus.fields, strict=True):
                    self.below(name, self.most_of(field))
                    self.shared |= {name} - {""}
        for requirement in self.chip.requirements:
            poly = self.poly(requirement.expression)
            name = next((m[0] for m in poly if len(m) == 1), "")
            if plus(poly, {(name, name): 1, (name,): P - 1}) == {} or plus(poly, {(name, name): 1, (name,): P - 1}, P - 1) == {}:
                self.below(name, 2)

    def below(self, name: str, most: int) -> None:
        if name:
            self.most[name] = min(most, self.most.get(name, P))

    def most_of(self, field: str) -> int:
        uses = next(o for o in BY_NUMBER.values() if o.name == self.case.operation).operands
        immediate = uses.get(field) in (Use.LOW, Use.HIGH, Use.THIRD, Use.FOURTH, Use.UPPER)
        return LIMB if immediate or field.startswith("limb") else TIME if field == "time" else FAR

    def name_of(self, expression: Expression) -> str:
        poly = self.poly(expression)
        return next(iter(poly))[0] if list(poly.values()) == [1] and len(next(iter(poly))) == 1 else ""

    # -- terms

    def column(self, name: str, copy: int) -> tuple[Term, int]:
        most, own = self.most.get(name, P), name if name in self.shared else f"{name}'{copy}"
        if own not in self.constants:
            bits = (most - 1).bit_length()
            self.constants[own] = found = self.terms.mk_const(self.terms.mk_bv_sort(max(1, bits)), own)
            if most < 1 << bits:
                self.facts.append(self.terms.mk_term(Kind.BV_ULT, [found, self.number(most, bits)]))
        return self.constants[own], most

    def number(self, value: int, bits: int) -> Term:
        return self.terms.mk_bv_value(self.terms.mk_bv_sort(bits), value % (1 << bits))

    def all_of(self, facts: Sequence[Term]) -> Term:
        return reduce(lambda a, b: self.terms.mk_term(Kind.AND, [a, b]), facts, self.terms.mk_true())

    def one_of(self, facts: Sequence[Term]) -> Term:
        return reduce(lambda a, b: self.terms.mk_term(Kind.OR, [a, b]), facts, self.terms.mk_false())

    def no(self, fact: Term) -> Term:
        return self.terms.mk_term(Kind.NOT, [fact])

    def zero(self, parts: Sequence[tuple[Poly, int, int]]) -> Term:
        """Whether the sum of these (polynomial, copy, sign) is 0 modulo p."""
        monomials: list[tuple[tuple[str, ...], int, int]] = []
        for poly, copy, sign in parts:
            monomials += [(m, 0 if set(m) <= self.shared else copy, sign * factor % P) for m, factor in poly.items()]
        together: dict[tuple[tuple[str, ...], int], int] = {}
        for m, copy, factor in monomials:
            together[m, copy] = (together.get((m, copy), 0) + factor) % P
        found = min((self.scaled(together, scale) for scale in SCALES), key=lambda one: one[2] - one[1])
        factors, low, high = found
        bits = max(abs(low), abs(high), P).bit_length() + 2
        total = self.number(0, bits)
        for (m, copy), factor in factors.items():
            term = self.number(factor, bits)
            for name in m:
                column = self.column(name, copy)[0]
                widened = self.terms.mk_term(Kind.BV_ZERO_EXTEND, [column], [bits - column.sort().bv_size()])
                term = self.terms.mk_term(Kind.BV_MUL, [term, widened])
            total = self.terms.mk_term(Kind.BV_ADD, [total, term])
        multiples = range(-(-low // P), high // P + 1)
        if len(multiples) > 16:
            rest = self.terms.mk_term(Kind.BV_SREM, [total, self.number(P, bits)])
            return self.terms.mk_term(Kind.EQUAL, [rest, self.number(0, bits)])
        return self.one_of([self.terms.mk_term(Kind.EQUAL, [total, self.number(k * P, bits)]) for k in multiples])

    def scaled(self, factors: dict[Any, int], scale: int) -> tuple[dict[Any, int], int, int]:
        """The same sum times something, with factors around 0, and between which integers it lies."""
        out = {key: (factor * scale % P + P // 2) % P - P // 2 for key, factor in factors.items()}
        ends = [factor * prod(self.most.get(name, P) - 1 for name in m) for (m, _), factor in out.items()]
        return out, sum(end for end in ends if end < 0), sum(end for end in ends if end > 0)

    # -- sentences

    def kept(self, expression: Expression, copy: int, requirements: Sequence[Expression]) -> Term:
        node = self.chip.graph.nodes[expression.number]
        if isinstance(node, Operation) and node.name == "mul":
            factors = [Expression(self.chip.graph, side) for side in (node.left, node.right)]
            return self.one_of([self.kept(factor, copy, requirements) for factor in factors])
        poly = self.poly(expression)
        for name in self.chip.free:                          # c + d r = 0 has a solution r unless d = 0 and c is not
            inside = {m for m in poly if name in m}
            elsewhere = [r for r in requirements if r.number != expression.number]
            elsewhere += [e for m in self.chip.messages for e in (m.times, *m.parts)]
            if inside and all(m.count(name) == 1 for m in inside) and not any(name in m for e in elsewhere for m in self.poly(e)):
                rest = {m: factor for m, factor in poly.items() if m not in inside}
                slope = {tuple(one for one in m if one != name): poly[m] for m in inside}
                return self.one_of([self.no(self.zero([(slope, copy, 1)])), self.zero([(rest, copy, 1)])])
        return self.zero([(poly, copy, 1)])

    def looked_up(self, message: Message, copy: int) -> Iterator[Term]:
        times = self.poly(message.times)
        if constant(times) == 0:
            return
        names = [f"row {id(message)} {k}" for k in range(len(message.parts))]
        for name in names:
            self.below(name, LIMB if message.bus == RANGE16 else BYTE)
        facts = [self.zero([(self.poly(part), copy, 1), ({(name,): 1}, copy, -1)]) for name, part in zip(names, message.parts, strict=True)]
        words = [self.column(name, copy)[0] for name in names]
        if message.bus == AND:
            facts.append(self.terms.mk_term(Kind.EQUAL, [words[2], self.terms.mk_term(Kind.BV_AND, words[:2])]))
        if message.bus == SHIFT:
            amount, byte, low, high = words
            wide = [self.terms.mk_term(Kind.BV_ZERO_EXTEND, [word], [8]) for word in (byte, amount)]
            both = self.terms.mk_term(Kind.BV_CONCAT, [high, low])
            facts += [self.terms.mk_term(Kind.EQUAL, [both, self.terms.mk_term(Kind.BV_SHL, wide)]),
                      self.terms.mk_term(Kind.BV_ULT, [amount, self.number(8, 8)])]
        assert message.bus in (RANGE16, BYTES, AND, SHIFT)
        yield self.one_of([self.zero([(times, copy, 1)]), self.all_of(facts)])

    def differs(self, message: Message) -> Term:
        """Whether the rows say another number of times, or something else."""
        times, parts = self.poly(message.times), [self.poly(part) for part in message.parts]
        if constant(times) == 0:
            return self.terms.mk_false()
        if message.bus == MEMORY and takes(self.chip, message):         # one cell holds one thing at a time
            asks = [self.no(self.zero([(times, copy, 1)])) for copy in (0, 1)]
            same_cell = [self.zero([(part, 0, 1), (part, 1, -1)]) for part in parts[:2]]
            same_words = [self.zero([(part, 0, 1), (part, 1, -1)]) for part in parts[2:]]
            self.facts.append(self.one_of([self.no(self.all_of([*asks, *same_cell])), self.all_of(same_words)]))
        other = self.one_of([self.no(self.zero([(part, 0, 1), (part, 1, -1)])) for part in parts])
        asked = self.no(self.zero([(times, 0, 1)]))
        return self.one_of([self.no(self.zero([(times, 0, 1), (times, 1, -1)])), self.all_of([asked, other])])


def solved(rows: Rows, facts: Sequence[Term], seconds: float) -> bitwuzla.Result:
    """Whether these facts can hold in these rows."""
    options = bitwuzla.Options()
    options.set(bitwuzla.Option.TIME_LIMIT_PER, int(1000 * seconds))
    solver = bitwuzla.Bitwuzla(rows.terms, options)
    for fact in facts:
        solver.assert_formula(fact)
    return solver.check_sat()


def learned(case: Case, seconds: float) -> dict[str, int]:
    """What follows for columns of unknown size: below 2, 2^8, 2^16. What is known of one may tell something of the next."""
    found: dict[str, int] = {}
    while True:
        rows = Rows(case, found)
        loose = [name for name in case.chip.main_names if rows.most.get(name, P) == P and f"{name}'0" in rows.constants]
        more = {}
        for name in loose:
            for bits in (1, 8, 16):
                column = rows.constants[f"{name}'0"]
                larger = rows.terms.mk_term(Kind.BV_UGE, [column, rows.number(1 << bits, column.sort().bv_size())])
                if solved(rows, [*rows.facts, larger], seconds) == bitwuzla.Result.UNSAT:
                    more[name] = 1 << bits
                    break
        if not more:
            return found
        found |= more


def verdict(case: Case, seconds: float) -> str:
    """`unique`, `two` if there are two rows with other outputs, or `unknown` if it takes longer."""
    rows = Rows(case)
    result = solved(rows, [*rows.facts, rows.differ], seconds / 16)
    if result == bitwuzla.Result.UNKNOWN:
        rows = Rows(case, learned(case, seconds / 16))
        result = solved(rows, [*rows.facts, rows.differ], seconds)
    return {bitwuzla.Result.UNSAT: "unique", bitwuzla.Result.SAT: "two"}.get(result, "unknown")

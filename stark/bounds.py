"""How likely a false statement passes one draw of a verifier that uses FRI: for any field, rate, folding schedule and grinding.

    F      size of the field that challenges come from      n   points of the evaluation domain
    rho    rate of the code                                 m   multiplicity of the Guruswami-Sudan interpolation
    theta  the least agreement that a cheating prover must keep, 1 - proximity parameter

What coding theory grants is a `Regime`:

* Unique decoding: theta = (1 + rho)/2, one candidate per word. A random line misleads for at most n challenges (BCIKS20, "Proximity gaps
  for Reed-Solomon codes", theorem 4.1), or, sharper, (1 - theta) n + 1 (BCHKS25, "On proximity gaps for Reed-Solomon codes", theorem 1.3):
  once the near codewords are known to lie on a line themselves, which disagrees with the given line on D places, a misleading challenge
  makes at least D - (1 - theta) n of them agree, and a place agrees for one challenge only; so there are at most
  D / (D - (1 - theta) n), the most for the least D above (1 - theta) n.
* Johnson: theta = sqrt(rho) + gap. Candidates number at most 1/(2 gap sqrt(rho)): if L codewords agree with a word on theta n places each
  and pairwise on rho n, then, summing the squares of how many agree at a place, L theta^2 <= theta + (L - 1) rho. With gap = sqrt(rho)/2m
  they are also at most M/sqrt(rho), M = m + 1/2 (the degree in Y of the interpolated polynomial). A random line misleads for at most
  (2 M^5 + 3 M (1 - theta) rho) n / (3 rho^1.5) + M/sqrt(rho) challenges (BCHKS25, theorem 4.2, m = ceil(sqrt(rho) / 2 gap) >= 3;
  printed without the 2, which soundcalc calls a misprint that the authors confirm. docs/decisions/0003 says what depends on it).

All are read as mutual correlated agreement: where a combination agrees with the code, all its parts do, on the same places. A curve of
degree d misleads at most d times as often as a line.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf, log2, sqrt
from types import MappingProxyType

SMALLEST_MULTIPLICITY = 3


@dataclass(frozen=True)
class Regime:
    """What coding theory grants: see the module's text."""

    name: str
    theta: float
    candidates: float
    fixed: float         # misleading challenges of a line: fixed + slope * n
    slope: float

    def misleading(self, points: int) -> float:
        return self.fixed + self.slope * points


def unique_decoding(rho: float) -> Regime:
    """The bound of 2020."""
    return Regime("unique", (1 + rho) / 2, 1, 0, 1)


def sharp_unique_decoding(rho: float) -> Regime:
    """The bound of 2025."""
    return Regime("sharp unique", (1 + rho) / 2, 1, 1, (1 - rho) / 2)


def johnson(rho: float, opened: float, m: int) -> Regime:
    """By multiplicity; `opened` is the rate of columns, a little above that of their quotients."""
    if m < SMALLEST_MULTIPLICITY:
        raise ValueError(f"the Johnson bound is proved for m >= {SMALLEST_MULTIPLICITY}")
    return of_johnson(f"johnson m={m}", rho, sqrt(opened) * (1 + 1 / (2 * m)), m, (m + 0.5) / sqrt(rho))


def johnson_by_gap(rho: float, gap: float) -> Regime:
    """By the distance from sqrt(rho)."""
    m = max(SMALLEST_MULTIPLICITY, ceil(sqrt(rho) / (2 * gap)))
    return of_johnson(f"johnson gap={gap:.4g}", rho, sqrt(rho) + gap, m, 1 / (2 * gap * sqrt(rho)))


def of_johnson(name: str, rho: float, theta: float, m: int, candidates: float) -> Regime:
    shifted = m + 0.5
    slope = (2 * shifted**5 + 3 * shifted * (1 - theta) * rho) / (3 * rho**1.5)
    return Regime(name, theta, candidates, shifted / sqrt(rho), slope)


@dataclass(frozen=True)
class Draw:
    """A challenge before FRI: so many of its values are bad, for each candidate or in all; work in bits precedes it."""

    name: str
    bad: float
    for_each_candidate: bool = True
    grinding: float = 0


@dataclass(frozen=True)
class Grinding:
    """Bits of work before the draws of FRI."""

    batching: float = 0
    folding: float = 0                # before each of them
    queries: float = 0


@dataclass(frozen=True)
class Protocol:
    """What the bits depend on."""

    field_size: int                   # challenges come from this field
    points: int                       # of the evaluation domain
    draws: Sequence[Draw]
    batching: int                     # degree of the curve that a challenge picks from: functions - 1 for powers, 1 for independent weights
    folding: Sequence[int]            # how many points a round folds to one, round by round
    queries: int
    grinding: Grinding = Grinding()
    bias: float = 0                   # what the worst set of positions is likelier than it should be


def terms(protocol: Protocol, regime: Regime) -> Mapping[str, float]:
    """Bits of every draw of the verifier, in the order of the protocol."""
    def bits(bad: float) -> float:
        return inf if bad <= 0 else log2(protocol.field_size) - log2(bad)

    grinding, points = protocol.grinding, protocol.points
    out = {draw.name: bits(draw.bad * (regime.candidates if draw.for_each_candidate else 1)) + draw.grinding for draw in protocol.draws}
    out["batching"] = bits(protocol.batching * regime.misleading(points)) + grinding.batching
    for arity in protocol.folding:
        name, points = f"folding 2^{points.bit_length() - 1}", points // arity
        out[name] = bits((arity - 1) * regime.misleading(points)) + grinding.folding
    out["queries"] = protocol.queries * -log2(min(1.0, regime.theta + protocol.bias)) + grinding.queries
    return MappingProxyType(out)


def total(table: Mapping[str, float]) -> float:
    return min(table.values())

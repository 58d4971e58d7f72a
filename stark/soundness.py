"""Provable bits of a proof, round by round, from the very parameters that the verifier uses. No conjecture.

Every term is the chance, at best, that one draw of the verifier turns a state in which all is lost for the prover into one in which it
is not; a proof in the random-oracle model is as strong as the weakest term (round-by-round soundness).

    F   size of the extension field          rho   rate of the code, rows / n
    n   points of the evaluation domain      theta the least agreement that a cheating prover must keep, 1 - proximity parameter

* Unique decoding: theta = (1 + rho)/2, one candidate per word, a random line or curve of degree d misleads for at most d * n
  challenges (BCIKS20, "Proximity gaps for Reed-Solomon codes", theorems 4.1 and 6.1).
* Johnson: theta = sqrt(rho) * (1 + 1/2m), at most (m + 1/2)/sqrt(rho) candidates (Guruswami-Sudan), and with M = m + 1/2 at most
  d * ((2 M^5 + 3 M (1 - theta) rho) n / (3 rho^1.5) + M/sqrt(rho)) challenges mislead (BCHKS25, "On proximity gaps for
  Reed-Solomon codes").

Both are read as mutual correlated agreement: where a combination agrees with the code, all its parts do, on the same places. Then no
weights are needed along the rounds of FRI, and the lifted columns need nothing of their own. docs/decisions/0002-parameters.md has the
argument.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf, log2, sqrt
from types import MappingProxyType
from typing import TYPE_CHECKING

from stark.profiles import Parameters

if TYPE_CHECKING:
    from stark.key import Key

P = 2**31 - 2**24 + 1
FIELD = P**5
DIGEST = 8
DEGREE = 3                       # of a constraint in the columns, selectors counted
SMALLEST_MULTIPLICITY = 3
GREATEST_MULTIPLICITY = 4096     # beyond this m no parameter set in reach gains a hundredth of a bit


@dataclass(frozen=True)
class Shape:
    """What the bits depend on beside the parameters."""

    log_rows: int        # rows of the tallest chip
    powers: int          # powers of the batching challenge that FRI's first sum uses
    constraints: int     # of all chips together
    messages: int        # bus messages, counted once for every row
    width: int           # parts of the widest message


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


def unique_decoding(log_rows: int, log_blowup: int) -> Regime:
    return Regime("unique", (1 + rate_of_opened(log_rows, log_blowup)) / 2, 1, 0, 1)


def johnson(log_rows: int, log_blowup: int, m: int) -> Regime:
    if m < SMALLEST_MULTIPLICITY:
        raise ValueError(f"the Johnson bound is proved for m >= {SMALLEST_MULTIPLICITY}")
    rho, opened, shifted = 2.0**-log_blowup, rate_of_opened(log_rows, log_blowup), m + 0.5
    theta = sqrt(opened) * (1 + 1 / (2 * m))
    slope = (2 * shifted**5 + 3 * shifted * (1 - theta) * rho) / (3 * rho**1.5)
    return Regime(f"johnson m={m}", theta, shifted / sqrt(rho), shifted / sqrt(rho), slope)


def rate_of_opened(log_rows: int, log_blowup: int) -> float:
    """A column is its quotient times (x - zeta): one degree more than FRI tests."""
    return float((1 + 2.0**-log_rows) * 2.0**-log_blowup)


def terms(parameters: Parameters, shape: Shape, regime: Regime) -> Mapping[str, float]:
    """Bits of every draw of the verifier, in the order of the protocol."""
    rows, points = 2**shape.log_rows, 2**(shape.log_rows + parameters.log_blowup)
    out = {
        "look-up challenges": bits_of(regime.candidates * shape.messages * (shape.width + 1)),
        "combination of constraints": bits_of(regime.candidates * (shape.constraints - 1)),
        "out-of-domain point": bits_of(regime.candidates * DEGREE * (rows + 1)),
        "batching": bits_of(shape.powers * regime.misleading(points)),
    }
    for log_size, log_next in rounds(parameters, shape.log_rows):
        out[f"folding 2^{log_size}"] = bits_of((2**(log_size - log_next) - 1) * regime.misleading(2**log_next))
    out["queries"] = parameters.queries * -log2(min(1.0, regime.theta + 1 / P)) + ground(parameters.grinding)
    out["hash collisions"] = DIGEST * log2(P) / 2
    return MappingProxyType(out)


def bits_of(challenges: float) -> float:
    """Bits against a draw from F of which so many outcomes are bad."""
    return inf if challenges <= 0 else log2(FIELD) - log2(challenges)


def ground(bits: int) -> float:
    """What is asked for are zeros in the lowest bits of a word below p, and zeros are a little likelier than 2^-bits."""
    return log2(P) - log2(-(-P // 2**bits))


def rounds(parameters: Parameters, log_rows: int) -> list[tuple[int, int]]:
    """(log points before, log points after) of every folding; stark/key.py decides the same for the verifier."""
    log_size, out = log_rows + parameters.log_blowup, []
    least = max(parameters.log_blowup + parameters.min_log_final, parameters.log_cap)
    while log_size - parameters.log_arity >= least:
        out.append((log_size, log_size - parameters.log_arity))
        log_size -= parameters.log_arity
    return out


def total(table: Mapping[str, float]) -> float:
    return min(table.values())


def best(parameters: Parameters, shape: Shape) -> tuple[Regime, Mapping[str, float]]:
    """The regime that proves most, and its terms. With m the queries gain and all else loses, so the best m is where they meet."""
    def with_terms(regime: Regime) -> tuple[Regime, Mapping[str, float]]:
        return regime, terms(parameters, shape, regime)

    def at(m: int) -> tuple[Regime, Mapping[str, float]]:
        return with_terms(johnson(shape.log_rows, parameters.log_blowup, m))

    low, high = SMALLEST_MULTIPLICITY, GREATEST_MULTIPLICITY
    while low < high:
        middle = (low + high) // 2
        table = at(middle)[1]
        low, high = (middle + 1, high) if table["queries"] == total(table) else (low, middle)
    candidates = with_terms(unique_decoding(shape.log_rows, parameters.log_blowup)), at(max(SMALLEST_MULTIPLICITY, low - 1)), at(low)
    return max(candidates, key=lambda pair: total(pair[1]))


def bits(parameters: Parameters, shape: Shape) -> float:
    """Provable bits of a proof with these parameters."""
    return total(best(parameters, shape)[1])


def queries_for(target: float, parameters: Parameters, shape: Shape) -> int | None:
    """The least number of queries that proves so many bits; None if no number does."""
    if bits(replace(parameters, queries=10_000), shape) < target:
        return None
    low, high = 1, 10_000
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if bits(replace(parameters, queries=middle), shape) >= target else (middle + 1, high)
    return low


def shape_of(key: Key) -> Shape:
    """The shape of a key, counted from what its verifier reads."""
    powers = 0
    for tree in key.trees:
        for words in key.levels(tree).values():
            padded = -(-words // DIGEST) * DIGEST
            powers += -(-padded // 5) if tree.extension else padded
    messages = [(len(flat.messages), 2**log_height) for flat, log_height in zip(key.flat, key.log_heights, strict=True)]
    widths = [len(parts) for flat in key.flat for _, _, parts in flat.messages]
    return Shape(key.log_rows, powers, sum(len(chip.outputs) for chip in key.point), sum(count * rows for count, rows in messages),
                 max(widths, default=0))

"""Provable bits of a proof, round by round, from the very parameters that the verifier uses. No conjecture.

Every term is the chance, at best, that one draw of the verifier turns a state in which all is lost for the prover into one in which it
is not; a proof in the random-oracle model is as strong as the weakest term (round-by-round soundness). The bounds are in
stark/bounds.py, for any protocol with FRI; here is ours, and the search for the best regime. Mutual correlated agreement makes weights
along the rounds of FRI needless, and the lifted columns need nothing of their own. docs/decisions/0002-parameters.md has the argument;
tests/test_published.py compares the bounds with published figures of other systems.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import log2
from types import MappingProxyType
from typing import TYPE_CHECKING

from stark import bounds
from stark.bounds import SMALLEST_MULTIPLICITY, Draw, Grinding, Protocol
from stark.bounds import Regime as Regime
from stark.bounds import total as total
from stark.fused import steps_of
from stark.poseidon2 import of_width
from stark.profiles import Parameters

if TYPE_CHECKING:
    from stark.key import Key

P = 2**31 - 2**24 + 1
FIELD = P**5
DEGREE = 3                       # of a constraint in the columns, selectors counted
GREATEST_MULTIPLICITY = 4096     # beyond this m no parameter set in reach gains a hundredth of a bit


@dataclass(frozen=True)
class Shape:
    """What the bits depend on beside the parameters."""

    log_rows: int        # rows of the tallest chip
    powers: int          # powers of the batching challenge that FRI's first sum uses
    constraints: int     # of all chips together
    messages: int        # bus messages, counted once for every row
    width: int           # parts of the widest message
    log_pack: int = 0    # of how many columns share one at most


def unique_decoding(log_rows: int, log_blowup: int, log_pack: int = 0) -> Regime:
    return bounds.unique_decoding(rate_of_opened(log_rows, log_blowup, log_pack))


def johnson(log_rows: int, log_blowup: int, m: int, log_pack: int = 0) -> Regime:
    return bounds.johnson(2.0**-log_blowup, rate_of_opened(log_rows, log_blowup, log_pack), m)


def rate_of_opened(log_rows: int, log_blowup: int, log_pack: int = 0) -> float:
    """A column that k share is its quotient times (x^k - zeta^k): k degrees more than FRI tests."""
    return float((1 + 2.0**(log_pack - log_rows)) * 2.0**-log_blowup)


def protocol_of(parameters: Parameters, shape: Shape) -> Protocol:
    """Our protocol, in the order of docs/protocol.md."""
    rows = 2**shape.log_rows
    draws = (Draw("look-up challenges", shape.messages * (shape.width + 1), grinding=ground(parameters.lookup_grinding)),
             Draw("combination of constraints", shape.constraints - 1),
             Draw("out-of-domain point", DEGREE * (rows + (1 << shape.log_pack))))
    folding = [2**(log_size - log_next) for log_size, log_next in rounds(parameters, shape.log_rows)]
    # Batching is a line between two curves of degree powers - 1.
    work = Grinding(ground(parameters.batch_grinding), ground(parameters.folding_grinding), ground(parameters.grinding))
    return Protocol(FIELD, rows << parameters.log_blowup, draws, shape.powers, folding, parameters.queries, work, bias=1 / P)


def terms(parameters: Parameters, shape: Shape, regime: Regime) -> Mapping[str, float]:
    """Bits of every draw of the verifier, in the order of the protocol, and of the hash."""
    table = bounds.terms(protocol_of(parameters, shape), regime)
    return MappingProxyType({**table, "hash collisions": hash_bits(parameters.hash_width)})


def hash_bits(width: int) -> float:
    """Against collisions of digests, and of the capacity that a sponge keeps to itself."""
    one = of_width(width)
    return min(one.digest, one.width - one.rate) * log2(P) / 2


def ground(bits: int) -> float:
    """What is asked for are zeros in the lowest bits of a word below p, and zeros are a little likelier than 2^-bits."""
    return log2(P) - log2(-(-P // 2**bits))


def rounds(parameters: Parameters, log_rows: int) -> list[tuple[int, int]]:
    """(log points before, log points after) of every folding; stark/key.py decides the same for the verifier."""
    log_size, out = log_rows + parameters.log_blowup, []
    least = parameters.log_blowup + parameters.min_log_final
    while log_size - parameters.log_arity >= least:
        out.append((log_size, log_size - parameters.log_arity))
        log_size -= parameters.log_arity
    return out


def best(parameters: Parameters, shape: Shape) -> tuple[Regime, Mapping[str, float]]:
    """The regime that proves most, and its terms. With m the queries gain and all else loses, so the best m is where they meet."""
    def with_terms(regime: Regime) -> tuple[Regime, Mapping[str, float]]:
        return regime, terms(parameters, shape, regime)

    def at(m: int) -> tuple[Regime, Mapping[str, float]]:
        return with_terms(johnson(shape.log_rows, parameters.log_blowup, m, shape.log_pack))

    low, high = SMALLEST_MULTIPLICITY, GREATEST_MULTIPLICITY
    while low < high:
        middle = (low + high) // 2
        table = at(middle)[1]
        low, high = (middle + 1, high) if table["queries"] == total(table) else (low, middle)
    alone = with_terms(unique_decoding(shape.log_rows, parameters.log_blowup, shape.log_pack))
    candidates = alone, at(max(SMALLEST_MULTIPLICITY, low - 1)), at(low)
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
    powers = sum(steps_of(group.shared, key.hash.rate, tree.extension) for tree, group in key.placed)
    messages = sum(len(chip.messages) << log_height for chip, log_height in zip(key.chips, key.log_heights, strict=True))
    widths = [len(message.parts) for chip in key.chips for message in chip.messages]
    return Shape(key.log_rows, powers, sum(chip.constraints for chip in key.chips), messages, max(widths, default=0), max(key.packs))

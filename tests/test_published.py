"""The bounds of stark/bounds.py reproduce published figures of public proof systems, to the bit, term by term."""
from __future__ import annotations

from collections.abc import Mapping
from math import floor, log2, sqrt

import pytest

from stark import bounds
from stark.bounds import Draw, Protocol, Regime
from tests.soundness_facts import CIRCUITS, Bits, Circuit


def regimes(circuit: Circuit) -> Mapping[str, Regime]:
    rho = 2.0**-circuit.log_blowup
    gap = max(rho / 20, sqrt(rho) / 100) if circuit.gap is None else circuit.gap
    return {"unique": bounds.sharp_unique_decoding(rho), "johnson": bounds.johnson_by_gap(rho, gap)}


def protocol(circuit: Circuit) -> Protocol:
    """The calculator counts look-ups once, not for each candidate, and quotients of several points at once."""
    rows = 2**circuit.log_rows
    identity = circuit.degree * (rows + circuit.opened - 1) + rows - 1
    draws = [Draw("constraints", circuit.constraints),
             Draw("out of domain", identity, grinding=circuit.out_of_domain_grinding)]
    draws += [Draw(f"look-up {name}", it.times * it.rows * it.columns, False, it.grinding) for name, it in circuit.lookups.items()]
    return Protocol(circuit.field_size, rows << circuit.log_blowup, draws, circuit.functions - 1, circuit.folding, circuit.queries,
                    circuit.grinding)


def published(circuit: Circuit, bits: Bits) -> dict[str, int]:
    log_size, out = circuit.log_rows + circuit.log_blowup, {}
    for arity, value in zip(circuit.folding, bits.folding, strict=True):
        out[f"folding 2^{log_size}"] = value
        log_size -= int(log2(arity))
    lookups = {f"look-up {name}": lookup.bits for name, lookup in circuit.lookups.items()}
    before = {"constraints": bits.constraints, "out of domain": bits.out_of_domain, **lookups, "batching": bits.batching}
    return {**before, **out, "queries": bits.queries}


@pytest.mark.parametrize("regime", ["unique", "johnson"])
@pytest.mark.parametrize("name", CIRCUITS)
def test_every_term_is_the_published_one(name: str, regime: str) -> None:
    circuit = CIRCUITS[name]
    ours = bounds.terms(protocol(circuit), regimes(circuit)[regime])
    assert {term: floor(value) for term, value in ours.items()} == published(circuit, getattr(circuit, regime))


@pytest.mark.parametrize("name", CIRCUITS)
def test_the_whole_is_the_published_one(name: str) -> None:
    circuit = CIRCUITS[name]
    totals = [bounds.total(bounds.terms(protocol(circuit), regime)) for regime in regimes(circuit).values()]
    assert floor(max(totals)) == circuit.total


def test_both_readings_of_the_johnson_bound_meet() -> None:
    """By multiplicity, as our profiles take it, and by gap, as the calculator does: the same but for the list, sqrt(rho) shorter."""
    for log_blowup in (1, 2, 3):
        rho = 2.0**-log_blowup
        by_multiplicity = bounds.johnson(rho, rho, 14)
        by_gap = bounds.johnson_by_gap(rho, sqrt(rho) / 27.9)
        assert by_gap.misleading(1 << 20) == pytest.approx(by_multiplicity.misleading(1 << 20), rel=1e-6)
        assert by_gap.theta == pytest.approx(by_multiplicity.theta, rel=1e-3)
        assert by_multiplicity.candidates < by_gap.candidates < 1.1 * by_multiplicity.candidates / sqrt(rho)


def test_the_sharp_bound_for_unique_decoding_proves_more() -> None:
    for rho in (0.5, 0.25, 0.125):
        old, sharp = bounds.unique_decoding(rho), bounds.sharp_unique_decoding(rho)
        assert old.theta == sharp.theta and sharp.misleading(1 << 20) < old.misleading(1 << 20)

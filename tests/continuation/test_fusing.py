"""Gates that take in others compute what both computed, and take in nothing that a gate cannot say or that is wanted elsewhere."""
from __future__ import annotations

import numpy as np
import pytest

from continuation.fusing import COEFFICIENTS, OPERANDS, Formulas, Terms, fused
from stark.expression import P

KNOWN = {0: 0, 2: 1, 4: 7}                  # wires of numbers
FREE = (10, 12, 14, 16)
RNG = np.random.default_rng(11)


def rows_of(*gates: dict[str, int]) -> dict[str, np.ndarray]:
    names = (*COEFFICIENTS, *OPERANDS, "d", "mode")
    return {name: np.array([gate.get(name, 1 if name == "mode" else 0) for gate in gates], np.int64) for name in names}


def computed(rows: dict[str, np.ndarray], values: dict[int, int]) -> dict[int, int]:
    """All wires, gate by gate."""
    known = values | KNOWN
    for k in range(len(rows["d"])):
        s, t, u, v, w = (int(rows[name][k]) for name in COEFFICIENTS)
        a, b, c = (known[int(rows[name][k])] for name in OPERANDS)
        known[int(rows["d"][k])] = (s * a * b + t * c + u * a + v * a * c + w * b) % P
    return known


def test_random_gates_compute_the_same() -> None:
    """A hundred circuits of two layers: every result that is left is what it was."""
    taken = 0
    for _ in range(100):
        gates = []
        for k in range(6):
            wires = [*FREE, *KNOWN, *(20 + 2 * j for j in range(k))]
            gate = {name: int(RNG.integers(-2, 3)) for name in COEFFICIENTS} | {name: int(RNG.choice(wires)) for name in OPERANDS}
            gates.append(gate | {name: 0 for name in COEFFICIENTS if RNG.random() < 0.6} | {"d": 20 + 2 * k})
        rows = rows_of(*gates)
        uses = np.bincount(np.concatenate([rows[name] for name in OPERANDS]), minlength=40)
        once = frozenset(int(wire) for wire in rows["d"] if uses[wire] == 1)
        out = fused(rows, once, KNOWN, {int(wire): k for k, wire in enumerate(rows["d"])})
        values = {wire: int(RNG.integers(P)) for wire in FREE}
        before, after = computed(rows, values), computed(out, values)
        assert all(before[wire] == after[wire] for wire in after) and {20 + 2 * k for k in range(6)} - set(after) <= once
        taken += len(rows["d"]) - len(out["d"])
    assert taken > 40


@pytest.mark.parametrize("terms", [{(10, 12): 1, (14, 16): 1}, {(10,): 1, (12,): 1, (14,): 1, (16,): 1}, {(10, 12): 1, (14,): 1, (16,): 1},
                                   {(10, 10): 1, (12, 12): 1}, {(10,): 1, (12,): 1, (14,): 1, (): 5}])
def test_what_no_gate_computes_is_refused(terms: Terms) -> None:
    assert Formulas(KNOWN).gate(terms) is None


def test_products_of_three_are_refused() -> None:
    formulas = Formulas(KNOWN)
    gate = {"s": 1, "t": 0, "u": 0, "v": 0, "w": 0, "a": 10, "b": 20, "c": 0}
    assert formulas.terms(gate, {20: {(12, 14): 1}}) is None and formulas.terms(gate, {20: {(12,): 3}}) == {(10, 12): 3}


def test_a_number_needs_the_wire_of_one() -> None:
    assert Formulas({0: 0}).gate({(10,): 1, (): 5}) is None
    found = Formulas(KNOWN).gate({(10,): 1, (): 5})
    assert found is not None and computed(rows_of(found | {"d": 20}), {10: 100})[20] == 105


def test_a_result_that_is_wanted_elsewhere_stays() -> None:
    rows = rows_of({"s": 1, "a": 10, "b": 12, "d": 20}, {"u": 1, "t": 1, "a": 20, "c": 14, "d": 22})
    maker = {20: 0, 22: 1}
    assert len(fused(rows, frozenset({20}), KNOWN, maker)["d"]) == 1
    assert len(fused(rows, frozenset(), KNOWN, maker)["d"]) == 2


def test_a_gate_that_only_requires_takes_nothing_in() -> None:
    rows = rows_of({"s": 1, "a": 10, "b": 12, "d": 20}, {"u": 1, "t": -1, "a": 20, "c": 14, "d": 0, "mode": -1})
    assert len(fused(rows, frozenset({20}), KNOWN, {20: 0})["d"]) == 2

"""Figures of the bundles have limits, and a figure beyond its limit is named."""
from __future__ import annotations

from benchmarks.bundles import LIMITS, judged


def test_a_figure_beyond_its_limit_is_missed() -> None:
    assert set(judged(LIMITS)) == set(LIMITS) and all(verdict.endswith("held") for verdict in judged(LIMITS).values())
    slower = {name: limit * (0.9 if name.endswith("_khz_per_core") else 1.1) for name, limit in LIMITS.items()}
    assert all(verdict.endswith("MISSED") for verdict in judged(slower).values())
    assert judged({}) == {}

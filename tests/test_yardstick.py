"""The yardstick is optional: where it cannot be built, one line says so and nothing else happens."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import plonky3, report, stark
from benchmarks.limits import LIMITS, Limit
from benchmarks.report import Figures


def test_without_cargo_it_is_skipped_with_one_line_each(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(*_: object, **__: object) -> Path:
        raise plonky3.Missing("there is no cargo")

    monkeypatch.setattr(plonky3, "build", refuse)
    monkeypatch.setattr(plonky3, "proving", lambda *_: plonky3.build("prove", 1))
    figures = Figures()
    plonky3.measure(figures)
    assert capsys.readouterr().out.splitlines() == ["plonky3: skipped, there is no cargo"] * 2
    assert figures.values == {}


def test_no_cargo_on_the_path_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(plonky3.Missing, match="no cargo"):
        plonky3.build("prove", 1)


def test_a_figure_is_the_median_of_ratios_of_neighbours() -> None:
    figures = Figures()
    plonky3.add(figures, "figure", [1.0, 2.0, 9.0], [2.0, 2.0, 3.0], "what")
    assert figures.values == {"figure": 1.0}
    assert figures.notes["figure"] == "what: 2.000 s over 2.000 s, 3 pairs, 0.50 to 3.00"


def test_the_verdict_on_a_figure() -> None:
    assert [Limit(1.7, 1.4).verdict(value) for value in (1.4, 1.41, 1.71, None)] == [
        "≤ 1.7: met; aim 1.4: met", "≤ 1.7: met; aim 1.4: not met", "≤ 1.7: not met", "≤ 1.7: not measured"]
    assert Limit(4).verdict(4) == "≤ 4: met"


def test_a_limit_that_was_not_measured_stands_in_the_table() -> None:
    figures = Figures()
    assert figures.table(whole=True).row_count == len(LIMITS) and figures.table(whole=False).row_count == 0


def test_some_parts_leave_the_figures_of_the_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(report, "HERE", tmp_path)
    for whole, value in ((True, 1.0), (False, 2.0)):
        figures = Figures()
        figures.add("one" if whole else "two", value)
        figures.save(whole)
    assert json.loads((tmp_path / "latest.json").read_text()) == {"figures": {"one": 1.0, "two": 2.0}}


@pytest.mark.parametrize("profile", ["p100", "p128"])
def test_a_small_machine_gives_every_figure(profile: str) -> None:
    found = stark.measured(profile, 1, (6, 3, 2), 1)
    assert found["columns"] == 22 and found["cells"] == (64 + 32 + 16) * (7 + 5) + 1024 * (1 + 5 + 10)
    assert found["seconds"] > 0 and found["peak"] > 0 and 10_000 < found["bytes"] and len(found["verify"]) == 2

"""The yardstick is optional: where it cannot be built, one line says so and nothing else happens."""
from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import plonky3
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

"""Operations without a circuit can be run, and are refused by name when a run is recorded for a proof."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundles import api
from bundles.errors import Unprovable
from segments.machine import machine, unprovable
from tests.wasm_exec.test_samples import SAMPLES
from wasm_exec.cutting import Budget
from wasm_exec.execute import run
from wasm_exec.instructions import Family
from wasm_exec.text import from_text
from wasm_exec.translate import load

WIDE = b"""(module (func (export "main") (result i32) (local i64)
    (i32.wrap_i64 (i64.mul (i64.sub (local.get 0) (i64.const 5)) (i64.const -3)))))"""


def test_what_has_a_chip_is_provable() -> None:
    families = [family.family for family in machine().families if family.family is not None]
    assert families == list(Family)[: len(families)]
    for path in SAMPLES.glob("*.wat"):
        assert unprovable(load(from_text(path))) == []


def test_refused_by_name_when_recorded(tmp_path: Path) -> None:
    wasm = from_text(WIDE)
    assert run(load(wasm), b"", Budget.uniform(100, 100)).outcome.code == 15
    with pytest.raises(Unprovable) as failure:
        api.record(wasm, b"", tmp_path / "bundle", "toy")
    assert str(failure.value) == f"Unprovable yet: {unprovable(load(wasm))[0]} (no circuit for it; wasm_exec can run it)"
    assert not (tmp_path / "bundle").exists()

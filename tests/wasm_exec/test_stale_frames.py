"""What an earlier frame left behind is never seen: locals begin at zero, also the one that is returned without ever being touched."""
from __future__ import annotations

import pytest

from wasm_exec.cutting import Budget
from wasm_exec.execute import run
from wasm_exec.text import from_text
from wasm_exec.translate import load

PROGRAM = b"""(module
  (import "longrun" "halt" (func $halt (param i32)))
  (func $dirty (param i32 i32 i32) (result i32) (i32.add (local.get 0) (i32.add (local.get 1) (local.get 2))))
  (func $untouched (result i32) (local i32 i32 i32) (local.get 0))
  (func $second (result i32) (local i32 i32) (local.get 1))
  (func (export "_start")
    (drop (call $dirty (i32.const 7) (i32.const 8) (i32.const 9)))
    (call $halt (i32.add (call $untouched) (call $second)))))"""


@pytest.mark.parametrize("engine", ["interpreter", "recorder"])
def test_an_untouched_result_is_zero(engine: str) -> None:
    """It was 7: RETURN did not count as reading the results, so the local in slot 0 was not set to zero."""
    recording = run(load(from_text(PROGRAM)), b"", Budget.uniform(1000, 32), engine=engine)  # type: ignore[arg-type]
    assert str(recording.outcome) == "exited(0)"

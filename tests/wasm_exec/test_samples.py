"""The samples do what they say, and what wasmtime does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wasm_exec.native import run_native
from wasm_exec.cutting import Budget
from wasm_exec.execute import run
from wasm_exec.spaces import Space
from wasm_exec.text import from_text
from wasm_exec.translate import load

SAMPLES = Path(__file__).parents[2] / "samples"
INPUTS = {
    "hello": b"What a long, strange trip; it takes more than sixty-four bytes to tell.",
    "sum": b"1 20 300, 4000\n50000",
    "sort": b"the quick brown fox",
    "collatz": (30).to_bytes(2, "little"),
    "fib_recursive": b"\x09",
    "sieve": (300).to_bytes(4, "little"),
}
OUTPUTS = {
    "hello": b"HELLO, WHAT A LONG, STRANGE TRIP; IT TAKES MORE THAN SIXTY-FOUR BYTES TO TELL.",
    "sum": b"54321",
    "sort": bytes(sorted(INPUTS["sort"])),
    "collatz": (27).to_bytes(4, "little") + (111).to_bytes(4, "little"),
    "fib_recursive": (34).to_bytes(4, "little"),
    "sieve": (62).to_bytes(4, "little"),
}


def test_every_sample_is_tested() -> None:
    assert {path.stem for path in SAMPLES.glob("*.wat")} == set(INPUTS)


@pytest.mark.parametrize("name", INPUTS)
def test_outcome_output_and_memory_are_those_of_wasmtime(name: str) -> None:
    wasm = from_text(SAMPLES / f"{name}.wat")
    recording = run(load(wasm), INPUTS[name], Budget.uniform(2000, 500), engine="interpreter")
    native = run_native(wasm, INPUTS[name])
    assert recording.output == native.output == OUTPUTS[name]
    assert recording.outcome.exited and recording.outcome.code == native.code
    linear = recording.image(len(recording.segments)).cells[Space.LINEAR].tobytes()
    assert linear.ljust(len(native.memory), b"\0")[: len(native.memory)] == native.memory

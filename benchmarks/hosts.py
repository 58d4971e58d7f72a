"""Figures of host functions: calls a second and core, from a segment that is full of them, proved at p100 in the largest shape that has
their chips.

    python -m benchmarks.hosts [NAME …]          these figures alone
"""
from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.proving import Middle, resident
from benchmarks.report import Figures
from segments.prove import ProvingKeys
from stark import profiles
from stark.kernels import load
from wasm_exec.cutting import Limits
from wasm_exec.text import from_text
from wasm_exec.translate import load as translate

HERE = Path(__file__).parent.parent
CALLS = {                                           # parameters, how often, what is called
    "sha256_compress": (2, 60_000, "(call $f (i32.const 64) (i32.const 128))"),
    "keccakf": (1, 60_000, "(call $f (i32.const 64))"),
    "poseidon2": (1, 100_000, "(call $f (i32.const 64))"),
    "mulmod256": (4, 100_000, "(call $f (i32.const 64) (i32.const 96) (i32.const 128) (i32.const 160))"),
    "state_set": (2, 20_000, "(i32.store (i32.const 64) (local.get $i)) (call $f (i32.const 64) (i32.const 96))"),
}
GUEST = """(module (import "longrun" "{name}" (func $f (param{parameters})))
  (memory 1) (data (i32.const 0) "{filled}")
  (func (export "_start") (local $i i32)
    (loop $more
      {call}
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (i32.const {count}))))))"""


def measure(figures: Figures, names: Sequence[str] = tuple(CALLS)) -> None:
    """Each in a process of its own, so that its peak memory is that of one segment."""
    for name in names:
        done = subprocess.run([sys.executable, "-m", "benchmarks.hosts", "--one", name], cwd=HERE, stdout=subprocess.PIPE, text=True,
                              check=True)
        found = json.loads(done.stdout)
        figures.add(f"segments.host_calls_per_s.{name}", found["calls"] / found["seconds"],
                    "{calls:,} calls in {steps:,} steps of the shape {shape}: {seconds:.1f} s of one core, {peak:.1f} GB".format(**found))
        figures.add(f"segments.host_cells_a_call.{name}", found["cells"] / found["calls"], "all committed cells of this segment")


def text(name: str) -> str:
    parameters, count, call = CALLS[name]
    filled = "".join(f"\\{byte:02x}" for byte in range(1, 256))
    return GUEST.format(name=name, parameters=" i32" * parameters, filled=filled, call=call, count=count)


def one(name: str) -> dict[str, object]:
    program, kernels = translate(from_text(text(name).encode()), 64, 8), load("best", 1)
    middle, keys = Middle(program, b"", Limits(), kernels), ProvingKeys(program, profiles.get("p100").segment, kernels)
    assert middle.recording.outcome.exited
    middle.proved(keys)
    found = middle.proved(keys)
    share = len(found.trace) / middle.recording.final.steps
    return {"calls": round(CALLS[name][1] * share), "steps": len(found.trace), "shape": str(found.segment.shape),
            "seconds": found.seconds, "cells": sum(found.segment.shape.cells.values()), "peak": resident("VmHWM") / 1e9}


def main() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] == ["--one"]:
        print(json.dumps(one(arguments[1])))
        return
    measure(Figures(), arguments or tuple(CALLS))


if __name__ == "__main__":
    main()

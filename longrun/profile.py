"""Where the steps of a run went: a profile for speedscope, or as .cpuprofile for speedscope and the profiler of Firefox, and a summary.

    python -m longrun.profile APP.wasm profile.speedscope.json|profile.cpuprofile [INPUT]
"""
from __future__ import annotations

import json
import sys
from pathlib import Path

from longrun.telling import clean
from wasm_exec.cutting import Budget
from wasm_exec.execute import run
from wasm_exec.observe import observe
from wasm_exec.text import from_text
from wasm_exec.translate import load

BUDGET = Budget.uniform(1 << 19, 1 << 14)
SHOWN = 20


def main(app: str, out: str, *input_file: str) -> None:
    content = Path(input_file[0]).read_bytes() if input_file else b""
    recording = run(load(from_text(Path(app))), content, BUDGET)
    observer = observe(recording)
    found = observer.cpu_profile() if out.endswith(".cpuprofile") else observer.speedscope(Path(app).name)
    Path(out).write_text(json.dumps(found))
    print(f"{recording.final.steps:,} steps, {recording.outcome}")
    for title, counts in (("function", observer.by_function()), ("family", observer.by_family()), ("memory", observer.memory())):
        print(f"\n{title}")
        for name, count in list(counts.items())[:SHOWN]:
            print(f"  {count:>14,}  {clean(name)}")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What a call of a host function costs, and the same in plain register code: steps and used cells, by chip.

    python -m scripts.host_costs [CALLS]

The guest calls in a loop, which is counted; the table of look-ups, padding and leaves are not.
"""
from __future__ import annotations

import sys
from collections import Counter

from segments.heights import cells_in_a_row
from segments.host.tables import with_rows_of_calls
from segments.shape import Shape
from wasm_exec.environment import Environment
from wasm_exec.execute import run
from wasm_exec.host_routines import ROUTINES
from wasm_exec.recording import SegmentEnd
from wasm_exec.text import from_text
from wasm_exec.translate import load
from wasm_exec.wasi import PLAIN, STANDARD

SHARE = 0.01        # of all cells, for a chip to be named


def rows_of(name: str, calls: int, environment: Environment) -> Counter[str]:
    """Rows of all calls by chip."""
    count = ROUTINES[name][0]
    arguments = " ".join(f"(i32.const {1000 * place})" for place in range(count))
    made = load(from_text(f"""(module (import "longrun" "{name}" (func $f {"(param i32)" * count})) (memory 1)
        (func (export "_start") (local $n i32) (local.set $n (i32.const {calls}))
            (loop $again (call $f {arguments})
                (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))""".encode()), environment=environment)
    rows = Counter[str]()

    def see(end: SegmentEnd) -> None:
        rows.update({"steps": end.steps} | {family.name.lower(): used for family, used in end.rows.items()})
    run(made, b"", Shape.of("2^20", len(made.instructions)).budget, observe=see)
    return rows


def line(name: str, kind: str, calls: int, environment: Environment) -> str:
    rows = dict(rows_of(name, calls, environment))
    steps = rows.pop("steps")
    cells = {chip: cells_in_a_row(chip) * used / calls for chip, used in with_rows_of_calls(rows).items()}
    total = sum(cells.values())
    named = sorted((chip for chip, used in cells.items() if used >= SHARE * total), key=lambda chip: -cells[chip])
    parts = ", ".join(f"{chip} {cells[chip]:.0f}" for chip in named)
    return f"{name:<16} {kind:<6} {steps / calls:>8.0f} steps {total:>10.0f} cells: {parts}"


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for name in ROUTINES:
        print(line(name, "host", calls, STANDARD), line(name, "plain", calls, PLAIN), sep="\n", flush=True)


if __name__ == "__main__":
    main()

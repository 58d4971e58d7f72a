"""A program as text, for people."""

from __future__ import annotations

from wasm_exec.instructions import BY_NUMBER, Use
from wasm_exec.program import COLUMN, Program
from wasm_exec.spaces import Space


def listing(program: Program) -> str:
    """One line for each instruction, with a blank line before every function and a mark at every basic block."""
    starts = set(program.block_starts.tolist())
    lines: list[str] = []
    for function in program.functions:
        lines += ["", f"{function.name}: {function.frame} slots"]
        lines += [("  * " if pc in starts else "    ") + instruction_text(program, pc) for pc in range(function.start, function.end)]
    return "\n".join(lines[1:]) + "\n"


def instruction_text(program: Program, pc: int) -> str:
    row = dict(zip(COLUMN, program.instructions[pc].tolist(), strict=True))
    operation = BY_NUMBER[row["op"]]
    words: list[str] = []
    for name, use in operation.operands.items():
        match use:
            case Use.READ | Use.WRITE | Use.CELLS:
                words.append(f"{name}=s{row[name]}")
            case Use.SPACE:
                words.append(Space(row[name]).name.lower())
            case Use.LOW:
                words.append(f"{row['i'] | row['j'] << 16:#x}")
            case Use.TARGET:
                words.append(f"-> {row[name]}")
            case Use.FRAME | Use.KIND:
                words.append(f"{row[name]}")
            case Use.HIGH:
                pass
    following = f"  next {row['next']}" if row["next"] not in (0, pc + 1) else ""
    return f"{pc:6} {operation.name:9} {' '.join(words)}{following}"

"""Tables that belong to no run: another program or statement, rows that nobody took. (What a machine can lie about: soundness/lies.py.)"""
from __future__ import annotations

from dataclasses import replace

import numpy as np

from segments.claim import Boundary
from segments.fill import Segment
from stark.check import Filled, check
from tests.segments.small import Line, const, one_segment, program

LINES: list[Line] = [
    const(0, 1000), const(1, 7), ("ADD", 2, 0, 1, 0, 0), ("STORE32", 3, 0, 2, 6, 0), ("LOAD16_U", 4, 0, 3, 6, 0), ("MUL", 5, 4, 1, 0, 0),
    ("LT_U", 6, 4, 5, 0, 0), ("BRNZ", 0, 6, 0, 9, 0), ("TRAP", 0, 0, 0, 1, 0), ("CALL", 8, 0, 0, 13, 0), ("XOR", 2, 5, 4, 0, 0),
    ("STORE8", 3, 0, 2, 0, 0), ("HALT", 0, 0, 0, 0, 0),
    const(0, 96), ("SHLI", 0, 0, 0, 3, 0), ("SELECT", 0, 0, 1, 0, 0), ("DIV_U", 0, 0, 0, 0, 0), ("RETURN", 0, 0, 0, 0, 0)]
PROGRAM = program(LINES)


def broken(segment: Segment) -> list[str]:
    return [str(sentence) for sentence in check(segment.filled, segment.public)]


def test_the_honest_machine_passes() -> None:
    segment = one_segment(PROGRAM)
    assert broken(segment) == [] and (segment.after.status, segment.after.pc) == (1, 12)


def test_another_program_is_refused() -> None:
    """The trace of one program against the table of another one."""
    honest, other = one_segment(PROGRAM), one_segment(program([*LINES[:1], const(1, 8), *LINES[2:]]))
    mixed = [replace(f, fixed=g.fixed) if f.chip.name == "program" else f for f, g in zip(honest.filled, other.filled, strict=True)]
    assert any("bus program" in str(b) for b in check(mixed, honest.public))


def with_words(segment: Segment, before: Boundary, after: Boundary) -> list[str]:
    return broken(replace(segment, before=before, after=after))


def test_another_statement_is_refused() -> None:
    segment = one_segment(PROGRAM)
    before, after = segment.before, segment.after
    root = (before.root[0] ^ 1, *before.root[1:])
    for wrong in (replace(before, pc=1), replace(before, status=1), replace(before, root=root)):
        assert with_words(segment, wrong, after)
    for wrong in (replace(after, pc=1), replace(after, status=0), replace(after, status=17), replace(after, root=root)):
        assert with_words(segment, before, wrong)
    assert any("running before" in sentence for sentence in with_words(segment, replace(before, status=1), after))


def test_steps_that_nobody_took_are_refused() -> None:
    """A copied row, a dropped row, two rows exchanged in time."""
    segment = one_segment(PROGRAM)
    for how in ("copied", "dropped", "exchanged"):
        changed = []
        for f in segment.filled:
            main = f.main.copy()
            if f.chip.name == "move":
                time = f.chip.main_names.index("time")
                if how == "copied":
                    main[:, 2] = main[:, 1]
                elif how == "dropped":
                    main[:, 1] = 0
                else:
                    main[time, :2] = main[time, 1::-1]
            changed.append(Filled(f.chip, f.fixed, main))
        assert check(changed, segment.public), how


def test_a_loop_beside_the_run_is_refused() -> None:
    """Rows that pass the state to each other in a circle would need a time that is its own successor."""
    segment = one_segment(PROGRAM)
    f = next(f for f in segment.filled if f.chip.name == "branch")
    row = {name: int(f.main[k, 0]) for k, name in enumerate(f.chip.main_names)}
    looping = f.main.copy()
    looping[:, 1] = looping[:, 0]
    looping[f.chip.main_names.index("target"), 1] = row["pc"]
    changed = [Filled(g.chip, g.fixed, looping if g is f else g.main) for g in segment.filled]
    sentences = [str(b) for b in check(changed, segment.public)]
    assert sentences and np.any(["target" in s or "bus" in s for s in sentences])

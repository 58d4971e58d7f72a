"""HALT, TRAP, PAUSE: the run ends here, with status exited, trapped(i) or paused. Nothing takes up a state that is not running."""
from __future__ import annotations

from collections.abc import Mapping

from segments.operands import Step
from segments.steps import Columns, GuestFamily, Past, Steps, Touch
from stark.chip import Chip
from wasm_exec.instructions import Family

EXITED, PAUSED, TRAPPED = 1, 2, 16


def chip() -> GuestFamily:
    chip = Chip("halt", "the run stays at this pc with status 1 (HALT), 2 (PAUSE) or 16 + i (TRAP)")
    step = Step(chip, ["HALT", "TRAP", "PAUSE"], "i")
    status = chip.column("status")
    chip.require("the status says how it ended", status - EXITED * step.flag["HALT"] - PAUSED * step.flag["PAUSE"]
                 - step.flag["TRAP"] * (step.field["i"] + TRAPPED))
    return GuestFamily(Family.HALT, step.finish(pc=step.pc, status=status), step.operations, step.ticks, touches, fill)


def touches(steps: Steps) -> list[Touch]:
    return []


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    return {"status": steps.is_one_of("HALT") * EXITED + steps.is_one_of("PAUSE") * PAUSED
            + steps.is_one_of("TRAP") * (TRAPPED + steps.fields["i"])}

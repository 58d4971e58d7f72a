"""AND, OR, XOR with a slot or an immediate: by bytes, from the table of AND (x or y = x + y - both, x xor y = x + y - 2 both)."""
from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from segments.buses import AND
from segments.guest.slots import sized, with_immediate
from segments.limbs import bytes_of, limbs, numbered
from segments.operands import Step, joined
from segments.steps import Columns, GuestFamily, Past, Steps
from stark.chip import Chip
from wasm_exec.instructions import Family


def chip(width: int = 2) -> GuestFamily:
    family = sized(Family.BITWISE, width)
    chip = Chip(family.name.lower(), "slot d = slot a and / or / xor (slot b or immediate)")
    step = Step(chip, ["AND", "OR", "XOR"], "d a b i j", immediate=True, width=width)
    x, y, both = (chip.columns(name, 2 * width) for name in ("a byte", "b byte", "both"))
    for k in range(2 * width):
        chip.send(AND, x[k], y[k], both[k], times=step.real)
    a, b = step.read_slot("a value", step.field["a"], joined(x)), step.slot_or_immediate("b value", joined(y))
    d, common = chip.columns("d value", width), joined(both)
    single, double = step.flag["AND"] - step.flag["OR"], 2 * step.flag["XOR"]
    for k in range(width):
        chip.require(f"limb {k} of the result",
                     d[k] - (single - double) * common[k] - (step.flag["OR"] + step.flag["XOR"]) * (a[k] + b[k]))
    step.write_slot(step.field["d"], d)
    return GuestFamily(family, step.finish(), step.operations, step.ticks, partial(with_immediate, width), partial(fill, width),
                       immediate=True)


def fill(width: int, steps: Steps, past: Mapping[str, Past]) -> Columns:
    a, b = steps.a, steps.slot_or_immediate
    return {**limbs("d value", steps.d, width), **limbs("d before", past["d"].cell, width),
            **numbered("a byte", bytes_of(a, width)), **numbered("b byte", bytes_of(b, width)), **numbered("both", bytes_of(a & b, width))}

"""AND, OR, XOR with a slot or an immediate: by bytes, from the table of AND (x or y = x + y - both, x xor y = x + y - 2 both)."""
from __future__ import annotations

from collections.abc import Mapping

from segments.buses import AND
from segments.operands import Step
from segments.steps import Columns, GuestFamily, Past, Steps, bytes_of, limbs, numbered, with_immediate
from stark.chip import Chip
from wasm_exec.instructions import Family


def chip() -> GuestFamily:
    chip = Chip("bitwise", "slot d = slot a and / or / xor (slot b or immediate)")
    step = Step(chip, ["AND", "OR", "XOR"], "d a b i j", immediate=True)
    a, b = step.read_slot("a value", step.field["a"]), step.slot_or_immediate("b value")
    x, y, both = chip.columns("a byte", 4), chip.columns("b byte", 4), chip.columns("both", 4)
    for name, value, parts in (("a", a, x), ("b", b, y)):
        for k, limb in enumerate(value):
            chip.require(f"limb {k} of {name} is two bytes", limb - parts[2 * k] - 256 * parts[2 * k + 1])
    for k in range(4):
        chip.send(AND, x[k], y[k], both[k], times=step.real)
    d = chip.columns("d value", 2)
    single, double = step.flag["AND"] - step.flag["OR"], 2 * step.flag["XOR"]
    for k in range(2):
        common = both[2 * k] + 256 * both[2 * k + 1]
        chip.require(f"limb {k} of the result", d[k] - (single - double) * common - (step.flag["OR"] + step.flag["XOR"]) * (a[k] + b[k]))
    step.write_slot(step.field["d"], d)
    return GuestFamily(Family.BITWISE, step.finish(), list(step.flag), step.ticks, with_immediate, fill, immediate=True)


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    a, b = steps.a, steps.slot_or_immediate
    return {**limbs("a value", a), **limbs("b value", b), **limbs("d value", steps.d), **limbs("d before", past["d"].cell),
            **numbered("a byte", bytes_of(a)), **numbered("b byte", bytes_of(b)), **numbered("both", bytes_of(a & b))}

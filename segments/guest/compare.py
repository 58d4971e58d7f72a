"""EQ, NE, LT, GE, signed or not, with a slot or an immediate: the 32-bit slot d becomes 0 or 1, or, if it is a jump, the next pc is d when
the answer is 1 and nothing is written.

One subtraction serves all: the borrow that leaves the highest limb says "less", and all limbs of the difference are zero for "equal".
Signed numbers are compared as unsigned ones after their highest bits have been turned over, which moves the borrow by the two sign bits.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

from segments.guest.slots import sized, with_immediate
from segments.inverses import inverse
from segments.limbs import limb, limbs, numbered, sum_of_limbs
from segments.operands import LIMB, Step, look_up_limbs, look_up_sign
from segments.steps import Columns, GuestFamily, Ints, Past, Steps, Touch
from stark.chip import Chip
from stark.expression import total
from wasm_exec.instructions import JUMP, Family

Bools = npt.NDArray[np.bool_]


def chip(width: int = 2) -> GuestFamily:
    family = sized(Family.COMPARE, width)
    chip = Chip(family.name.lower(), "slot d = 1 if slot a compares with (slot b or immediate) as the operation says, otherwise 0; "
                "a jump goes to pc d in place of writing 1, otherwise to the successor")
    step = Step(chip, ["EQ", "NE", "LT_U", "LT_S", "GE_U", "GE_S"], "d a b i j", immediate=True, width=width)
    flag, jump = step.flag, chip.boolean("jump")
    chip.require("only an operation jumps", jump * (1 - step.real))
    step.op = step.op + jump * JUMP
    signed = flag["LT_S"] + flag["GE_S"]
    a, b = step.read_slot("a value", step.field["a"]), step.slot_or_immediate("b value")
    difference = chip.columns("difference", width)
    borrows, less = [chip.boolean(f"borrow.{k}") for k in range(width - 1)], chip.boolean("less")
    signs = [chip.boolean("sign of a"), chip.boolean("sign of b")]
    for name, sign, top in zip("ab", signs, (a[-1], b[-1]), strict=True):
        chip.require(f"only a signed comparison looks at the sign of {name}", sign * (1 - signed))
        look_up_sign(chip, top, sign, signed)
    moved = [chip.constant(0)] * (width - 1) + [LIMB * (signs[0] - signs[1])]
    for k, (below, above) in enumerate(zip([chip.constant(0), *borrows], [*borrows, less], strict=True)):
        chip.require(f"limbs {k} and the borrow subtract", a[k] - b[k] - moved[k] - below + LIMB * above - difference[k])
    look_up_limbs(chip, difference, step.real)
    distance, reciprocal, equal = total(difference), chip.column("reciprocal"), chip.column("equal")
    chip.free["reciprocal"] = "of equal numbers it may be anything"
    chip.require("equal numbers have no difference", equal * distance)
    chip.require("different numbers have one", step.real - equal - distance * reciprocal)
    result = chip.column("result")
    chip.require("the result is the answer to the question of the operation", result
                 - flag["EQ"] * equal - flag["NE"] * (1 - equal)
                 - (flag["LT_U"] + flag["LT_S"]) * less - (flag["GE_U"] + flag["GE_S"]) * (1 - less))
    step.write_slot(step.field["d"], [result, chip.constant(0)], step.real - jump)
    for k in range(2):
        chip.free[f"d before.{k}"] = "of a jump, which writes nothing, it may be anything"
    target = chip.column("target")
    chip.require("the target of a jump is field d if the answer is 1, otherwise the successor, as without a jump",
                 target - step.next - jump * result * (step.field["d"] - step.next))
    return GuestFamily(family, step.finish(pc=target), step.operations, step.ticks, partial(touches, width), partial(fill, width),
                       immediate=True)


def touches(width: int, steps: Steps) -> list[Touch]:
    *operands, answer = with_immediate(width, steps, result=2)
    return [*operands, replace(answer, takes_place=1 - steps.jumps)]


def answers(steps: Steps, equal: Bools, less: Ints) -> Ints:
    """A jump has written none."""
    is_it = np.where(steps.is_one_of("EQ", "EQI", "NE", "NEI") == 1, equal, less)
    return is_it ^ steps.is_one_of("NE", "NEI", "GE_U", "GE_UI", "GE_S", "GE_SI")


def fill(width: int, steps: Steps, past: Mapping[str, Past]) -> Columns:
    a, b, top = steps.a, steps.slot_or_immediate, 16 * width - 1
    signed = steps.is_one_of("LT_S", "LT_SI", "GE_S", "GE_SI")
    x, y = a ^ signed << top, b ^ signed << top
    borrows = [np.zeros_like(a)]
    for k in range(width):
        borrows.append((limb(x, k) - limb(y, k) - borrows[k] < 0).astype(np.int64))
    result = answers(steps, a == b, borrows[-1])
    return {**limbs("a value", a, width), **limbs("b value", b, width), **limbs("difference", x - y, width),
            **limbs("d before", past["d"].cell), **numbered("borrow", borrows[1:-1]), "less": borrows[-1],
            "sign of a": signed * (a >> top & 1), "sign of b": signed * (b >> top & 1),
            "reciprocal": inverse(sum_of_limbs(x - y, width)), "equal": a == b, "jump": steps.jumps, "result": result,
            "target": np.where(steps.jumps * result == 1, steps.fields["d"], steps.fields["next"])}

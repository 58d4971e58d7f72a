"""DIV and REM, signed or not: slot a = quotient · slot b + remainder; division by zero and overflow end the run with their trap.

The sentences are about magnitudes: |a| = Q · |b| + R with R < |b|. The quotient is negative if one of the signs is, the remainder has
the sign of a. The one overflow is the smallest number over -1, whose quotient has no place among the positive numbers.
"""
from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from segments.buses import BYTES
from segments.guest.slots import sized, slot
from segments.limbs import bytes_of, limb, limbs, numbered, sum_of_limbs
from segments.operands import LIMB, Limbs, Step, joined, look_up_bytes, look_up_limbs, look_up_sign
from segments.products import carried, carry_sentences, limb_sums
from segments.steps import Columns, GuestFamily, Ints, Past, Steps, Touch
from stark.chip import Chip
from stark.expression import Expression, total
from wasm_exec.errors import TrapKind
from wasm_exec.instructions import Family

BY_ZERO, OVERFLOW = 16 + int(TrapKind.DIVIDE_BY_ZERO), 16 + int(TrapKind.INTEGER_OVERFLOW)


def chip(width: int = 2) -> GuestFamily:
    family, size = sized(Family.DIV, width), 2 * width
    chip = Chip(family.name.lower(), "slot d = quotient or remainder of slot a by slot b, or the run traps")
    step = Step(chip, ["DIV_U", "REM_U", "DIV_S", "REM_S"], "d a b", width=width)
    flag, real = step.flag, step.real
    division, signed = flag["DIV_U"] + flag["DIV_S"], flag["DIV_S"] + flag["REM_S"]
    values = [step.read_slot(f"{name} value", step.field[name]) for name in "ab"]
    signs = [chip.boolean(f"sign of {name}") for name in "ab"]
    dividend, divisor = chip.columns("size of a", width), chip.columns("divisor byte", size)
    look_up_limbs(chip, dividend, real)
    look_up_bytes(chip, divisor, real)
    for name, value, sign, result in zip("ab", values, signs, (dividend, joined(divisor)), strict=True):
        chip.require(f"only a signed division looks at the sign of {name}", sign * (1 - signed))
        look_up_sign(chip, value[-1], sign, signed)
        negated(chip, name, value, sign, result, sign)
    zero, overflow, negative = chip.boolean("by zero"), chip.boolean("overflow"), chip.column("negative")
    quotient, rest, carries = chip.columns("quotient byte", size), chip.columns("rest", width), chip.columns("carry", width - 1)
    look_up_bytes(chip, quotient, real)
    for k, value in enumerate(limb_sums(quotient, divisor, width)):
        below, above = carries[k - 1] if k else chip.constant(0), carries[k] if k < width - 1 else chip.constant(0)
        chip.require(f"limb {k}: quotient times divisor and rest are the dividend", value + below + rest[k] - dividend[k] - LIMB * above)
    chip.require(f"the product has no more than {16 * width} bits",
                 total([quotient[i] * divisor[k] for i in range(size) for k in range(size) if i + k >= size]))
    carry_sentences(step, carries)
    look_up_limbs(chip, rest, real)
    exceeds(step, joined(divisor), rest, real - zero)
    chip.require("a division by zero has the divisor 0", zero * total(divisor))
    chip.require("only a real row divides by zero", zero * (1 - real))
    chip.require("a division by zero is no overflow", zero * overflow)
    chip.require("the sign of a quotient or remainder",
                 negative - division * (signs[0] + signs[1] - 2 * signs[0] * signs[1]) - (real - division) * signs[0])
    chip.require("only DIV_S overflows", overflow * (1 - flag["DIV_S"]))
    chip.require("a negative quotient does not overflow", overflow * negative)
    chip.send(BYTES, 2 * (quotient[-1] - 128 * overflow), 0, times=flag["DIV_S"] * (1 - negative))
    d = chip.columns("d value", width)
    outcome = [division * q + (real - division) * r for q, r in zip(joined(quotient), rest, strict=True)]
    negated(chip, "the result", outcome, negative, d)
    look_up_limbs(chip, d, real)
    trap, target = zero + overflow, chip.column("target")
    step.write_slot(step.field["d"], d, real - trap)
    chip.require("a trap stays where it is", target - step.next - trap * (step.pc - step.next))
    done = step.finish(pc=target, status=BY_ZERO * zero + OVERFLOW * overflow)
    return GuestFamily(family, done, step.operations, step.ticks, partial(touches, width), partial(fill, width), straight=False)


def negated(chip: Chip, name: str, value: Limbs, sign: Expression, result: Limbs, top: Expression | None = None) -> None:
    """`result` is minus the value, as many bits as it has (0 for 0), if the sign is 1, otherwise the value; both have limbs of 16 bits.
    `top` is the highest carry times the sign, where it is known."""
    count = len(value) - (top is not None)
    carries = [chip.boolean(f"{name}: carry.{k}") for k in range(count)]
    chip.free |= {f"{name}: carry.{k}": "nothing is carried without a sign" for k in range(count)}
    for k, (x, y) in enumerate(zip(value, result, strict=True)):
        above = top if top is not None and k == count else sign * carries[k]
        below = sign * carries[k - 1] if k else chip.constant(0)
        chip.require(f"limb {k} of {name} with its sign", y - x - LIMB * above + below + 2 * sign * x)


def exceeds(step: Step, larger: Limbs, smaller: Limbs, times: Expression) -> None:
    """Their difference less one has limbs and no borrow."""
    chip = step.chip
    borrows, above = [chip.boolean(f"borrow.{k}") for k in range(len(larger) - 1)], chip.columns("above the rest", len(larger))
    for k, (x, y) in enumerate(zip(larger, smaller, strict=True)):
        below = borrows[k - 1] if k else step.real
        lent = LIMB * borrows[k] if k < len(borrows) else chip.constant(0)
        chip.require(f"limb {k}: the divisor exceeds the rest", above[k] - (x - y - below + lent))
    look_up_limbs(chip, above, times)


def fill_negated(name: str, value: Ints, sign: Ints, count: int) -> Columns:
    return {f"{name}: carry.{k}": sign * (sum_of_limbs(value, k + 1) != 0) for k in range(count)}


def fill_exceeds(larger: Ints, smaller: Ints, width: int) -> Columns:
    borrows, above = [np.ones_like(larger)], []
    for k in range(width):
        difference = limb(larger, k) - limb(smaller, k) - borrows[k]
        borrows.append((difference < 0).astype(np.int64) if k < width - 1 else np.zeros_like(larger))
        above.append(difference + LIMB * borrows[-1])
    return numbered("borrow", borrows[1:-1]) | numbered("above the rest", above)


def traps(width: int, steps: Steps) -> tuple[Ints, Ints]:
    """Division by zero, overflow."""
    smallest = steps.a << 64 - 16 * width == -1 << 63
    minus_one = steps.b << 64 - 16 * width == -1 << 64 - 16 * width
    return (steps.b == 0).astype(np.int64), steps.is_one_of("DIV_S") * smallest * minus_one


def touches(width: int, steps: Steps) -> list[Touch]:
    zero, overflow = traps(width, steps)
    return [slot(steps, "a value", "a", steps.a, width), slot(steps, "b value", "b", steps.b, width),
            slot(steps, "d", "d", steps.d, width, 1 - zero - overflow)]


def fill(width: int, steps: Steps, past: Mapping[str, Past]) -> Columns:
    bits = 16 * width
    mask = np.uint64((1 << bits) - 1)
    signed, division = steps.is_one_of("DIV_S", "REM_S"), steps.is_one_of("DIV_U", "DIV_S")
    signs = [signed * (value >> bits - 1 & 1) for value in (steps.a, steps.b)]
    a, b = (np.where(sign == 1, -value, value).astype(np.uint64) & mask for sign, value in zip(signs, (steps.a, steps.b), strict=True))
    zero, overflow = traps(width, steps)
    quotient = np.where(zero == 1, np.uint64(0), a // np.maximum(b, np.uint64(1)))
    rest = a - quotient * b
    negative = np.where(division == 1, signs[0] ^ signs[1], signs[0])
    size_a, size_b, q, r = (value.astype(np.int64) for value in (a, b, quotient, rest))
    outcome = np.where(division == 1, q, r)
    sums = [value + limb(r, k) for k, value in enumerate(limb_sums(bytes_of(q, width), bytes_of(size_b, width), width))]
    return {**limbs("a value", steps.a, width), **limbs("b value", steps.b, width), **limbs("size of a", size_a, width),
            "sign of a": signs[0], "sign of b": signs[1], "by zero": zero, "overflow": overflow, "negative": negative,
            **fill_negated("a", steps.a, signs[0], width - 1), **fill_negated("b", steps.b, signs[1], width - 1),
            **fill_negated("the result", outcome, negative, width),
            **numbered("quotient byte", bytes_of(q, width)), **numbered("divisor byte", bytes_of(size_b, width)),
            **limbs("rest", r, width), **numbered("carry", carried(sums)[:-1]), **fill_exceeds(size_b, r, width),
            **limbs("d value", np.where(negative == 1, -outcome, outcome), width), **limbs("d before", past["d"].cell, width),
            "target": np.where(zero + overflow > 0, steps.pc, steps.fields["next"])}

"""DIV and REM, signed or not: slot a = quotient · slot b + remainder; division by zero and overflow end the run with their trap.

The sentences are about magnitudes: |a| = Q · |b| + R with R < |b|. The quotient is negative if one of the signs is, the remainder has
the sign of a. The one overflow is -2^31 / -1, whose quotient has no place among the positive numbers.
"""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from segments.buses import BYTES
from segments.operands import LIMB, Limbs, Step, look_up_limbs
from segments.products import byte_columns, carry_sentences, low_columns
from segments.steps import Columns, GuestFamily, Ints, Past, Steps, Touch, bytes_of, limbs, numbered, slot
from stark.chip import Chip
from stark.expression import Expression, total
from wasm_exec.errors import TrapKind
from wasm_exec.instructions import Family

HALF = LIMB // 2
BY_ZERO, OVERFLOW = 16 + int(TrapKind.DIVIDE_BY_ZERO), 16 + int(TrapKind.INTEGER_OVERFLOW)


def chip() -> GuestFamily:
    chip = Chip("div", "slot d = quotient or remainder of slot a by slot b, or the run traps")
    step = Step(chip, ["DIV_U", "REM_U", "DIV_S", "REM_S"], "d a b")
    flag, real = step.flag, step.real
    division, signed = flag["DIV_U"] + flag["DIV_S"], flag["DIV_S"] + flag["REM_S"]
    values = [step.read_slot(f"{name} value", step.field[name]) for name in "ab"]
    signs = [chip.boolean(f"sign of {name}") for name in "ab"]
    sizes = [chip.columns(f"size of {name}", 2) for name in "ab"]
    for name, value, sign, size in zip("ab", values, signs, sizes, strict=True):
        chip.require(f"only a signed division looks at the sign of {name}", sign * (1 - signed))
        look_up_limbs(chip, [2 * (value[1] - HALF * sign)], signed)
        negated(chip, f"{name}", value, sign, size)
        look_up_limbs(chip, size, real)
    zero, overflow, negative = chip.boolean("by zero"), chip.boolean("overflow"), chip.column("negative")
    divisor = byte_columns(step, "divisor", sizes[1])
    quotient, rest = chip.columns("quotient byte", 4), chip.columns("rest", 2)
    chip.send(BYTES, quotient[0], quotient[1], times=real)
    chip.send(BYTES, quotient[2], quotient[3], times=real)
    carry = chip.column("carry")
    low, high = low_columns(quotient, divisor)
    chip.require("low half: quotient times divisor and rest are the dividend", low + rest[0] - sizes[0][0] - LIMB * carry)
    chip.require("high half: quotient times divisor and rest are the dividend", high + carry + rest[1] - sizes[0][1])
    chip.require("the product has no more than 32 bits", total([quotient[i] * divisor[k] for i in range(4) for k in range(4) if i + k > 3]))
    carry_sentences(step, [carry])
    look_up_limbs(chip, rest, real)
    borrow, above = chip.boolean("borrow"), chip.columns("above the rest", 2)
    chip.require("low half: the divisor exceeds the rest", above[0] - (sizes[1][0] - rest[0] - real + LIMB * borrow))
    chip.require("high half: the divisor exceeds the rest", above[1] - (sizes[1][1] - rest[1] - borrow))
    look_up_limbs(chip, above, real - zero)
    chip.require("a division by zero has the divisor 0", zero * (sizes[1][0] + sizes[1][1]))
    chip.require("only a real row divides by zero", zero * (1 - real))
    chip.require("a division by zero is no overflow", zero * overflow)
    chip.require("the sign of a quotient or remainder",
                 negative - division * (signs[0] + signs[1] - 2 * signs[0] * signs[1]) - (real - division) * signs[0])
    chip.require("only DIV_S overflows", overflow * (1 - flag["DIV_S"]))
    chip.require("a negative quotient does not overflow", overflow * negative)
    chip.send(BYTES, 2 * (quotient[3] - 128 * overflow), 0, times=flag["DIV_S"] * (1 - negative))
    d = chip.columns("d value", 2)
    outcome = [division * (quotient[2 * k] + 256 * quotient[2 * k + 1]) + (real - division) * rest[k] for k in range(2)]
    negated(chip, "the result", outcome, negative, d)
    look_up_limbs(chip, d, real)
    trap, target = zero + overflow, chip.column("target")
    step.write_slot(step.field["d"], d, real - trap)
    chip.require("a trap stays where it is", target - step.next - trap * (step.pc - step.next))
    done = step.finish(pc=target, status=BY_ZERO * zero + OVERFLOW * overflow)
    return GuestFamily(Family.DIV, done, list(flag), step.ticks, touches, fill)


def negated(chip: Chip, name: str, value: Limbs, sign: Expression, result: Limbs) -> None:
    """`result` is 2^32 - value if the sign is 1 (0 for 0), otherwise the value; both have limbs of 16 bits."""
    low, high = chip.boolean(f"{name}: low carry"), chip.boolean(f"{name}: high carry")
    chip.free |= {f"{name}: {half} carry": "nothing is carried without a sign" for half in ("low", "high")}
    chip.require(f"low half of {name} with its sign", result[0] - value[0] - sign * (LIMB * low - 2 * value[0]))
    chip.require(f"high half of {name} with its sign", result[1] - value[1] - sign * (LIMB * high - low - 2 * value[1]))


def fill_negated(name: str, value: Ints, sign: Ints) -> Columns:
    return {f"{name}: low carry": sign * (value % LIMB != 0), f"{name}: high carry": sign * (value != 0)}


def traps(steps: Steps) -> tuple[Ints, Ints]:
    """Division by zero, overflow."""
    overflow = steps.is_one_of("DIV_S") * (steps.a == 1 << 31) * (steps.b == 0xFFFFFFFF)
    return (steps.b == 0).astype(np.int64), overflow


def touches(steps: Steps) -> list[Touch]:
    zero, overflow = traps(steps)
    return [slot(steps, "a value", "a", steps.a), slot(steps, "b value", "b", steps.b), slot(steps, "d", "d", steps.d, 1 - zero - overflow)]


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    signed, division = steps.is_one_of("DIV_S", "REM_S"), steps.is_one_of("DIV_U", "DIV_S")
    signs = [signed * (value >> 31) for value in (steps.a, steps.b)]
    a, b = (np.where(sign == 1, (1 << 32) - value, value) for sign, value in zip(signs, (steps.a, steps.b), strict=True))
    zero, overflow = traps(steps)
    quotient = np.where(zero == 1, 0, a // np.maximum(b, 1))
    rest = a - quotient * b
    negative = np.where(division == 1, signs[0] ^ signs[1], signs[0])
    outcome = np.where(division == 1, quotient, rest)
    bytes_q, bytes_b = bytes_of(quotient), bytes_of(b)
    borrow = (b % LIMB - rest % LIMB - 1 < 0).astype(np.int64)
    above = [b % LIMB - rest % LIMB - 1 + LIMB * borrow, b // LIMB - rest // LIMB - borrow]
    return {**limbs("a value", steps.a), **limbs("b value", steps.b), **limbs("size of a", a), **limbs("size of b", b),
            "sign of a": signs[0], "sign of b": signs[1], "by zero": zero, "overflow": overflow, "negative": negative,
            **fill_negated("a", steps.a, signs[0]), **fill_negated("b", steps.b, signs[1]),
            **fill_negated("the result", outcome, negative),
            **numbered("quotient byte", bytes_q), **numbered("divisor byte", bytes_b),
            **limbs("rest", rest), "carry": (low_columns(bytes_q, bytes_b)[0] + rest % LIMB) >> 16, "borrow": borrow,
            **numbered("above the rest", above),
            **limbs("d value", np.where(negative == 1, -outcome % (1 << 32), outcome)), **limbs("d before", past["d"].cell),
            "target": np.where(zero + overflow > 0, steps.pc, steps.fields["next"])}

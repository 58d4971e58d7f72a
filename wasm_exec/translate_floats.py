"""Translation of floats: bits are moved and changed in place, everything else is a call of a routine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from wasm_exec.float_source import integer_name
from wasm_exec.library import call_routine
from wasm_exec.opcodes import CODE_OF
from wasm_exec.translate_body import BodyTranslator
from wasm_exec.translate_plain import binary, unary
from wasm_exec.values import Constant, OperandStack

Rule = Callable[[BodyTranslator, object], None]


def sign_bit(wide: bool) -> int:
    return 1 << (63 if wide else 31)


def with_mask(stack: OperandStack, operation: str, mask: int, above: int = 0) -> None:
    """The value at the top (operation) mask; so many slots above it are in use."""
    value = stack.pop()
    suffix = "64" if value.wide else ""
    binary(stack, operation + suffix, value, Constant(mask, value.wide, value.home + above + 1 + value.wide))


def negate(translator: BodyTranslator, operand: object, wide: bool) -> None:
    with_mask(translator.stack, "XOR", sign_bit(wide))


def absolute(translator: BodyTranslator, operand: object, wide: bool) -> None:
    with_mask(translator.stack, "AND", sign_bit(wide) - 1)


def copy_sign(translator: BodyTranslator, operand: object, wide: bool) -> None:
    stack = translator.stack
    with_mask(stack, "AND", sign_bit(wide))
    sign = stack.pop()
    with_mask(stack, "AND", sign_bit(wide) - 1, above=1 + wide)
    binary(stack, "OR64" if wide else "OR", stack.pop(), sign)


def subtract(translator: BodyTranslator, operand: object, wide: bool) -> None:
    negate(translator, operand, wide)
    call_routine(translator, "f64_add" if wide else "f32_add")


def sequence(*steps: str) -> Rule:
    """A rule: routines, or operations of the table in capitals, one after the other."""

    def rule(translator: BodyTranslator, operand: object) -> None:
        for step in steps:
            if step.isupper():
                unary(translator.stack, step)
            else:
                call_routine(translator, step)

    return rule


def to_integers() -> dict[int, Rule]:
    rules: dict[int, Rule] = {}
    for bits in (32, 64):
        for source in ("f32", "f64"):
            for letter in "su":
                for infix, saturating in (("trunc", False), ("trunc_sat", True)):
                    steps = ["f64_promote"] if source == "f32" else []
                    steps.append(integer_name(bits, letter == "s", saturating))
                    rules[CODE_OF[f"i{bits}.{infix}_{source}_{letter}"]] = sequence(*steps, *(["WRAP"] if bits == 32 else []))
    return rules


def from_integers() -> dict[int, Rule]:
    return {
        CODE_OF[f"{target}.convert_i{bits}_{letter}"]: sequence(
            *([f"EXTEND_{letter.upper()}"] if bits == 32 else []), f"{target}_from_{letter}64")
        for target in ("f32", "f64") for bits in (32, 64) for letter in "su"
    }


FLOATS: dict[int, Rule] = {
    CODE_OF["f64.promote_f32"]: sequence("f64_promote"),
    CODE_OF["f32.demote_f64"]: sequence("f32_demote"),
    **to_integers(),
    **from_integers(),
}
for kind, is_wide in (("f32", False), ("f64", True)):
    for operation in "add mul div sqrt trunc floor ceil nearest min max eq ne lt gt le ge".split():
        FLOATS[CODE_OF[f"{kind}.{operation}"]] = sequence(f"{kind}_{operation}")
    for operation, handler in (("neg", negate), ("abs", absolute), ("copysign", copy_sign), ("sub", subtract)):
        FLOATS[CODE_OF[f"{kind}.{operation}"]] = partial(handler, wide=is_wide)

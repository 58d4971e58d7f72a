"""Types of the plain instructions, and how many bytes loads and stores touch."""

from __future__ import annotations

from wasm_exec.module import ValueType
from wasm_exec.opcodes import CODE_OF, CONVERSIONS, FLOAT, FLOAT_COMPARE, INTEGER, INTEGER_COMPARE, MEMORY, SATURATING

Types = tuple[ValueType, ...]
KINDS = {kind.name.lower(): kind for kind in (ValueType.I32, ValueType.I64, ValueType.F32, ValueType.F64)}
I = ValueType.I32  # noqa: E741 - the letter of the specification
UNARY = {"eqz", "clz", "ctz", "popcnt", "abs", "neg", "ceil", "floor", "trunc", "nearest", "sqrt"}


def plain_signatures() -> dict[str, tuple[Types, Types]]:
    result: dict[str, tuple[Types, Types]] = {}
    for name, kind in KINDS.items():
        integer = name[0] == "i"
        tests = INTEGER_COMPARE if integer else FLOAT_COMPARE
        for operation in [*tests, *(INTEGER if integer else FLOAT)]:
            operands: Types = (kind,) if operation in UNARY else (kind, kind)
            result[f"{name}.{operation}"] = operands, (I if operation in tests else kind,)
        result[f"{name}.const"] = (), (kind,)
    for text in CONVERSIONS + SATURATING:
        target, rest = text.split(".")
        source = next((kind for name, kind in KINDS.items() if name in rest), KINDS[target])
        result[text] = (source,), (KINDS[target],)
    for text in MEMORY:
        value, name = text.split(".")
        result[text] = ((I,), (KINDS[value],)) if name.startswith("load") else ((I, KINDS[value]), ())
    return result


SIGNATURES: dict[int, tuple[Types, Types]] = {CODE_OF[name]: signature for name, signature in plain_signatures().items()} | {
    CODE_OF["memory.size"]: ((), (I,)),
    CODE_OF["memory.grow"]: ((I,), (I,)),
    CODE_OF["memory.copy"]: ((I, I, I), ()),
    CODE_OF["memory.fill"]: ((I, I, I), ()),
}


def width(text: str) -> int:
    kind, name = text.split(".")
    digits = "".join(letter for letter in name.removeprefix("load").removeprefix("store") if letter.isdigit())
    return int(digits or kind[1:]) // 8


# Bytes that a load or store touches; the alignment may not be greater.
WIDTHS: dict[int, int] = {CODE_OF[text]: width(text) for text in MEMORY}
NEED_MEMORY = {*WIDTHS, *(CODE_OF[name] for name in ("memory.size", "memory.grow", "memory.copy", "memory.fill"))}

"""Types of the plain instructions that we translate today. A name that is missing here is refused by name."""

from __future__ import annotations

from wasm_exec.module import ValueType
from wasm_exec.opcodes import CODE_OF

Types = tuple[ValueType, ...]
I = ValueType.I32  # noqa: E741 - the letter of the specification

UNARY = ["eqz", "extend8_s", "extend16_s"]
BINARY = """add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr
eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u""".split()

SIGNATURES: dict[int, tuple[Types, Types]] = {
    **{CODE_OF[f"i32.{name}"]: ((I,), (I,)) for name in UNARY},
    **{CODE_OF[f"i32.{name}"]: ((I, I), (I,)) for name in BINARY},
    **{CODE_OF[f"i32.{name}"]: ((I,), (I,)) for name in ("load", "load8_s", "load8_u", "load16_s", "load16_u")},
    **{CODE_OF[f"i32.{name}"]: ((I, I), ()) for name in ("store", "store8", "store16")},
    CODE_OF["i32.const"]: ((), (I,)),
    CODE_OF["memory.size"]: ((), (I,)),
}

# Bytes that a load or store touches; the alignment may not be greater.
WIDTHS: dict[int, int] = {
    CODE_OF[f"i32.{name}"]: width
    for width, names in {4: ["load", "store"], 2: ["load16_s", "load16_u", "store16"], 1: ["load8_s", "load8_u", "store8"]}.items()
    for name in names
}

# What a module may import from module `longrun`.
PRIMITIVES: dict[str, tuple[Types, Types]] = {
    "read_input": ((I, I), (I,)),
    "write_output": ((I, I), ()),
    "halt": ((I,), ()),
}
PRIMITIVE_MODULE = "longrun"

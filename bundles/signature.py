"""Arguments and results of a session's events as people write them, by the types that the module gives them."""
from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from bundles.errors import BadCall, several
from wasm_exec.decode import decode
from wasm_exec.module import FunctionType, ValueType
from wasm_exec.translate import event_types

Value = int | float
SHOWN = 40          # letters of what somebody typed
FLOATS = {ValueType.F32: ("<f", "<I"), ValueType.F64: ("<d", "<Q")}


def signatures(app: bytes) -> Mapping[str, FunctionType]:
    """The events of a module, in their order."""
    module = decode(app)
    types = [module.types[item.type_index] for item in module.imports] + [module.types[index] for _, index in module.functions]
    return event_types(module, types)


def bits_of(name: str, kinds: FunctionType, values: Sequence[Value | str]) -> list[int]:
    """Arguments as bits; BadCall if they are not those of the event. Integers may be signed or not."""
    if len(values) != len(kinds.parameters):
        wanted = ", ".join(map(kind_name, kinds.parameters)) or "none"
        raise BadCall(f"{name} takes {several(len(kinds.parameters), 'argument')} ({wanted}), not {len(values)}")
    return [bits(f"argument {number} of {name}", kind, value)
            for number, (kind, value) in enumerate(zip(kinds.parameters, values, strict=True), 1)]


def bits(what: str, kind: ValueType, value: Value | str) -> int:
    try:
        if kind in FLOATS:
            to_bytes, to_number = FLOATS[kind]
            return int(struct.unpack(to_number, struct.pack(to_bytes, float(value)))[0])
        number = int(value, 0) if isinstance(value, str) else value
        if isinstance(number, float):
            raise ValueError
        width = width_of(kind)
        if not -(1 << width - 1) <= number < 1 << width:
            raise ValueError
        return number % (1 << width)
    except (ValueError, OverflowError, struct.error):
        span = "" if kind in FLOATS else f", a whole number from -2^{width_of(kind) - 1} to 2^{width_of(kind)} - 1"
        raise BadCall(f"{what} is {str(value)[:SHOWN]!r} and no {kind_name(kind)}{span}") from None


def values_of(kinds: FunctionType, results: Sequence[int]) -> tuple[Value, ...]:
    """Results as numbers, integers with a sign."""
    return tuple(value_of(kind, result) for kind, result in zip(kinds.results, results, strict=True))


def value_of(kind: ValueType, result: int) -> Value:
    if kind in FLOATS:
        to_bytes, to_number = FLOATS[kind]
        size = struct.calcsize(to_number)
        return float(struct.unpack(to_bytes, result.to_bytes(8, "little")[:size])[0])
    width = width_of(kind)
    result %= 1 << width
    return result - (1 << width) if result >> width - 1 else result


def width_of(kind: ValueType) -> int:
    return 64 if kind.wide else 32


def kind_name(kind: ValueType) -> str:
    return kind.name.lower()

"""What every program may import: the functions of module `longrun`, and WASI preview 1 made of them."""

from __future__ import annotations

from functools import partial

from wasm_exec.assembler import Assembler
from wasm_exec.environment import LONGRUN, Environment, Routine
from wasm_exec.host_source import PUBLIC, functions
from wasm_exec.library import made
from wasm_exec.module import FunctionType, ValueType
from wasm_exec.translate_blocks import Surroundings
from wasm_exec.wasi_source import MODULES, NOT_SUPPORTED, calls, is_call


def routine(name: str, around: Surroundings) -> Assembler:
    return made(around, name)


def not_supported(around: Surroundings) -> Assembler:
    code = Assembler("wasi.not_supported")
    code.emit("CONST", d=0, immediate=NOT_SUPPORTED)
    code.emit("RETURN")
    return code


def unknown(kind: FunctionType) -> Routine | None:
    """A call that we do not have answers so, if it answers with an error code at all."""
    return Routine(kind, not_supported) if kind.results == (ValueType.I32,) else None


STANDARD = Environment(
    LONGRUN.functions | {
        (module, name): Routine(source.type, partial(routine, name))
        for module in MODULES for name, source in calls().items() if is_call(name)
    } | {("longrun", name): Routine(functions()[name].type, partial(routine, name)) for name in PUBLIC},
    others={module: unknown for module in MODULES},
)

"""What every program may import: the functions of module `longrun`, WASI preview 1 made of them, and `abort` of AssemblyScript."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from wasm_exec import host_routines, host_source, state_source
from wasm_exec.assembler import Assembler
from wasm_exec.environment import LONGRUN, Environment, Routine
from wasm_exec.errors import TrapKind
from wasm_exec.library import made
from wasm_exec.module import FunctionType, ValueType
from wasm_exec.translate_blocks import Surroundings
from wasm_exec.wasi_source import MODULE, NOT_SUPPORTED, calls, is_call


def routine(name: str, around: Surroundings) -> Assembler:
    return made(around, name)


def host_routine(name: str, around: Surroundings) -> Assembler:
    return host_routines.routine(name)


def not_supported(around: Surroundings) -> Assembler:
    code = Assembler("wasi.not_supported")
    code.emit("CONST", d=0, immediate=NOT_SUPPORTED)
    code.emit("RETURN")
    return code


def unknown(kind: FunctionType) -> Routine | None:
    """A call that we do not have answers so, if it answers with an error code at all."""
    return Routine(kind, not_supported) if kind.results == (ValueType.I32,) else None


def abort(around: Surroundings) -> Assembler:
    """What AssemblyScript calls with a message when an assertion fails; the message is dropped."""
    code = Assembler("env.abort")
    code.emit("TRAP", condition=TrapKind.UNREACHABLE)
    return code


STANDARD = Environment(
    LONGRUN.functions
    | {("longrun", name): Routine(source.functions()[name].type, partial(routine, name))
       for source in (host_source, state_source) for name in source.PUBLIC}
    | {("longrun", name): Routine(host_routines.kind(name), partial(host_routine, name)) for name in host_routines.ROUTINES}
    | {(MODULE, name): Routine(source.type, partial(routine, name)) for name, source in calls().items() if is_call(name)}
    | {("env", "abort"): Routine(FunctionType((ValueType.I32,) * 4, ()), abort)},
    others={MODULE: unknown},
)
# The same with plain register code where host functions are called, to compare with.
PLAIN = replace(STANDARD, functions=STANDARD.functions | {
    ("longrun", name): Routine(host_source.functions()[name].type, partial(routine, name)) for name in host_routines.ROUTINES})

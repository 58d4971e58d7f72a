"""All routines that a program can link in, by their names: those of the small language and those by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from wasm_exec import float_source, host_source, runtime, state_source, wasi_source
from wasm_exec.assembler import Assembler
from wasm_exec.module import Body
from wasm_exec.small_language import (
    CALL_ROUTINE,
    GET_ENTRY,
    GET_MAP,
    GET_STATE,
    INPUT_WORD,
    SET_ENTRY,
    SET_MAP,
    SET_STATE,
    TRAP,
    Compiler,
    RoutineSource,
    kept,
)
from wasm_exec.spaces import CELL_BYTES, Space
from wasm_exec.translate_blocks import Surroundings, widths
from wasm_exec.translate_body import BodyTranslator
from wasm_exec.translate_memory import get_global, set_global

CELL_SHIFT = CELL_BYTES.bit_length() - 1


@cache
def sources() -> dict[str, RoutineSource]:
    return float_source.routines() | wasi_source.calls() | host_source.functions() | state_source.functions()


@cache
def states() -> dict[str, tuple[int, ...]]:
    """What is kept from call to call, and its values at the beginning."""
    return wasi_source.STATES | host_source.STATES


def made(around: Surroundings, name: str) -> Assembler:
    """The routine of this name."""
    if name in runtime.BY_HAND:
        return runtime.by_hand(around, name)
    source = sources()[name]
    body = body_of(name)
    return BodyTranslator(around, name, source.type, body).translate(body)


@cache
def body_of(name: str) -> Body:
    return Compiler(sources()[name], sources()).compile()


def call_routine(translator: BodyTranslator, name: object) -> None:
    assert isinstance(name, str)
    signature = sources()[name].type
    number = translator.around.routines.number(("routine", name), partial(made, translator.around, name))
    translator.call_function(number, len(signature.parameters), widths(signature.results))


def state_global(translator: BodyTranslator, name: object) -> int:
    assert isinstance(name, str)
    return translator.around.places.state(name, states()[name])


def is_wide(name: object) -> bool:
    return isinstance(name, str) and kept(name) == "u64"


def get_state(translator: BodyTranslator, name: object) -> None:
    get_global(translator.stack, state_global(translator, name), is_wide(name))


def set_state(translator: BodyTranslator, name: object) -> None:
    set_global(translator.stack, state_global(translator, name))


def get_entry(translator: BodyTranslator, name: object) -> None:
    stack, place, wide = translator.stack, CELL_BYTES * state_global(translator, name), is_wide(name)
    index = stack.pop()
    stack.code.emit("SHLI", d=index.home, a=stack.slot_of(index), immediate=CELL_SHIFT)
    stack.code.emit("LOAD64" if wide else "LOAD32", d=stack.push_result(wide), a=index.home, b=Space.GLOBALS, immediate=place)


def set_entry(translator: BodyTranslator, name: object) -> None:
    stack, place = translator.stack, CELL_BYTES * state_global(translator, name)
    value = stack.pop_slot()
    index = stack.pop()
    stack.code.emit("SHLI", d=index.home, a=stack.slot_of(index), immediate=CELL_SHIFT)
    stack.code.emit("STORE64" if is_wide(name) else "STORE32", d=Space.GLOBALS, a=index.home, b=value, immediate=place)


def input_word(translator: BodyTranslator, operand: object) -> None:
    place = translator.stack.pop_slot()
    translator.code.emit("LOAD32", d=translator.stack.push_result(False), a=place, b=Space.INPUT)


def get_map(translator: BodyTranslator, operand: object) -> None:
    place = translator.stack.pop_slot()
    translator.code.emit("LOAD64", d=translator.stack.push_result(True), a=place, b=Space.STATE)


def set_map(translator: BodyTranslator, operand: object) -> None:
    value = translator.stack.pop_slot()
    translator.code.emit("STORE64", d=Space.STATE, a=translator.stack.pop_slot(), b=value)


OWN: dict[int, Callable[[BodyTranslator, object], None]] = {
    CALL_ROUTINE: call_routine,
    TRAP: BodyTranslator.trap,
    GET_STATE: get_state,
    SET_STATE: set_state,
    GET_ENTRY: get_entry,
    SET_ENTRY: set_entry,
    INPUT_WORD: input_word,
    GET_MAP: get_map,
    SET_MAP: set_map,
}

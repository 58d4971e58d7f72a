"""Modules that mean ill: what they say is refused, or costs no more than their bytes."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable

import pytest

from tests.wasm_exec.random_modules import random_module
from tests.wasm_exec.test_refusals import HEADER, of_types
from wasm_exec import assembler, places, translate_body
from wasm_exec.cutting import Budget
from wasm_exec.decode import ALL_LOCALS_LIMIT, VALUES_LIMIT, decode
from wasm_exec.emit import I32, function_type, section, unsigned, vector
from wasm_exec.errors import Invalid, Malformed
from wasm_exec.events import Event, close, encode
from wasm_exec.execute import run
from wasm_exec.flow import Flow, read_before_written
from wasm_exec.lines import Lines
from wasm_exec.module import ValueType
from wasm_exec.spaces import GLOBALS_BYTES, Space, size_in_bytes
from wasm_exec.text import from_text
from wasm_exec.translate import load
from wasm_exec.validate import validate

GIVES_A_NUMBER = function_type([], [I32])
VECTOR = 0x7B
BUDGET = Budget.uniform(1 << 12, 1 << 9)
NO_REFERENCES = [kind for kind in ValueType if not kind.is_reference]


def module(sections: dict[int, bytes], code: bytes = b"\x41\0\x0b", locals_: bytes = b"\0") -> bytes:
    """A command whose main function is this, and what else is in it."""
    main = unsigned(len(locals_ + code)) + locals_ + code
    whole = {1: vector([GIVES_A_NUMBER]), 3: vector([b"\0"]), 7: b"\1\4main\0\0", 10: vector([main])} | sections
    return HEADER + b"".join(section(number, whole[number]) for number in (1, 3, 4, 5, 6, 7, 9, 12, 10, 11) if number in whole)


@pytest.mark.parametrize("kind", NO_REFERENCES)
@pytest.mark.parametrize("of_kind", [
    lambda kind: module({}, b"\xd0" + kind + b"\x1a\x41\0\x0b"),                                    # in code
    lambda kind: module({6: vector([kind + b"\0\xd0" + kind + b"\x0b"])}),                          # the value of a global
    lambda kind: module({9: vector([b"\5\x70\1\xd0" + kind + b"\x0b"])}),                           # an element
    lambda kind: module({9: vector([b"\5" + kind + b"\0"])}),                                       # the kind of elements
    lambda kind: module({4: vector([kind + b"\0\0"])}),                                             # a table
])
def test_only_references_are_references(of_kind: Callable[[bytes], bytes], kind: ValueType) -> None:
    with pytest.raises(Malformed, match="malformed reference type"):
        decode(of_kind(bytes([kind])))
    for reference in (b"\x70", b"\x6f"):
        decode(of_kind(reference))


@pytest.mark.parametrize("code", [
    b"\x00\x02\1\x0b\x0b",                              # the type of a block that cannot be reached
    b"\x41\0\x11\1\0\x1a\x41\0\x0b",                    # an indirect call of what no function is
    b"\x00\x1c\1" + bytes([VECTOR]) + b"\x1a\x0b",      # a choice
])
def test_vectors_are_refused_wherever_a_type_is_named(code: bytes) -> None:
    types = [GIVES_A_NUMBER, function_type([], [VECTOR])]
    with pytest.raises(Invalid, match="SIMD is not supported"):
        validate(decode(module({1: vector(types), 4: vector([b"\x70\0\1"])}, code)))


def test_a_type_with_vectors_that_nothing_names_is_none_of_our_business() -> None:
    assert run(load(module({1: vector([GIVES_A_NUMBER, function_type([], [VECTOR])])})), b"", BUDGET).outcome.exited


FULL = """(global (mut i32) (i32.const 1)) (global i64 (i64.const 2)) (memory 1) (table $t 1 2 funcref)
(elem $e func $f) (elem func $f) (data $d "x") (data "y") (import "longrun" "read_input" (func $read (param i32 i32) (result i32)))
(func $f (drop (table.grow $t (ref.null func) (i32.const 1))) (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1))
(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1)) (drop (call $read (i32.const 0) (i32.const 1))))"""


@pytest.mark.parametrize(("name", "needs"), [("_start", 7), ("event", 8)])
def test_what_lies_in_globals_has_room(name: str, needs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two globals, the sizes of four segments and of a table that grows, and in a session the end of its event."""
    lines = FULL.split("(import")
    wasm = from_text(f'(module (import{lines[1].split("(func $f")[0]} {lines[0]} (func $f{lines[1].split("(func $f")[1]} '
                     f'(export "{name}" (func $f)))'.encode())
    monkeypatch.setattr(places, "GLOBALS_BYTES", 8 * needs)
    program = load(wasm)
    assert len(program.globals) == needs
    given = encode(program, [Event("event")]) + close() if program.events else b""
    for engine in ("interpreter", "recorder"):
        assert run(program, given, BUDGET, engine=engine).outcome.exited
    monkeypatch.setattr(places, "GLOBALS_BYTES", 8 * needs - 8)
    with pytest.raises(Invalid, match="globals, segments and tables that grow") as failure:
        load(wasm)
    assert 8 < failure.value.offset < len(wasm)


def test_the_room_of_globals_is_that_of_the_machine() -> None:
    assert size_in_bytes(Space.GLOBALS, 1) == GLOBALS_BYTES


def needed_at_the_beginning(flow: Flow, first: int, end: int, results: list[int]) -> list[int]:
    """As `read_before_written`, by the plainest way: again and again until nothing changes."""
    needed: list[set[int]] = [set() for _ in flow.lines]
    changed = True
    while changed:
        changed = False
        for position in reversed(range(len(flow.lines))):
            line = flow.lines[position]
            after = set().union(*(needed[way] for way in (flow.following[position], flow.taken[position]) if way >= 0))
            after -= {line.d} if line.operation.writes else set()
            after |= set(results if line.operation.name == "RETURN" else line.read)
            changed |= after != needed[position]
            needed[position] = after
    return sorted(slot for slot in needed[flow.entry] if first <= slot < end)


@pytest.mark.parametrize("at_once", [1 << 10, 3])
def test_locals_are_zeroed_where_some_path_reads_them_first(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wasm_exec.flow.SLOTS_AT_ONCE", at_once)
    seen = []

    def both(flow: Flow, first: int, end: int, results: list[int]) -> list[int]:
        found = read_before_written(flow, first, end, results)
        assert found == needed_at_the_beginning(flow, first, end, results)
        seen.append(len(found))
        return found

    monkeypatch.setattr(translate_body, "read_before_written", both)
    for seed in range(12):
        load(from_text(random_module(seed).encode()))
    load(nested_loops(20, 10))
    assert len(seen) > 100 and sum(seen) > 100


def nested_loops(depth: int, inside: int) -> bytes:
    """Each reads a local of its own; the innermost writes much."""
    begin = b"".join(b"\x03\x40\x41\1\x24\0\x20" + unsigned(number) + b"\x24\0" for number in range(depth))
    code = begin + b"\x20\0\x24\0" * inside + b"\x20\0\x0d\0\x0b" * depth + b"\x41\0\x0b"
    return module({6: vector([b"\x7f\1\x41\0\x0b"])}, code, b"\1" + unsigned(depth) + b"\x7f")


def empty_loop(jumps: int, labels: int) -> bytes:
    """Jumps to a loop of nothing but labels."""
    code = b"\x02\x40" + b"\x20\0\x04\x40\x0c\1\x0b" * jumps + b"\x0b\x03\x40" + b"\x02\x40\x0b" * labels + b"\x0c\0\x0b\x00\x0b"
    return module({}, code, b"\1\1\x7f")


def many_locals(reads: int, count: int) -> bytes:
    code = b"".join(b"\x20" + unsigned(number % count) + b"\x21" + unsigned(count - 1 - number % count) for number in range(reads))
    return module({}, code + b"\x41\0\x0b", b"\1" + unsigned(count) + b"\x7f")


def equal_types(functions: int, types: int) -> bytes:
    """Functions in a table, whose type is the last of very many."""
    kinds = [GIVES_A_NUMBER, *[function_type([], [])] * types, function_type([I32], [])]
    whole = vector([b"\4\0\x41\0\x0b", *[b"\2\0\x0b"] * functions])
    return module({1: vector(kinds), 3: vector([b"\0", *[unsigned(len(kinds) - 1)] * functions]), 10: whole,
                   9: vector([b"\1\0" + vector(unsigned(1 + number) for number in range(functions))])})


@pytest.mark.parametrize("wasm", [nested_loops(2000, 16_000), empty_loop(3000, 8000), equal_types(3000, 40_000)],
                         ids=["loops", "empty", "types"])
def test_a_translation_costs_what_the_bytes_are(wasm: bytes) -> None:
    """Up to 160 KB. Each took many seconds as long as something was done for each pair of them."""
    begun = time.process_time()
    load(wasm)
    assert time.process_time() - begun < 5


def test_locals_take_no_room_in_every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bit for each of 50,000 locals in each of 10,000 lines were 60 MB."""
    peaks = []

    def measured(flow: Flow, first: int, end: int, results: list[int]) -> list[int]:
        tracemalloc.start()
        try:
            return read_before_written(flow, first, end, results)
        finally:
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()

    monkeypatch.setattr(translate_body, "read_before_written", measured)
    load(many_locals(5000, 50_000))
    assert max(peaks) < 10_000_000


def test_parameters_are_locals_too() -> None:
    """Three bytes are a function with a thousand."""
    parameters = function_type([I32] * VALUES_LIMIT, [])
    most = ALL_LOCALS_LIMIT // VALUES_LIMIT
    assert len(decode(of_types([parameters], b"\x0b", most)).bodies) == most
    with pytest.raises(Invalid, match="locals of all functions"):
        decode(of_types([parameters], b"\x0b", most + 1))


def test_each_byte_becomes_so_many_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these branches of four bytes copies a thousand values."""
    monkeypatch.setattr("wasm_exec.translate.LINES_OF_SMALL_CODE", 1 << 10)
    types = vector([GIVES_A_NUMBER, function_type([], [I32] * VALUES_LIMIT)])

    def branches(count: int) -> bytes:
        values, dropped = b"\x20\0" * VALUES_LIMIT, b"\x1a" * VALUES_LIMIT
        return module({1: types}, b"\x02\1\x41\3" + values + b"\x20\0\x0d\0" * count + b"\x0c\0\x0b" + dropped + b"\x41\0\x0b", b"\1\1\x7f")

    load(branches(40))
    with pytest.raises(Invalid, match=f"more than {assembler.LINES_OF_A_BYTE} for each byte of code"):
        load(branches(60))


def unit_of_names(kinds: bytes, count: int, entries: bytes = b"") -> bytes:
    """A unit of version 5 without a program, whose list of files is this."""
    inner = b"\1\1\1\0\1\1" + b"\0\0" + kinds + unsigned(count) + entries
    whole = b"\5\0\4\0" + len(inner).to_bytes(4, "little") + inner
    return len(whole).to_bytes(4, "little") + whole


def custom(name: str, content: bytes) -> bytes:
    return section(0, unsigned(len(name)) + name.encode() + content)


@pytest.mark.parametrize("unit", [unit_of_names(b"\0", 1 << 14), unit_of_names(b"\1\1\x0e", 1 << 14, bytes(1 << 16))])
@pytest.mark.parametrize("letter", [b"\0", b"a"])
def test_a_table_of_lines_is_read_in_a_moment(unit: bytes, letter: bytes) -> None:
    """Entries of nothing, and names of 4 KB in four bytes."""
    table = unit * (600_000 // len(unit))
    begun = time.process_time()
    assert Lines(HEADER + custom(".debug_line", table) + custom(".debug_str", letter * 4096), {30: 25}).at(30) == ""
    assert time.process_time() - begun < 5

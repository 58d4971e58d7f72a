"""What is refused, with which words, at which byte."""

from __future__ import annotations

import pytest
import wasmtime
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wasm_exec.test_samples import INPUTS, SAMPLES
from wasm_exec import translate, validate_stack
from wasm_exec.cutting import Budget
from wasm_exec.decode import ALL_LOCALS_LIMIT, CODE_BYTES_LIMIT, VALUES_LIMIT, decode
from wasm_exec.emit import I32, function_type, section, unsigned, vector
from wasm_exec.errors import Invalid, Malformed
from wasm_exec.execute import run
from wasm_exec.spaces import TABLE_ENTRIES_LIMIT
from wasm_exec.text import from_text
from wasm_exec.translate import load
from wasm_exec.validate import validate
from wasm_exec.validate_stack import BRANCHES_LIMIT
from wasm_exec.wasi import STANDARD

HEADER = b"\0asm\1\0\0\0"
EMPTY_TYPE = b"\x01\x04\x01\x60\x00\x00"


def one_function(body: bytes) -> bytes:
    code = bytes([len(body) + 1, 0]) + body
    return HEADER + EMPTY_TYPE + b"\x03\x02\x01\x00" + bytes([10, len(code) + 1, 1]) + code


MALFORMED = {
    b"": ("magic header not detected", 0),
    b"\0asn\1\0\0\0": ("magic header not detected", 0),
    b"\0asm\2\0\0\0": ("unknown binary version", 4),
    HEADER + b"\x0e\x00": ("malformed section id", 8),
    HEADER + b"\x01": ("unexpected end", 9),
    HEADER + b"\x01\x05\x00": ("length out of bounds", 10),
    HEADER + b"\x01\x02\x00\x00": ("section size mismatch", 11),
    HEADER + EMPTY_TYPE + EMPTY_TYPE: ("unexpected content after last section", 14),
    HEADER + b"\x03\x02\x01\x00": ("function and code section have inconsistent lengths", 12),
    HEADER + b"\x01\x80\x80\x80\x80\x80\x00": ("integer representation too long", 9),
    HEADER + b"\x01\x80\x80\x80\x80\x10": ("integer too large", 9),
    HEADER + b"\x07\x05\x01\x01\xff\x00\x00": ("malformed UTF-8 encoding", 12),
    HEADER + b"\x06\x06\x01\x7f\x02\x41\x00\x0b": ("malformed mutability", 12),
    one_function(b"\x41\x00\x1a"): ("END opcode expected", 26),
    one_function(b"\xc7\x0b"): ("illegal opcode", 23),
    one_function(b"\x41\xff\xff\xff\xff\x0f\x1a\x0b"): ("integer too large", 24),
    one_function(b"\x05\x0b"): ("END opcode expected", 23),
}
INVALID = {
    "(func (result i32))": "type mismatch",
    "(func i32.add drop)": "type mismatch",
    "(func (local.set 0 (i32.const 1)))": "unknown local",
    "(func (br 1))": "unknown label",
    "(func (call 7))": "unknown function",
    "(func (global.set 0 (i32.const 1))) (global i32 (i32.const 0))": "global is immutable",
    "(func (drop (i32.load (i32.const 0))))": "unknown memory",
    "(memory 1) (func (drop (i32.load align=8 (i32.const 0))))": "alignment must not be larger than natural",
    "(memory 1) (memory 1)": "multiple memories",
    "(memory 2 1)": "size minimum must not be greater than maximum",
    '(func (export "a")) (func (export "a"))': "duplicate export name",
    "(func (param i32)) (start 0)": "start function",
    "(func (block (result i32) (br_table 0 1 (i32.const 1) (i32.const 0))) drop)": "type mismatch",
    "(func (if (result i32) (i32.const 1) (then (i32.const 1))) drop)": "type mismatch",
    "(func (drop (i64.add (i64.const 1) (i32.const 2))))": "type mismatch",
    "(func (call_indirect (i32.const 0)))": "unknown table",
    "(table 1 externref) (func (call_indirect (i32.const 0)))": "type mismatch",
    "(table 1 funcref) (elem (i32.const 0) 7)": "unknown function",
    "(table 1 funcref) (elem (i64.const 0))": "type mismatch",
    "(func (drop (ref.func 0)))": "undeclared function reference",
    "(global (mut i32) (i32.const 0)) (global i32 (global.get 0))": "constant expression required",
    "(memory 1) (func (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0)))": "unknown data segment",
}
UNSUPPORTED = {
    "(func (drop (v128.const i32x4 0 0 0 0)))": "SIMD is not supported",
    "(memory 1 1 shared)": "shared memory is not supported",
    "(memory i64 1)": "64-bit memory is not supported",
    "(func (return_call 0))": "tail calls are not supported",
    "(type (struct (field i32)))": "garbage collection is not supported",
    "(func (drop (ref.i31 (i32.const 0))))": "garbage collection is not supported",
    "(tag)": "exception handling is not supported",
    "(func (try_table))": "exception handling is not supported",
    "(memory 1) (func (drop (i32.atomic.load (i32.const 0))))": "threads are not supported",
    "(memory 1) (memory 1) (func (drop (i32.load 1 (i32.const 0))))": "more than one memory is not supported",
    '(import "longrun" "fly" (func))': "the import longrun.fly is not supported",
    '(import "env" "memory" (memory 1))': "the import env.memory of a memory is not supported",
    '(import "longrun" "halt" (func))': "the import longrun.halt has another type",
    "(memory 20000)": "a memory of more than 16384 pages is not supported",
}


@pytest.mark.parametrize("content", MALFORMED)
def test_malformed(content: bytes) -> None:
    with pytest.raises(Malformed) as failure:
        decode(content)
    assert (failure.value.message, failure.value.offset) == MALFORMED[content]


@pytest.mark.parametrize("text", [*INVALID, *UNSUPPORTED])
def test_invalid_and_unsupported(text: str) -> None:
    wasm = from_text(f"(module {text})".encode())
    with pytest.raises(Invalid) as failure:
        validate(decode(wasm), STANDARD)
    assert failure.value.message == (INVALID | UNSUPPORTED)[text]
    assert 8 <= failure.value.offset < len(wasm)
    if text in INVALID and "multiple" not in INVALID[text]:
        with pytest.raises(wasmtime.WasmtimeError):
            wasmtime.Module(wasmtime.Engine(), wasm)


def test_offset_is_that_of_the_instruction() -> None:
    wasm = one_function(b"\x41\x00\x1a\x01\x6a\x1a\x0b")
    with pytest.raises(Invalid) as failure:
        validate(decode(wasm))
    assert wasm[failure.value.offset] == 0x6A


@pytest.mark.parametrize("text", ["(func)", '(func (export "_start") (param i32))', '(func (export "_start") (result i32) (i32.const 1))'])
def test_a_program_needs_a_main_function(text: str) -> None:
    with pytest.raises(Invalid):
        load(from_text(f"(module {text})".encode()))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(INPUTS)), st.data())
def test_damaged_modules_are_refused_with_our_errors_or_valid(name: str, data: st.DataObject) -> None:
    wasm = bytearray(from_text(SAMPLES / f"{name}.wat"))
    for _ in range(data.draw(st.integers(1, 3))):
        wasm[data.draw(st.integers(8, len(wasm) - 1))] = data.draw(st.integers(0, 255))
    try:
        load(bytes(wasm))
    except (Malformed, Invalid) as failure:
        assert 0 <= failure.offset <= len(wasm)
    else:
        wasmtime.Module(wasmtime.Engine(), bytes(wasm))


def test_deep_nesting_is_no_recursion() -> None:
    depth = 9_000
    load(one_main(b"\x02\x40" * depth + b"\x0b" * depth + b"\x0b"))
    with pytest.raises(Invalid, match="nested blocks"):
        load(one_main(b"\x02\x40" * 11_000 + b"\x0b" * 11_001))


def of_types(types: list[bytes], body: bytes, count: int = 1, locals_: bytes = b"\0") -> bytes:
    """So many functions of the first type with the same body."""
    whole = unsigned(len(locals_ + body)) + locals_ + body
    return HEADER + b"".join([section(1, vector(types)), section(3, vector([b"\0"] * count)), section(10, vector([whole] * count))])


VOID = function_type([], [])


def test_the_index_of_a_table_may_be_written_in_five_bytes() -> None:
    """As linkers do, which write the number later. In six it is malformed."""
    def calling(index: bytes) -> bytes:
        bodies = [b"\0\x41\0\x11\0" + index + b"\x0b", b"\0\x0b"]
        return HEADER + b"".join([
            section(1, vector([VOID])), section(3, vector([b"\0", b"\0"])), section(4, vector([b"\x70\0\1"])),
            section(7, vector([b"\4main\0\0"])), section(9, vector([b"\0\x41\0\x0b\1\1"])),
            section(10, vector(unsigned(len(body)) + body for body in bodies)),
        ])

    short, long = load(calling(b"\0")), load(calling(b"\x80\x80\x80\x80\0"))
    assert short.encode() == long.encode() and run(long, b"", Budget.uniform(100, 100)).outcome.exited
    with pytest.raises(Malformed, match="integer representation too long"):
        load(calling(b"\x80\x80\x80\x80\x80\0"))


def test_types_have_up_to_a_thousand_values() -> None:
    for type_of in (lambda count: function_type([I32] * count, []), lambda count: function_type([], [I32] * count)):
        validate(decode(of_types([VOID, type_of(VALUES_LIMIT)], b"\x0b")))
        with pytest.raises(Invalid, match="a type with more than 1000") as failure:
            decode(of_types([VOID, type_of(VALUES_LIMIT + 1)], b"\x0b"))
        assert failure.value.offset == 15


def test_all_functions_together_have_so_many_locals() -> None:
    """Seven bytes declare fifty thousand."""
    each = b"\1" + unsigned(ALL_LOCALS_LIMIT // 32) + b"\x7f"
    assert len(decode(of_types([VOID], b"\x0b", 32, each)).bodies) == 32
    with pytest.raises(Invalid, match="locals of all functions"):
        decode(of_types([VOID], b"\x0b", 33, each))


def test_code_has_so_many_bytes() -> None:
    with pytest.raises(Invalid, match="code of more than 8388608 bytes") as failure:
        decode(of_types([VOID], b"\x01" * CODE_BYTES_LIMIT + b"\x0b"))
    assert failure.value.offset < 40


def test_a_module_becomes_so_many_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these branches of four bytes copies a thousand values."""
    values, branches = b"\x20\0" * VALUES_LIMIT, b"\x20\0\x0d\0" * 20
    body = b"\x02\1\x41\3" + values + branches + b"\x0c\0\x0b" + b"\x1a" * VALUES_LIMIT + b"\x0b"
    whole = unsigned(len(body) + 3) + b"\1\1\x7f" + body
    types = vector([VOID, function_type([], [I32] * VALUES_LIMIT)])

    def module(functions: int) -> bytes:
        return HEADER + b"".join([section(1, types), section(3, vector([b"\0"] * functions)), section(7, b"\1\6_start\0\0"),
                                  section(10, vector([whole] * functions))])
    monkeypatch.setattr(translate, "LINES_LIMIT", 50_000)
    load(module(2))
    with pytest.raises(Invalid, match="a module that becomes more than") as failure:
        load(module(3))
    assert failure.value.offset > 8000


def test_a_table_of_branches_has_so_many_labels() -> None:
    def table(count: int) -> bytes:
        return of_types([VOID], b"\x41\x00\x0e" + unsigned(count - 1) + b"\0" * count + b"\x0b")

    validate(decode(table(BRANCHES_LIMIT)))
    with pytest.raises(Invalid, match="a br_table with more than"):
        validate(decode(table(BRANCHES_LIMIT + 1)))


def test_an_element_segment_has_so_many_entries() -> None:
    def segment(count: int) -> bytes:
        return HEADER + section(9, b"\x01\x01\x00" + unsigned(count) + bytes(count))

    assert len(decode(segment(TABLE_ENTRIES_LIMIT)).elements[0].values) == TABLE_ENTRIES_LIMIT
    with pytest.raises(Invalid, match="an element segment with more than"):
        decode(segment(TABLE_ENTRIES_LIMIT + 1))


def test_a_session_has_so_many_events(monkeypatch: pytest.MonkeyPatch) -> None:
    wasm = from_text(('(module (func $f) ' + "".join(f'(export "e{number}" (func $f))' for number in range(9)) + ")").encode())
    monkeypatch.setattr(translate, "EVENTS_LIMIT", 9)
    assert len(load(wasm).events) == 9
    monkeypatch.setattr(translate, "EVENTS_LIMIT", 8)
    with pytest.raises(Invalid, match="more than 8 exported functions") as failure:
        load(wasm)
    assert wasm[failure.value.offset : failure.value.offset + 3] == b"\x02e8"


@pytest.mark.parametrize("body", [
    b"\x00" + b"\x10\x00" * 200 + b"\x0b",                                       # calls that cannot be reached
    b"\x02\x01\x00\x0e" + unsigned(100) + b"\0" * 101 + b"\x0b\x00\x0b",         # a table of labels
    b"\x02\x01\x00" + b"\x0d\x00" * 100 + b"\x0b\x00\x0b",                       # branches
])
def test_validation_does_so_much_work(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few bytes can name a thousand values again and again: what is popped and pushed is counted."""
    wasm = of_types([function_type([I32] * 1000, []), function_type([], [I32] * 1000)], body)
    validate(decode(wasm))
    monkeypatch.setattr(validate_stack, "WORK_LIMIT", 100_000)
    with pytest.raises(Invalid, match="code that moves more than 100000 values"):
        validate(decode(wasm))


def one_main(body: bytes) -> bytes:
    def sized(content: bytes) -> bytes:
        size, rest = bytearray(), len(content)
        while rest >= 0x80:
            size.append(rest & 0x7F | 0x80)
            rest >>= 7
        return bytes([*size, rest]) + content

    code = b"\x01" + sized(b"\x00" + body)
    return HEADER + EMPTY_TYPE + b"\x03\x02\x01\x00" + b"\x07\x08\x01\x04main\x00\x00" + b"\x0a" + sized(code)


def test_a_long_or_strange_name_is_not_repeated() -> None:
    name = "x\x1b[2J" + "y" * 100_000
    wasm = HEADER + EMPTY_TYPE + section(2, vector([b"\0" + unsigned(len(name)) + name.encode() + b"\0\0"]))
    with pytest.raises(Invalid) as failure:
        load(wasm)
    assert len(str(failure.value)) < 1000 and "\x1b" not in str(failure.value)
